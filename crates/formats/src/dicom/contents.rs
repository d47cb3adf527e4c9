use std::ops::Range;

use super::attributes::Attributes;
use super::elements::{Element, Elements, Kind, malformed};
use super::error::{FileError, Malformation};
use super::syntax::Encoding;
use super::tag::{GROUPED, TOP_LEVEL, TRANSFER_SYNTAX, Tag, VOLUME_KEYS};

/// A value of more bytes than this could hold a picture that shows a face.
const MAX_OTHER_BYTES: usize = 64 * 1024;

/// What is read of one file, before any of it is judged.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    pub(super) encoding: Encoding,
    /// File meta group and top level.
    pub(super) top: Attributes<'a>,
    /// The shared functional groups.
    pub(super) shared: Attributes<'a>,
    /// The per-frame functional groups, an entry a frame.
    pub(super) frames: Vec<Attributes<'a>>,
    /// The bytes of the pixel data in the file, and their value representation.
    pub(super) pixels: Option<(Range<usize>, Option<[u8; 2]>)>,
    /// Float or double float pixel data.
    pub(super) has_float_pixels: bool,
    /// A modality lookup table that is not empty.
    pub(super) has_modality_table: bool,
    /// A digital signature.
    pub(super) is_signed: bool,
    /// The first element, the pixel data aside, that can hold a picture.
    pub(super) second_picture: Option<Tag>,
}

/// Whether `first_bytes`, at least 132 of a file, are those of a DICOM file (PS3.10 section 7.1).
#[must_use]
pub fn is_dicom(first_bytes: &[u8]) -> bool {
    first_bytes.get(128..132) == Some(b"DICM")
}

impl<'a> Contents<'a> {
    /// Walks a whole file.
    ///
    /// # Errors
    /// [`FileError`] if the bytes are no DICOM file in an encoding that can be patched, or do not
    /// keep to it up to their last byte.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FileError> {
        if !is_dicom(bytes) {
            return Err(FileError::NotDicom);
        }
        let mut top = Attributes::default();
        let (at, second_picture) = read_meta(bytes, &mut top)?;
        let encoding = Encoding::of(top.need_uid(TRANSFER_SYNTAX)?)?;
        let mut contents = Self {
            encoding,
            top,
            shared: Attributes::default(),
            frames: Vec::new(),
            pixels: None,
            has_float_pixels: false,
            has_modality_table: false,
            is_signed: false,
            second_picture,
        };
        let mut elements = Elements::new(bytes, at, encoding);
        while let Some(element) = elements.next()? {
            contents.add(bytes, &element, elements.path())?;
        }
        Ok(contents)
    }

    fn add(&mut self, bytes: &'a [u8], element: &Element, path: &[Tag]) -> Result<(), FileError> {
        if self.second_picture.is_none() {
            self.second_picture = second_picture(bytes, element, path);
        }
        match (element.kind, path) {
            (Kind::Value, []) => self.add_top_level(bytes, element),
            (Kind::Value, [Tag::SHARED_GROUPS, group @ ..]) => {
                add_grouped(&mut self.shared, bytes, element, group)
            }
            (Kind::Value, [Tag::FRAME_GROUPS, group @ ..]) => match self.frames.last_mut() {
                Some(frame) => add_grouped(frame, bytes, element, group),
                None => Ok(()),
            },
            (Kind::Item, [Tag::FRAME_GROUPS]) => {
                self.frames.push(Attributes::default());
                Ok(())
            }
            (Kind::Item, [Tag::MODALITY_TABLE]) => {
                self.has_modality_table = true;
                Ok(())
            }
            (Kind::Item, [Tag::SIGNATURES, ..]) => {
                self.is_signed = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_top_level(&mut self, bytes: &'a [u8], element: &Element) -> Result<(), FileError> {
        let Element { tag, at, ref value, vr, .. } = *element;
        if self.pixels.is_some() && tag <= Tag::PIXELS {
            return Err(malformed(at, Malformation::Unordered));
        }
        match tag {
            Tag::PIXELS => self.pixels = Some((value.clone(), vr)),
            Tag::FLOAT_PIXELS | Tag::DOUBLE_PIXELS => self.has_float_pixels = true,
            _ => {
                if let Some(&attribute) = TOP_LEVEL.iter().find(|a| a.tag == tag) {
                    self.top.add(attribute, &bytes[value.clone()])?;
                } else if VOLUME_KEYS.contains(&tag) {
                    self.top.add_key(tag, &bytes[value.clone()]);
                }
            }
        }
        Ok(())
    }
}

/// Reads the file meta group, which is explicit little endian whatever follows. Returns the
/// offset of the data set, and the first element that can hold a picture.
fn read_meta<'a>(
    bytes: &'a [u8],
    into: &mut Attributes<'a>,
) -> Result<(usize, Option<Tag>), FileError> {
    let mut picture = None;
    let mut elements = Elements::new(bytes, 132, Encoding::ExplicitLittle);
    while bytes[elements.offset()..].starts_with(&[0x02, 0x00]) {
        let Some(element) = elements.next()? else { break };
        if element.kind != Kind::Value {
            return Err(malformed(element.at, Malformation::SequenceInMeta));
        }
        picture = picture.or_else(|| second_picture(bytes, &element, &[]));
        if let Some(&attribute) = TOP_LEVEL.iter().find(|a| a.tag == element.tag) {
            into.add(attribute, &bytes[element.value])?;
        }
    }
    Ok((elements.offset(), picture))
}

/// Keeps what is read of a frame's functional groups: `path` is that from the groups inward.
fn add_grouped<'a>(
    into: &mut Attributes<'a>,
    bytes: &'a [u8],
    element: &Element,
    path: &[Tag],
) -> Result<(), FileError> {
    let value = &bytes[element.value.clone()];
    let wanted = GROUPED.iter().find(|(group, a)| path == [*group] && a.tag == element.tag);
    if let Some(&(_, attribute)) = wanted {
        into.add(attribute, value)?;
    } else if VOLUME_KEYS.contains(&element.tag) {
        into.add_key(element.tag, value);
    }
    Ok(())
}

/// The tag to blame if `element`, in the sequences of `path`, can hold a picture other than the
/// pixel data: icons, overlays, curves, nested or retired pixel data, or any long value that is
/// neither text nor a Siemens CSA header.
fn second_picture(bytes: &[u8], element: &Element, path: &[Tag]) -> Option<Tag> {
    let Element { kind, tag, ref value, .. } = *element;
    let is_even = tag.0.is_multiple_of(2);
    match kind {
        Kind::Item => (path.last() == Some(&Tag::ICON)).then_some(Tag::ICON),
        Kind::Sequence => None,
        Kind::Value if value.is_empty() => None,
        Kind::Value => {
            let holds_picture = match tag {
                Tag::PIXELS | Tag::FLOAT_PIXELS | Tag::DOUBLE_PIXELS => !path.is_empty(),
                Tag(0x6000..=0x60ff, 0x3000) | Tag(0x5000..=0x50ff, 0x3000 | 0x200c) => is_even,
                Tag(0x7f00..=0x7fff, 0x0010..) => is_even,
                _ => false,
            };
            let is_long = value.len() > MAX_OTHER_BYTES
                && !(path.is_empty()
                    && matches!(tag, Tag::PIXELS | Tag::FLOAT_PIXELS | Tag::DOUBLE_PIXELS));
            (holds_picture || is_long && !is_text(&bytes[value.clone()])).then_some(tag)
        }
    }
}

/// Whether a value is ASCII text, such as the protocol of a Siemens XA scanner, or a table of
/// named texts, as Siemens' CSA header of second form, which starts with `SV10`.
fn is_text(value: &[u8]) -> bool {
    let end = value.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    value.starts_with(b"SV10\x04\x03\x02\x01")
        || value[..end].iter().all(|b| matches!(b, b'\t' | b'\n' | 0x0c | b'\r' | b' '..=b'~'))
}
