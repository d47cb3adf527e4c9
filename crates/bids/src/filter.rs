use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::BidsError;
use crate::kind::is_known_kind;
use crate::name::ENTITIES;
use crate::plan::Image;

/// What of a dataset is asked for. What is not asked for is left out of the output.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Labels of participants, with or without `sub-`; empty: all.
    pub participants: Vec<String>,
    /// Labels of sessions, with or without `ses-`; empty: all, and what is in no session. If there
    /// are any, participants without sessions are left out.
    pub sessions: Vec<String>,
    /// A filter of images.
    pub images: Option<ImageFilter>,
}

impl Filter {
    pub(crate) fn has_participant(&self, label: &str) -> bool {
        names(&self.participants, "sub-", label)
    }

    pub(crate) fn has_session(&self, label: Option<&str>) -> bool {
        self.sessions.is_empty() || label.is_some_and(|own| names(&self.sessions, "ses-", own))
    }

    pub(crate) fn has_image(&self, image: &Image) -> bool {
        self.images.as_ref().is_none_or(|filter| filter.has(image))
    }
}

fn names(asked: &[String], prefix: &str, label: &str) -> bool {
    let is_it = |asked: &String| asked.strip_prefix(prefix).unwrap_or(asked) == label;
    asked.is_empty() || asked.iter().any(is_it)
}

/// A filter of images as fMRIPrep takes it, a JSON object:
/// `{"t1w": {"acquisition": "mprage", "run": [1, 2]}, "bold": {"session": null}}`.
///
/// A key is a kind of images: their suffix in lower case, or `fmap` for all field maps. Of the images
/// of a kind those are kept that have all the entities asked for; images of kinds that the
/// filter does not name are kept. An entity is named as by PyBIDS (`acquisition`) or as in file
/// names (`acq`); `datatype`, `suffix` and `extension` may be asked for as well. What is asked for
/// is a label; `null`: no such entity; `"*"`: any label; or a list of these, of which one must hold.
/// Numbers of runs, echoes and the like are compared as numbers.
///
/// An image is of a kind by its suffix, or by the `suffix` that is asked for. What PyBIDS can do besides,
/// regular expressions among it, is refused.
#[derive(Debug, Clone)]
pub struct ImageFilter {
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
struct Kind {
    key: String,
    asked: Vec<(&'static str, Vec<Asked>)>,
}

/// What is asked for of one entity.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    None,
    Any,
    Label(String),
}

impl ImageFilter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`BidsError`] if it cannot be read, is no JSON object, or asks for what is not known.
    pub fn read(path: &Path) -> Result<Self, BidsError> {
        let unreadable = |source| BidsError::Unreadable { path: path.to_owned(), source };
        let text = fs::read(path).map_err(unreadable)?;
        let bad = |source| BidsError::BadJson { path: path.to_owned(), source };
        let kinds: Map<String, Value> = serde_json::from_slice(&text).map_err(bad)?;
        let kinds = kinds.into_iter().map(|(key, asked)| Kind::new(key, &asked));
        Ok(Self { kinds: kinds.collect::<Result<_, _>>()? })
    }

    fn has(&self, image: &Image) -> bool {
        let mut of_image =
            self.kinds.iter().filter(|k| k.is_of(image) || k.asks_for(image)).peekable();
        of_image.peek().is_none() || of_image.any(|kind| kind.asks_for(image))
    }
}

impl Kind {
    fn new(key: String, asked: &Value) -> Result<Self, BidsError> {
        if key != "fmap" && !is_known_kind(&key) {
            return Err(BidsError::FilterKind { key });
        }
        let value_error =
            |entity: &str| BidsError::FilterValue { key: key.clone(), entity: entity.to_owned() };
        let members = asked.as_object().ok_or_else(|| value_error("dictionary"))?;
        let asked = members.iter().map(|(entity, value)| {
            let found = entity_key(entity).ok_or_else(|| BidsError::FilterEntity {
                key: key.clone(),
                entity: entity.clone(),
            })?;
            let values = match value {
                Value::Array(values) => values.iter().map(Asked::new).collect(),
                one => Asked::new(one).map(|asked| vec![asked]),
            };
            Ok((found, values.ok_or_else(|| value_error(entity))?))
        });
        Ok(Self { asked: asked.collect::<Result<_, _>>()?, key })
    }

    /// Whether an image is of this kind by its name.
    fn is_of(&self, image: &Image) -> bool {
        match self.key.as_str() {
            "fmap" => image.datatype == "fmap",
            suffix => image.name.suffix().eq_ignore_ascii_case(suffix),
        }
    }

    /// Whether it is all that this kind asks for; what is asked for of datatype or suffix
    /// stands in place of the kind's own.
    fn asks_for(&self, image: &Image) -> bool {
        let is_other = self.asked.iter().any(|(key, _)| *key == "suffix");
        (is_other || self.is_of(image))
            && self.asked.iter().all(|(key, asked)| {
                let found = match *key {
                    "datatype" => Some(image.datatype),
                    "suffix" => Some(image.name.suffix()),
                    "extension" => Some(image.name.extension()),
                    entity => image.name.entity(entity),
                };
                asked.iter().any(|asked| asked.is_met(key, found))
            })
    }
}

impl Asked {
    fn new(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::None),
            Value::String(text) if text == "*" => Some(Self::Any),
            Value::String(text) => Some(Self::Label(text.clone())),
            Value::Number(number) => number.as_u64().map(|n| Self::Label(n.to_string())),
            _ => None,
        }
    }

    fn is_met(&self, key: &str, found: Option<&str>) -> bool {
        const NUMBERS: [&str; 6] = ["run", "echo", "flip", "inv", "split", "chunk"];
        match (self, found) {
            (Self::None, found) => found.is_none(),
            (Self::Any, found) => found.is_some(),
            (Self::Label(_), None) => false,
            (Self::Label(asked), Some(found)) => {
                let start = match key {
                    "sub" | "ses" => &format!("{key}-"),
                    "extension" => ".",
                    _ => "",
                };
                let [asked, found] = [asked, found].map(|t| t.strip_prefix(start).unwrap_or(t));
                let number =
                    |text: &str| text.parse::<u64>().ok().filter(|_| NUMBERS.contains(&key));
                asked == found || (number(asked).is_some() && number(asked) == number(found))
            }
        }
    }
}

/// The key of an entity that a filter may name, by that or by its long name.
fn entity_key(name: &str) -> Option<&'static str> {
    let entity = ENTITIES.iter().find(|(key, long)| *key == name || *long == name);
    let others = ["datatype", "suffix", "extension"].into_iter();
    entity.map(|(key, _)| *key).or_else(|| others.into_iter().find(|other| *other == name))
}
