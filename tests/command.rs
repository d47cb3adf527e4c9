//! The command on inputs that it must refuse, and what it leaves behind.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use std::path::Path;

use common::{Place, Run, constant_file, gzip, patched, t1_file};

/// A scan that has no result: code 1, one line on stdout, error and hint on stderr that name the
/// input and the reason, and in `out` at most its record.
fn check_failed(place: &Place, run: &Run, input: &Path, reason: &str) {
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    assert!(run.stdout.starts_with("fail "), "{run:?}");
    assert!(run.stdout.contains(reason), "{run:?}");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(lines[0].starts_with("error: `"), "{run:?}");
    assert!(lines[0].contains(&*input.to_string_lossy()), "{run:?}");
    assert!(lines[0].contains(reason), "{run:?}");
    assert!(lines[1].starts_with("hint: ") && lines[1].len() > 10, "{run:?}");
    let results = place.results();
    assert_eq!(results.len(), 1, "{results:?}");
    assert!(results[0].ends_with(".efface.json"), "{results:?}");
    let record = place.record(&results[0]);
    assert_eq!(record["verdict"], "fail");
    assert!(record["output"].is_null());
    assert!(record["reasons"][0].as_str().expect("a reason").contains(reason));
}

fn fails(name: &str, bytes: &[u8], reason: &str) {
    let place = Place::new();
    let input = place.put(name, bytes);
    let run = place.deface(&[&input], &[]);
    check_failed(&place, &run, &input, reason);
}

fn small() -> Vec<u8> {
    constant_file([8, 8, 8], 7)
}

#[test]
fn a_file_that_is_no_scan_fails_with_its_reason() {
    fails("words.nii", &[b'w'; 2000], "neither a NIfTI file nor a DICOM file");
    fails("words.txt", &[b'w'; 2000], "neither a NIfTI file nor a DICOM file");
}

#[test]
fn an_empty_file_fails() {
    fails("empty.nii.gz", b"", "the file is empty");
    fails("empty", b"", "the file is empty");
    fails("hollow.nii.gz", &gzip(b""), "too few for a scan");
}

#[test]
fn damaged_gzip_fails() {
    let noise = (0..1000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes());
    let whole = gzip(&[patched(small(), 42, &[10, 0, 10, 0, 20, 0]), noise.collect()].concat());
    fails("cut.nii.gz", &whole[..whole.len() / 2], "gzip data ends after");
    fails("cut.nii.gz", &whole[..whole.len() - 1], "gzip data ends after");
    let wrong_sum = patched(whole.clone(), whole.len() - 8, &[!whole[whole.len() - 8]]);
    fails("sum.nii.gz", &wrong_sum, "gzip data is damaged");
}

#[test]
fn a_header_that_lies_about_its_size_fails_without_the_memory_it_asks_for() {
    let vast = patched(small(), 42, &[0xff, 0x7f, 0xff, 0x7f, 0xff, 0x7f]);
    fails("vast.nii", &vast, "the header promises");
    fails("vast.nii.gz", &gzip(&vast), "the header promises");
    let mut two = vec![0u8; 2000];
    let mut put = |at: usize, value: &[u8]| two[at..at + value.len()].copy_from_slice(value);
    put(0, &540i32.to_le_bytes());
    put(4, b"n+2\0\r\n\x1a\n");
    put(12, &[4, 0, 16, 0]);
    for (n, extent) in [3i64, 100_000, 100_000, 100_000].into_iter().enumerate() {
        put(16 + 8 * n, &extent.to_le_bytes());
        put(104 + 8 * n, &1f64.to_le_bytes());
    }
    put(344, &1i32.to_le_bytes());
    fails("vast2.nii", &two, "the header has extents [100000, 100000, 100000");
}

#[test]
fn extents_of_zero_and_one_fail() {
    fails("zero.nii", &patched(small(), 44, &[0, 0]), "the header has extents [8, 0, 8");
    fails("plane.nii", &patched(small(), 46, &[1, 0]), "not a volume: its extent is 8 x 8 x 1");
}

#[test]
fn colour_and_complex_voxels_fail() {
    fails("rgb.nii", &patched(small(), 70, &[128, 0, 24, 0]), "voxels of type `RGB24`");
    fails("complex.nii", &patched(small(), 70, &[32, 0, 64, 0]), "voxels of type `complex64`");
}

#[test]
fn a_missing_file_fails_and_says_so() {
    let place = Place::new();
    let input = place.path("missing.nii");
    let run = place.deface(&[&input], &[]);
    check_failed(&place, &run, &input, "no such file or folder");
}

#[test]
fn a_volume_without_a_head_fails() {
    for value in [0, 500, -1000] {
        let place = Place::new();
        let input = place.put("same.nii", &constant_file([60, 60, 60], value));
        let run = place.deface(&[&input], &[]);
        check_failed(&place, &run, &input, "");
    }
}

#[test]
fn a_scan_with_voxels_that_are_no_numbers_is_still_defaced() {
    let grid = common::head_grid(2.0);
    let mut real = common::head(phantom::Contrast::T1, phantom::Variant::Whole, &grid);
    for (n, value) in real.iter_mut().enumerate() {
        match n % 40_009 {
            0 => *value = f32::NAN,
            9 => *value = f32::INFINITY,
            99 => *value = f32::NEG_INFINITY,
            _ => {}
        }
    }
    let place = Place::new();
    let voxels = phantom::Voxels::rounded(&real, volume::StoredType::F32);
    let input = place.put("head.nii", &phantom::nifti_bytes(&grid, &voxels));
    let run = place.deface(&[&input], &[]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stderr, "");
}

#[test]
fn one_bad_scan_of_three_does_not_stop_the_others() {
    let place = Place::new();
    let head = t1_file();
    let one = place.put("in/a.nii", &head);
    place.put("in/sub/b.nii.gz", &gzip(&head)[..5000]);
    place.put("in/sub/c.nii.gz", &gzip(&head));
    place.put("in/notes.txt", b"passed over");
    let run = place.deface(&[one.parent().expect("in")], &["--jobs", "2"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(run.stdout.lines().count(), 3, "{run:?}");
    assert!(run.stderr.contains("2 passed, 0 to review, 1 failed; 1 other files"), "{run:?}");
    let expected =
        ["a.efface.json", "a.nii", "sub/b.efface.json", "sub/c.efface.json", "sub/c.nii.gz"];
    assert_eq!(place.results(), expected);
}

#[test]
fn a_record_names_nothing_of_the_patient_and_the_log_names_the_input() {
    let place = Place::new();
    let mut bytes = t1_file();
    for (at, word) in
        [(4, "MILLER"), (14, "MUELLER"), (148, "SCHMIDT"), (228, "MEYER"), (328, "JONES")]
    {
        bytes = patched(bytes, at, word.as_bytes());
    }
    let extension = [
        &[1u8, 0, 0, 0, 32, 0, 0, 0, 6, 0, 0, 0][..],
        b"DUPONT\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    let mut with = patched(bytes[..348].to_vec(), 108, &384f32.to_le_bytes());
    with.extend(extension.concat());
    with.resize(384, 0);
    with.extend(&bytes[352..]);
    with.extend(b"GARCIA");
    let input = place.put("patient/ANDERSON_1970.nii", &with);
    let out = place.path("scan.nii");
    let args = ["deface".as_ref(), input.as_os_str(), "-o".as_ref(), out.as_os_str()];
    let run = common::efface(&args);
    assert_eq!(run.code, Some(0), "{run:?}");
    let record = std::fs::read_to_string(place.path("scan.efface.json")).expect("a record");
    let log = std::fs::read_to_string(place.path("scan.efface.jsonl")).expect("a log");
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    let [line, end] = &lines[..] else { panic!("one scan, and the end of the run: {log}") };
    assert_eq!(end["ended"], 1);
    let sha256 = line["input_sha256"].as_str().expect("a hash");
    assert_eq!(sha256.len(), 64);
    assert!(line["input"].as_str().expect("a path").ends_with("ANDERSON_1970.nii"));
    let result = std::fs::read(&out).expect("a result");
    let words = ["MILLER", "MUELLER", "SCHMIDT", "MEYER", "JONES", "DUPONT", "GARCIA", "ANDERSON"];
    for word in words.iter().chain(&["1970", "patient/", sha256]) {
        assert!(!record.contains(word), "the record has {word}");
        let found = result.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(!found, "the result has {word}");
    }
}

#[test]
fn an_engine_that_is_none_falls_back_with_a_warning() {
    let place = Place::new();
    let library = place.put("lib.so", b"no library");
    let input = place.put("head.nii", &t1_file());
    let run = place.deface(&[&input], &["--onnxruntime", &library.to_string_lossy()]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stderr.starts_with("warning: "), "{run:?}");
    assert!(run.stderr.contains("\nhint: the embedded engine is used instead"), "{run:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_nothing_half_written() {
    use std::process::Command;
    let place = Place::new();
    let disk = place.path("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let mount = ["-t", "tmpfs", "-o", "size=200k", "tmpfs"];
    let mounted = Command::new("mount").args(mount).arg(&disk).output();
    if !mounted.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: this user may not mount a small disk");
        return;
    }
    let input = place.put("head.nii", &t1_file());
    let out = disk.join("out");
    let log = place.path("log.jsonl");
    let args = [
        "deface".as_ref(),
        input.as_os_str(),
        "-o".as_ref(),
        out.as_os_str(),
        "--log".as_ref(),
        log.as_os_str(),
    ];
    let run = common::efface(&args);
    // Names alone: an open folder could not be unmounted.
    let names = |folder: &Path| -> Vec<_> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
    };
    let (left, staged) = (names(&out), names(&disk));
    let unmounted = Command::new("umount").arg(&disk).status();
    assert!(unmounted.is_ok_and(|s| s.success()));
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("no space left on the disk\nhint: "), "{run:?}");
    assert!(left.iter().all(|name| name.ends_with(".efface.json")), "{left:?}");
    assert_eq!(staged.len(), 1, "{staged:?}");
}
