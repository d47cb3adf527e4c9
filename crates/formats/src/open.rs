use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::nifti::Decoded;
use crate::{FormatError, Layout, Scan, Source, dicom, gzip, nifti};

/// Loads a scan whole: its voxels as stored and every other byte of its files.
///
/// Memory is bounded by what the files hold: nothing is allocated on a header's word before that
/// word was compared with the number of bytes there are.
///
/// # Errors
/// [`FormatError`] if a file cannot be read, or does not hold a volume that efface can deface.
pub fn open(source: &Source) -> Result<Scan, FormatError> {
    match source {
        Source::NiftiFile(path) => Ok(nifti::open_single(decode(path, true)?)?),
        Source::NiftiPair { header, image } => {
            Ok(nifti::open_pair(decode(header, false)?, decode(image, false)?)?)
        }
        Source::DicomSeries { path, files } => {
            let named = |path: &PathBuf| Ok((name(path), read(path)?));
            let is_file = files.len() == 1 && files[0] == *path;
            let files = files.iter().map(named).collect::<Result<Vec<_>, FormatError>>()?;
            let layout = if is_file { Layout::DicomFile } else { Layout::DicomSeries };
            Ok(Scan { layout, ..dicom::open_series(files)? })
        }
        Source::Unreadable(path) => Err(why_unreadable(path)),
    }
}

/// Reads a NIfTI file and unpacks it. With `is_whole` the file holds header and voxels, and the
/// header's promise is compared with what the compressed bytes could hold before they are
/// unpacked.
fn decode(path: &Path, is_whole: bool) -> Result<Decoded, FormatError> {
    let bytes = read(path)?;
    if !gzip::is_gzip(&bytes) {
        return Ok(Decoded { name: name(path), gzip: false, bytes });
    }
    let wanted = if is_whole {
        Some(nifti::promised_bytes(&gzip::inflate_start(&bytes, 1024))?)
    } else {
        None
    };
    let content = gzip::inflate(&bytes).map_err(|e| match (e, wanted) {
        (gzip::GzipError::Truncated { found }, Some(wanted)) => {
            FormatError::GzipTruncated { found, wanted }
        }
        (e, _) => e.into(),
    })?;
    Ok(Decoded { name: name(path), gzip: true, bytes: content })
}

/// Why a file that is named as a scan is none.
fn why_unreadable(path: &Path) -> FormatError {
    let bytes = match read(path) {
        Ok(bytes) => bytes,
        Err(e) => return e,
    };
    if bytes.is_empty() {
        return FormatError::Empty;
    }
    let start = if gzip::is_gzip(&bytes) { gzip::inflate_start(&bytes, 1024) } else { bytes };
    match nifti::recognise(&start) {
        Some(nifti::Start::PairHeader) => FormatError::NoImageFile,
        _ if start.len() < 348 => FormatError::TooShort { found: start.len() },
        _ if is_analyze(&start) => FormatError::Analyze,
        _ => FormatError::NotAScan,
    }
}

/// An Analyze 7.5 header has NIfTI's size field and no magic; it tells no direction.
fn is_analyze(start: &[u8]) -> bool {
    start.len() >= 348 && (start[..4] == [0x5c, 1, 0, 0] || start[..4] == [0, 0, 1, 0x5c])
}

fn read(path: &Path) -> Result<Vec<u8>, FormatError> {
    fs::read(path).map_err(FormatError::Io)
}

fn name(path: &Path) -> OsString {
    path.file_name().map(OsString::from).unwrap_or_default()
}
