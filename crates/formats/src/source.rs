use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{FormatError, gzip, nifti};

/// One scan on disk, recognised by content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A NIfTI file with header and voxels.
    NiftiFile(PathBuf),
    /// A NIfTI header file and its image file.
    NiftiPair {
        /// The header file.
        header: PathBuf,
        /// The image file.
        image: PathBuf,
    },
    /// The DICOM files of one folder.
    DicomSeries {
        /// The folder, or the one file if that was named.
        path: PathBuf,
        /// The files, by name.
        files: Vec<PathBuf>,
    },
    /// A file that its name calls a scan and its content does not. Opening it says why.
    Unreadable(PathBuf),
}

impl Source {
    /// The path by which a message names the scan.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::NiftiFile(path) | Self::Unreadable(path) => path,
            Self::NiftiPair { header, .. } => header,
            Self::DicomSeries { path, .. } => path,
        }
    }
}

/// What [`discover`] found under a path.
#[derive(Debug, Default)]
pub struct Found {
    /// Scans, in the order of their paths.
    pub sources: Vec<Source>,
    /// Files that are neither NIfTI nor DICOM, nor named as if they were.
    pub n_other: usize,
}

/// Finds every scan at `path`: a file, or a folder with all that lies below it.
///
/// A folder's DICOM files make one series. Links to folders are not followed.
///
/// # Errors
/// [`FormatError::Io`] if `path` or a folder below it cannot be read, and
/// [`FormatError::NotAScan`] if `path` is a file and no scan.
pub fn discover(path: &Path) -> Result<Found, FormatError> {
    let mut found = Found::default();
    if fs::metadata(path).map_err(FormatError::Io)?.is_dir() {
        walk(path, &mut found)?;
        found.sources.sort();
        return Ok(found);
    }
    let source = match kind(path)? {
        Kind::NiftiFile => Source::NiftiFile(path.to_owned()),
        Kind::NiftiHeader => pair_of_header(path)?,
        Kind::Dicom => Source::DicomSeries { path: path.to_owned(), files: vec![path.to_owned()] },
        Kind::Other => match header_of_image(path) {
            Some(header) => Source::NiftiPair { header, image: path.to_owned() },
            None => Source::Unreadable(path.to_owned()),
        },
    };
    found.sources.push(source);
    Ok(found)
}

fn walk(folder: &Path, found: &mut Found) -> Result<(), FormatError> {
    let mut dicom = Vec::new();
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(FormatError::Io)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let file_type = entry.file_type().map_err(FormatError::Io)?;
        if file_type.is_dir() {
            walk(&path, found)?;
            continue;
        }
        match kind(&path) {
            Ok(Kind::NiftiFile) => found.sources.push(Source::NiftiFile(path)),
            Ok(Kind::NiftiHeader) => {
                found.sources.push(pair_of_header(&path).unwrap_or(Source::Unreadable(path)));
            }
            Ok(Kind::Dicom) => dicom.push(path),
            Ok(Kind::Other) if header_of_image(&path).is_some() => {}
            Ok(Kind::Other) if !named_as_scan(&path) => found.n_other += 1,
            Ok(Kind::Other) | Err(_) => found.sources.push(Source::Unreadable(path)),
        }
    }
    if !dicom.is_empty() {
        found.sources.push(Source::DicomSeries { path: folder.to_owned(), files: dicom });
    }
    Ok(())
}

enum Kind {
    NiftiFile,
    NiftiHeader,
    Dicom,
    Other,
}

fn kind(path: &Path) -> Result<Kind, FormatError> {
    const HEAD_BYTES: u64 = 64 * 1024;
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
        .map_err(FormatError::Io)?;
    if crate::dicom::is_dicom(&head) {
        return Ok(Kind::Dicom);
    }
    if gzip::is_gzip(&head) {
        head = gzip::inflate_start(&head, 1024);
    }
    Ok(match nifti::recognise(&head) {
        Some(nifti::Start::Single) => Kind::NiftiFile,
        Some(nifti::Start::PairHeader) => Kind::NiftiHeader,
        None => Kind::Other,
    })
}

/// A file so named that skipping it without a word could let a scan go unnoticed.
fn named_as_scan(path: &Path) -> bool {
    let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default().to_lowercase();
    [".nii", ".nii.gz", ".hdr", ".hdr.gz", ".dcm", ".ima"].iter().any(|end| name.ends_with(end))
}

fn pair_of_header(header: &Path) -> Result<Source, FormatError> {
    let image = sibling(header, "hdr", "img").ok_or(FormatError::NoImageFile)?;
    Ok(Source::NiftiPair { header: header.to_owned(), image })
}

fn header_of_image(image: &Path) -> Option<PathBuf> {
    let header = sibling(image, "img", "hdr")?;
    matches!(kind(&header), Ok(Kind::NiftiHeader)).then_some(header)
}

/// The existing file of the same name with ending `from` replaced by `to`, compressed or not.
fn sibling(path: &Path, from: &str, to: &str) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(from)?;
    [format!("{stem}{to}"), format!("{stem}{to}.gz")]
        .iter()
        .map(|name| path.with_file_name(name))
        .find(|candidate| candidate.is_file())
}
