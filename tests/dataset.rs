//! Many scans in one run: one that is killed and gone on with, several that share the scans, and who may
//! not be among them.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use common::{Place, Run, SEED, constant_file, efface, gzip, head, head_grid, open, sha256};
use phantom::{Acquisition, Contrast, Person, Pose, Variant, Voxels};
use volume::{Affine, Grid, Labels, Region, StoredType, Tissue};

/// A small head, each one a little brighter than the one before.
fn small_heads(n: usize) -> Vec<Vec<u8>> {
    let grid = head_grid(3.0);
    let real = head(Contrast::T1, Variant::Whole, &grid);
    let bright = |by: usize| real.iter().map(|v| v * (1.0 + by as f32 / 100.0)).collect::<Vec<_>>();
    (0..n)
        .map(|n| gzip(&phantom::nifti_bytes(&grid, &Voxels::rounded(&bright(n), StoredType::I16))))
        .collect()
}

/// Puts scans into `in`, one of them in a folder of its own and one of them broken.
fn dataset(place: &Place, n: usize) -> Vec<String> {
    let mut names = Vec::new();
    for (n, bytes) in small_heads(n).into_iter().enumerate() {
        let name =
            if n == 1 { "deep/er/head 1.nii.gz".to_owned() } else { format!("head {n}.nii.gz") };
        place.put(&format!("in/{name}"), &bytes);
        names.push(name);
    }
    place.put("in/broken.nii.gz", &gzip(&constant_file([8; 3], 7))[..100]);
    names.sort();
    names
}

/// The SHA-256 of every image among the results, by name.
fn images(place: &Place) -> BTreeMap<String, String> {
    let is_image = |name: &String| name.ends_with(".nii.gz");
    let hash = |name: String| {
        let bytes = fs::read(place.out().join(&name)).expect("a result");
        (name, sha256(&bytes))
    };
    place.results().into_iter().filter(is_image).map(hash).collect()
}

/// Folders, locks and files of a run that is under way.
fn left_over(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.path(".")).expect("a folder").filter_map(Result::ok);
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".efface")).collect()
}

#[test]
fn a_killed_run_is_gone_on_with_and_nothing_is_lost_or_trusted_too_early() {
    let (place, whole) = (Place::new(), Place::new());
    let names = dataset(&place, 6);
    dataset(&whole, 6);
    let run = whole.deface(&[&whole.path("in")], &["--jobs", "2"]);
    assert!(run.stderr.contains("6 passed, 0 to review, 1 failed"), "{run:?}");

    for wait in [300, 900, 2500] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_efface"))
            .args(["deface".as_ref(), place.path("in").as_os_str(), "-o".as_ref()])
            .args([place.out().as_os_str(), "--resume".as_ref(), "--jobs".as_ref(), "2".as_ref()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env_remove("ORT_DYLIB_PATH")
            .spawn()
            .expect("starts");
        thread::sleep(Duration::from_millis(wait));
        child.kill().expect("killed");
        child.wait().expect("ended");
        // What lies there is whole: no image without its record, none that differs.
        let (sound, expected) = (images(&place), images(&whole));
        for (name, hash) in &sound {
            assert_eq!(Some(hash), expected.get(name), "{name}");
            let record = name.replace(".nii.gz", ".efface.json");
            assert!(place.out().join(&record).exists(), "{record}");
        }
    }
    let run = place.deface(&[&place.path("in")], &["--resume"]);
    assert!(run.stderr.contains("6 passed, 0 to review, 1 failed"), "{run:?}");
    assert_eq!(images(&place), images(&whole));
    assert_eq!(images(&place).into_keys().collect::<Vec<_>>(), names);
    assert_eq!(place.results(), whole.results());
    assert!(left_over(&place).is_empty(), "{:?}", left_over(&place));

    // Nothing is done twice, but what was changed since, here or there.
    fs::write(place.out().join(&names[0]), b"cut off").expect("written");
    place.put(&format!("in/{}", names[2]), &small_heads(8)[7]);
    fs::remove_file(place.out().join(&names[3])).expect("removed");
    let run = place.deface(&[&place.path("in")], &["--resume"]);
    let done = run.stdout.lines().filter(|line| line.starts_with("done   ")).count();
    assert_eq!(done, 3, "{run:?}");
    assert!(
        run.stderr.contains("6 passed") && run.stderr.contains("3 of them done before"),
        "{run:?}"
    );
    let (mut found, mut wanted) = (images(&place), images(&whole));
    assert_ne!(found.remove(&names[2]), wanted.remove(&names[2]));
    assert_eq!(found, wanted);
    // With other options nothing is done, and an image without a record is not this program's.
    let run = place.deface(&[&place.path("in")], &["--resume", "--brain-guard", "6"]);
    assert!(!run.stdout.contains("done "), "{run:?}");
    fs::remove_file(place.out().join(names[0].replace(".nii.gz", ".efface.json")))
        .expect("removed");
    let run = place.deface(&[&place.path("in")], &["--resume"]);
    assert!(run.code == Some(3) && run.stderr.contains("exists"), "{run:?}");
}

#[test]
fn shards_divide_the_scans_and_their_logs_are_joined() {
    let place = Place::new();
    let names = dataset(&place, 4);
    let shard = |shard: &str| {
        let (input, out) = (place.path("in"), place.out());
        efface(&[
            "deface".as_ref(),
            input.as_os_str(),
            "-o".as_ref(),
            out.as_os_str(),
            "--shard".as_ref(),
            shard.as_ref(),
        ])
    };
    let merge = || efface(&["merge".as_ref(), place.out().as_os_str(), "--overwrite".as_ref()]);
    let (one, two): (Run, Run) = thread::scope(|scope| {
        let two = scope.spawn(|| shard("2/3"));
        (shard("1/3"), two.join().expect("ran"))
    });
    let run = merge();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("shard 3/3 is not done"), "{run:?}");
    let three = shard("3/3");
    let told = |run: &Run| run.stdout.lines().count();
    assert_eq!(told(&one) + told(&two) + told(&three), 5, "{one:?} {two:?} {three:?}");
    assert_eq!(images(&place).into_keys().collect::<Vec<_>>(), names);
    let run = merge();
    assert!(
        run.stdout.contains("1 fail, 4 pass") && run.stdout.contains("fail   broken"),
        "{run:?}"
    );
    assert!(!run.stderr.contains("not done"), "{run:?}");
    let log = fs::read_to_string(place.path("out.efface.jsonl")).expect("a log");
    let logged: BTreeSet<String> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|line| line["name"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(logged.len(), 5, "{logged:?}");
    // A shard that was done before is done, one without a scan has nothing to do.
    let run = place.deface(&[&place.path("in")], &["--shard", "2/3", "--resume"]);
    assert!(
        run.stdout.lines().all(|line| line.starts_with("done ") || line.starts_with("fail ")),
        "{run:?}"
    );
    let run = place.deface(&[&place.path("in")], &["--shard", "9/9", "--resume"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    assert!(left_over(&place).is_empty(), "{:?}", left_over(&place));
}

#[test]
fn a_folder_that_another_run_works_on_is_refused() {
    let place = Place::new();
    dataset(&place, 4);
    let start = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_efface"))
            .args(["deface".as_ref(), place.path("in").as_os_str(), "-o".as_ref()])
            .arg(place.out())
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts")
    };
    let mut first = start(&[]);
    while left_over(&place).is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    for more in [&["--overwrite"][..], &["--overwrite", "--shard", "1/2"]] {
        let mut args = vec!["deface".into(), place.path("in"), "-o".into(), place.out()];
        args.extend(more.iter().map(PathBuf::from));
        args.extend(["--log".into(), place.path("other.jsonl")]);
        let run = efface(&args);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stderr.contains("another run works on"), "{run:?}");
    }
    assert_eq!(first.wait().expect("ended").code(), Some(1));
    assert_eq!(images(&place).len(), 4);
    // Runs that each write one named file do not keep each other off.
    let one = |n: usize| -> Run {
        let (input, out) = (
            place.path(&format!("in/head {}.nii.gz", 2 * n)),
            place.path(&format!("files/{n}.nii")),
        );
        efface(&["deface".as_ref(), input.as_os_str(), "-o".as_ref(), out.as_os_str()])
    };
    thread::scope(|scope| {
        let both: Vec<_> = (0..2)
            .map(|n| {
                scope.spawn({
                    let one = &one;
                    move || one(n)
                })
            })
            .collect();
        for run in both {
            let run = run.join().expect("ran");
            assert_eq!(run.code, Some(0), "{run:?}");
        }
    });
    assert!(left_over(&place).is_empty(), "{:?}", left_over(&place));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_run_cleanly_and_it_can_be_gone_on_with() {
    let place = Place::new();
    dataset(&place, 6);
    let child = Command::new(env!("CARGO_BIN_EXE_efface"))
        .args(["deface".as_ref(), place.path("in").as_os_str(), "-o".as_ref()])
        .arg(place.out())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    while left_over(&place).is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(100));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("sent").success());
    let output = child.wait_with_output().expect("ended");
    let (told, said) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("stopping:") && said.contains("not begun"), "{said}");
    assert!(left_over(&place).is_empty(), "{:?}", left_over(&place));
    let n_told = told.lines().count();
    assert!((1..7).contains(&n_told), "{told}");
    let run = place.deface(&[&place.path("in")], &["--resume"]);
    assert!(run.stderr.contains("6 passed, 0 to review, 1 failed"), "{run:?}");
}

/// As on a full disk, no file may grow beyond a limit that the smallest of three results fits.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_costs_what_did_not_fit_and_nothing_more() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let small = gzip(&phantom::nifti_bytes(
        &head_grid(4.0),
        &Voxels::rounded(&head(Contrast::T1, Variant::Whole, &head_grid(4.0)), StoredType::I16),
    ));
    let heads = small_heads(2);
    let blocks = (small.len() + heads[0].len()) / 2 / 1024;
    for (name, bytes) in [("a", &heads[0]), ("b", &small), ("c", &heads[1])] {
        place.put(&format!("in/{name}.nii.gz"), bytes);
    }
    let inputs = || {
        let names = ["a", "b", "c"].map(|name| place.path(&format!("in/{name}.nii.gz")));
        names.map(|path| sha256(&fs::read(path).expect("an input")))
    };
    let before = inputs();
    let write = |mode| fs::set_permissions(place.path("in"), fs::Permissions::from_mode(mode));
    write(0o555).expect("rights");
    let (program, from, to) = (env!("CARGO_BIN_EXE_efface"), place.path("in"), place.out());
    let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    let run = Command::new("bash")
        .args(["-c", &limited, "bash", program, "deface"])
        .args([from.as_os_str(), "-o".as_ref(), to.as_os_str(), "--jobs".as_ref(), "2".as_ref()])
        .env_remove("ORT_DYLIB_PATH")
        .output()
        .expect("a shell");
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(1), "{told}");
    assert!(told.contains("1 passed, 0 to review, 2 failed"), "{told}");
    assert!(images(&place).into_keys().eq(["b.nii.gz"]) && left_over(&place).is_empty(), "{told}");
    let run = place.deface(&[&place.path("in")], &["--resume"]);
    assert!(run.stderr.contains("3 passed, 0 to review, 0 failed"), "{run:?}");
    assert!(
        run.stdout.contains("done   b.nii.gz") || run.stdout.contains("done b.nii.gz"),
        "{run:?}"
    );
    assert_eq!(images(&place).len(), 3);
    write(0o755).expect("rights");
    assert_eq!(inputs(), before);
}

#[test]
fn who_did_not_consent_is_left_out_and_what_is_handed_over_is_written_down() {
    let place = Place::new();
    for (n, bytes) in small_heads(3).into_iter().enumerate() {
        let name = format!("sub-0{n}_T1w.nii.gz");
        place.put(&format!("in/sub-0{n}/anat/{name}"), &bytes);
    }
    let list = "subject,consent,scope,date\nsub-00,yes,all,2024-01-31\nsub-01,no,all,2024-01-31\n";
    let list = place.put("consent.csv", list.as_bytes());
    let key = place.put("key", b"a secret of more than sixteen bytes\n");
    private(&key);
    let (list, key) = (list.to_string_lossy().into_owned(), key.to_string_lossy().into_owned());
    let ledger = place.path("ledger.jsonl");
    let to = ledger.to_string_lossy().into_owned();
    let more = [
        "--consent",
        &list,
        "--ledger",
        &to,
        "--ledger-key",
        &key,
        "--recipient",
        "Dr. A. Other",
        "--purpose",
        "a study",
        "--agreement",
        "DUA 7",
    ];
    let run = place.deface(&[&place.path("in")], &[&more[..], &["--consent-required"]].concat());
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.stdout.contains("excluded sub-01") && run.stdout.contains("excluded sub-02"),
        "{run:?}"
    );
    assert!(run.stderr.contains("1 passed, 0 to review, 0 failed, 2 excluded"), "{run:?}");
    assert_eq!(images(&place).len(), 1);
    let text = fs::read_to_string(&ledger).expect("a ledger");
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains("sub-0") && text.contains("Dr. A. Other"), "{text}");
    let output = images(&place).into_values().next().expect("an image");
    assert!(text.contains(&output), "{text}");

    let ledger_of = |args: &[&str]| efface(&[&["ledger"], args].concat());
    let run = ledger_of(&["verify", &to]);
    assert!(run.code == Some(0) && run.stdout.starts_with("1 entries, head "), "{run:?}");
    let run = ledger_of(&["export", &to, "--subject", "00", "--ledger-key", &key]);
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    let run = ledger_of(&["export", &to, "--subject", "01", "--ledger-key", &key]);
    assert_eq!(run.stdout, "", "{run:?}");
    // What is not on the list is taken unless consent is required.
    let run = place.deface(&[&place.path("in")], &[&more[..], &["--overwrite"]].concat());
    assert!(run.stderr.contains("2 passed, 0 to review, 0 failed, 1 excluded"), "{run:?}");
    // Who takes consent back is not released by what was made before.
    let is_there = |name: &str| place.path("out").join(name).exists();
    let made = "sub-00/anat/sub-00_T1w.nii.gz";
    assert!(is_there(made));
    let words = fs::read_to_string(&list).expect("a list");
    fs::write(&list, words.replace("sub-00,yes", "sub-00,no")).expect("written");
    let run = place.deface(&[&place.path("in")], &["--consent", &list, "--resume"]);
    assert!(run.stderr.contains("2 excluded"), "{run:?}");
    assert!(!is_there(made) && !is_there("sub-00/anat/sub-00_T1w.efface.json"), "{run:?}");
    // A ledger that was tampered with is not added to, and nothing is handed over.
    fs::write(&ledger, text.replace("DUA 7", "DUA 8")).expect("written");
    let before = images(&place);
    let run = place.deface(&[&place.path("in")], &[&more[..], &["--overwrite"]].concat());
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(images(&place), before);
    // A list that cannot be understood stops everything.
    fs::write(&list, "subject,consent,scope,date\nsub-00,maybe,all,2024-01-31\n").expect("written");
    let run = place.deface(&[&place.path("in")], &["--consent", &list, "--overwrite"]);
    assert!(run.code == Some(3) && !run.stderr.contains("sub-00"), "{run:?}");
}

#[cfg(unix)]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("rights");
}

#[cfg(not(unix))]
fn private(_path: &Path) {}

/// What the official validator says of a dataset, where Python has it.
fn bids_errors(dataset: &Path) -> Option<String> {
    let python = std::env::var_os("EFFACE_PYTHON")?;
    let code = "import sys, subprocess, pathlib\n\
                tool = pathlib.Path(sys.executable).parent / 'bids-validator-deno'\n\
                said = subprocess.run([tool, '--json', sys.argv[1]], capture_output=True, text=True)\n\
                sys.stdout.write(said.stdout or said.stderr)";
    let output =
        Command::new(python).args(["-c".as_ref(), code.as_ref(), dataset.as_os_str()]).output();
    let said = String::from_utf8(output.expect("Python").stdout).expect("text");
    let found: serde_json::Value = serde_json::from_str(&said).expect("the validator's answer");
    let issues = found["issues"]["issues"].as_array().expect("issues").clone();
    let errors: Vec<_> = issues.into_iter().filter(|issue| issue["severity"] == "error").collect();
    Some(errors.iter().map(|e| format!("{} {}\n", e["code"], e["location"])).collect())
}

#[test]
fn a_bids_dataset_becomes_one_that_is_valid_and_holds_nothing_else() {
    let place = Place::new();
    let heads = small_heads(2);
    let put = |name: &str, bytes: &[u8]| place.put(&format!("in/{name}"), bytes);
    put("dataset_description.json", b"{\"Name\": \"Heads\", \"BIDSVersion\": \"1.10.0\"}");
    put("README", &b"Heads that nobody has. ".repeat(20));
    put("participants.tsv", b"participant_id\tage\nsub-a\t30\nsub-b\t31\nsub-c\t32\n");
    put("sub-a/anat/sub-a_T1w.nii.gz", &heads[0]);
    put(
        "sub-a/anat/sub-a_T1w.json",
        b"{\"EchoTime\": 0.00300, \"DeidentificationMethod\": [\"by hand\"]}",
    );
    put("sub-b/ses-1/anat/sub-b_ses-1_run-1_T1w.nii.gz", &heads[1]);
    put("sub-c/anat/sub-c_T1w.nii.gz", &heads[1][..3000]);
    put("sub-c/anat/sub-c_T1w.json", b"{\"EchoTime\": 0.003}");
    put("sub-a/anat/portrait.nii.gz", &heads[0]);
    put("sub-a/anat/notes.txt", b"who it is");
    let out = place.out();
    let bids = |more: &[&str]| {
        let mut args = vec!["bids".into(), place.path("in"), out.clone()];
        args.extend(more.iter().map(PathBuf::from));
        efface(&args)
    };
    let run = bids(&["participant", "--mask", "--n-procs", "2"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("2 passed, 0 to review, 1 failed"), "{run:?}");
    assert!(run.stderr.contains("left out: sub-a/anat/portrait.nii.gz"), "{run:?}");
    let mask = "derivatives/efface/sub-a/anat/sub-a_desc-defaceT1w_mask";
    let expected = [
        ".bidsignore",
        "README",
        "dataset_description.json",
        "derivatives/efface/.bidsignore",
        "derivatives/efface/dataset_description.json",
        &format!("{mask}.json"),
        &format!("{mask}.nii.gz"),
        "derivatives/efface/sub-b/ses-1/anat/sub-b_ses-1_run-1_desc-defaceT1w_mask.json",
        "derivatives/efface/sub-b/ses-1/anat/sub-b_ses-1_run-1_desc-defaceT1w_mask.nii.gz",
        "participants.tsv",
        "review/sub-c/anat/sub-c_T1w.efface.json",
        "sub-a/anat/sub-a_T1w.efface.json",
        "sub-a/anat/sub-a_T1w.json",
        "sub-a/anat/sub-a_T1w.nii.gz",
        "sub-b/ses-1/anat/sub-b_ses-1_run-1_T1w.efface.json",
        "sub-b/ses-1/anat/sub-b_ses-1_run-1_T1w.json",
        "sub-b/ses-1/anat/sub-b_ses-1_run-1_T1w.nii.gz",
    ];
    assert_eq!(place.results(), expected);
    let text = |name: &str| fs::read_to_string(out.join(name)).expect("a file");
    let sidecar = text("sub-a/anat/sub-a_T1w.json");
    assert!(sidecar.contains("0.00300") && sidecar.contains("\"by hand\""), "{sidecar}");
    assert!(sidecar.contains("\"113102\"") && sidecar.contains("efface 0."), "{sidecar}");
    assert_eq!(text("participants.tsv"), "participant_id\tage\nsub-a\t30\nsub-b\t31\n");
    if let Some(errors) = bids_errors(&out) {
        assert_eq!(errors, "");
    }
    // Another run goes on, and comes to the same.
    let run = bids(&["participant", "--mask", "--resume"]);
    assert!(run.stdout.matches("done ").count() == 2, "{run:?}");
    assert_eq!(place.results(), expected);
    let run = bids(&["participant", "--participant-label", "d"]);
    assert!(run.code == Some(3), "{run:?}");
}

/// A scan of one head: how it lies, and what of it is scanned.
struct Series {
    name: &'static str,
    contrast: Contrast,
    pose: Pose,
    grid: Grid,
}

impl Series {
    fn person(&self) -> Person {
        Person::from_seed(SEED).posed(self.pose)
    }

    fn file(&self) -> Vec<u8> {
        let real =
            phantom::render(&self.person(), &self.grid, &Acquisition::usual(self.contrast, 7));
        gzip(&phantom::nifti_bytes(&self.grid, &Voxels::rounded(&real, StoredType::I16)))
    }

    /// The shares of the face and of the brain that the mask of a result covers.
    fn removed(&self, mask: &Path) -> [f64; 2] {
        let scan = open(mask);
        let mask = common::real_values(&scan);
        let Labels { tissues, .. } = phantom::labels(&self.person(), &self.grid, Variant::Whole);
        let share = |is: &dyn Fn(Tissue) -> bool| {
            let of = tissues.iter().zip(&mask).filter(|(t, _)| is(**t));
            let gone: Vec<bool> = of.map(|(_, removed)| *removed > 0.0).collect();
            gone.iter().filter(|gone| **gone).count() as f64 / gone.len() as f64
        };
        let is_face = |t| Region::of_face(t).is_some_and(|region| region != Region::Ears);
        [share(&is_face), share(&|t| t == Tissue::Brain)]
    }
}

#[test]
fn scans_of_one_space_share_the_face_that_is_located_in_the_best() {
    let moved = Pose {
        pitch_degrees: 5.0,
        roll_degrees: -2.0,
        yaw_degrees: 3.0,
        shift_mm: [3.0, -6.0, 4.0],
    };
    let far = Pose { shift_mm: [0.0, 40.0, -10.0], ..Pose::UPRIGHT };
    let grid = |spacing: [f64; 3], [low, high]: [f64; 2]| {
        let sides = [[-105.0, 105.0], [-120.0, 130.0], [low, high]];
        let extent = [0, 1, 2].map(|a| ((sides[a][1] - sides[a][0]) / spacing[a]) as usize);
        Grid { extent, affine: Affine::axis_aligned(spacing, [-105.0, -120.0, low]) }
    };
    let whole = [-120.0, 145.0];
    let series = |name, contrast, pose, grid| Series { name, contrast, pose, grid };
    let all = [
        series("t1", Contrast::T1, Pose::UPRIGHT, head_grid(3.0)),
        series("thick", Contrast::T2, moved, grid([2.0, 2.0, 6.0], whole)),
        series("slab", Contrast::Flair, Pose::UPRIGHT, grid([2.0, 2.0, 3.0], [-30.0, 40.0])),
        series("far", Contrast::T2, far, grid([3.0, 3.0, 4.5], whole)),
    ];
    let place = Place::new();
    for series in &all {
        place.put(&format!("in/s/{}.nii.gz", series.name), &series.file());
    }
    place.put("in/alone/t1.nii.gz", &all[0].file());
    place.put("in/s/broken.nii.gz", &all[0].file()[..2000]);
    let input = place.path("in");
    let more = ["--same-space", "--mask", "--jobs", "2"];
    let run = place.deface(&[&input], &more);
    let not_defaced = "of a head whose face another scan shows:\n  fail   s/broken.nii.gz";
    assert!(run.stderr.contains(not_defaced), "{run:?}");
    let record = |name: &str| {
        let path = format!("s/{name}.efface.json");
        let is_review = !place.out().join(&path).exists();
        place.record(&if is_review { format!("review/{path}") } else { path })
    };
    let first = images(&place);
    // The best scan comes out as if it were alone.
    assert_eq!(first["s/t1.nii.gz"], first["alone/t1.nii.gz"]);
    assert!(place.record("alone/t1.efface.json").get("space").is_none());
    assert_eq!(record("t1")["space"]["face_located"], "in this scan, to be carried to others");
    let removed = |series: &Series| {
        let is_pass = record(series.name)["verdict"] == "pass";
        let folder = place.out().join(if is_pass { "s" } else { "review/s" });
        series.removed(&folder.join(format!("{}_defacemask.nii.gz", series.name)))
    };
    let [best, _] = removed(&all[0]);
    for series in &all[1..3] {
        let record = record(series.name);
        assert_eq!(record["space"]["face_located"], "in another scan", "{record}");
        assert_eq!(record["space"]["from"]["spacing_mm"][2], 3.0);
        let [face, brain] = removed(series);
        // Two brains have a guard, each a little into the brow; alone it is 0.909 of the thick slices.
        assert!(face > best - 0.04 && brain <= 0.0, "{}: {face:.3}, {brain:.6}", series.name);
    }
    let offset = |name: &str, what: &str| record(name)["space"]["offset"][what].as_f64();
    let degrees = offset("thick", "degrees").expect("a turn");
    assert!((degrees - 6.16).abs() < 1.5, "{degrees}");
    assert!(offset("slab", "largest_mm").is_some_and(|mm| mm < 1.5), "{}", record("slab"));
    assert!(record("slab")["space"]["offset"]["taken_as_none"].as_bool() == Some(true));
    assert_eq!(record("thick")["verdict"], "pass", "{}", record("thick"));
    let apart = record("far");
    assert_eq!(apart["space"]["why"], "the head moved too far between the two", "{apart}");
    assert_eq!(apart["space"]["face_located"], "in this scan");

    // What is done is left, and what is done anew comes out as before.
    fs::remove_file(place.out().join("s/thick.nii.gz")).expect("removed");
    let run = place.deface(&[&input], &["--same-space", "--mask", "--resume"]);
    assert_eq!(run.stdout.matches("done ").count(), first.len() / 2 - 1, "{run:?}");
    assert_eq!(images(&place), first);
}

#[test]
fn options_come_from_a_file_and_are_shown() {
    let place = Place::new();
    place.put("in/head.nii.gz", &small_heads(1)[0]);
    let file = place.put(
        "efface.toml",
        b"mask = true\nprogress = \"json\"\n[deface]\nremove = [\"eyes\", \"nose\"]\n",
    );
    let file = file.to_string_lossy().into_owned();
    let run = place.deface(&[&place.path("in")], &["--config", &file]);
    let events: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let names: Vec<_> = events.iter().map(|e| e["event"].as_str().expect("an event")).collect();
    assert_eq!(names, ["start", "scan", "end"], "{run:?}");
    assert!(
        place.results().iter().any(|name| name.ends_with("_defacemask.nii.gz")),
        "{:?}",
        place.results()
    );
    let shown = efface(&["config", "--config", &file]);
    assert!(shown.stdout.contains("remove = [\"eyes\", \"nose\"]  # of the file"), "{shown:?}");
    assert!(shown.stdout.contains("\nmask = true  # of the file"), "{shown:?}");
    assert!(shown.stdout.contains("\nbrain-guard = 5\n"), "{shown:?}");
    let wrong = place.put("wrong.toml", b"brain_guard = 7\n").to_string_lossy().into_owned();
    let run = efface(&["config", "--config", &wrong]);
    assert!(run.code == Some(3) && run.stderr.contains("`brain_guard` is no option"), "{run:?}");
    for (args, part) in [(&["completions", "bash"][..], "_efface"), (&["man"], ".SH DEFACE")] {
        let run = efface(args);
        assert!(run.code == Some(0) && run.stdout.contains(part), "{args:?}");
    }
}
