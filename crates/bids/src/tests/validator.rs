//! The official validator judges what is written.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::env;
use std::process::Command;

use super::*;

/// The interpreter, if it has the validator. Without it tests are skipped with a line, unless `CI` or
/// `EFFACE_REQUIRE_PYTHON` is set.
fn python() -> Option<String> {
    let python = env::var("EFFACE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let tried = Command::new(&python).args(["-c", "import bids_validator_deno"]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let required = ["CI", "EFFACE_REQUIRE_PYTHON"].iter().any(|v| env::var_os(v).is_some());
    assert!(!required, "`{python}` cannot import bids_validator_deno");
    eprintln!("skipped: `{python}` cannot import bids_validator_deno");
    None
}

/// The errors that the validator finds, each as its code and its place.
fn errors(python: &str, dataset: &Path) -> Vec<String> {
    let run = "import sys, bids_validator_deno as v; sys.exit(v.cli())";
    let output =
        Command::new(python).args(["-c", run]).arg(dataset).args(["--format", "json"]).output();
    let output = output.unwrap();
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    let issues = told["issues"]["issues"].as_array().unwrap();
    let errors = issues.iter().filter(|issue| issue["severity"] == "error");
    let word = |issue: &Value, key: &str| issue[key].as_str().unwrap_or_default().to_owned();
    errors
        .map(|issue| ["code", "subCode", "location"].map(|key| word(issue, key)).join(" "))
        .collect()
}

/// A NIfTI file of eight voxels, with so many frames.
fn nifti(n_frames: i16) -> Vec<u8> {
    let mut bytes = vec![0; 352 + 8 * 2 * usize::try_from(n_frames).unwrap()];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &348i32.to_le_bytes());
    let n_axes = if n_frames > 1 { 4 } else { 3 };
    for (n, extent) in [n_axes, 2, 2, 2, n_frames, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * n, &extent.to_le_bytes());
        put(76 + 4 * n, &1f32.to_le_bytes());
    }
    put(70, &4i16.to_le_bytes());
    put(72, &16i16.to_le_bytes());
    put(108, &352f32.to_le_bytes());
    put(123, &[10]);
    put(254, &1i16.to_le_bytes());
    [280, 300, 320].into_iter().for_each(|at| put(at, &1f32.to_le_bytes()));
    put(344, b"n+1\0");
    gzip(&bytes, "")
}

impl Place {
    fn scan(&self, below: &str, n_frames: i16, sidecar: &str) {
        self.put(below, nifti(n_frames));
        if !sidecar.is_empty() {
            self.put(&below.replace(".nii.gz", ".json"), sidecar);
        }
    }
}

/// One participant without sessions, one with two; runs, echoes, parts, all kinds of images,
/// sidecars beside them and above.
fn dataset() -> Place {
    let place = Place::new();
    place.put("README", "A small dataset, to be judged.\n");
    place.put("CHANGES", "1.0.0 2026-01-01\n  - First\n");
    place.put("participants.tsv", "participant_id\tage\nsub-01\t30\nsub-02\t40\n");
    place.put("participants.json", r#"{"age": {"Description": "years"}}"#);
    place.put(".bidsignore", "*_notes.txt\n");
    place.put("sub-01/anat/sub-01_notes.txt", "left out");
    place.put("task-rest_bold.json", r#"{"TaskName": "rest", "RepetitionTime": 1.0}"#);
    place.put("task-rest_sbref.json", r#"{"TaskName": "rest"}"#);
    place.put("T1w.json", r#"{"MagneticFieldStrength": 3}"#);
    let anat = [
        "T1w",
        "T2w",
        "FLAIR",
        "T1map",
        "echo-1_MEGRE",
        "echo-2_MEGRE",
        "inv-1_part-mag_MP2RAGE",
        "inv-1_part-phase_MP2RAGE",
        "flip-1_mt-on_MTS",
        "UNIT1",
    ];
    for name in anat {
        let sidecar = match name {
            name if name.contains("phase") => {
                r#"{"Units": "rad", "InversionTime": 1, "RepetitionTimePreparation": 3, "FlipAngle": 5, "RepetitionTimeExcitation": 1, "NumberShots": 1, "MagneticFieldStrength": 3}"#
            }
            name if name.contains("echo-1") => r#"{"EchoTime": 0.005}"#,
            name if name.contains("echo-2") => r#"{"EchoTime": 0.010}"#,
            name if name.contains("inv") => {
                r#"{"InversionTime": 1, "RepetitionTimePreparation": 3, "FlipAngle": 5, "RepetitionTimeExcitation": 1, "NumberShots": 1, "MagneticFieldStrength": 3}"#
            }
            name if name.contains("mt") => {
                r#"{"FlipAngle": 5, "MTState": true, "RepetitionTimeExcitation": 1}"#
            }
            _ => "",
        };
        place.scan(&format!("sub-01/anat/sub-01_{name}.nii.gz"), 1, sidecar);
    }
    place.scan("sub-01/dwi/sub-01_dwi.nii.gz", 2, "");
    place.put("sub-01/dwi/sub-01_dwi.bval", "0 1000\n");
    place.put("sub-01/dwi/sub-01_dwi.bvec", "0 1\n0 0\n0 0\n");
    place.scan("sub-01/dwi/sub-01_ADC.nii.gz", 1, "");
    let difference = r#"{"EchoTime1": 0.004, "EchoTime2": 0.006, "IntendedFor": "bids::sub-01/dwi/sub-01_dwi.nii.gz"}"#;
    place.scan("sub-01/fmap/sub-01_phasediff.nii.gz", 1, difference);
    place.scan("sub-01/fmap/sub-01_magnitude1.nii.gz", 1, "");
    let pet = r#"{"TracerName": "x", "TracerRadionuclide": "C11", "InjectedRadioactivity": 1, "InjectedRadioactivityUnits": "MBq", "InjectedMass": 1, "InjectedMassUnits": "ug", "SpecificRadioactivity": 1, "SpecificRadioactivityUnits": "Bq/g", "ModeOfAdministration": "bolus", "TimeZero": "10:00:00", "ScanStart": 0, "InjectionStart": 0, "FrameTimesStart": [0, 1], "FrameDuration": [1, 1], "AcquisitionMode": "list mode", "ImageDecayCorrected": true, "ImageDecayCorrectionTime": 0, "ReconMethodName": "x", "ReconFilterType": "none", "AttenuationCorrection": "x", "Manufacturer": "x", "ManufacturersModelName": "x", "Units": "Bq/mL", "BodyPart": "brain", "ReconMethodParameterLabels": ["none"], "ReconFilterSize": 1}"#;
    place.scan("sub-01/pet/sub-01_pet.nii.gz", 2, pet);
    let m0 = r#"{"RepetitionTimePreparation": 10, "EchoTime": 0.01, "IntendedFor": ["perf/sub-01_asl.nii.gz"]}"#;
    place.scan("sub-01/perf/sub-01_m0scan.nii.gz", 1, m0);
    let asl = r#"{"ArterialSpinLabelingType": "PASL", "PostLabelingDelay": 1, "BackgroundSuppression": false, "M0Type": "Estimate", "M0Estimate": 1, "TotalAcquiredPairs": 1, "RepetitionTimePreparation": 2, "EchoTime": 0.01, "MagneticFieldStrength": 3, "MRAcquisitionType": "3D", "BolusCutOffFlag": false}"#;
    place.scan("sub-01/perf/sub-01_asl.nii.gz", 2, asl);
    place.put("sub-01/perf/sub-01_aslcontext.tsv", "volume_type\ncontrol\nlabel\n");
    place.put(
        "sub-01/sub-01_scans.tsv",
        "filename\nanat/sub-01_T1w.nii.gz\ndwi/sub-01_dwi.nii.gz\n",
    );
    place.put("sub-02/sub-02_sessions.tsv", "session_id\nses-a\nses-b\n");
    for session in ["a", "b"] {
        let folder = format!("sub-02/ses-{session}");
        let start = format!("sub-02_ses-{session}");
        place.scan(&format!("{folder}/anat/{start}_T1w.nii.gz"), 1, "");
        for run in [1, 2] {
            let run = format!("{folder}/func/{start}_task-rest_run-{run}");
            for (echo, part) in [(1, "mag"), (2, "mag"), (1, "phase"), (2, "phase")] {
                let units = if part == "phase" { r#", "Units": "rad""# } else { "" };
                let sidecar = format!(r#"{{"EchoTime": 0.0{echo}{units}}}"#);
                place.scan(&format!("{run}_echo-{echo}_part-{part}_bold.nii.gz"), 2, &sidecar);
            }
            place.scan(&format!("{run}_sbref.nii.gz"), 1, "");
            place.put(&format!("{run}_events.tsv"), "onset\tduration\n0\t1\n");
        }
        let run = format!("{folder}/func/{start}_task-rest_run-1");
        place.put(&format!("{run}_physio.tsv.gz"), gzip(b"1\n2\n", "x"));
        let physio = r#"{"SamplingFrequency": 1, "StartTime": 0, "Columns": ["cardiac"]}"#;
        place.put(&format!("{run}_physio.json"), physio);
        let field = format!(
            r#"{{"PhaseEncodingDirection": "j", "TotalReadoutTime": 0.1, "IntendedFor": ["ses-{session}/func/{start}_task-rest_run-1_sbref.nii.gz"]}}"#
        );
        place.scan(&format!("{folder}/fmap/{start}_dir-AP_epi.nii.gz"), 1, &field);
    }
    place
}

#[test]
fn the_source_is_valid_and_a_planted_fault_is_found() {
    let Some(python) = python() else { return };
    let place = dataset();
    assert_eq!(errors(&python, &place.root()), [""; 0]);
    place.scan("sub-01/anat/sub-01_T1w_defacemask.nii.gz", 1, "");
    place.put("sub-01/anat/sub-01_PDw.json", "{}");
    let found = errors(&python, &place.root());
    assert!(found.iter().any(|error| error.starts_with("SIDECAR_WITHOUT_DATAFILE")), "{found:?}");
    assert!(found.iter().any(|error| error.contains("T1w_defacemask")), "{found:?}");
}

#[test]
fn a_raw_dataset_is_valid_and_so_are_its_masks() {
    let Some(python) = python() else { return };
    let place = dataset();
    let out = place.write(Output::Raw, |_| true);
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    assert_eq!(errors(&python, &out.root), [""; 0]);
    assert_eq!(errors(&python, &out.root.join(crate::MASKS)), [""; 0]);
}

#[test]
fn a_derivative_is_valid() {
    let Some(python) = python() else { return };
    let place = dataset();
    let out = place.write(Output::Derivative, |_| true);
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    assert_eq!(errors(&python, &out.root), [""; 0]);
}

/// Images that did not pass leave nothing behind that tells of them.
#[test]
fn a_dataset_of_which_a_part_was_released_is_valid() {
    let Some(python) = python() else { return };
    let place = dataset();
    for output in [Output::Raw, Output::Derivative] {
        let out = place.write(output, |path| {
            let path = path.to_string_lossy();
            !["_dwi.", "run-2", "m0scan", "ses-b", "T2w"].iter().any(|part| path.contains(part))
        });
        assert!(out.problems.is_empty(), "{:?}", out.problems);
        assert_eq!(errors(&python, &out.root), [""; 0], "{output:?}");
        fs::remove_dir_all(&out.root).unwrap();
    }
}
