//! What the DICOM targets do with bytes that may be files of a series.

use std::ffi::OsString;

use formats::dicom::{Deidentify, Release, UidMap, open_series};
use formats::{Layout, Scan, SourceFile};

/// Takes bytes apart into files: each begins 128 bytes before a `DICM`.
pub fn files(bytes: &[u8]) -> Vec<(OsString, Vec<u8>)> {
    let magics = (128..bytes.len()).filter(|&at| bytes[at..].starts_with(b"DICM"));
    let mut starts: Vec<usize> = magics.map(|at| at - 128).collect();
    starts.dedup_by(|next, last| *next < *last + 132);
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let files = starts.iter().zip(ends).take(64).enumerate();
    files.map(|(n, (&start, end))| (format!("{n}").into(), bytes[start..end].to_vec())).collect()
}

/// Opens files as one series. If that succeeds, releases it with and without de-identification and
/// asserts what a run relies on.
pub fn open_and_release(bytes: &[u8]) {
    let files = files(bytes);
    let Ok(before) = open_series(files.clone()) else { return };
    for deidentify in [None, Some(Deidentify { keep_shifted_dates: true, keep_characteristics: true })] {
        let release = Release { uids: UidMap::new(b"fuzz"), deidentify, program: "fuzz 1".into() };
        let mut scan = open_series(files.clone()).expect("the same bytes open again");
        assert_eq!(scan.layout, Layout::DicomSeries);
        formats::release_headers(&mut scan, &release).expect("what opened can be released");
        assert_eq!(planes(&before), planes(&scan), "a header changes no voxel");
        assert!(formats::second_picture(&scan).expect("sound").is_none());

        let again = reopened(&scan);
        assert_eq!(planes(&scan), planes(&again));
        assert_eq!(scan.volume.grid(), again.volume.grid());
        let mut withdrawn = again;
        formats::withdraw_claim(&mut withdrawn).expect("sound");
        assert_eq!(planes(&scan), planes(&reopened(&withdrawn)));
    }
}

fn reopened(scan: &Scan) -> Scan {
    if scan.files.iter().any(|file| file.tiles.is_some()) {
        return written(scan);
    }
    let name = |(n, _): (usize, &SourceFile)| OsString::from(format!("{n}"));
    let names = scan.files.iter().enumerate().map(name);
    let files = names.zip(scan.volume.buffers().to_vec()).collect();
    open_series(files).expect("what was released opens")
}

/// The scan as it is once it was written: the buffers of mosaics are not what is in the files.
fn written(scan: &Scan) -> Scan {
    let folder = tempfile::tempdir().expect("a folder");
    let series = formats::write(scan, folder.path(), "series".as_ref()).expect("written");
    formats::open(&series).expect("what was released opens")
}

fn planes(scan: &Scan) -> Vec<&[u8]> {
    (0..scan.volume.n_planes()).map(|p| scan.volume.plane(p)).collect()
}
