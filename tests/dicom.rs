//! DICOM through the command: what is released, under which names, and what it says of itself.
//!
//! Series that are not in `data` are in the folder that `EFFACE_SHARED` names; without it a line
//! says which tests were left out.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use common::{Place, efface};
use phantom::{Contrast, Series, Variant};
use volume::{Affine, Grid};

/// Recognizable Visual Features and its representation.
const FEATURES: &[u8] = b"\x28\x00\x02\x03CS";

/// The CT series of the repository.
fn head_ct() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/head_ct");
    let entries = fs::read_dir(folder).expect("the head").map(|entry| entry.expect("an entry"));
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().expect("text");
        (name, fs::read(entry.path()).expect("a file"))
    };
    let mut files: Vec<_> = entries.map(read).filter(|(name, _)| name.ends_with(".dcm")).collect();
    files.sort();
    files
}

fn shared() -> Option<PathBuf> {
    let shared = env::var_os("EFFACE_SHARED").map(|path| PathBuf::from(path).join("dicom"));
    if shared.is_none() {
        eprintln!("skipped: `EFFACE_SHARED` names no folder of reference scans");
    }
    shared
}

/// `file` with an element before the first one that starts with `next`.
fn with_element(file: &[u8], next: &[u8], element: &[u8]) -> Vec<u8> {
    let at = file.windows(next.len()).position(|w| w == next).expect("an element");
    [&file[..at], element, &file[at..]].concat()
}

/// An element of a short text, explicit little endian.
fn element(group: u16, number: u16, vr: &str, text: &str) -> Vec<u8> {
    let mut value = text.as_bytes().to_vec();
    value.resize(value.len().next_multiple_of(2), b' ');
    let length = (value.len() as u16).to_le_bytes();
    [&group.to_le_bytes()[..], &number.to_le_bytes(), vr.as_bytes(), &length, &value].concat()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

/// The UIDs of a file's instance, its series and its frame of reference, as bytes.
fn uids(file: &[u8]) -> [Vec<u8>; 3] {
    [b"\x08\x00\x18\x00UI", b"\x20\x00\x0e\x00UI", b"\x20\x00\x52\x00UI"].map(|start| {
        let at = file.windows(6).position(|w| w == start).expect("a UID") + 8;
        let length = usize::from(u16::from_le_bytes([file[at - 2], file[at - 1]]));
        file[at..at + length].to_vec()
    })
}

#[test]
fn series_of_a_mixed_folder_are_released_apart_and_the_rest_is_withheld() {
    let place = Place::new();
    for (n, (_, bytes)) in head_ct().into_iter().enumerate() {
        // Two folders, no extension, names in another order than slices.
        place.put(&format!("in/{}/{:03}", n % 2, n * 37 % 101), &bytes);
        if n == 5 {
            // A scout: the same series, another orientation. It shows a face.
            let scout = String::from_utf8_lossy(&bytes).into_owned();
            assert!(scout.contains("1\\0\\0\\0\\1\\0"));
            let mut turned = bytes.clone();
            let at = turned.windows(11).position(|w| w == b"1\\0\\0\\0\\1\\0").expect("axial");
            turned[at..at + 11].copy_from_slice(b"0\\1\\0\\0\\0\\1");
            place.put("in/1/scout", &turned);
            place.put("in/1/copy of a slice", &bytes);
            // A report.
            let class = b"1.2.840.10008.5.1.4.1.1.2";
            let mut report = bytes;
            for _ in 0..2 {
                let at = report.windows(25).position(|w| w == class).expect("a class");
                report[at..at + 25].copy_from_slice(b"1.2.840.10008.5.1.4.1.1.7");
            }
            let series = uids(&report)[1].clone();
            let at = report.windows(series.len()).position(|w| w == series).expect("a series");
            report[at + 6] ^= 1;
            place.put("in/0/report", &report);
        }
    }
    place.put("in/notes.txt", b"no DICOM");
    let run = place.deface(&[&place.path("in")], &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{run:?}");
    assert_eq!(lines.iter().filter(|l| l.starts_with("pass ")).count(), 1, "{run:?}");
    let withheld: Vec<_> = lines.iter().filter(|l| l.starts_with("withheld ")).collect();
    assert!(withheld.iter().any(|l| l.contains("differ from the rest of their series in orien")));
    assert!(withheld.iter().any(|l| l.contains("Secondary Capture")), "{run:?}");
    let summary =
        "1 passed, 0 to review, 0 failed, 2 withheld; 1 other files passed over; 1 copies";
    assert!(run.stderr.contains(summary), "{run:?}");
    // They say of themselves that they lie in the space of the head.
    let list = run.stderr.split("of a head whose face another scan shows:").nth(1);
    assert_eq!(list.map(|list| list.matches("withheld ").count()), Some(2), "{run:?}");
    // Nothing of what is withheld lies among the results.
    let results = place.results();
    let (images, others): (Vec<_>, Vec<_>) =
        results.iter().partition(|name| !name.ends_with(".json"));
    assert_eq!((images.len(), others.len()), (head_ct().len(), 1), "{results:?}");
    assert!(!results.iter().any(|name| name.contains("scout") || name.contains("report")));
    for name in images {
        let bytes = fs::read(place.out().join(name)).expect("a result");
        assert!(contains(&bytes, FEATURES), "{name}");
    }
}

#[test]
fn what_is_no_volume_is_released_if_its_kind_is_named_and_the_record_tells() {
    let place = Place::new();
    let class = b"1.2.840.10008.5.1.4.1.1.2";
    let mut capture = head_ct().swap_remove(0).1;
    for _ in 0..2 {
        let at = capture.windows(25).position(|w| w == class).expect("a class");
        capture[at..at + 25].copy_from_slice(b"1.2.840.10008.5.1.4.1.1.7");
    }
    let input = place.put("in/capture.dcm", &capture);
    let run = place.deface(&[&input], &["--pass-through", "MR,1.2.840.10008.5.1.4.1.1.2"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.starts_with("withheld capture.dcm"), "{run:?}");
    assert!(place.results().is_empty(), "{:?}", place.results());
    for kind in ["CT", "1.2.840.10008.5.1.4.1.1.7"] {
        let run = place.deface(&[&input], &["--pass-through", kind, "--overwrite"]);
        assert!(run.stdout.starts_with("passed through capture.dcm"), "{run:?}");
        assert_eq!(place.results(), ["capture.dcm", "capture.efface.json"]);
        let record = place.record("capture.efface.json");
        assert_eq!((&record["verdict"], &record["passed_through"]), (&"fail".into(), &true.into()));
        let passed = fs::read(place.out().join("capture.dcm")).expect("a result");
        assert!(!contains(&passed, FEATURES), "nothing is claimed of it");
        let (before, after) = (uids(&capture), uids(&passed));
        assert!(before[0] != after[0] && before[1] != after[1] && before[2] == after[2]);
        assert_eq!(capture[capture.len() - 64_000..], passed[passed.len() - 64_000..]);
    }
}

#[test]
fn a_salt_gives_the_same_uids_again_and_no_salt_gives_others() {
    let place = Place::new();
    let files = head_ct();
    for (name, bytes) in &files {
        place.put(&format!("head/{name}"), bytes);
    }
    let run = |out: &str, salt: Option<&str>| {
        let out = place.path(out);
        let head = place.path("head");
        let mut args: Vec<&OsStr> =
            vec!["deface".as_ref(), head.as_ref(), "-o".as_ref(), out.as_ref()];
        if let Some(salt) = salt {
            args.extend::<[&OsStr; 2]>(["--uid-salt".as_ref(), salt.as_ref()]);
        }
        let run = efface(&args);
        assert_eq!(run.code, Some(0), "{run:?}");
        let read = |(name, _): &(String, Vec<u8>)| fs::read(out.join("head").join(name));
        files.iter().map(|file| read(file).expect("a result")).collect::<Vec<_>>()
    };
    let (one, again, other) = (run("one", Some("s")), run("again", Some("s")), run("other", None));
    assert!(one == again, "the same salt gives the same bytes");
    let mut instances = BTreeSet::new();
    for ((before, one), other) in files.iter().zip(&one).zip(&other) {
        let [before, one, other] = [&before.1, one, other].map(|bytes| uids(bytes));
        for n in 0..2 {
            assert!(before[n] != one[n] && one[n] != other[n] && before[n] != other[n]);
        }
        assert_eq!(before[2], one[2], "the frame of reference stays");
        instances.insert(one[0].clone());
    }
    assert_eq!(instances.len(), files.len());
    // The hash taken of what was read is that of the files, so that the run is known to be done.
    let (head, out) = (place.path("head"), place.path("one"));
    let args = ["deface".as_ref(), head.as_os_str(), "-o".as_ref(), out.as_os_str()];
    let again = efface(&[&args[..], &["--uid-salt", "s", "--resume"].map(OsStr::new)].concat());
    assert!(again.code == Some(0) && again.stdout.starts_with("done"), "{again:?}");
}

#[test]
fn what_needs_a_review_does_not_say_that_no_face_is_recognizable() {
    let place = Place::new();
    for (name, bytes) in head_ct() {
        let burned = element(0x0028, 0x0301, "CS", "YES");
        let bytes = with_element(&bytes, b"\x28\x00\x50\x10DS", &burned);
        place.put(&format!("head/{name}"), &bytes);
    }
    let run = place.deface(&[&place.path("head")], &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.starts_with("review ") && run.stdout.contains("burned"), "{run:?}");
    let results = place.results();
    let images: Vec<_> = results.iter().filter(|name| name.ends_with(".dcm")).collect();
    assert_eq!(images.len(), head_ct().len());
    for name in images {
        let bytes = fs::read(place.out().join(name)).expect("a result");
        assert!(name.starts_with("review/") && !contains(&bytes, FEATURES), "{name}");
        assert!(!contains(&bytes, b"113102"), "{name}");
        assert!(contains(&bytes, b"DERIVED\\PRIMARY"), "{name}");
    }
    // The hash of the record is that of what was written last.
    let record = place.record("review/head.efface.json");
    let sha256 = record["output"]["sha256"].as_str().expect("a hash");
    let all = results.iter().filter(|name| name.ends_with(".dcm"));
    let all: Vec<u8> =
        all.flat_map(|name| fs::read(place.out().join(name)).expect("a result")).collect();
    assert_eq!(sha256, common::sha256(&all));
    // A NIfTI file has no word for it: what the series says counts.
    let run = place.deface(&[&place.path("head")], &["--format", "nifti", "--overwrite"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.starts_with("review ") && run.stdout.contains("burned"), "{run:?}");
}

#[test]
fn planted_words_are_nowhere_after_deidentification() {
    const WORDS: [&str; 2] = ["planted", "19610203"];
    let place = Place::new();
    let plant = |bytes: &[u8]| {
        let name = element(0x0010, 0x0010, "PN", "PLANTED^Person");
        let institution = element(0x0008, 0x0080, "LO", "PLANTED institution");
        let private = element(0x0029, 0x0010, "LO", "PLANTED CREATOR");
        let birth = element(0x0010, 0x0030, "DA", "19610203");
        let date = element(0x0008, 0x0012, "DA", "19610203");
        let mut bytes = with_element(bytes, b"\x08\x00\x90\x00PN", &institution);
        bytes = with_element(&bytes, b"\x08\x00\x16\x00UI", &date);
        bytes = with_element(&bytes, b"\xe0\x7f\x10\x00OW", &private);
        // In the place of the name and the birth date that are there.
        for (start, new) in [(b"\x10\x00\x10\x00PN", name), (b"\x10\x00\x30\x00DA", birth)] {
            let at = bytes.windows(6).position(|w| w == start).expect("an element");
            let length = usize::from(u16::from_le_bytes([bytes[at + 6], bytes[at + 7]]));
            bytes.splice(at..at + 8 + length, new);
        }
        bytes[..7].copy_from_slice(b"PLANTED");
        bytes
    };
    for (name, bytes) in head_ct() {
        place.put(&format!("PLANTED_19610203/PLANTED_{name}"), &plant(&bytes));
    }
    let input = place.path("PLANTED_19610203");
    let run = place.deface(&[&input], &["--deidentify", "basic", "--mask"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let mut n_images = 0;
    for name in place.all().iter().filter(|name| !name.starts_with("PLANTED_19610203/")) {
        let bytes = fs::read(place.path(name)).expect("a file");
        let text = format!("{name} {}", String::from_utf8_lossy(&bytes)).to_lowercase();
        for word in WORDS {
            assert!(!text.contains(word), "{name} has {word}");
        }
        n_images += usize::from(name.ends_with(".dcm"));
    }
    assert_eq!(n_images, head_ct().len());
    assert!(!run.stdout.to_lowercase().contains("planted"), "{run:?}");
    // Without it, they stay in the DICOM files, and stand in no record.
    fs::remove_dir_all(place.out()).expect("removed");
    let run = place.deface(&[&input], &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    for name in place.results() {
        let bytes = fs::read(place.out().join(&name)).expect("a file");
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        assert_eq!(text.contains("planted"), name.ends_with(".dcm"), "{name}");
    }
}

#[test]
fn the_planted_set_leaves_nothing_in_records_and_logs() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let run = place.deface(&[&shared.join("conformance/phi")], &["--deidentify", "basic"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    for name in place.all() {
        let bytes = fs::read(place.path(&name)).expect("a file");
        let text = format!("{name} {}", String::from_utf8_lossy(&bytes)).to_lowercase();
        assert!(!text.contains("planted") && !text.contains("19610203"), "{name}: {text}");
        assert!(!name.ends_with(".dcm"), "{name}: nothing of it may be released");
    }
    let log = fs::read_to_string(place.path("out.efface.jsonl")).expect("a log");
    assert!(log.contains("burned") || log.contains("Secondary Capture"), "{log}");
}

#[test]
fn all_lossless_encodings_give_one_mask_and_one_result() {
    let Some(shared) = shared() else { return };
    const CASES: [&str; 9] = [
        "explicit_le",
        "implicit_le",
        "explicit_be",
        "deflated",
        "rle",
        "jpeg_lossless_sv1",
        "jpegls_lossless",
        "j2k_lossless",
        "htj2k_lossless",
    ];
    let place = Place::new();
    let inputs = CASES.map(|case| shared.join("conformance/codecs").join(case));
    let inputs: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    // Of eight slices, 16 mm apart, one look makes too little to be sure of a result.
    let run = place.deface(&inputs, &["--mask", "--jobs", "2", "--flip"]);
    assert!(!run.stdout.contains("fail"), "{run:?}");
    let folder = |case: &str| {
        let folders = [place.out(), place.out().join("review")];
        folders.into_iter().find(|folder| folder.join(case).is_dir()).expect("a result")
    };
    let mask = |case: &str| {
        fs::read(folder(case).join(format!("{case}_defacemask.nii.gz"))).expect("a mask")
    };
    let values = |case: &str| {
        let scan = common::open(&folder(case).join(case));
        (common::real_values(&scan), *scan.volume.grid())
    };
    for case in &CASES[1..] {
        assert!(mask(case) == mask(CASES[0]), "{case}");
        assert!(values(case) == values(CASES[0]), "{case}");
    }
    let syntax_of = |case: &str| {
        let file = fs::read(folder(case).join(case).join("01.dcm")).expect("a result");
        let at = file.windows(6).position(|w| w == b"\x02\x00\x10\x00UI").expect("a syntax") + 8;
        let length = usize::from(file[at - 2]);
        String::from_utf8_lossy(&file[at..at + length]).trim_end_matches('\0').to_owned()
    };
    let kept = ["explicit_le", "implicit_le", "explicit_be", "deflated", "rle"];
    let syntaxes = kept.map(syntax_of);
    let ends = [".1", "", ".2", ".1.99", ".5"];
    for (syntax, end) in syntaxes.iter().zip(ends) {
        assert_eq!(*syntax, format!("1.2.840.10008.1.2{end}"));
    }
    assert_eq!(syntax_of("j2k_lossless"), "1.2.840.10008.1.2.1", "no encoder");
}

/// The model takes the ball for the top of a head, as it does in what dcm2niix makes of the series.
#[test]
fn mosaics_of_a_phantom_are_taken_apart_and_fail_for_want_of_a_face() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let run = place.deface(&[&shared.join("siemens_mosaic_epi")], &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.starts_with("fail ") && run.stdout.contains("no face found"), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1, "both files are one volume: {run:?}");
    assert_eq!(place.results(), ["siemens_mosaic_epi.efface.json"]);
}

#[test]
fn an_enhanced_object_and_its_single_frame_copy_have_one_mask() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let cases = ["siemens_xa30_t1_classic", "siemens_xa30_t1_enhanced"];
    let inputs = cases.map(|case| shared.join(case));
    let run = place.deface(&[&inputs[0], &inputs[1]], &["--mask", "--jobs", "2"]);
    assert!(!run.stdout.contains("fail"), "{run:?}");
    let masks = cases.map(|case| {
        let name = format!("{case}_defacemask.nii.gz");
        let folders = [place.out(), place.out().join("review")];
        folders.iter().find_map(|folder| fs::read(folder.join(&name)).ok()).expect("a mask")
    });
    assert!(masks[0] == masks[1]);
}

#[test]
fn a_series_goes_into_one_nifti_file_of_the_name_that_is_given() {
    let place = Place::new();
    let series = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/head_ct");
    let args = ["deface".as_ref(), series.as_os_str(), "-o".as_ref()];
    let run = efface(&[&args[..], &[place.path("named.nii.gz").as_os_str()]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    let run = place.deface(&[&series], &["--format", "nifti"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let bytes = |path: PathBuf| fs::read(path).expect("a result");
    assert_eq!(bytes(place.path("named.nii.gz")), bytes(place.out().join("head_ct.nii.gz")));
    assert!(place.path("named.efface.json").exists());
}

/// A CT head on slices 3 mm apart, each of which lies `lean_mm` farther back than the one below.
fn slices(lean_mm: f64) -> Grid {
    let (nj, nk) = (160, 84);
    // The slice in the middle lies as that of an upright gantry.
    let back = -155.0 - lean_mm * f64::from(nk / 2);
    let [x, z] = [-104.0, -115.0];
    let affine = Affine([[2.0, 0.0, 0.0, x], [0.0, 2.0, lean_mm, back], [0.0, 0.0, 3.0, z]]);
    Grid { extent: [104, nj, nk as usize], affine }
}

/// Writes the series of a head on `grid` without the slices of `left_out`.
fn put_slices(place: &Place, name: &str, grid: &Grid, left_out: impl Fn(usize) -> bool) -> PathBuf {
    let real = common::head(Contrast::Ct, Variant::Whole, grid);
    let series = Series { contrast: Contrast::Ct, seed: common::SEED, number: 1 };
    for (k, bytes) in phantom::dicom_files(grid, &real, &series).iter().enumerate() {
        if !left_out(k) {
            place.put(&format!("{name}/{k:03}"), bytes);
        }
    }
    place.path(name)
}

/// That the result `name` lies on an orthogonal grid, and that its voxels outside the mask are what a scan on
/// that grid shows.
fn check_resampled(place: &Place, name: &str, extent: [usize; 3]) {
    let scan = common::open(&place.out().join(format!("{name}.nii.gz")));
    let grid = *scan.volume.grid();
    assert_eq!(grid.extent, extent);
    for (axis, step) in [2.0, 2.0, 3.0].into_iter().enumerate() {
        for (n, found) in grid.affine.column(axis).into_iter().enumerate() {
            let wanted = if n == axis { step } else { 0.0 };
            assert!((found.abs() - wanted).abs() < 1e-3, "axis {axis}: {:?}", grid.affine);
        }
    }
    let wanted = common::head(Contrast::Ct, Variant::Whole, &grid);
    let mask = common::open(&place.out().join(format!("{name}_defacemask.nii.gz")));
    let (found, mask) = (common::real_values(&scan), common::real_values(&mask));
    // What is left of the head, noise and texture and all.
    let head = found.iter().zip(&wanted).zip(&mask);
    let apart = head.filter(|((_, wanted), removed)| **wanted > -500.0 && **removed < 0.5);
    let mut apart: Vec<f32> = apart.map(|((found, wanted), _)| (found - wanted).abs()).collect();
    apart.sort_by(f32::total_cmp);
    // A voxel aside, it would be four times as much.
    let (n, most) = (apart.len(), apart[apart.len() * 9 / 10]);
    assert!(n > 200_000 && most < 120.0, "{n} voxels, a tenth of them more than {most} HU apart");
}

#[test]
fn a_tilted_series_is_set_upright_where_that_is_asked_for() {
    let place = Place::new();
    // 15 degrees.
    let grid = slices(3.0 * 15f64.to_radians().tan());
    let tilted = put_slices(&place, "tilted", &grid, |_| false);
    let run = place.deface(&[&tilted], &["--format", "nifti", "--resample", "--mask"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    // 83 steps of 0.8 mm are 33.4 voxels more.
    check_resampled(&place, "tilted", [104, 160 + 34, 84]);
    let notes = place.record("tilted.efface.json")["notes"].to_string();
    assert!(notes.contains("resampled on request") && notes.contains("15.0 degrees"), "{notes}");
    // Without being asked, it is tilted and says so.
    let run = place.deface(&[&tilted], &["--format", "nifti", "--overwrite"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let scan = common::open(&place.out().join("tilted.nii.gz"));
    assert_eq!(scan.volume.grid().extent, grid.extent);
    let leans = scan.volume.grid().affine.column(2)[1] - grid.affine.column(2)[1];
    assert!(leans.abs() < 1e-3, "{leans}");
    let notes = place.record("tilted.efface.json")["notes"].to_string();
    assert!(!notes.contains("resampled on request"), "{notes}");
    assert!(notes.contains("an angle") && notes.contains("--format nifti --resample"), "{notes}");
}

#[test]
fn an_uneven_series_is_filled_in_where_that_is_asked_for() {
    let place = Place::new();
    let grid = slices(0.0);
    // Every other slice above the base of the skull, and two that are missing.
    let uneven =
        put_slices(&place, "uneven", &grid, |k| k > 40 && k % 2 == 0 || k == 20 || k == 21);
    let out = ["--format", "nifti", "--mask", "--overwrite"];
    let run = place.deface(&[&uneven], &out);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stdout.starts_with("fail ") && run.stdout.contains("a gap of 9.000 mm"));
    assert!(run.stderr.contains("`--format nifti --resample`"), "{run:?}");
    assert_eq!(place.results(), ["uneven.efface.json"]);
    let run = place.deface(&[&uneven], &[&out[..], &["--resample"]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    check_resampled(&place, "uneven", grid.extent);
    let notes = place.record("uneven.efface.json")["notes"].to_string();
    assert!(notes.contains("slices 3.00 to 9.00 mm apart became planes 3.00 mm apart"), "{notes}");
}

/// Series of `n` planes of 8 x 8, too few for a volume: what a broken archive is full of.
fn small_series(seed: u64, n: usize) -> Vec<Vec<u8>> {
    let affine = Affine([[2.0, 0.0, 0.0, 0.0], [0.0, -2.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0]]);
    let grid = Grid { extent: [8, 8, n], affine };
    let real: Vec<f32> = (0..grid.n_voxels()).map(|at| (at % 100) as f32).collect();
    phantom::dicom_files(&grid, &real, &Series { contrast: Contrast::Ct, seed, number: 1 })
}

#[test]
fn three_broken_files_of_ten_thousand_are_told_and_the_rest_goes_on() {
    const N_FILES: usize = 10_000;
    let place = Place::new();
    let head = head_ct();
    for (name, bytes) in &head {
        place.put(&format!("head/{name}"), bytes);
        place.put(&format!("in/head/{name}"), bytes);
    }
    let broken = small_series(1, 3);
    let place_of = |file: &[u8], start: &[u8]| {
        file.windows(start.len()).position(|w| w == start).expect("an element")
    };
    let cut = broken[0][..place_of(&broken[0], b"\x20\x00\x0e\x00UI") + 20].to_vec();
    let mut longer = small_series(2, 1).remove(0);
    let at = place_of(&longer, b"\x28\x00\x10\x00US") + 8;
    longer[at] = 9;
    let mut nowhere = small_series(3, 1).remove(0);
    let [start, end] =
        [b"\x20\x00\x32\x00DS", b"\x20\x00\x37\x00DS"].map(|tag| place_of(&nowhere, tag));
    nowhere.drain(start..end);
    for (name, bytes) in [("cut", cut), ("longer", longer), ("nowhere", nowhere)] {
        place.put(&format!("in/a/{name}.dcm"), &bytes);
    }
    let mut n_files = head.len() + 3;
    let mut n_series = 0;
    while n_files < N_FILES {
        let series = small_series(10 + n_series as u64, 3.min(N_FILES - n_files));
        for (k, bytes) in series.iter().enumerate() {
            place.put(&format!("in/{}/{n_series}/{k}", n_series % 40), bytes);
        }
        n_files += series.len();
        n_series += 1;
    }
    let run = place.deface(&[&place.path("in")], &["--threads", "2"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let of = |start: &str| run.stdout.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((of("pass "), of("fail "), of("withheld ")), (1, 3, n_series));
    for (name, what) in
        [("cut", "truncated"), ("longer", "pixel data of 128 bytes"), ("nowhere", "(0020,0032)")]
    {
        let path = place.path(&format!("in/a/{name}.dcm")).display().to_string();
        let told: Vec<&str> = run.stderr.lines().filter(|line| line.contains(&path)).collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("error: ") && told[0].contains(what), "{told:?}");
        assert!(!told[0].contains("PHANTOM"), "{told:?}");
    }
    let results = place.results();
    assert_eq!(results.iter().filter(|name| name.ends_with(".dcm")).count(), head.len());
    assert_eq!(results.iter().filter(|name| name.ends_with(".efface.json")).count(), 4);
    // What is known of ten thousand files takes little beside what one head takes.
    let peak = || place.record("head.efface.json")["peak_memory_bytes"].as_f64();
    let among_many = peak();
    let alone = place.deface(&[&place.path("head")], &["--threads", "2", "--overwrite"]);
    assert_eq!(alone.code, Some(0), "{alone:?}");
    if let (Some(among_many), Some(alone)) = (among_many, peak()) {
        assert!(among_many < alone + 64e6, "{among_many} bytes, alone {alone}");
    }
}
