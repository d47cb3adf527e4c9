use volume::ByteOrder;

use super::error::FileError;
use super::tag::{Attribute, Tag};

/// The attributes kept of a data set or of a frame's functional groups, as bytes of the file.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a> {
    values: Vec<(Tag, &'a [u8])>,
    keys: Vec<(Tag, &'a [u8])>,
}

impl<'a> Attributes<'a> {
    /// Keeps a value.
    ///
    /// # Errors
    /// [`FileError::Duplicate`] if there is one already.
    pub(super) fn add(&mut self, attribute: Attribute, value: &'a [u8]) -> Result<(), FileError> {
        if self.values.iter().any(|(tag, _)| *tag == attribute.tag) {
            return Err(FileError::Duplicate { attribute });
        }
        self.values.push((attribute.tag, value));
        Ok(())
    }

    /// Keeps a value that may tell one volume from another; the first of a tag stays.
    pub(super) fn add_key(&mut self, tag: Tag, value: &'a [u8]) {
        if self.keys.iter().all(|(known, _)| *known != tag) {
            self.keys.push((tag, value));
        }
    }

    /// The value that may tell one volume from another.
    pub(super) fn key(&self, tag: Tag) -> Option<&'a [u8]> {
        let mut all = self.keys.iter().chain(&self.values);
        all.find(|(known, _)| *known == tag).map(|(_, value)| *value)
    }

    /// The value without the blanks and zeros around it; `None` if absent or empty.
    pub(super) fn text(&self, attribute: Attribute) -> Option<&'a [u8]> {
        let (_, value) = self.values.iter().find(|(tag, _)| *tag == attribute.tag)?;
        Some(trim(value)).filter(|text| !text.is_empty())
    }

    /// A UID, which holds digits and dots only; `None` if absent or empty.
    pub(super) fn uid(&self, attribute: Attribute) -> Result<Option<&'a str>, FileError> {
        let Some(text) = self.text(attribute) else { return Ok(None) };
        let is_uid = text.len() <= 64 && text.iter().all(|b| b.is_ascii_digit() || *b == b'.');
        match std::str::from_utf8(text) {
            Ok(uid) if is_uid => Ok(Some(uid)),
            _ => Err(FileError::Value { attribute, wanted: "a UID" }),
        }
    }

    /// A UID that must be there.
    pub(super) fn need_uid(&self, attribute: Attribute) -> Result<&'a str, FileError> {
        self.uid(attribute)?.ok_or(FileError::Missing { attribute })
    }

    /// A 16-bit number (VR `US`) that must be there.
    pub(super) fn need_u16(
        &self,
        attribute: Attribute,
        order: ByteOrder,
    ) -> Result<u16, FileError> {
        let value = self.values.iter().find(|(tag, _)| *tag == attribute.tag).map(|(_, v)| *v);
        match value {
            None | Some([]) => Err(FileError::Missing { attribute }),
            Some(&[a, b]) => Ok(number([a, b], order)),
            _ => Err(FileError::Value { attribute, wanted: "one 16-bit number" }),
        }
    }

    /// A whole number (VR `IS`), not negative; `None` if absent or empty.
    pub(super) fn whole(&self, attribute: Attribute) -> Result<Option<u64>, FileError> {
        let Some(text) = self.text(attribute) else { return Ok(None) };
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        number.map(Some).ok_or(FileError::Value { attribute, wanted: "a whole number" })
    }

    /// `N` finite decimal numbers (VR `DS`), of any number of digits; `None` if absent or empty.
    pub(super) fn decimals<const N: usize>(
        &self,
        attribute: Attribute,
    ) -> Result<Option<[f64; N]>, FileError> {
        let Some(text) = self.text(attribute) else { return Ok(None) };
        let refused = FileError::Value {
            attribute,
            wanted: match N {
                1 => "one finite decimal number",
                2 => "two finite decimal numbers",
                3 => "three finite decimal numbers",
                _ => "finite decimal numbers in the count expected",
            },
        };
        let mut numbers = [0.0; N];
        let mut parts = text.split(|b| *b == b'\\');
        for number in &mut numbers {
            let part = parts.next().and_then(|part| std::str::from_utf8(trim(part)).ok());
            match part.map(str::parse::<f64>) {
                Some(Ok(value)) if value.is_finite() => *number = value,
                _ => return Err(refused),
            }
        }
        if parts.next().is_some() { Err(refused) } else { Ok(Some(numbers)) }
    }
}

/// A 16-bit number.
pub(super) fn number(bytes: [u8; 2], order: ByteOrder) -> u16 {
    match order {
        ByteOrder::Little => u16::from_le_bytes(bytes),
        ByteOrder::Big => u16::from_be_bytes(bytes),
    }
}

/// A value without the blanks and zeros around it.
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let is_blank = |b: &u8| matches!(b, 0 | b' ');
    let start = value.iter().position(|b| !is_blank(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !is_blank(b)).map_or(start, |last| last + 1);
    &value[start..end]
}
