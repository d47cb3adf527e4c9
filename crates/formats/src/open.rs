use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use kernels::Workers;

use crate::convert::{as_nifti, as_resampled_nifti};
use crate::dicom::{DicomError, Series, Spacing};
use crate::nifti::Decoded;
use crate::resample::Resampling;
use crate::{FormatError, Layout, Scan, Source, dicom, gzip, nifti};

/// Loads a scan whole: its voxels as stored and every other byte of its files.
///
/// Memory is bounded by what the files hold: nothing is allocated on a header's word before that
/// word was compared with the number of bytes there are.
///
/// # Errors
/// [`FormatError`] if a file cannot be read, or does not hold a volume that efface can deface.
pub fn open(source: &Source) -> Result<Scan, FormatError> {
    open_on(source, Workers::ONE)
}

/// As [`open`], the files of a DICOM series read and decoded by several threads.
///
/// # Errors
/// As [`open`].
pub fn open_on(source: &Source, workers: Workers) -> Result<Scan, FormatError> {
    open_in(source, Vec::new(), workers)
}

/// Loads a DICOM series as the NIfTI file `name` that [`as_nifti`] makes of it, on an orthogonal grid with
/// equally spaced slices.
///
/// Slices of a tilted gantry are shifted within their planes, and what lies between two slices that are
/// not equally spaced is mixed of both, linearly; a note tells either. Slices that lie on such a grid are
/// those of [`as_nifti`]. Where a slice does not reach, and where the file says that there is no value
/// (Pixel Padding), the result has air: -1000 HU in CT, or the lowest value of the scan if that is higher
/// or it is no CT. Stored type, slope and intercept stay.
///
/// Beside the scan that was read, takes the memory of the one that is made, and a few rows a thread.
///
/// # Errors
/// As [`open`] and [`as_nifti`]; slices may be unequally spaced, but lie on a line without a hole of more
/// than 12 mm and 1.5 times the usual distance, and differ in their positions. [`FormatError::NotAScan`]
/// if the source is no DICOM.
pub fn open_resampled(
    source: &Source,
    name: &OsStr,
    workers: Workers,
) -> Result<Scan, FormatError> {
    let Source::DicomSeries { files, .. } = source else { return Err(FormatError::NotAScan) };
    let Series { scan, along_mm } = open_dicom(files, Vec::new(), Spacing::Any, workers)?;
    match Resampling::of(scan.volume.grid(), along_mm.as_deref()) {
        Some(resampling) => as_resampled_nifti(scan, name, &resampling, workers),
        None => as_nifti(scan, name),
    }
}

/// As [`open_on`], in the memory of a scan that is of no more use: all of it is read anew.
///
/// # Errors
/// As [`open`].
pub fn reopen_on(source: &Source, old: Scan, workers: Workers) -> Result<Scan, FormatError> {
    let memory = match source {
        Source::DicomSeries { .. } => old.volume.into_buffers(),
        _ => {
            drop(old);
            Vec::new()
        }
    };
    open_in(source, memory, workers)
}

/// As [`open_on`], in the `memory` of as many files, if there is any.
fn open_in(source: &Source, memory: Vec<Vec<u8>>, workers: Workers) -> Result<Scan, FormatError> {
    match source {
        Source::NiftiFile(path) => open_nifti_bytes(&name(path), read(path)?),
        Source::NiftiPair { header, image } => {
            let decoded = |path| decode(name(path), read(path)?, false);
            Ok(nifti::open_pair(decoded(header)?, decoded(image)?)?)
        }
        Source::DicomSeries { path, files, .. } => {
            let is_file = files.len() == 1 && files[0] == *path;
            let layout = if is_file { Layout::DicomFile } else { Layout::DicomSeries };
            Ok(Scan { layout, ..open_dicom(files, memory, Spacing::Even, workers)?.scan })
        }
        Source::LeftOut { files, what, .. } => {
            Err(DicomError::LeftOut { what: *what, n_images: files.len() }.into())
        }
        Source::Unreadable(path) => Err(why_unreadable(path)),
        Source::LinkOut(_) => Err(FormatError::LinkOut),
    }
}

/// Loads a series of DICOM `files`, whose slices are spaced as `spacing` wants, in the `memory` of as many
/// files, if there is any.
fn open_dicom(
    files: &[PathBuf],
    memory: Vec<Vec<u8>>,
    spacing: Spacing,
    workers: Workers,
) -> Result<Series, FormatError> {
    let memory = memory.into_iter().map(Some).chain(iter::repeat_with(|| None));
    let rooms: Vec<_> = files.iter().zip(memory.map(Mutex::new)).collect();
    let natives = in_parallel(&rooms, workers, |(path, memory)| {
        let memory = memory.lock().unwrap_or_else(PoisonError::into_inner).take();
        let bytes = read_into(path, memory.unwrap_or_default())?;
        Ok((name(path), dicom::native(bytes)))
    });
    let natives = natives.into_iter().collect::<Result<Vec<_>, FormatError>>()?;
    Ok(dicom::series_of(natives, spacing, workers)?)
}

/// Loads a NIfTI file of header and voxels from its `bytes`, compressed with gzip or not.
///
/// [`open`] does the same with the bytes of a file. `name` is the one that the scan's file gets.
///
/// # Errors
/// [`FormatError::NoImageFile`] if they are the header file of a pair, and other [`FormatError`]s
/// if they do not hold a volume that efface can deface.
pub fn open_nifti_bytes(name: &OsStr, bytes: Vec<u8>) -> Result<Scan, FormatError> {
    let file = decode(name.to_owned(), bytes, true)?;
    match nifti::recognise(&file.bytes) {
        // Its voxels would start at byte 0, on top of the header.
        Some(nifti::Start::PairHeader) => Err(FormatError::NoImageFile),
        _ => Ok(nifti::open_single(file)?),
    }
}

/// Unpacks a NIfTI file. With `is_whole` it holds header and voxels, and the header's promise is
/// compared with what the compressed bytes could hold before they are unpacked.
fn decode(name: OsString, bytes: Vec<u8>, is_whole: bool) -> Result<Decoded, FormatError> {
    if !gzip::is_gzip(&bytes) {
        return Ok(Decoded { name, gzip: false, bytes });
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
    Ok(Decoded { name, gzip: true, bytes: content })
}

/// Why a file that is named as a scan is none.
fn why_unreadable(path: &Path) -> FormatError {
    if path.is_dir() {
        return FormatError::LinkToFolder;
    }
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

/// As [`read`], in memory that was in use, with room for what a header grows by.
fn read_into(path: &Path, mut bytes: Vec<u8>) -> Result<Vec<u8>, FormatError> {
    const ROOM: usize = 2048;
    let mut file = fs::File::open(path).map_err(FormatError::Io)?;
    let length = file.metadata().map_err(FormatError::Io)?.len();
    bytes.clear();
    let wanted = usize::try_from(length).ok().and_then(|n| n.checked_add(ROOM));
    if wanted.is_none_or(|wanted| bytes.try_reserve_exact(wanted).is_err()) {
        return Err(FormatError::Io(io::ErrorKind::OutOfMemory.into()));
    }
    file.read_to_end(&mut bytes).map_err(FormatError::Io)?;
    Ok(bytes)
}

/// What `work` makes of each item, by several threads, in the order of the items.
pub(crate) fn in_parallel<'a, T: Sync, R: Send>(
    items: &'a [T],
    workers: Workers<'_>,
    work: impl Fn(&'a T) -> R + Sync,
) -> Vec<R> {
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    workers.for_each_chunk(&mut results, 1, |n, result| result[0] = Some(work(&items[n])));
    results.into_iter().flatten().collect()
}

fn name(path: &Path) -> OsString {
    path.file_name().map(OsString::from).unwrap_or_default()
}
