//! Datasets that are made in a folder, planned and written.

mod validator;

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Action, BidsError, Dataset, Filter, Image, ImageFilter, Output, OutputRoot, Plan, Reason,
    Release, Released, Written,
};

/// A small dataset. Its images are empty: nobody reads them.
struct Place(TempDir);

const DESCRIPTION: &str = r#"{"Name": "Small", "BIDSVersion": "1.9.0"}"#;

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.put("dataset_description.json", DESCRIPTION);
        place
    }

    /// With a participant `01` who has a T1w image.
    fn with_head() -> Self {
        let place = Self::new();
        place.image("sub-01/anat/sub-01_T1w.nii.gz");
        place
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("in")
    }

    fn put(&self, below: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn image(&self, below: &str) {
        self.put(below, gzip(b"", "private name"));
    }

    fn open(&self) -> Dataset {
        Dataset::open(&self.root()).unwrap()
    }

    fn plan(&self) -> Plan {
        self.open().plan(&Filter::default()).unwrap()
    }

    /// What becomes of a file, in a word.
    fn fate(&self, below: &str) -> String {
        fate(&self.plan(), below)
    }

    fn write(&self, output: Output, is_released: impl Fn(&Path) -> bool) -> Out {
        self.write_for(&Filter::default(), output, is_released)
    }

    /// Writes a dataset as a program does: images where they belong, and then all else.
    fn write_for(
        &self,
        filter: &Filter,
        output: Output,
        is_released: impl Fn(&Path) -> bool,
    ) -> Out {
        let dataset = self.open();
        let plan = dataset.plan(filter).unwrap();
        let out = OutputRoot::create(&self.0.path().join("out"), &dataset, false).unwrap();
        for (path, _, targets) in plan.targets(output).unwrap() {
            if is_released(path) {
                let image = fs::read(dataset.root().join(path)).unwrap();
                out.write(&targets.image, &image).unwrap();
                out.write(&targets.mask, &image).unwrap();
            }
        }
        let released = Released::found_in(&out, &plan, output);
        let release =
            Release { dataset: &dataset, plan: &plan, output, released: &released, version: "1.2" };
        let mut problems = Vec::new();
        let parts = dataset.participants().iter().map(|p| release.write_subject(&out, &p.label));
        for Written { problems: new, .. } in parts.chain([release.write_dataset(&out)]) {
            problems.extend(new);
        }
        Out { root: out.path().to_owned(), problems }
    }
}

struct Out {
    root: PathBuf,
    problems: Vec<(PathBuf, BidsError)>,
}

impl Out {
    fn text(&self, below: &str) -> String {
        fs::read_to_string(self.root.join(below)).unwrap_or_else(|e| panic!("{below}: {e}"))
    }

    fn json(&self, below: &str) -> Value {
        serde_json::from_str(&self.text(below)).unwrap()
    }

    /// All files, in order.
    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        found.push(path.strip_prefix(&self.root).unwrap().display().to_string())
                    }
                }
            }
        }
        found.sort();
        found
    }

    fn has(&self, below: &str) -> bool {
        self.root.join(below).exists()
    }
}

fn gzip(bytes: &[u8], name: &str) -> Vec<u8> {
    let mut packed =
        GzBuilder::new().filename(name).mtime(7).write(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn fate(plan: &Plan, below: &str) -> String {
    let found: Vec<_> = plan.files.iter().filter(|file| file.path == Path::new(below)).collect();
    match &found[..] {
        [] => "not there".to_owned(),
        [one] => match &one.action {
            Action::Deface(_) => "deface".to_owned(),
            Action::Copy(_) => "copy".to_owned(),
            Action::Skip(reason) => reason.to_string(),
        },
        _ => panic!("{below} is planned twice"),
    }
}

fn labels(text: &[&str]) -> Vec<String> {
    text.iter().map(|label| (*label).to_owned()).collect()
}

#[test]
fn lists_participants_and_sessions() {
    let place = Place::with_head();
    place.image("sub-02/ses-b/anat/sub-02_ses-b_T1w.nii.gz");
    place.image("sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz");
    place.image("sub-no label/anat/x.nii.gz");
    place.put("sub-03", "a file");
    let dataset = place.open();
    let told = dataset.participants().iter().map(|p| (p.label.as_str(), p.sessions.clone()));
    let expected = [("01", vec![]), ("02", labels(&["a", "b"]))];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn refuses_what_is_no_dataset() {
    let check = |place: &Place, expected: &str| {
        let error = Dataset::open(&place.root()).unwrap_err();
        let root = place.root().display().to_string();
        assert_eq!(error.to_string().replace(&root, "ROOT"), expected);
        assert!(!error.hint().is_empty());
    };
    let place = Place::new();
    check(&place, "`ROOT` holds no folder `sub-*`");
    place.image("sub-01/anat/sub-01_T1w.nii.gz");
    let description = |text: &str| place.put("dataset_description.json", text);
    description("[]");
    check(
        &place,
        "`ROOT/dataset_description.json` is not a JSON object: invalid type: sequence, expected a JSON object at line 1 column 0",
    );
    description(r#"{"Name": 3, "BIDSVersion": "1.9.0"}"#);
    check(&place, "`dataset_description.json` has no text `Name`");
    description(r#"{"Name": "x"}"#);
    check(&place, "`dataset_description.json` has no text `BIDSVersion`");
    description(DESCRIPTION);
    place.put(".bidsignore", "a\n{b\n");
    let error = Dataset::open(&place.root()).unwrap_err();
    assert!(matches!(error, BidsError::BadIgnore { line: 2, .. }), "{error}");
    fs::remove_file(place.root().join("dataset_description.json")).unwrap();
    check(&place, "`ROOT` holds no `dataset_description.json`");
    let error = Dataset::open(&place.root().join("no")).unwrap_err();
    assert!(matches!(error, BidsError::Unreadable { .. }));
}

#[test]
fn defaces_every_image_of_a_head() {
    let place = Place::new();
    let heads = [
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/anat/sub-01_rec-x_T2w.nii",
        "sub-01/anat/sub-01_inv-1_part-phase_MP2RAGE.nii.gz",
        "sub-01/anat/sub-01_desc-preproc_T1w.nii.gz",
        "sub-01/anat/sub-01_new.nii.gz",
        "sub-01/func/sub-01_task-x_run-1_echo-1_part-mag_bold.nii.gz",
        "sub-01/func/sub-01_task-x_run-1_echo-1_part-phase_bold.nii.gz",
        "sub-01/func/sub-01_task-x_run-1_sbref.nii.gz",
        "sub-01/dwi/sub-01_dwi.nii.gz",
        "sub-01/dwi/sub-01_ADC.nii.gz",
        "sub-01/fmap/sub-01_magnitude1.nii.gz",
        "sub-01/fmap/sub-01_dir-AP_epi.nii.gz",
        "sub-01/perf/sub-01_asl.nii.gz",
        "sub-01/perf/sub-01_m0scan.nii.gz",
        "sub-01/pet/sub-01_pet.nii.gz",
        "sub-01/ct/sub-01_ct.nii.gz",
    ];
    heads.iter().for_each(|path| place.image(path));
    let plan = place.plan();
    for head in heads {
        assert_eq!(fate(&plan, head), "deface", "{head}");
    }
    assert_eq!(plan.images().count(), heads.len());
    assert!(plan.images().all(|(_, image)| image.space() == ("01", None)));
}

#[test]
fn images_of_one_session_share_a_space() {
    let place = Place::new();
    for session in ["a", "b"] {
        for (folder, name) in [("anat", "T1w"), ("func", "task-x_bold")] {
            place.image(&format!(
                "sub-01/ses-{session}/{folder}/sub-01_ses-{session}_{name}.nii.gz"
            ));
        }
    }
    let plan = place.plan();
    let spaces: Vec<_> = plan.images().map(|(_, image)| image.space()).collect();
    let [a, b] = ["a", "b"].map(|session| ("01", Some(session)));
    assert_eq!(spaces, [a, a, b, b]);
}

#[test]
fn leaves_out_what_is_unknown_and_says_why() {
    let place = Place::with_head();
    let check = |path: &str, expected: &str| {
        place.image(path);
        assert_eq!(place.fate(path), expected, "{path:?}");
    };
    let unknown = "unknown";
    check("sub-01/anat/T1w copy.nii.gz", unknown);
    check("sub-01/anat/sub-01_T1w\n.nii.gz", unknown);
    check("sub-01/anat/sub-01_T1w.NII.GZ", unknown);
    check("sub-01/anat/sub-01_T2w.img", unknown);
    check("sub-01/anat/sub-01_photo.jpg", unknown);
    check("thumbnail.png", unknown);
    check("sub-01/anat/sub-01_desc-brain_T1w.nii.gz", "an image that is not of a head");
    check("sub-01/anat/sub-01_defacemask.nii.gz", "an image that is not of a head");
    check("sub-01/func/sub-01_task-x_other.nii.gz", "an image of an unknown kind");
    let misplaced = "in a folder that its name does not belong into";
    check("sub-01/anat/sub-02_T1w.nii.gz", misplaced);
    check("sub-01/anat/sub-01_ses-1_T1w.nii.gz", misplaced);
    check("sub-01/anat/PDw.nii.gz", misplaced);
    check("sub-01_PDw.nii.gz", misplaced);
    check("sub-01/sub-01_PDw.nii.gz", misplaced);
    let folder = |inside: &str, folder: &str, expected: &str| {
        place.image(inside);
        assert_eq!(place.fate(inside), "not there", "{inside}");
        assert_eq!(place.fate(folder), expected, "{folder}");
    };
    let apart = "a folder that is no part of the dataset itself";
    for name in ["sourcedata", "derivatives", "code", "sub-not a label", "new\nline"] {
        folder(&format!("{name}/sub-01/anat/sub-01_T1w.nii.gz"), name, apart);
    }
    folder(".git/annex/x.nii.gz", ".git", "hidden");
    folder("sub-01/meg/sub-01_task-x_meg.fif", "sub-01/meg", "a recording, not an image of a head");
    folder("sub-01/eeg/sub-01_photo.jpg", "sub-01/eeg", "a recording, not an image of a head");
    folder("sub-01/extra/sub-01_T1w.nii.gz", "sub-01/extra", unknown);
    folder("sub-01/anat/x.ome.zarr/0", "sub-01/anat/x.ome.zarr", unknown);
    place.put("task-x_meg.json", "{}");
    assert_eq!(place.fate("task-x_meg.json"), "a recording, not an image of a head");
    assert_eq!(place.plan().images().count(), 1);
}

#[test]
#[cfg(unix)]
fn names_that_are_not_utf_8_are_left_out() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::with_head();
    let name = std::ffi::OsStr::from_bytes(b"sub-01_\xff_T2w.nii.gz");
    fs::write(place.root().join("sub-01/anat").join(name), "").unwrap();
    let plan = place.plan();
    let path = Path::new("sub-01/anat").join(name);
    assert!(plan.skipped().any(|found| found == (&path, Reason::Unknown)));
}

#[test]
fn of_two_images_that_differ_in_gz_alone_neither_is_taken() {
    let place = Place::with_head();
    place.image("sub-01/anat/sub-01_T1w.nii");
    let both = place.plan().skipped().filter(|(_, reason)| *reason == Reason::TwoForms).count();
    assert_eq!(both, 2);
    assert_eq!(place.plan().images().count(), 0);
}

#[test]
#[cfg(unix)]
fn follows_links_to_files_of_the_dataset_alone() {
    use std::os::unix::fs::symlink;
    let place = Place::with_head();
    place.put(".git/annex/objects/key", "");
    let anat = place.root().join("sub-01/anat");
    let link = |name: &str, target: &str, expected: &str| {
        symlink(target, anat.join(name)).unwrap();
        assert_eq!(place.fate(&format!("sub-01/anat/{name}")), expected);
    };
    fs::write(place.0.path().join("outside.nii.gz"), "").unwrap();
    link("sub-01_T2w.nii.gz", "../../.git/annex/objects/key", "deface");
    link("sub-01_PDw.nii.gz", "../../../outside.nii.gz", "a link out of the dataset");
    link("sub-01_FLAIR.nii.gz", "../../.git/none", "a link to a file that is not there");
    link("sub-01_angio.nii.gz", "sub-01_angio.nii.gz", "a link to a file that is not there");
    link("loop", "..", "a link to a folder");
    symlink("sub-01", place.root().join("sub-02")).unwrap();
    assert_eq!(place.fate("sub-02"), "a link to a folder");
    assert_eq!(place.open().participants().len(), 1);
}

#[test]
fn follows_bidsignore_as_git_does() {
    let place = Place::with_head();
    place.put(".bidsignore", "# tests\n*_test.nii.gz\nextra/\n/sub-01/func\nsub-*/**/*_PDw.*\n!sub-01_run-2_test.nii.gz\r\n\nsub-03\n");
    place.image("sub-03/anat/sub-03_T1w.nii.gz");
    let ignored = "named by `.bidsignore`";
    let check = |path: &str, expected: &str| {
        place.image(path);
        assert_eq!(place.fate(path), expected, "{path}");
    };
    check("sub-01/anat/sub-01_run-1_test.nii.gz", ignored);
    check("sub-01/anat/sub-01_run-2_test.nii.gz", "deface");
    check("sub-01/anat/sub-01_PDw.nii.gz", ignored);
    check("sub-02/func/sub-02_task-x_bold.nii.gz", "deface");
    place.image("sub-01/func/sub-01_task-x_bold.nii.gz");
    assert_eq!(place.fate("sub-01/func"), ignored);
    assert_eq!(place.fate("sub-03"), ignored);
    assert_eq!(place.fate(".bidsignore"), "copy");
}

#[test]
fn takes_over_what_tells_of_a_defaced_image() {
    let place = Place::with_head();
    place.image("sub-01/func/sub-01_task-x_run-1_echo-1_bold.nii.gz");
    place.image("sub-01/dwi/sub-01_dwi.nii.gz");
    place.image("sub-01/anat/sub-01_desc-brain_T2w.nii.gz");
    for path in [
        "README",
        "README.md",
        "CHANGES",
        "LICENSE",
        "CITATION.cff",
        "participants.tsv",
        "participants.json",
        "T1w.json",
        "task-x_bold.json",
        "dwi.bval",
        "phenotype/test.tsv",
        "phenotype/test.json",
        "sub-01/sub-01_scans.tsv",
        "sub-01/sub-01_sessions.tsv",
        "sub-01/anat/sub-01_T1w.json",
        "sub-01/dwi/sub-01_dwi.bvec",
        "task-x_events.json",
        "sub-01/func/sub-01_task-x_run-1_events.tsv",
        "sub-01/beh/sub-01_task-y_beh.tsv",
        "sub-01/beh/sub-01_task-y_events.tsv",
        "scans.json",
        "sub-01/func/sub-01_task-x_run-1_recording-heart_physio.tsv.gz",
    ] {
        place.put(path, "");
        assert_eq!(place.fate(path), "copy", "{path}");
    }
    for path in [
        "T2w.json",
        "task-y_bold.json",
        "sub-01/anat/sub-01_desc-brain_T2w.json",
        "sub-01/func/sub-01_task-y_events.tsv",
        "sub-01/func/sub-01_task-x_run-2_bold.json",
        "sub-01/dwi/sub-01_run-1_dwi.bval",
        "sub-01/func/sub-01_task-x_run-1_echo-2_bold.json",
    ] {
        place.put(path, "");
        assert_eq!(place.fate(path), "it tells of no image that is defaced", "{path}");
    }
}

#[test]
fn plans_what_was_asked_for() {
    let place = Place::new();
    for subject in ["01", "02"] {
        for session in ["a", "b"] {
            let name =
                format!("sub-{subject}/ses-{session}/anat/sub-{subject}_ses-{session}_T1w.nii");
            place.image(&name);
        }
    }
    place.image("sub-03/anat/sub-03_T1w.nii");
    let check = |participants: &[&str], sessions: &[&str], expected: &[&str]| {
        let [participants, sessions] = [participants, sessions].map(labels);
        let plan = place.open().plan(&Filter { participants, sessions, images: None }).unwrap();
        let found: Vec<_> = plan
            .images()
            .map(|(_, image)| {
                format!("{}{}", image.subject, image.session.as_deref().unwrap_or(""))
            })
            .collect();
        assert_eq!(found, expected);
    };
    check(&[], &[], &["01a", "01b", "02a", "02b", "03"]);
    check(&["sub-02", "03"], &[], &["02a", "02b", "03"]);
    check(&[], &["ses-b"], &["01b", "02b"]);
    check(&["01"], &["a", "b"], &["01a", "01b"]);
    let not_there = |participants: &[&str], sessions: &[&str]| {
        let [participants, sessions] = [participants, sessions].map(labels);
        place.open().plan(&Filter { participants, sessions, images: None }).unwrap_err().to_string()
    };
    assert_eq!(not_there(&["01", "1"], &[]), "there is no `sub-1` in the dataset");
    assert_eq!(not_there(&[], &["ses-c"]), "there is no `ses-c` in the dataset");
    let filter = Filter { participants: labels(&["01"]), ..Filter::default() };
    assert_eq!(fate(&place.open().plan(&filter).unwrap(), "sub-02"), "not asked for");
}

fn read_filter(place: &Place, text: &str) -> Result<ImageFilter, BidsError> {
    place.put("../filter.json", text);
    ImageFilter::read(&place.root().join("../filter.json"))
}

#[test]
fn follows_a_filter_file() {
    let place = Place::new();
    for path in [
        "ses-1/anat/sub-01_ses-1_acq-a_T1w",
        "ses-1/anat/sub-01_ses-1_T1w",
        "ses-1/anat/sub-01_ses-1_T2w",
        "ses-1/anat/sub-01_ses-1_UNIT1",
        "ses-1/func/sub-01_ses-1_task-x_run-01_bold",
        "ses-1/func/sub-01_ses-1_task-x_run-02_bold",
        "ses-1/fmap/sub-01_ses-1_dir-AP_epi",
        "ses-2/fmap/sub-01_ses-2_phasediff",
    ] {
        place.image(&format!("sub-01/{path}.nii.gz"));
    }
    let all = ["acq-a_T1w", "UNIT1", "_T1w", "T2w", "run-01", "run-02", "epi", "phasediff"];
    let check = |filter: &str, left_out: &[&str]| {
        let images = Some(read_filter(&place, filter).unwrap());
        let plan = place.open().plan(&Filter { images, ..Filter::default() }).unwrap();
        let out: Vec<String> = plan
            .skipped()
            .filter(|(_, reason)| *reason == Reason::NotAsked)
            .map(|(path, _)| {
                let path = path.to_string_lossy();
                all.iter().find(|name| path.contains(**name)).unwrap().to_string()
            })
            .collect();
        assert_eq!(out, left_out, "{filter}");
    };
    check("{}", &[]);
    check(r#"{"t1w": {}}"#, &[]);
    check(r#"{"t1w": {"acquisition": null}}"#, &["acq-a_T1w"]);
    check(r#"{"t1w": {"acq": "*"}}"#, &["_T1w"]);
    check(r#"{"t1w": {"acquisition": ["b", null]}}"#, &["acq-a_T1w"]);
    check(r#"{"t1w": {"acquisition": "b"}}"#, &["_T1w", "acq-a_T1w"]);
    check(r#"{"t1w": {"datatype": "anat", "suffix": "UNIT1"}}"#, &["_T1w", "acq-a_T1w"]);
    check(r#"{"bold": {"run": 1, "session": "1"}}"#, &["run-02"]);
    check(r#"{"bold": {"run": [2, "3"], "extension": "nii.gz"}}"#, &["run-01"]);
    check(r#"{"bold": {"session": "ses-1"}, "t2w": {"ses": ["2"]}}"#, &["T2w"]);
    check(r#"{"fmap": {"session": "2"}}"#, &["epi"]);
    check(r#"{"fmap": {"datatype": "fmap", "direction": null}}"#, &["epi"]);
}

#[test]
fn refuses_a_filter_that_it_does_not_understand() {
    let place = Place::with_head();
    let check = |text: &str, expected: &str| {
        let told = read_filter(&place, text).unwrap_err().to_string();
        assert!(told.contains(expected), "{text}: {told}");
    };
    check("[]", "is not a JSON object");
    check(r#"{"t1": {}}"#, "the filter names `t1`, which is no kind of images");
    check(
        r#"{"t1w": {"acquisitoin": "x"}}"#,
        "asks for `acquisitoin` of `t1w`, which is no entity",
    );
    check(r#"{"t1w": {"run": 1.5}}"#, "asks for a `run` of `t1w` that is neither");
    check(r#"{"t1w": {"run": {"a": 1}}}"#, "asks for a `run` of `t1w` that is neither");
    check(r#"{"t1w": 3}"#, "asks for a `dictionary` of `t1w`");
}

const CODE: &str = "  \"DeidentificationMethod\": [
    \"efface 1.2\"
  ],
  \"DeidentificationMethodCodeSequence\": [
    {
      \"CodeMeaning\": \"Clean Recognizable Visual Features Option\",
      \"CodeValue\": \"113102\",
      \"CodingSchemeDesignator\": \"DCM\"
    }
  ]
}
";

#[test]
fn a_sidecar_keeps_its_text_and_tells_that_the_face_went() {
    let place = Place::with_head();
    place.put(
        "sub-01/anat/sub-01_T1w.json",
        "{\"EchoTime\": 0.00250,\n \"ImageType\": [\"A\", \"B\"]}",
    );
    let out = place.write(Output::Raw, |_| true);
    let text = out.text("sub-01/anat/sub-01_T1w.json");
    let own = "{\n  \"EchoTime\": 0.00250,\n  \"ImageType\": [\"A\", \"B\"],\n";
    assert_eq!(text, own.to_owned() + CODE);
    assert!(out.problems.is_empty());
}

#[test]
fn a_sidecar_keeps_what_was_done_before() {
    let place = Place::with_head();
    let old = r#"{"DeidentificationMethod": "dates removed", "DeidentificationMethodCodeSequence": [{"CodeValue": "113100"}]}"#;
    place.put("sub-01/anat/sub-01_T1w.json", old);
    let sidecar = place.write(Output::Raw, |_| true).json("sub-01/anat/sub-01_T1w.json");
    assert_eq!(sidecar["DeidentificationMethod"], json!(["dates removed", "efface 1.2"]));
    let codes = sidecar["DeidentificationMethodCodeSequence"].as_array().unwrap();
    assert_eq!(codes.iter().map(|c| &c["CodeValue"]).collect::<Vec<_>>(), ["113100", "113102"]);
}

#[test]
fn what_is_inherited_from_folders_above_is_not_repeated() {
    let place = Place::new();
    for run in [1, 2] {
        place.image(&format!("sub-01/func/sub-01_task-x_run-{run}_bold.nii.gz"));
    }
    place.put("task-x_bold.json", r#"{"RepetitionTime": 2.0}"#);
    place.put("sub-01/sub-01_task-x_bold.json", r#"{"FlipAngle": 70}"#);
    let out = place.write(Output::Raw, |_| true);
    assert_eq!(out.text("sub-01/func/sub-01_task-x_run-2_bold.json"), "{\n".to_owned() + CODE);
    assert_eq!(out.text("task-x_bold.json"), r#"{"RepetitionTime": 2.0}"#);
    assert_eq!(out.text("sub-01/sub-01_task-x_bold.json"), r#"{"FlipAngle": 70}"#);
}

/// One file at most of a folder may apply to an image.
#[test]
fn what_is_inherited_within_the_folder_goes_into_the_sidecar() {
    let place = Place::new();
    for run in [1, 2] {
        place.image(&format!("sub-01/func/sub-01_task-x_run-{run}_bold.nii.gz"));
    }
    place.put("sub-01/func/sub-01_task-x_bold.json", r#"{"A": 1, "B": 2}"#);
    place.put("sub-01/func/sub-01_task-x_run-2_bold.json", r#"{"B": 3}"#);
    let out = place.write(Output::Raw, |_| true);
    let of = |run| out.json(&format!("sub-01/func/sub-01_task-x_run-{run}_bold.json"));
    assert_eq!([&of(1)["A"], &of(1)["B"]], [1, 2]);
    assert_eq!([&of(2)["A"], &of(2)["B"]], [1, 3]);
    assert!(!out.has("sub-01/func/sub-01_task-x_bold.json"));
}

#[test]
fn a_sidecar_that_cannot_be_read_is_told_and_stops_nothing() {
    let place = Place::with_head();
    place.image("sub-01/anat/sub-01_T2w.nii.gz");
    place.put("sub-01/anat/sub-01_T1w.json", "{");
    let out = place.write(Output::Raw, |_| true);
    let [(path, error)] = &out.problems[..] else { panic!("{:?}", out.problems) };
    assert_eq!(path, Path::new("sub-01/anat/sub-01_T1w.json"));
    assert!(matches!(error, BidsError::BadJson { .. }));
    assert!(out.has("sub-01/anat/sub-01_T2w.json"));
}

/// A dataset of which not all is released.
fn mixed() -> Place {
    let place = Place::new();
    for subject in ["01", "02"] {
        for name in ["anat/sub-S_T1w", "dwi/sub-S_dwi", "func/sub-S_task-x_bold", "fmap/sub-S_epi"]
        {
            place.image(&format!("sub-{subject}/{}.nii.gz", name.replace('S', subject)));
        }
    }
    place.put("participants.tsv", "participant_id\tage\nsub-01\t30\nsub-02\t40\nsub-03\t50\n");
    place.put("phenotype/test.tsv", "participant_id\tscore\nsub-02\t1\nsub-01\t2\n");
    place.put("task-x_bold.json", "{}");
    place.put("T1w.json", "{}");
    place.put("README", "Read me.\n");
    place.put("sub-01/dwi/sub-01_dwi.bval", "0 1000\n");
    place.put("sub-01/func/sub-01_task-x_events.tsv", "onset\tduration\n");
    place.put("sub-02/beh/sub-02_task-y_beh.tsv", "trial\n");
    place.put(
        "sub-01/fmap/sub-01_epi.json",
        r#"{"IntendedFor": ["func/sub-01_task-x_bold.nii.gz", "bids::sub-01/dwi/sub-01_dwi.nii.gz", "anat/none.nii.gz"]}"#,
    );
    place.put(
        "sub-01/sub-01_scans.tsv",
        "filename\tacq_time\nanat/sub-01_T1w.nii.gz\t2001-01-01T10:00:00\ndwi/sub-01_dwi.nii.gz\tn/a\nmeg/sub-01_task-x_meg.fif\tn/a\n",
    );
    place
}

#[test]
fn writes_a_raw_dataset_of_what_was_released() {
    let place = mixed();
    let out = place.write(Output::Raw, |path| {
        path.starts_with("sub-01") && !path.ends_with("sub-01_dwi.nii.gz")
    });
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    assert_eq!(
        out.files(),
        [
            ".bidsignore",
            "README",
            "T1w.json",
            "dataset_description.json",
            "derivatives/efface/.bidsignore",
            "derivatives/efface/dataset_description.json",
            "derivatives/efface/sub-01/anat/sub-01_desc-defaceT1w_mask.json",
            "derivatives/efface/sub-01/anat/sub-01_desc-defaceT1w_mask.nii.gz",
            "derivatives/efface/sub-01/fmap/sub-01_desc-defaceEpi_mask.json",
            "derivatives/efface/sub-01/fmap/sub-01_desc-defaceEpi_mask.nii.gz",
            "derivatives/efface/sub-01/func/sub-01_task-x_desc-defaceBold_mask.json",
            "derivatives/efface/sub-01/func/sub-01_task-x_desc-defaceBold_mask.nii.gz",
            "participants.tsv",
            "phenotype/test.tsv",
            "sub-01/anat/sub-01_T1w.json",
            "sub-01/anat/sub-01_T1w.nii.gz",
            "sub-01/fmap/sub-01_epi.json",
            "sub-01/fmap/sub-01_epi.nii.gz",
            "sub-01/func/sub-01_task-x_bold.json",
            "sub-01/func/sub-01_task-x_bold.nii.gz",
            "sub-01/func/sub-01_task-x_events.tsv",
            "sub-01/sub-01_scans.tsv",
            "task-x_bold.json",
        ]
    );
    assert_eq!(out.text("participants.tsv"), "participant_id\tage\nsub-01\t30\n");
    assert_eq!(out.text("phenotype/test.tsv"), "participant_id\tscore\nsub-01\t2\n");
    let scans = "filename\tacq_time\nanat/sub-01_T1w.nii.gz\t2001-01-01T10:00:00\n";
    assert_eq!(out.text("sub-01/sub-01_scans.tsv"), scans);
    let intended = &out.json("sub-01/fmap/sub-01_epi.json")["IntendedFor"];
    assert_eq!(intended, &json!(["func/sub-01_task-x_bold.nii.gz"]));
    assert_eq!(out.text(".bidsignore"), "*.efface.json\n/review\n");
}

#[test]
fn writes_a_derivative_of_what_was_released() {
    let place = mixed();
    let out = place.write(Output::Derivative, |path| !path.to_string_lossy().contains("anat"));
    assert!(out.problems.is_empty(), "{:?}", out.problems);
    assert!(out.files().iter().all(|file| !file.contains("anat") && file != "T1w.json"));
    assert!(!out.has("derivatives"));
    for file in [
        "sub-01/dwi/sub-01_desc-defaced_dwi.nii.gz",
        "sub-01/dwi/sub-01_dwi.bval",
        "sub-01/dwi/sub-01_desc-defaced_dwi.json",
        "sub-01/dwi/sub-01_desc-defaceDwi_mask.json",
        "sub-01/func/sub-01_task-x_events.tsv",
        "sub-02/beh/sub-02_task-y_beh.tsv",
        "task-x_bold.json",
    ] {
        assert!(out.has(file), "{file}");
    }
    let scans = "filename\tacq_time\ndwi/sub-01_desc-defaced_dwi.nii.gz\tn/a\n";
    assert_eq!(out.text("sub-01/sub-01_scans.tsv"), scans);
    let sidecar = out.json("sub-01/fmap/sub-01_desc-defaced_epi.json");
    let intended = [
        "func/sub-01_task-x_desc-defaced_bold.nii.gz",
        "bids::sub-01/dwi/sub-01_desc-defaced_dwi.nii.gz",
    ];
    assert_eq!(sidecar["IntendedFor"], json!(intended));
    assert_eq!(sidecar["SkullStripped"], json!(false));
    assert_eq!(sidecar["RawSources"], json!(["sub-01/fmap/sub-01_epi.nii.gz"]));
    let mask = out.json("sub-01/dwi/sub-01_desc-defaceDwi_mask.json");
    assert_eq!(
        mask,
        json!({
            "Description": "The voxels that were removed from the image",
            "Type": "Face",
            "Polarity": "1 = removed, 0 = kept",
            "SpatialReference": "bids::sub-01/dwi/sub-01_desc-defaced_dwi.nii.gz",
            "RawSources": ["sub-01/dwi/sub-01_dwi.nii.gz"],
        })
    );
}

#[test]
fn a_session_of_which_nothing_was_released_has_no_row() {
    let place = Place::new();
    for session in ["a", "b"] {
        place.image(&format!("sub-01/ses-{session}/anat/sub-01_ses-{session}_T1w.nii.gz"));
        let scans = format!("filename\nanat/sub-01_ses-{session}_T1w.nii.gz\n");
        place.put(&format!("sub-01/ses-{session}/sub-01_ses-{session}_scans.tsv"), scans);
    }
    place.put("sub-01/sub-01_sessions.tsv", "session_id\tage\nses-a\t1\nses-b\t2\n");
    let out = place.write(Output::Raw, |path| path.to_string_lossy().contains("ses-b"));
    assert_eq!(out.text("sub-01/sub-01_sessions.tsv"), "session_id\tage\nses-b\t2\n");
    assert!(!out.has("sub-01/ses-a"));
    let scans = out.text("sub-01/ses-b/sub-01_ses-b_scans.tsv");
    assert_eq!(scans, "filename\nanat/sub-01_ses-b_T1w.nii.gz\n");
}

#[test]
fn who_was_not_asked_for_is_in_no_table() {
    let place = mixed();
    let filter = Filter { participants: labels(&["02"]), ..Filter::default() };
    let out = place.write_for(&filter, Output::Raw, |_| true);
    assert_eq!(out.text("participants.tsv"), "participant_id\tage\nsub-02\t40\n");
    assert!(!out.has("sub-01"));
}

#[test]
fn a_table_without_the_column_is_not_copied() {
    let place = Place::with_head();
    place.put("participants.tsv", "subject\tage\nsub-02\t3\n");
    let out = place.write(Output::Raw, |_| true);
    let [(path, error)] = &out.problems[..] else { panic!("{:?}", out.problems) };
    assert_eq!(path, Path::new("participants.tsv"));
    assert_eq!(error.to_string(), "`participants.tsv` has no column `participant_id`");
    assert!(!out.has("participants.tsv"));
}

#[test]
fn describes_a_raw_dataset() {
    let place = Place::with_head();
    place.put("dataset_description.json", r#"{
        "Name": "Small", "BIDSVersion": "1.9.0", "Authors": ["A", "B"], "License": "CC0",
        "DatasetDOI": "doi:10.18112/x.v1",
        "ReferencesAndLinks": ["https://example.org"],
        "GeneratedBy": [{"Name": "converter"}],
        "SourceDatasets": [{"URL": "file:///home/x/data", "Version": "2"}, {"URL": "/data"}, {"URL": "https://example.org/d"}],
        "DatasetLinks": {"own": "derivatives/x", "far": "https://example.org/d"}
    }"#);
    let out = place.write(Output::Raw, |_| true);
    let told = out.json("dataset_description.json");
    assert_eq!(
        told,
        json!({
            "Name": "Small", "BIDSVersion": "1.9.0", "Authors": ["A", "B"], "License": "CC0",
            "ReferencesAndLinks": ["https://example.org"],
            "GeneratedBy": [
                {"Name": "converter"},
                {"Name": "efface", "Version": "1.2", "Description": "Removal of faces"},
            ],
            "SourceDatasets": [
                {"Version": "2"}, {"URL": "https://example.org/d"}, {"DOI": "doi:10.18112/x.v1"},
            ],
            "DatasetLinks": {"far": "https://example.org/d"},
            "DatasetType": "raw",
        })
    );
    let masks = out.json("derivatives/efface/dataset_description.json");
    assert_eq!(masks["DatasetType"], "derivative");
    assert_eq!(
        masks["DatasetLinks"],
        json!({
            "defaced": "../..", "source": "https://doi.org/10.18112/x.v1",
        })
    );
    let mask = out.json("derivatives/efface/sub-01/anat/sub-01_desc-defaceT1w_mask.json");
    assert_eq!(mask["SpatialReference"], "bids:defaced:sub-01/anat/sub-01_T1w.nii.gz");
    assert_eq!(mask["Sources"], json!(["bids:source:sub-01/anat/sub-01_T1w.nii.gz"]));
}

#[test]
fn describes_a_derivative() {
    let place = Place::with_head();
    let out = place.write(Output::Derivative, |_| true);
    let told = out.text("dataset_description.json");
    let told_json = out.json("dataset_description.json");
    assert_eq!(
        told_json,
        json!({
            "Name": "Small", "BIDSVersion": "1.9.0", "DatasetType": "derivative",
            "GeneratedBy": [{"Name": "efface", "Version": "1.2", "Description": "Removal of faces"}],
        })
    );
    assert!(!told.contains(&out.root.parent().unwrap().display().to_string()));
}

/// What a file of text holds is looked at: its name does not make it one.
#[test]
fn copies_no_image_under_the_name_of_a_text() {
    let place = Place::with_head();
    place.put("README", b"\x5c\x01\0\0 a NIfTI header");
    place.image("sub-01/beh/sub-01_task-x_beh.tsv");
    place.put("sub-01/anat/sub-01_T1w.json", gzip(b"{}", ""));
    place.put("sub-01/beh/sub-01_task-x_physio.tsv.gz", gzip(b"\x5c\x01\0\0", ""));
    let out = place.write(Output::Raw, |_| true);
    let mut told: Vec<_> =
        out.problems.iter().map(|(path, _)| path.display().to_string()).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "README",
            "sub-01/anat/sub-01_T1w.json",
            "sub-01/beh/sub-01_task-x_beh.tsv",
            "sub-01/beh/sub-01_task-x_physio.tsv.gz",
        ]
    );
    assert!(told.iter().all(|file| !out.has(file)));
    assert!(out.files().iter().all(|file| !file.contains(".tmp")));
}

#[test]
fn compressed_tables_lose_name_and_time_of_their_header() {
    let place = Place::new();
    place.image("sub-01/func/sub-01_task-x_bold.nii.gz");
    let path = "sub-01/func/sub-01_task-x_recording-heart_physio.tsv.gz";
    place.put(path, gzip(b"1\t2\n", "John Doe.tsv"));
    let out = place.write(Output::Raw, |_| true);
    let bytes = fs::read(out.root.join(path)).unwrap();
    assert_eq!(bytes[3..8], [0; 5], "flags and time");
    let mut text = String::new();
    GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "1\t2\n");
}

#[test]
fn replaces_nothing_unless_asked() {
    let place = Place::with_head();
    let dataset = place.open();
    let out =
        |overwrite| OutputRoot::create(&place.0.path().join("out"), &dataset, overwrite).unwrap();
    let file = Path::new("a/b.txt");
    out(false).write(file, b"one").unwrap();
    assert!(matches!(out(false).write(file, b"two"), Err(BidsError::Exists(_))));
    assert_eq!(fs::read(place.0.path().join("out/a/b.txt")).unwrap(), b"one");
    out(true).write(file, b"two").unwrap();
    assert_eq!(fs::read(place.0.path().join("out/a/b.txt")).unwrap(), b"two");
    assert_eq!(fs::read_dir(place.0.path().join("out/a")).unwrap().count(), 1);
}

#[test]
#[cfg(unix)]
fn writes_nothing_outside_the_output() {
    use std::os::unix::fs::symlink;
    let place = Place::with_head();
    let dataset = place.open();
    let out = OutputRoot::create(&place.0.path().join("out"), &dataset, true).unwrap();
    let outside = place.0.path().join("outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, out.path().join("sub-01")).unwrap();
    symlink(outside.join("f"), out.path().join("f")).unwrap();
    for path in ["../x", "/x", "a/../../x", "", ".", "..", "sub-01/x", "sub-01/anat/x"] {
        let error = out.write(Path::new(path), b"x").unwrap_err();
        assert!(matches!(error, BidsError::Outside(_)), "{path}: {error}");
    }
    out.write(Path::new("f"), b"x").unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
#[cfg(unix)]
fn refuses_an_output_in_the_dataset_or_around_it() {
    let place = Place::with_head();
    let dataset = place.open();
    std::os::unix::fs::symlink("in", place.0.path().join("link")).unwrap();
    for out in ["in", "in/derivatives/efface", "", "in/../in/x", "new/../in/y", "new/../link/z"] {
        let path = place.0.path().join(out);
        let made = OutputRoot::create(&path, &dataset, true);
        let is_kept_out =
            matches!(made, Err(BidsError::Overlap { .. } | BidsError::Unwritable { .. }));
        assert!(is_kept_out, "{out}: {made:?}");
    }
    assert!(!place.root().join("derivatives").exists());
}

fn any_image() -> impl Strategy<Value = (PathBuf, Image)> {
    let entity = prop::option::of("[a-z0-9]{1,3}");
    (entity.clone(), entity.clone(), entity, "(T1w|T2w|bold|MP2RAGE)", "(\\.nii|\\.nii\\.gz)")
        .prop_map(|(run, part, desc, suffix, extension)| {
            let mut name = crate::Name::parse(&format!("sub-1_{suffix}{extension}")).unwrap();
            for (key, label) in [("run", run), ("part", part), ("desc", desc)] {
                name = label.map_or(name.clone(), |label| name.with_entity(key, &label));
            }
            let path = Path::new("sub-1/anat").join(name.to_string());
            (path, Image { name, datatype: "anat", subject: "1".to_owned(), session: None })
        })
}

proptest! {
    #[test]
    fn no_two_images_share_a_target(one in any_image(), other in any_image()) {
        let stem = |image: &Image| image.name.clone().with_extension("").to_string();
        prop_assume!(stem(&one.1) != stem(&other.1));
        for output in [Output::Raw, Output::Derivative] {
            let [a, b] = [&one, &other].map(|(path, image)| output.targets(path, image));
            prop_assert_ne!(&a.image, &b.image);
            prop_assert_ne!(&a.sidecar, &b.sidecar);
            prop_assert_ne!(&a.mask, &b.mask);
            prop_assert_ne!(&a.mask, &b.image);
        }
    }
}
