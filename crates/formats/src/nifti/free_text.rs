use std::ops::Range;

use super::header::{NIFTI1_BYTES, NIFTI2_BYTES, Version};

/// A place in a NIfTI header file that can hold words about a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextPlace {
    pub(super) name: &'static str,
    pub(super) at: Range<usize>,
}

/// A file of a NIfTI source, as far as free text goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The version of the header that the file starts with; `None` for the image file of a pair.
    pub(super) header: Option<Version>,
    /// Where voxels start, or, without voxels, where the file ends.
    pub(super) start: usize,
    /// Where voxels end, or, without voxels, where the file ends.
    pub(super) end: usize,
}

const AFTER_THE_DATA: &str = "bytes after the data";

/// The places of a file that hold anything but zeros: free-text and unused header fields,
/// extensions and padding before the voxels, and all that follows them.
pub(super) fn held(bytes: &[u8], file: Extent) -> Vec<TextPlace> {
    let mut places = file.header.map(header_fields).unwrap_or_default();
    let header_bytes = match file.header {
        Some(Version::One) => NIFTI1_BYTES,
        Some(Version::Two) => NIFTI2_BYTES,
        None => 0,
    };
    if file.start > header_bytes {
        places.push(TextPlace { name: "extensions", at: header_bytes..file.start });
    }
    places.retain(|p| bytes[p.at.clone()].iter().any(|&b| b != 0));
    if bytes.len() > file.end {
        places.push(TextPlace { name: AFTER_THE_DATA, at: file.end..bytes.len() });
    }
    places
}

/// Blanks what [`held`] finds, drops what follows the voxels, and returns the names.
pub(super) fn clear(bytes: &mut Vec<u8>, file: Extent) -> Vec<&'static str> {
    let places = held(bytes, file);
    for place in &places {
        bytes[place.at.clone()].fill(0);
    }
    bytes.truncate(file.end);
    places.into_iter().map(|p| p.name).collect()
}

/// Writes `text` to the header's `descrip` field, cut to its 79 bytes.
pub(super) fn describe(bytes: &mut [u8], version: Version, text: &str) {
    for place in header_fields(version).into_iter().filter(|p| p.name == "descrip") {
        let field = &mut bytes[place.at];
        let n = text.len().min(field.len() - 1);
        field.fill(0);
        field[..n].copy_from_slice(&text.as_bytes()[..n]);
    }
}

fn header_fields(version: Version) -> Vec<TextPlace> {
    let field = |name, offset: usize, n: usize| TextPlace { name, at: offset..offset + n };
    match version {
        Version::One => vec![
            field("data_type", 4, 10),
            field("db_name", 14, 18),
            field("descrip", 148, 80),
            field("aux_file", 228, 24),
            field("intent_name", 328, 16),
        ],
        Version::Two => vec![
            field("descrip", 240, 80),
            field("aux_file", 320, 24),
            field("intent_name", 508, 16),
            field("unused_str", 525, 15),
        ],
    }
}
