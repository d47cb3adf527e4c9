use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use kernels::Workers;

use crate::dicom::DicomError;
use crate::open::in_parallel;
use crate::{FormatError, Layout, Packing, Scan, Source, SourceFile, dicom, gzip};

/// Writes a scan into `folder`: the source's decoded bytes as they now are, compressed again where
/// the source was. Returns what [`open`](crate::open) takes to read it back.
///
/// `name` is that of the file, of a pair's header file, or of a series' folder. A name that ends
/// in `.gz`, or does not, decides for a single file whether it is compressed. Nothing that exists
/// is replaced. After an error, part of what was to be written may lie in `folder`.
///
/// # Errors
/// [`FormatError::Io`] if a file cannot be written, and [`FormatError::Gzip`] if there is not
/// enough memory to compress it.
pub fn write(scan: &Scan, folder: &Path, name: &OsStr) -> Result<Source, FormatError> {
    write_on(scan, folder, name, Workers::ONE)
}

/// As [`write()`], the files of a DICOM series packed and written by several threads.
///
/// # Errors
/// As [`write()`].
pub fn write_on(
    scan: &Scan,
    folder: &Path,
    name: &OsStr,
    workers: Workers,
) -> Result<Source, FormatError> {
    let path = folder.join(name);
    let buffers = scan.volume.buffers();
    match scan.layout {
        Layout::NiftiFile => {
            let compress = name.as_encoded_bytes().ends_with(b".gz")
                || (scan.files[0].packing == Packing::Gzip
                    && !name.as_encoded_bytes().ends_with(b".nii"));
            write_file(&path, &buffers[0], compress)?;
            Ok(Source::NiftiFile(path))
        }
        Layout::NiftiPair => {
            let image = folder.join(&scan.files[1].name);
            write_file(&path, &buffers[0], scan.files[0].packing == Packing::Gzip)?;
            write_file(&image, &buffers[1], scan.files[1].packing == Packing::Gzip)?;
            Ok(Source::NiftiPair { header: path, image })
        }
        Layout::DicomFile => {
            write_dicom(&path, &buffers[0], &scan.files[0])?;
            let files = vec![path.clone()];
            Ok(Source::DicomSeries { path, files, series: String::new() })
        }
        Layout::DicomSeries => {
            fs::create_dir(&path).map_err(FormatError::Io)?;
            let all: Vec<_> = scan.files.iter().zip(buffers).collect();
            let written = in_parallel(&all, workers, |(file, bytes)| {
                let path = path.join(&file.name);
                write_dicom(&path, bytes, file).map(|()| path)
            });
            let files = written.into_iter().collect::<Result<_, _>>()?;
            Ok(Source::DicomSeries { path, files, series: String::new() })
        }
    }
}

/// Writes a native DICOM file, a mosaic if its source was one, and packed as that was where that
/// can be.
fn write_dicom(path: &Path, native: &[u8], file: &SourceFile) -> Result<(), FormatError> {
    let refused = |reason| DicomError::File { number: 1, of: 1, reason };
    let tiled = file.tiles.map(|tiles| dicom::tiled(native, tiles)).transpose();
    let tiled = tiled.map_err(refused)?;
    let native = tiled.as_deref().unwrap_or(native);
    match dicom::pack(native, file.packing).map_err(refused)? {
        Some(packed) => write_file(path, &packed, false),
        None => write_file(path, native, false),
    }
}

/// Writes `content`, compressed or as it is, to the new file `path`.
///
/// # Errors
/// [`FormatError`] as for [`write()`].
pub fn write_file(path: &Path, content: &[u8], compress: bool) -> Result<(), FormatError> {
    let mut file = File::create_new(path).map_err(FormatError::Io)?;
    let written =
        if compress { file.write_all(&gzip::deflate(content)?) } else { file.write_all(content) };
    written.map_err(FormatError::Io)
}
