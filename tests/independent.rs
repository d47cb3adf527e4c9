//! Python that shares no code with efface judges its results.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod common;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{Place, SEED, gzip, head, head_grid, t1_file};
use phantom::{Contrast, Series, Variant};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent")
}

/// The interpreter, if it has what the scripts import. Without them tests are skipped with a line,
/// unless `CI` or `EFFACE_REQUIRE_PYTHON` is set.
fn python() -> Option<String> {
    let python = env::var("EFFACE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let tried =
        Command::new(&python).args(["-c", "import nibabel, pydicom, numpy, scipy"]).output();
    if tried.is_ok_and(|o| o.status.success()) {
        return Some(python);
    }
    let required = ["CI", "EFFACE_REQUIRE_PYTHON"].iter().any(|v| env::var_os(v).is_some());
    assert!(!required, "`{python}` cannot import nibabel, pydicom, numpy and scipy");
    eprintln!("skipped: `{python}` cannot import nibabel, pydicom, numpy and scipy");
    None
}

/// The folder of real series, if there is one. Without it tests are skipped with a line.
fn reference_series() -> Option<PathBuf> {
    let shared = env::var_os("EFFACE_SHARED");
    if shared.is_none() {
        eprintln!("skipped: `EFFACE_SHARED` names no folder of reference scans");
    }
    shared.map(|shared| Path::new(&shared).join("dicom"))
}

fn succeeds(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

fn check(python: &str, place: &Place, input: &Path, result: &str, stem: &str) {
    let run = place.deface(&[input], &["--mask"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let out = place.out();
    let output = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(scripts().join("check.py"))
        .args([input, &out.join(result)])
        .arg("--mask")
        .arg(out.join(format!("{stem}_defacemask.nii.gz")))
        .arg("--record")
        .arg(out.join(format!("{stem}.efface.json")))
        .output()
        .expect("python starts");
    succeeds(&output);
}

#[test]
fn the_checks_find_the_defects_planted_for_them() {
    let Some(python) = python() else { return };
    let tests = ["-m", "unittest", "discover", "-p", "test_check*.py"];
    let output = Command::new(python)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(tests)
        .current_dir(scripts())
        .output()
        .expect("python starts");
    succeeds(&output);
}

#[test]
fn a_nifti_result_differs_from_its_original_under_the_mask_alone() {
    let Some(python) = python() else { return };
    let place = Place::new();
    let input = place.put("head.nii.gz", &gzip(&t1_file()));
    check(&python, &place, &input, "head.nii.gz", "head");
}

/// Real series with a face: single frames, and one enhanced object.
#[test]
fn real_dicom_results_are_conformant() {
    let Some(python) = python() else { return };
    let Some(series) = reference_series() else { return };
    for name in ["philips_mprage_cl", "siemens_xa30_t1_enhanced"] {
        let place = Place::new();
        check(&python, &place, &series.join(name), name, name);
    }
}

#[test]
fn dicom_written_as_nifti_is_what_dcm2niix_makes_of_it() {
    let Some(python) = python() else { return };
    let Some(series) = reference_series() else { return };
    let place = Place::new();
    let cases = ["philips_mprage_cl", "conformance/enhanced/ct", "conformance/geometry/coronal"];
    check_converted(&python, &place, &cases.map(|case| series.join(case)), false);
}

#[test]
fn what_is_resampled_is_what_dcm2niix_resamples() {
    let Some(python) = python() else { return };
    let Some(series) = reference_series() else { return };
    let place = Place::new();
    let inputs = ["gantry_tilt", "unequal_spacing"]
        .map(|case| series.join("conformance/geometry").join(case));
    check_converted(&python, &place, &inputs, true);
}

/// Compares what becomes of DICOM as NIfTI with what dcm2niix makes of it, resampled if wanted.
fn check_converted(python: &str, place: &Place, inputs: &[PathBuf], is_resampled: bool) {
    let all: Vec<&Path> = inputs.iter().map(PathBuf::as_path).collect();
    let more = if is_resampled { &["--resample"][..] } else { &[] };
    let run = place.deface(&all, &[&["--mask", "--format", "nifti"], more].concat());
    assert!(!run.stdout.contains("fail"), "{run:?}");
    for input in inputs {
        let name = input.file_name().expect("a name").to_string_lossy().into_owned();
        let folders = [place.out(), place.out().join("review")];
        let results = folders.iter().map(|folder| folder.join(format!("{name}.nii.gz")));
        let result = results.into_iter().find(|path| path.is_file()).expect("a result");
        let mask = result.with_file_name(format!("{name}_defacemask.nii.gz"));
        let output = Command::new(python)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg(scripts().join("check_converted.py"))
            .args([input, &result, &mask])
            .args(is_resampled.then_some("--resampled"))
            .output()
            .expect("python starts");
        succeeds(&output);
    }
}

#[test]
fn a_dicom_result_differs_from_its_original_under_the_mask_alone() {
    let Some(python) = python() else { return };
    let place = Place::new();
    let grid = head_grid(2.0);
    let folder = place.path("series");
    let series = Series { contrast: Contrast::Ct, seed: SEED, number: 1 };
    let real = head(Contrast::Ct, Variant::Whole, &grid);
    phantom::write_dicom_series(&folder, &grid, &real, &series).expect("written");
    check(&python, &place, &folder, "series", "series");
}
