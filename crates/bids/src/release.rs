use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::dataset::{DESCRIPTION, unreadable};
use crate::json::Object;
use crate::output::MASKS;
use crate::plan::{Action, Column, Content, Copied, Planned, Released};
use crate::table::rows;
use crate::{BidsError, Dataset, Image, Output, OutputRoot, Plan};

/// What is said of images that were released, and what goes with them.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The dataset.
    pub dataset: &'a Dataset,
    /// What becomes of its files.
    pub plan: &'a Plan,
    /// The form of the output.
    pub output: Output,
    /// The images that passed.
    pub released: &'a Released,
    /// The version of efface.
    pub version: &'a str,
}

/// What was written, and what could not be.
#[derive(Debug, Default)]
pub struct Written {
    /// The files that were written, below the root of the output.
    pub files: Vec<PathBuf>,
    /// The files that were not, with the reason.
    pub problems: Vec<(PathBuf, BidsError)>,
}

impl Released {
    /// The images of a plan whose results lie in an output.
    #[must_use]
    pub fn found_in(out: &OutputRoot, plan: &Plan, output: Output) -> Self {
        Self::of(plan, |path, image| out.path().join(output.targets(path, image).image).is_file())
    }
}

impl Release<'_> {
    /// Writes what belongs to a participant: a sidecar for each image that was released and for its
    /// mask if that lies in the output, and what is taken over of the participant's other files.
    /// What fails is told, and does not stop the rest.
    pub fn write_subject(&self, out: &OutputRoot, label: &str) -> Written {
        let mut written = Written::default();
        for file in self.plan.of_subject(Some(label)) {
            let path = &file.path;
            let Some(image) = file.as_image().filter(|_| self.released.has_image(path)) else {
                continue;
            };
            let targets = self.output.targets(path, image);
            let text = self.sidecar(path, image);
            written.note(
                &targets.sidecar,
                text.and_then(|t| out.write(&targets.sidecar, t.as_bytes())),
            );
            if out.path().join(&targets.mask).is_file() {
                let text = self.mask_sidecar(path, image);
                let below = &targets.mask_sidecar;
                written.note(below, text.and_then(|text| out.write(below, text.as_bytes())));
            }
        }
        self.write_copies(out, Some(label), &mut written);
        written
    }

    /// Writes what belongs to the dataset as a whole: its description, that of the masks where they
    /// lie apart, `.bidsignore`, the table of participants, and what else lies at the root.
    pub fn write_dataset(&self, out: &OutputRoot) -> Written {
        let mut written = Written::default();
        let mut write = |below: &Path, text: Result<String, BidsError>| {
            written.note(below, text.and_then(|text| out.write(below, text.as_bytes())));
        };
        write(Path::new(DESCRIPTION), self.description());
        write(Path::new(".bidsignore"), self.ignore_file());
        if self.output == Output::Raw && out.path().join(MASKS).is_dir() {
            let masks = Path::new(MASKS);
            write(&masks.join(DESCRIPTION), self.mask_description());
            write(&masks.join(".bidsignore"), Ok(IGNORED_MASKS.to_owned()));
        }
        self.write_copies(out, None, &mut written);
        written
    }

    /// The text of the sidecar of an image that passed: what the sidecars in the image's own folder
    /// say that apply to it, value for value as they were written, and that its face was removed.
    /// What folders above say still applies, and is not repeated.
    ///
    /// `IntendedFor` names the images as they are named in the output, and none that was not
    /// released.
    ///
    /// # Errors
    /// [`BidsError::Unreadable`], [`BidsError::BadJson`] of a sidecar of the dataset.
    pub fn sidecar(&self, path: &Path, image: &Image) -> Result<String, BidsError> {
        let files = self.plan.of_subject(Some(&image.subject));
        let copied = files.filter_map(|file| Some((&file.path, file.as_copied()?)));
        let mut sources: Vec<_> = copied
            .filter(|(_, copied)| copied.content == Content::Sidecar && copied.tells_of(path))
            .collect();
        sources.sort_by_key(|(_, copied)| copied.name.as_ref().map(|n| n.entities().count()));
        let mut sidecar = Object::default();
        for (source, _) in sources {
            sidecar.merge(self.read_json(source)?);
        }
        let own = |source| BidsError::BadJson { path: path.to_owned(), source };
        self.rename_intended(&mut sidecar, image).map_err(own)?;
        self.say_defaced(&mut sidecar, path).map_err(own)?;
        sidecar.to_text().map_err(own)
    }

    fn say_defaced(&self, sidecar: &mut Object, path: &Path) -> Result<(), serde_json::Error> {
        if self.output == Output::Derivative {
            if !sidecar.has("SkullStripped") {
                sidecar.set("SkullStripped", &false)?;
            }
            let (key, source) = self.source_of(path);
            sidecar.set(key, &[source])?;
        }
        let method = Value::String(format!("efface {}", self.version));
        add(sidecar, "DeidentificationMethod", method)?;
        let code = json!({
            "CodeValue": "113102",
            "CodeMeaning": "Clean Recognizable Visual Features Option",
            "CodingSchemeDesignator": "DCM",
        });
        add(sidecar, "DeidentificationMethodCodeSequence", code)
    }

    /// The text of the sidecar of a mask.
    ///
    /// # Errors
    /// [`BidsError::BadJson`] if the text cannot be made, which nothing in a dataset leads to.
    pub fn mask_sidecar(&self, path: &Path, image: &Image) -> Result<String, BidsError> {
        let result = slashed(&self.output.targets(path, image).image);
        let reference = match self.output {
            Output::Raw => format!("bids:{DEFACED}:{result}"),
            Output::Derivative => format!("bids::{result}"),
        };
        let (key, source) = self.source_of(path);
        let mut sidecar = Object::default();
        let mut set = |key, value: Value| sidecar.set(key, &value);
        set("Description", "The voxels that were removed from the image".into())
            .and_then(|()| set("Type", "Face".into()))
            .and_then(|()| set("Polarity", "1 = removed, 0 = kept".into()))
            .and_then(|()| set("SpatialReference", reference.into()))
            .and_then(|()| set(key, json!([source])))
            .and_then(|()| sidecar.to_text())
            .map_err(|source| BidsError::BadJson { path: path.to_owned(), source })
    }

    /// The text of `dataset_description.json`: that of the dataset, with efface added to what it was
    /// generated by. The dataset's DOI becomes that of a source, since the output is another
    /// dataset. Addresses on disk go from its sources and links.
    ///
    /// # Errors
    /// [`BidsError::BadJson`] if the text cannot be made, which nothing in a dataset leads to.
    pub fn description(&self) -> Result<String, BidsError> {
        let mut text = self.dataset.description().clone();
        let described = (|| {
            match self.output {
                Output::Raw if text.has("DatasetType") => {}
                Output::Raw => text.set("DatasetType", &"raw")?,
                Output::Derivative => text.set("DatasetType", &"derivative")?,
            }
            let mut links = text.get::<Value>("DatasetLinks").unwrap_or(json!({}));
            if let Some(links) = links.as_object_mut() {
                links.retain(|_, address| address.as_str().is_some_and(is_address));
                if self.output == Output::Derivative
                    && let Some(doi) = self.doi()
                {
                    links.insert(SOURCE.to_owned(), format!("https://doi.org/{doi}").into());
                }
            }
            self.say_generated(&mut text, &links)
        })();
        described.map_err(|source| BidsError::BadJson { path: DESCRIPTION.into(), source })
    }

    /// The text of the description of the masks, where they are a dataset of their own.
    ///
    /// # Errors
    /// [`BidsError::BadJson`] if the text cannot be made, which nothing in a dataset leads to.
    pub fn mask_description(&self) -> Result<String, BidsError> {
        let own = self.dataset.description();
        let name = own.get::<String>("Name").unwrap_or_default();
        let mut text = Object::default();
        let mut links = json!({ DEFACED: "../.." });
        if let Some(doi) = self.doi() {
            links[SOURCE] = format!("https://doi.org/{doi}").into();
        }
        let described = (|| {
            text.set("Name", &format!("{name}: masks of what was removed"))?;
            text.set("BIDSVersion", &BIDS_VERSION)?;
            text.set("DatasetType", &"derivative")?;
            if let Some(license) = own.get::<String>("License") {
                text.set("License", &license)?;
            }
            self.say_generated(&mut text, &links)
        })();
        described.map_err(|source| BidsError::BadJson { path: DESCRIPTION.into(), source })
    }

    fn say_generated(&self, text: &mut Object, links: &Value) -> Result<String, serde_json::Error> {
        let list = |text: &Object, key| text.get::<Vec<Value>>(key).unwrap_or_default();
        let mut sources = list(text, "SourceDatasets");
        for source in sources.iter_mut().filter_map(Value::as_object_mut) {
            source.retain(|key, value| key != "URL" || value.as_str().is_some_and(is_address));
        }
        sources.retain(|source| source.as_object().is_some_and(|members| !members.is_empty()));
        if let Some(doi) = self.doi() {
            sources.push(json!({ "DOI": format!("doi:{doi}") }));
        }
        text.remove("DatasetDOI");
        let mut generated = list(text, "GeneratedBy");
        generated.push(json!({
            "Name": "efface",
            "Version": self.version,
            "Description": "Removal of faces",
        }));
        text.set("GeneratedBy", &generated)?;
        for (key, value) in [("SourceDatasets", json!(sources)), ("DatasetLinks", links.clone())] {
            match value == json!([]) || value == json!({}) {
                true => text.remove(key),
                false => text.set(key, &value)?,
            }
        }
        text.to_text()
    }

    /// The text of `.bidsignore`: in a raw dataset that of the source; what efface puts into the
    /// folder besides, and in a derivative the masks that BIDS has no name for.
    fn ignore_file(&self) -> Result<String, BidsError> {
        let mut text = String::new();
        let own = Path::new(".bidsignore");
        let is_taken = self.plan.file(own).is_some_and(|file| file.as_copied().is_some());
        if self.output == Output::Raw && is_taken {
            let path = self.dataset.root().join(own);
            text = fs::read_to_string(&path).map_err(unreadable(&path))?;
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
        }
        text += IGNORED;
        if self.output == Output::Derivative {
            text += IGNORED_MASKS;
        }
        Ok(text)
    }

    /// Takes over the files of a participant, or those of none, under their own names: in a derivative
    /// too these tell of the images with `desc-defaced`, whose entities hold all of theirs.
    fn write_copies(&self, out: &OutputRoot, subject: Option<&str>, written: &mut Written) {
        for file in self.plan.of_subject(subject) {
            let path = &file.path;
            let Some(copied) = file
                .as_copied()
                .filter(|copied| copied.subject.as_deref() == subject && self.released.has(copied))
            else {
                continue;
            };
            let source = self.dataset.root().join(path);
            let done = match copied.content {
                Content::Text => out.copy_text(&source, path),
                Content::Compressed => out.copy_compressed(&source, path),
                Content::Rows(column) => self
                    .table(path, copied, column)
                    .and_then(|text| out.write(path, text.as_bytes())),
                Content::Sidecar | Content::Description | Content::Ignore => continue,
            };
            written.note(path, done);
        }
    }

    /// The rows of a table that are about what was released.
    fn table(&self, path: &Path, copied: &Copied, column: Column) -> Result<String, BidsError> {
        let whole = self.dataset.root().join(path);
        let bytes = fs::read(&whole).map_err(unreadable(&whole))?;
        let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| BidsError::NotText(path.to_owned()))?;
        let subject = copied.subject.as_deref().unwrap_or_default();
        let (name, kept) = match column {
            Column::Participant => (
                "participant_id",
                rows(&text, "participant_id", |cell| {
                    let label = cell.strip_prefix("sub-").unwrap_or(cell);
                    self.released.has_subject(label).then(|| cell.to_owned())
                }),
            ),
            Column::Session => (
                "session_id",
                rows(&text, "session_id", |cell| {
                    let label = cell.strip_prefix("ses-").unwrap_or(cell);
                    self.released.has_session(subject, Some(label)).then(|| cell.to_owned())
                }),
            ),
            Column::File => {
                let folder = slashed(path.parent().unwrap_or(Path::new("")));
                (
                    "filename",
                    rows(&text, "filename", |cell| {
                        let file = format!("{folder}/{cell}");
                        let target = self.target_of(&file)?;
                        target.strip_prefix(&format!("{folder}/")).map(str::to_owned)
                    }),
                )
            }
        };
        kept.ok_or_else(|| BidsError::NoColumn { path: path.to_owned(), column: name })
    }

    /// Where a file of the dataset lies in the output, if it does; both below their roots, parted by
    /// slashes.
    fn target_of(&self, file: &str) -> Option<String> {
        let Planned { path, action } = self.plan.file(Path::new(file))?;
        match action {
            Action::Deface(image) if self.released.has_image(path) => {
                Some(slashed(&self.output.targets(path, image).image))
            }
            Action::Copy(copied) if self.released.has(copied) => {
                (copied.content != Content::Sidecar).then(|| slashed(path))
            }
            _ => None,
        }
    }

    /// Names the images that a field map is for as in the output. `IntendedFor` is a path below the
    /// participant's folder or a BIDS URI, or a list of these.
    fn rename_intended(
        &self,
        sidecar: &mut Object,
        image: &Image,
    ) -> Result<(), serde_json::Error> {
        const KEY: &str = "IntendedFor";
        let subject = format!("sub-{}/", image.subject);
        let (is_list, old) = match sidecar.get::<Value>(KEY) {
            Some(Value::Array(list)) => (true, list),
            Some(one @ Value::String(_)) => (false, vec![one]),
            _ => return Ok(()),
        };
        let rename = |text: &str| {
            let (start, file) = match text.strip_prefix("bids::") {
                Some(file) => ("bids::", file.to_owned()),
                None if text.starts_with("bids:") => return Some(text.to_owned()),
                None => ("", subject.clone() + text),
            };
            let target = self.target_of(&file)?;
            let below = if start.is_empty() { target.strip_prefix(&subject)? } else { &target };
            Some(start.to_owned() + below)
        };
        let mut new = old.clone();
        new.retain_mut(|value| match value.as_str() {
            Some(text) => rename(text).map(|text| *value = text.into()).is_some(),
            None => false,
        });
        match (&new[..], is_list) {
            _ if new == old => Ok(()),
            ([], _) => {
                sidecar.remove(KEY);
                Ok(())
            }
            ([one], false) => sidecar.set(KEY, one),
            (list, _) => sidecar.set(KEY, &list),
        }
    }

    /// How a result names the image it was made from, and the member that says so: a BIDS URI
    /// where the dataset has an address that it can stand on, and else a path below its root.
    fn source_of(&self, path: &Path) -> (&'static str, String) {
        match self.doi() {
            Some(_) => ("Sources", format!("bids:{SOURCE}:{}", slashed(path))),
            None => ("RawSources", slashed(path)),
        }
    }

    /// The DOI of the dataset, bare.
    fn doi(&self) -> Option<String> {
        let doi = self.dataset.description().get::<String>("DatasetDOI")?;
        let bare = doi.trim().trim_start_matches("doi:").trim_start_matches("https://doi.org/");
        bare.starts_with("10.").then(|| bare.to_owned())
    }

    fn read_json(&self, path: &Path) -> Result<Object, BidsError> {
        let whole = self.dataset.root().join(path);
        let bytes = fs::read(&whole).map_err(unreadable(&whole))?;
        Object::parse(&bytes).map_err(|source| BidsError::BadJson { path: path.to_owned(), source })
    }
}

impl Written {
    fn note(&mut self, below: &Path, done: Result<(), BidsError>) {
        match done {
            Ok(()) => self.files.push(below.to_owned()),
            Err(error) => self.problems.push((below.to_owned(), error)),
        }
    }
}

/// The version of BIDS that first has the members which tell of deidentification.
const BIDS_VERSION: &str = "1.10.0";

/// What the dataset and the defaced one are called in BIDS URIs.
const SOURCE: &str = "source";
const DEFACED: &str = "defaced";

/// What else efface puts into an output: its records, and what needs a person.
const IGNORED: &str = "*.efface.json\n/review\n";

/// Masks that have no name in BIDS: those of other than `anat`, `func` and `dwi`, and of images
/// with entities that a mask cannot have.
const IGNORED_MASKS: &str = "\
**/fmap/*_mask.*
**/perf/*_mask.*
**/pet/*_mask.*
**/ct/*_mask.*
*_inv-*_mask.*
*_flip-*_mask.*
*_mt-*_mask.*
*_mod-*_mask.*
";

/// Adds a value to a list, which is made if there is none; what is no list becomes its first value.
fn add(object: &mut Object, key: &str, value: Value) -> Result<(), serde_json::Error> {
    let mut list = match object.get(key) {
        Some(Value::Array(list)) => list,
        None | Some(Value::Null) => Vec::new(),
        Some(one) => vec![one],
    };
    if !list.contains(&value) {
        list.push(value);
    }
    object.set(key, &list)
}

/// Whether an address is one of the net, not of a disk.
fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_some_and(|scheme| ["https", "http", "ftp", "s3", "doi", "ssh"].contains(&&*scheme))
}

/// A path below a root as BIDS writes it.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
