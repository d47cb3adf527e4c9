use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::dicom::{self, DicomError, Release};
use crate::{FormatError, Source, write_file};

/// Whether every file of `source` is DICOM of one of `kinds`, each a modality or a SOP class UID.
///
/// # Errors
/// [`FormatError`] if a file cannot be read.
pub fn is_of_kind(source: &Source, kinds: &[String]) -> Result<bool, FormatError> {
    let (Source::DicomSeries { files, .. } | Source::LeftOut { files, .. }) = source else {
        return Ok(false);
    };
    for file in files {
        let found = dicom::kinds(file).map_err(FormatError::Io)?;
        if !kinds.iter().any(|kind| found.contains(kind)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the files of a DICOM source that holds no volume into `folder`, under `name`, with the
/// UIDs of the run. Nothing is removed from their pixels: **they may show a face**.
///
/// # Errors
/// [`FormatError`] if a file cannot be read or written.
pub fn pass_through(
    source: &Source,
    folder: &Path,
    name: &OsStr,
    release: &Release,
) -> Result<Source, FormatError> {
    let (Source::DicomSeries { path, files, series } | Source::LeftOut { path, files, series, .. }) =
        source
    else {
        return Err(FormatError::NotAScan);
    };
    let to = folder.join(name);
    let is_file = files.len() == 1 && files[0] == *path;
    if !is_file {
        fs::create_dir(&to).map_err(FormatError::Io)?;
    }
    let of = files.len();
    let mut written = Vec::with_capacity(of);
    for (number, file) in (1..).zip(files) {
        let bytes = fs::read(file).map_err(FormatError::Io)?;
        let passed = dicom::pass_through(bytes, release);
        let bytes = passed.map_err(|reason| DicomError::File { number, of, reason })?;
        let file = match release.deidentify {
            _ if is_file => to.clone(),
            Some(_) => to.join(format!("{number}.dcm")),
            None => to.join(file.file_name().unwrap_or_default()),
        };
        write_file(&file, &bytes, false)?;
        written.push(file);
    }
    Ok(Source::DicomSeries { path: to, files: written, series: series.clone() })
}
