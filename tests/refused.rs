//! Runs that are refused before anything is written: exit codes 2 and 3.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use common::{Place, Run, constant_file, efface, t1_file};

fn small() -> Vec<u8> {
    constant_file([8, 8, 8], 7)
}

fn deface(input: &[&Path], out: &Path, more: &[&str]) -> Run {
    let mut args: Vec<&OsStr> = vec!["deface".as_ref()];
    args.extend(input.iter().map(|p| p.as_os_str()));
    args.extend(["-o".as_ref(), out.as_os_str()]);
    args.extend(more.iter().map(AsRef::<OsStr>::as_ref));
    efface(&args)
}

/// Code 3, nothing on stdout, one error with its hint, and no file that was not there before.
fn check_refused(place: &Place, before: &[String], run: &Run, reason: &str) {
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(run.stdout, "");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{run:?}");
    assert!(lines[0].starts_with("error: ") && lines[0].contains(reason), "{run:?}");
    assert!(lines[1].starts_with("hint: ") && lines[1].len() > 10, "{run:?}");
    assert_eq!(place.all(), before, "{run:?}");
    place.no_staging_is_left();
}

fn refuses(place: &Place, inputs: &[&Path], out: &Path, more: &[&str], reason: &str) {
    let before = place.all();
    let run = deface(inputs, out, more);
    check_refused(place, &before, &run, reason);
}

#[test]
fn an_output_at_inside_or_around_an_input_is_refused() {
    let place = Place::new();
    let scan = place.put("in/sub/a.nii", &small());
    let folder = place.path("in");
    let reason = "lie inside each other";
    refuses(&place, &[&folder], &folder, &[], reason);
    refuses(&place, &[&folder], &folder.join("out"), &[], reason);
    refuses(&place, &[&folder], &folder.join("new/../out"), &[], reason);
    refuses(&place, &[&folder.join("sub")], &folder, &[], reason);
    refuses(&place, &[&scan], &scan, &[], reason);
    refuses(&place, &[&scan], &folder.join("sub"), &["--overwrite"], reason);
}

#[cfg(unix)]
#[test]
fn an_output_that_reaches_an_input_by_a_link_is_refused() {
    let place = Place::new();
    place.put("in/a.nii", &small());
    let link = place.path("link");
    std::os::unix::fs::symlink(place.path("in"), &link).expect("a link");
    refuses(&place, &[&place.path("in")], &link.join("out"), &[], "lie inside each other");
}

#[test]
fn existing_results_are_refused_and_replaced_only_when_asked() {
    let place = Place::new();
    let scan = place.put("a.nii", &t1_file());
    for left in ["out/a.nii", "out/a.efface.json", "out/review/a.nii", "out/a_defacemask.nii.gz"] {
        let old = place.put(left, b"old");
        refuses(&place, &[&scan], &place.out(), &[], "exists");
        assert_eq!(fs::read(&old).expect("there"), b"old");
    }
    let run = place.deface(&[&scan], &["--overwrite"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(place.results(), ["a.efface.json", "a.nii"]);
    assert!(fs::read(place.out().join("a.nii")).expect("there").len() > 1000);
    refuses(&place, &[&scan], &place.out(), &[], ", and 1 more");
}

#[test]
fn a_scan_that_fails_with_overwrite_leaves_no_older_result() {
    let place = Place::new();
    let scan = place.put("a.nii", &small()[..400]);
    place.put("out/a.nii", b"old");
    let run = place.deface(&[&scan], &["--overwrite"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(place.results(), ["a.efface.json"]);
}

#[test]
fn a_file_name_for_several_scans_is_refused() {
    let place = Place::new();
    let (one, two) = (place.put("a.nii", &small()), place.put("b.nii", &small()));
    let out = place.path("c.nii.gz");
    refuses(&place, &[&one, &two], &out, &[], "the input is several scans");
}

#[test]
fn a_file_name_for_several_dicom_series_is_refused() {
    let place = Place::new();
    let grid = common::head_grid(20.0);
    let real = vec![0.0; grid.n_voxels()];
    for number in [1, 2] {
        let seed = number.into();
        let series = phantom::Series { contrast: phantom::Contrast::Ct, seed, number };
        let folder = place.path(&format!("ct/{number}"));
        std::fs::create_dir_all(folder.parent().expect("a parent")).expect("a folder");
        phantom::write_dicom_series(&folder, &grid, &real, &series).expect("written");
    }
    refuses(&place, &[&place.path("ct")], &place.path("c.nii"), &[], "the input is several scans");
}

#[test]
fn resampling_of_what_keeps_its_grid_is_refused() {
    let place = Place::new();
    let scan = place.put("a.nii", &small());
    let series = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/head_ct");
    let reason = "only DICOM that is written as NIfTI can be resampled";
    refuses(&place, &[&series], &place.out(), &["--resample"], reason);
    for more in [&["--resample"][..], &["--resample", "--format", "nifti"]] {
        refuses(&place, &[&scan], &place.out(), more, reason);
    }
    let config = place.put("efface.toml", b"resample = true");
    let config = config.to_str().expect("text");
    refuses(&place, &[&series], &place.out(), &["--config", config], reason);
}

#[test]
fn two_scans_of_one_name_are_refused() {
    let place = Place::new();
    let (one, two) = (place.put("x/a.nii", &small()), place.put("y/a.nii", &small()));
    refuses(&place, &[&one, &two], &place.out(), &[], "would both be written to");
    let third = place.put("z/a.nii.gz", &common::gzip(&small()));
    refuses(&place, &[&one, &third], &place.out(), &[], "would both be written to");
}

#[test]
fn a_log_inside_the_output_is_refused() {
    let place = Place::new();
    let scan = place.put("a.nii", &small());
    let log = place.out().join("log.jsonl");
    let log = log.to_string_lossy();
    refuses(&place, &[&scan], &place.out(), &["--log", &log], "lies inside the output");
}

#[test]
fn a_folder_without_scans_is_refused() {
    let place = Place::new();
    place.put("in/notes.txt", b"nothing to see");
    refuses(&place, &[&place.path("in")], &place.out(), &[], "no scan was found");
}

#[test]
fn an_output_that_cannot_be_made_is_refused() {
    let place = Place::new();
    let scan = place.put("a.nii", &small());
    let file = place.put("file", b"a file, not a folder");
    refuses(&place, &[&scan], &file.join("out"), &[], "cannot be written");
    refuses(&place, &[&scan], &file, &[], "cannot be written");
}

#[test]
fn a_log_that_cannot_be_written_is_refused() {
    let place = Place::new();
    let scan = place.put("a.nii", &small());
    let file = place.put("file", b"a file, not a folder");
    let log = file.join("log.jsonl");
    let log = log.to_string_lossy();
    refuses(&place, &[&scan], &place.out(), &["--log", &log], "cannot be written");
    assert!(!place.out().exists(), "an empty folder of results is left");
}

#[test]
fn a_model_that_does_not_fit_its_card_is_refused() {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let (weights, card) = (models.join("face.onnx"), models.join("face.toml"));
    let place = Place::new();
    let scan = place.put("a.nii", &small());
    let mut bytes = fs::read(weights).expect("the model");
    let model = place.put("face.onnx", &bytes);
    let name = model.to_string_lossy();
    refuses(&place, &[&scan], &place.out(), &["--model", &name], "face.toml");
    place.put("face.toml", &fs::read(&card).expect("the card"));
    bytes.push(0);
    place.put("face.onnx", &bytes);
    refuses(&place, &[&scan], &place.out(), &["--model", &name], "");
    let old = fs::read_to_string(&card).expect("the card");
    let old = old.replace("shape = [48, 96, 64, 64]", "shape = [1, 12, 96, 128, 128]");
    place.put("face.toml", old.as_bytes());
    refuses(&place, &[&scan], &place.out(), &["--model", &name], "as `models/train` exports it");
    // What the plan has against a run is told before what the model has.
    let (out, empty) = (place.path("there"), place.path("empty"));
    fs::create_dir_all(out.join("a.nii")).expect("made");
    fs::create_dir_all(&empty).expect("made");
    refuses(&place, &[&scan], &out, &["--model", &name], "exists");
    refuses(&place, &[&empty], &place.out(), &["--model", &name], "no scan was found");
    place.put("face.toml", b"nothing of a card");
    let before = place.all();
    let run = deface(&[&scan], &place.out(), &["--model", &name]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stderr.starts_with("error: the model card cannot be read"), "{run:?}");
    assert!(run.stderr.contains("\nhint: "), "{run:?}");
    assert_eq!(place.all(), before);
}

#[test]
fn what_the_command_does_not_understand_ends_with_2() {
    let cases: [&[&str]; 9] = [
        &[],
        &["remove"],
        &["deface"],
        &["deface", "a.nii"],
        &["deface", "-o", "out"],
        &["deface", "a.nii", "-o", "out", "--jobs", "0"],
        &["deface", "a.nii", "-o", "out", "--threads", "many"],
        &["deface", "a.nii", "-o", "out", "--brain-guard", "nan"],
        &["deface", "a.nii", "-o", "out", "--unknown"],
    ];
    for args in cases {
        let run = efface(args);
        assert_eq!(run.code, Some(2), "{args:?}: {run:?}");
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(!run.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn help_version_and_doctor_end_with_0() {
    for args in [&["--help"][..], &["deface", "--help"], &["--version"], &["doctor"]] {
        let run = efface(args);
        assert_eq!(run.code, Some(0), "{args:?}: {run:?}");
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{args:?}: {run:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_but_within_the_folder_that_was_given() {
    use std::os::unix::fs::symlink;

    let place = Place::new();
    let secret = place.put("elsewhere/secret.nii", &common::t1_file());
    place.put("in/sub/small.nii", &constant_file([9; 3], 7));
    let link =
        |target: &Path, name: &str| symlink(target, place.path("in").join(name)).expect("a link");
    link(&secret, "out of it.nii");
    link(secret.parent().expect("a folder"), "folder");
    link(&place.path("gone.nii"), "broken.nii");
    link(Path::new("sub/small.nii"), "within.nii");
    let run = place.deface(&[&place.path("in")], &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    let line = |name: &str| {
        run.stdout.lines().find(|line| line.contains(name)).expect("a line").to_owned()
    };
    assert!(line("out of it.nii").contains("a link to a file outside the folder"), "{run:?}");
    assert!(line("folder ").contains("a link to a folder, which is not followed"), "{run:?}");
    assert!(line("broken.nii").starts_with("fail"), "{run:?}");
    // It is read, and is no head.
    assert_eq!(line("within.nii").split(": ").last(), line("small.nii").split(": ").last());
    assert!(
        place.results().iter().all(|name| name.ends_with(".efface.json")),
        "{:?}",
        place.results()
    );
    assert_eq!(run.stderr.matches("\nhint: ").count(), 5, "{run:?}");
}
