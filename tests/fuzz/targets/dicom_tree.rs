//! Any bytes as the files of a folder, put together into series.

#![no_main]

use std::fs;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let files = fuzz::dicom::files(bytes);
    for (name, bytes) in &files {
        fs::write(folder.path().join(name), bytes).expect("written");
    }
    let found = formats::discover(folder.path()).expect("a folder that can be read");
    // Every file is somewhere, and in one place only.
    let mut places = found.copies.len() + found.n_other;
    for source in &found.sources {
        match source {
            formats::Source::DicomSeries { files, .. } | formats::Source::LeftOut { files, .. } => {
                places += files.len();
            }
            _ => places += 1,
        }
        let _ = formats::open(source);
    }
    assert_eq!(places, files.len());
});
