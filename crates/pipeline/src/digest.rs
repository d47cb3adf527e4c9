use std::fs;
use std::io;
use std::path::Path;

use formats::Source;
use sha2::{Digest as _, Sha256};

/// SHA-256, in hex, of a scan's files: of the one file, or of all files' bytes one after the
/// other, a header before its image, a series in the order of names.
pub(crate) fn of_source(source: &Source) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut add = |path: &Path| fs::read(path).map(|bytes| hash.update(bytes));
    match source {
        Source::NiftiFile(path) | Source::Unreadable(path) => add(path)?,
        Source::NiftiPair { header, image } => {
            add(header)?;
            add(image)?;
        }
        Source::DicomSeries { files, .. } | Source::LeftOut { files, .. } => {
            for file in files {
                add(file)?;
            }
        }
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}
