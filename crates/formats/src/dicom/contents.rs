use std::ops::Range;

use super::attributes::Attributes;
use super::elements::{Element, Elements, Kind, malformed};
use super::error::{FileError, Malformation};
use super::mosaic::Private;
use super::syntax::{Encoding, Form};
use super::tag::{GROUPED, MEDIA_SOP_CLASS, TOP_LEVEL, TRANSFER_SYNTAX, Tag, VOLUME_KEYS};

/// A value of more bytes than this could hold a picture that shows a face.
const MAX_OTHER_BYTES: usize = 64 * 1024;

/// What is read of one file, before any of it is judged.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    pub(super) encoding: Encoding,
    /// File meta group and top level.
    pub(super) top: Attributes<'a>,
    /// What of the top level is Siemens' own.
    pub(super) private: Private<'a>,
    /// The shared functional groups.
    pub(super) shared: Attributes<'a>,
    /// The per-frame functional groups, an entry a frame.
    pub(super) frames: Vec<Attributes<'a>>,
    /// The bytes of the pixel data in the file, and their value representation.
    pub(super) pixels: Option<(Range<usize>, Option<[u8; 2]>)>,
    /// The items of compressed pixel data.
    pub(super) fragments: Option<Range<usize>>,
    /// Float or double float pixel data.
    pub(super) has_float_pixels: bool,
    /// A modality lookup table that is not empty.
    pub(super) has_modality_table: bool,
}

/// Whether `first_bytes`, at least 132 of a file, are those of a DICOM file (PS3.10 section 7.1).
#[must_use]
pub fn is_dicom(first_bytes: &[u8]) -> bool {
    first_bytes.get(128..132) == Some(b"DICM")
}

impl<'a> Contents<'a> {
    /// Walks a whole file, compressed or not, but not a deflated one.
    ///
    /// # Errors
    /// [`FileError`] if the bytes are no DICOM file in a known transfer syntax, or do not keep to
    /// it up to their last byte.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, FileError> {
        let (mut contents, mut elements) = Self::begin(bytes)?;
        while let Some(element) = elements.next()? {
            contents.add(bytes, &element, elements.path())?;
        }
        Ok(contents)
    }

    /// Walks the start of a file up to its pixel data, as far as `bytes` reach.
    ///
    /// # Errors
    /// As [`Self::read`], and [`FileError::Truncated`] if there is no pixel data in `bytes` and
    /// they end within an element.
    pub(super) fn read_start(bytes: &'a [u8]) -> Result<Self, FileError> {
        let (mut contents, mut elements) = Self::begin(bytes)?;
        let is_pixels = |bytes: &[u8]| {
            bytes.starts_with(&[0xe0, 0x7f, 0x10, 0x00])
                || bytes.starts_with(&[0x7f, 0xe0, 0x00, 0x10])
        };
        while !(elements.path().is_empty() && is_pixels(&bytes[elements.offset()..])) {
            let Some(element) = elements.next()? else { break };
            contents.add(bytes, &element, elements.path())?;
        }
        Ok(contents)
    }

    /// The SOP class that the file meta group names.
    pub(super) fn media_class(&self) -> Option<&'a str> {
        self.top.uid(MEDIA_SOP_CLASS).unwrap_or_default()
    }

    fn begin(bytes: &'a [u8]) -> Result<(Self, Elements<'a>), FileError> {
        let (top, at) = Self::read_meta(bytes)?;
        let (encoding, elements) = match Form::of(top.need_uid(TRANSFER_SYNTAX)?)? {
            Form::Native(encoding) => (encoding, Elements::new(bytes, at, encoding)),
            Form::Encapsulated(_) => (Encoding::ExplicitLittle, Elements::encapsulated(bytes, at)),
            Form::Deflated => return Err(FileError::Deflated { limit: 0 }),
        };
        let contents = Self {
            encoding,
            top,
            private: Private::default(),
            shared: Attributes::default(),
            frames: Vec::new(),
            pixels: None,
            fragments: None,
            has_float_pixels: false,
            has_modality_table: false,
        };
        Ok((contents, elements))
    }

    /// Reads the file meta group, which is explicit little endian whatever follows, and the
    /// offset of the data set.
    ///
    /// # Errors
    /// [`FileError`] if the bytes are no DICOM file, or the group is malformed.
    pub(super) fn read_meta(bytes: &'a [u8]) -> Result<(Attributes<'a>, usize), FileError> {
        if !is_dicom(bytes) {
            return Err(FileError::NotDicom);
        }
        let mut top = Attributes::default();
        let mut elements = Elements::new(bytes, 132, Encoding::ExplicitLittle);
        while bytes[elements.offset()..].starts_with(&[0x02, 0x00]) {
            let Some(element) = elements.next()? else { break };
            if element.kind != Kind::Value {
                return Err(malformed(element.at, Malformation::SequenceInMeta));
            }
            if let Some(&attribute) = TOP_LEVEL.iter().find(|a| a.tag == element.tag) {
                top.add(attribute, &bytes[element.value])?;
            }
        }
        Ok((top, elements.offset()))
    }

    fn add(&mut self, bytes: &'a [u8], element: &Element, path: &[Tag]) -> Result<(), FileError> {
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
            (Kind::Fragments, []) => {
                if self.pixels.is_some() || self.fragments.is_some() {
                    return Err(malformed(element.at, Malformation::Unordered));
                }
                self.fragments = Some(element.value.clone());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn add_top_level(&mut self, bytes: &'a [u8], element: &Element) -> Result<(), FileError> {
        let Element { tag, at, ref value, vr, .. } = *element;
        let has_pixels = self.pixels.is_some() || self.fragments.is_some();
        if has_pixels && tag <= Tag::PIXELS {
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
                } else {
                    self.private.add(tag, &bytes[value.clone()]);
                }
            }
        }
        Ok(())
    }
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

/// Whether `element`, in the sequences of `path`, can hold a picture other than the pixel data:
/// icons, overlays, curves, nested or retired pixel data, a file within the file, or any long
/// value that is neither text nor a Siemens CSA header.
pub(super) fn holds_picture(bytes: &[u8], element: &Element, path: &[Tag]) -> bool {
    let Element { kind, tag, ref value, .. } = *element;
    let is_even = tag.0.is_multiple_of(2);
    let is_pixels = matches!(tag, Tag::PIXELS | Tag::FLOAT_PIXELS | Tag::DOUBLE_PIXELS);
    match kind {
        Kind::Sequence => tag == Tag::ICON,
        Kind::Item | Kind::End => false,
        Kind::Fragments => !path.is_empty(),
        Kind::Value if is_pixels && path.is_empty() => false,
        Kind::Value if is_pixels => true,
        Kind::Value => {
            let is_old = match tag {
                Tag(0x5000..=0x50ff | 0x6000..=0x60ff | 0x7f00..=0x7fdf | 0x7fe1..=0x7fff, _) => {
                    is_even
                }
                _ => false,
            };
            let value = &bytes[value.clone()];
            is_old || is_image_file(value) || value.len() > MAX_OTHER_BYTES && !is_text(value)
        }
    }
}

/// Whether a value starts as a file of pictures does: JPEG, PNG, GIF, TIFF, BMP, JPEG 2000.
fn is_image_file(value: &[u8]) -> bool {
    const STARTS: &[&[u8]] = &[
        b"\xff\xd8\xff",
        b"\x89PNG",
        b"GIF8",
        b"II*\0",
        b"MM\0*",
        b"\xff\x4f\xff\x51",
        b"\0\0\0\x0cjP",
    ];
    let is_bitmap = value.len() > 26 && value.starts_with(b"BM") && value[6..10] == [0; 4];
    is_bitmap || STARTS.iter().any(|start| value.starts_with(start))
}

/// Whether a value is ASCII text, such as the protocol of a Siemens XA scanner, or a table of
/// named texts, as Siemens' CSA header of second form, which starts with `SV10`.
fn is_text(value: &[u8]) -> bool {
    let end = value.iter().rposition(|&b| b != 0).map_or(0, |last| last + 1);
    value.starts_with(b"SV10\x04\x03\x02\x01")
        || value[..end].iter().all(|b| matches!(b, b'\t' | b'\n' | 0x0c | b'\r' | b' '..=b'~'))
}
