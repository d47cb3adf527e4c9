use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::dicom::Shared;
use crate::dicom::series::{self, Heading, Part};
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
    /// The DICOM files of one volume, or of what is none.
    DicomSeries {
        /// The folder that holds them all, or the file if it is named itself.
        path: PathBuf,
        /// The files, by name.
        files: Vec<PathBuf>,
        /// Series Instance UID; empty if there is none.
        series: String,
    },
    /// Images of a DICOM series, unlike the rest of it and too few for a volume.
    LeftOut {
        /// The folder that holds them all, or the file if it is named itself.
        path: PathBuf,
        /// The files, by name.
        files: Vec<PathBuf>,
        /// Series Instance UID.
        series: String,
        /// In what they differ from the rest of the series.
        what: Shared,
    },
    /// A file that its name calls a scan and its content does not. Opening it says why.
    Unreadable(PathBuf),
    /// A link to a file that does not lie in the folder that was given. It is not followed: whoever names a
    /// folder says what is in it.
    LinkOut(PathBuf),
}

impl Source {
    /// The path by which a message names the scan.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::NiftiFile(path) | Self::Unreadable(path) | Self::LinkOut(path) => path,
            Self::NiftiPair { header, .. } => header,
            Self::DicomSeries { path, .. } | Self::LeftOut { path, .. } => path,
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
    /// DICOM files that were passed over: the same image with the same bytes is among the scans.
    pub copies: Vec<PathBuf>,
}

/// Finds every scan at `path`: a file, or a folder with all that lies below it.
///
/// DICOM files are put together by what their headers say, wherever they lie. A series that is
/// alone in its folder goes by the folder's path, also if it is one file. Links to folders, and out of
/// the folder, are not followed.
///
/// # Errors
/// [`FormatError::Io`] if `path` or a folder below it cannot be read, and
/// [`FormatError::NotAScan`] if `path` is a file and no scan.
pub fn discover(path: &Path) -> Result<Found, FormatError> {
    let mut found = Found::default();
    if fs::metadata(path).map_err(FormatError::Io)?.is_dir() {
        let mut dicom = Vec::new();
        let root = fs::canonicalize(path).map_err(FormatError::Io)?;
        walk(path, &root, &mut found, &mut dicom)?;
        let (parts, copies) = series::assemble(dicom);
        found.copies = copies;
        found.sources.extend(by_place(parts));
        found.sources.sort();
        return Ok(found);
    }
    let source = match kind(path)? {
        Kind::NiftiFile => Source::NiftiFile(path.to_owned()),
        Kind::NiftiHeader => pair_of_header(path)?,
        Kind::Dicom(heading) => {
            let series = heading.and_then(|heading| heading.series).unwrap_or_default();
            Source::DicomSeries { path: path.to_owned(), files: vec![path.to_owned()], series }
        }
        Kind::Other => match header_of_image(path) {
            Some(header) => Source::NiftiPair { header, image: path.to_owned() },
            None => Source::Unreadable(path.to_owned()),
        },
    };
    found.sources.push(source);
    Ok(found)
}

/// The Patient ID in the header of the DICOM file at `path`, if it has one.
///
/// # Errors
/// [`FormatError::Io`] if the file cannot be read.
pub fn patient_id(path: &Path) -> Result<Option<String>, FormatError> {
    series::patient_id(path).map_err(FormatError::Io)
}

/// What stands for the patient space of a DICOM scan: two scans with the same lie in one Frame of Reference of
/// one patient, by the header of the first file of each. `None` of what does not say, and of NIfTI.
#[must_use]
pub fn space(source: &Source) -> Option<String> {
    match source {
        Source::DicomSeries { files, .. } | Source::LeftOut { files, .. } => {
            files.first().and_then(|file| series::space(file).ok().flatten())
        }
        _ => None,
    }
}

/// About how many bytes a scan takes when it is decoded, by its headers; what cannot be read, and will be
/// refused, takes none. A series counts as so many files like its first.
#[must_use]
pub fn decoded_bytes(source: &Source) -> u64 {
    let of_file = |path: &Path| -> Option<u64> {
        let length = fs::metadata(path).ok()?.len();
        let head = series::read_start(path).ok()?;
        let is_gzip = gzip::is_gzip(&head);
        let head = if is_gzip { gzip::inflate_start(&head, 1024) } else { head };
        Some(nifti::promised_bytes(&head).ok().filter(|_| is_gzip).unwrap_or(length))
    };
    match source {
        Source::NiftiFile(path) => of_file(path).unwrap_or(0),
        Source::NiftiPair { header, image } => {
            let promised = fs::read(header).ok().map(|bytes| {
                let is_gzip = gzip::is_gzip(&bytes);
                let start = if is_gzip { gzip::inflate_start(&bytes, 1024) } else { bytes };
                nifti::promised_bytes(&start).unwrap_or(0)
            });
            promised.unwrap_or(0).max(of_file(image).unwrap_or(0))
        }
        Source::DicomSeries { files, .. } => {
            let first = files.first().and_then(|file| series::decoded_bytes(file).ok().flatten());
            let stored: u64 =
                files.iter().filter_map(|f| fs::metadata(f).ok()).map(|m| m.len()).sum();
            first.unwrap_or(0).saturating_mul(files.len() as u64).max(stored)
        }
        Source::LeftOut { .. } | Source::Unreadable(_) | Source::LinkOut(_) => 0,
    }
}

fn walk(
    folder: &Path,
    root: &Path,
    found: &mut Found,
    dicom: &mut Vec<(PathBuf, Heading)>,
) -> Result<(), FormatError> {
    let mut entries = fs::read_dir(folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(FormatError::Io)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let file_type = entry.file_type().map_err(FormatError::Io)?;
        if file_type.is_dir() {
            walk(&path, root, found, dicom)?;
            continue;
        }
        let is_out = |target: PathBuf| !target.starts_with(root);
        let is_link = file_type.is_symlink() && path.is_file();
        if is_link && fs::canonicalize(&path).is_ok_and(is_out) {
            found.sources.push(Source::LinkOut(path));
            continue;
        }
        match kind(&path) {
            Ok(Kind::NiftiFile) => found.sources.push(Source::NiftiFile(path)),
            Ok(Kind::NiftiHeader) => {
                found.sources.push(pair_of_header(&path).unwrap_or(Source::Unreadable(path)));
            }
            Ok(Kind::Dicom(Some(heading))) => dicom.push((path, *heading)),
            Ok(Kind::Dicom(None)) => found.n_other += 1,
            Ok(Kind::Other) if header_of_image(&path).is_some() => {}
            Ok(Kind::Other) if !named_as_scan(&path) => found.n_other += 1,
            Ok(Kind::Other) | Err(_) => found.sources.push(Source::Unreadable(path)),
        }
    }
    Ok(())
}

/// Names parts by the folder that holds them, or by their file where several lie in one folder.
fn by_place(parts: Vec<Part>) -> Vec<Source> {
    let folders: Vec<PathBuf> = parts.iter().map(|part| common_folder(&part.files)).collect();
    // A folder, then all below it: of those that hold others the next one is in them.
    let mut sorted: Vec<&PathBuf> = folders.iter().collect();
    sorted.sort();
    let is_alone = |n: usize| {
        let first = sorted.partition_point(|folder| **folder < folders[n]);
        sorted.get(first + 1).is_none_or(|next| !next.starts_with(&folders[n]))
    };
    let place = |n: usize| match &parts[n].files[..] {
        [file] if !is_alone(n) => file.clone(),
        _ => folders[n].clone(),
    };
    let places: Vec<PathBuf> = (0..parts.len()).map(place).collect();
    let source = |(part, path): (Part, PathBuf)| match part.left_out {
        None => Source::DicomSeries { path, files: part.files, series: part.series },
        Some(what) => Source::LeftOut { path, files: part.files, series: part.series, what },
    };
    parts.into_iter().zip(places).map(source).collect()
}

/// The deepest folder that holds all `files`.
fn common_folder(files: &[PathBuf]) -> PathBuf {
    let mut folder = files[0].parent().unwrap_or(Path::new(""));
    while !files.iter().all(|file| file.starts_with(folder)) {
        folder = folder.parent().unwrap_or(Path::new(""));
    }
    folder.to_owned()
}

enum Kind {
    NiftiFile,
    NiftiHeader,
    /// `None` for the directory of a file set.
    Dicom(Option<Box<Heading>>),
    Other,
}

fn kind(path: &Path) -> Result<Kind, FormatError> {
    let mut head = series::read_start(path).map_err(FormatError::Io)?;
    if crate::dicom::is_dicom(&head) {
        let heading = Heading::read(path, &head).map_err(FormatError::Io)?;
        return Ok(Kind::Dicom(heading.map(Box::new)));
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
