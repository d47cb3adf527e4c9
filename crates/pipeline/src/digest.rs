use std::fs;
use std::io;
use std::path::Path;

use formats::{Packing, Scan, Source};
use inference::Model;
use sha2::{Digest as _, Sha256};
use volume::Region;

use crate::Options;

/// SHA-256, in hex, of a scan's files: of the one file, or of all files' bytes one after the
/// other, a header before its image, a series in the order of names.
pub(crate) fn of_source(source: &Source) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut add = |path: &Path| fs::read(path).map(|bytes| hash.update(bytes));
    match source {
        Source::NiftiFile(path) | Source::Unreadable(path) => add(path)?,
        // It is not followed.
        Source::LinkOut(_) => return Err(io::ErrorKind::InvalidInput.into()),
        Source::NiftiPair { header, image } => {
            add(header)?;
            add(image)?;
        }
        Source::DicomSeries { files, .. } | Source::LeftOut { files, .. } => {
            let mut files: Vec<_> = files.iter().collect();
            files.sort();
            files.into_iter().try_for_each(|file| add(file))?;
        }
    }
    Ok(hex(hash))
}

/// As [`of_source`], of a source that was opened as `scan`: without reading it again where the scan holds
/// its very bytes.
pub(crate) fn of_opened(source: &Source, scan: &Scan) -> io::Result<String> {
    let is_as_read =
        scan.files.iter().all(|file| file.packing == Packing::None && file.tiles.is_none());
    let buffers = scan.volume.buffers();
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    match source {
        Source::DicomSeries { files, .. } if is_as_read && files.len() == buffers.len() => {
            order.sort_by_key(|&n| &files[n]);
        }
        Source::NiftiFile(_) if is_as_read && buffers.len() == 1 => {}
        _ => return of_source(source),
    }
    let mut hash = Sha256::new();
    order.into_iter().for_each(|n| hash.update(&buffers[n]));
    Ok(hex(hash))
}

/// What stands for some inputs, whatever their order, by their hashes.
pub(crate) fn of_inputs(mut hashes: Vec<String>) -> String {
    hashes.sort();
    let mut hash = Sha256::new();
    hashes.iter().for_each(|one| hash.update(one));
    hex(hash)
}

/// SHA-256, in hex, of all that decides what becomes of a scan beside the scan itself.
pub(crate) fn of_options(options: &Options, model: &Model) -> io::Result<String> {
    let mut hash = Sha256::new();
    let Options { guard_mm, face_wins, regions, flip, filling, as_nifti, pass_through, .. } =
        options;
    let Options { resample, keep_header_text, write_mask, release, .. } = options;
    let regions: Vec<_> = regions.iter().map(Region::name).collect();
    let facts = (guard_mm, face_wins, regions, flip, filling, as_nifti, pass_through);
    // A stand-in tells the secrets of two runs apart, and does not tell the secret. One that no other run
    // has decides nothing that another could go on with.
    let salt = (!options.has_own_salt).then(|| release.uids.uid("1.2.3"));
    let more = (resample, keep_header_text, write_mask, release.deidentify, &release.program, salt);
    hash.update(format!("{facts:?} {more:?} {} {}", model.sha256(), model.engine_name()));
    if let Some(mask) = &options.mask {
        hash.update(fs::read(mask)?);
    }
    Ok(hex(hash))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}
