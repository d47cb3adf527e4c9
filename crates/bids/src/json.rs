use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A JSON object whose members keep their order, and their values the text that they were written
/// as: a number with all its digits, a list on as many lines as it had.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    members: Vec<(String, Box<RawValue>)>,
}

impl Object {
    /// Reads a file's bytes; a byte order mark is passed over. Of two members of one name the last
    /// counts.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.members.iter().any(|(own, _)| own == key)
    }

    /// A member, if it is of this type.
    pub(crate) fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let (_, value) = self.members.iter().find(|(own, _)| own == key)?;
        serde_json::from_str(value.get()).ok()
    }

    /// Gives a member a new value, where it is or at the end.
    pub(crate) fn set(
        &mut self,
        key: &str,
        value: &impl Serialize,
    ) -> Result<(), serde_json::Error> {
        let text = serde_json::to_string_pretty(value)?.replace('\n', "\n  ");
        self.put(key.to_owned(), RawValue::from_string(text)?);
        Ok(())
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.members.retain(|(own, _)| own != key);
    }

    /// Takes over all members of another, which count before its own.
    pub(crate) fn merge(&mut self, other: Self) {
        other.members.into_iter().for_each(|(key, value)| self.put(key, value));
    }

    /// The text of a file.
    pub(crate) fn to_text(&self) -> Result<String, serde_json::Error> {
        let member = |(key, value): &(String, Box<RawValue>)| {
            Ok(format!("  {}: {}", serde_json::to_string(key)?, value.get()))
        };
        let members: Result<Vec<_>, serde_json::Error> = self.members.iter().map(member).collect();
        Ok(match &members?[..] {
            [] => "{}\n".to_owned(),
            members => format!("{{\n{}\n}}\n", members.join(",\n")),
        })
    }

    fn put(&mut self, key: String, value: Box<RawValue>) {
        match self.members.iter_mut().find(|(own, _)| *own == key) {
            Some((_, own)) => *own = value,
            None => self.members.push((key, value)),
        }
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut object = Object::default();
                while let Some((key, value)) = map.next_entry()? {
                    object.put(key, value);
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(text: &str) -> Object {
        Object::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn keeps_the_text_of_values_and_their_order() {
        let text = "\u{feff}{\"Z\" : 0.10000, \"A\":1e-3,\n\"L\": [1,\n   2.0], \"Z\": 12345678901234567890.0}";
        let expected =
            "{\n  \"Z\": 12345678901234567890.0,\n  \"A\": 1e-3,\n  \"L\": [1,\n   2.0]\n}\n";
        assert_eq!(object(text).to_text().unwrap(), expected);
        assert_eq!(object("{}").to_text().unwrap(), "{}\n");
    }

    #[test]
    fn sets_and_merges_members() {
        let mut own = object(r#"{"A": 1, "B": 2}"#);
        own.merge(object(r#"{"B": 3, "C": 4}"#));
        own.set("A", &["x"]).unwrap();
        own.remove("C");
        assert_eq!(own.to_text().unwrap(), "{\n  \"A\": [\n    \"x\"\n  ],\n  \"B\": 3\n}\n");
        assert_eq!(own.get::<u8>("B"), Some(3));
        assert_eq!(own.get::<String>("B"), None);
    }

    #[test]
    fn refuses_what_is_no_object() {
        for text in ["", "[]", "3", "{", "{\"a\"}", "{\"a\": NaN}", "{} {}"] {
            assert!(Object::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Object::parse(&bytes);
        }

        #[test]
        fn the_text_is_read_back(keys in prop::collection::vec(".{0,6}", 0..5), value in ".{0,9}") {
            let mut object = Object::default();
            keys.iter().try_for_each(|key| object.set(key, &value)).unwrap();
            let text = object.to_text().unwrap();
            let back = Object::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(back.to_text().unwrap(), text);
            prop_assert!(keys.iter().all(|key| back.get::<String>(key).as_ref() == Some(&value)));
        }
    }
}
