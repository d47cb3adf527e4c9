//! Synthetic heads in files, and runs of the built command on them.

#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use phantom::{Acquisition, Contrast, Person, Variant, Voxels};
use tempfile::TempDir;
use volume::{Affine, Grid, StoredType};

/// The seed of the person in every test.
pub(crate) const SEED: u64 = 1;

/// What a run of the command gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `efface` with `args`, the embedded engine unless they name another.
pub(crate) fn efface<S: AsRef<OsStr>>(args: &[S]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_efface"))
        .args(args)
        .env_remove("ORT_DYLIB_PATH")
        .output()
        .expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A folder of its own for a test: inputs lie in it, results in `out`.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    /// Writes an input.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, bytes).expect("written");
        path
    }

    /// Defaces `inputs` into `out`, with further arguments.
    pub(crate) fn deface(&self, inputs: &[&Path], more: &[&str]) -> Run {
        let out = self.out();
        let mut args: Vec<&OsStr> = vec!["deface".as_ref()];
        args.extend(inputs.iter().map(|p| p.as_os_str()));
        args.extend(["-o".as_ref(), out.as_os_str()]);
        args.extend(more.iter().map(AsRef::<OsStr>::as_ref));
        let run = efface(&args);
        self.no_staging_is_left();
        run
    }

    /// Every file below the folder of results, sorted, by its path below it.
    pub(crate) fn results(&self) -> Vec<String> {
        below(&self.out())
    }

    /// Every file below this folder.
    pub(crate) fn all(&self) -> Vec<String> {
        below(self.0.path())
    }

    pub(crate) fn no_staging_is_left(&self) {
        let left: Vec<String> = folders(self.0.path())
            .into_iter()
            .filter(|path| path.to_string_lossy().contains(".efface-staging"))
            .map(|path| path.display().to_string())
            .collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }

    pub(crate) fn record(&self, name: &str) -> serde_json::Value {
        let text = fs::read_to_string(self.out().join(name)).expect("a record");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().filter_map(Result::ok);
    let inner = entries.map(|e| e.path()).filter(|p| p.is_dir());
    inner.flat_map(|p| [vec![p.clone()], folders(&p)].concat()).collect()
}

fn below(folder: &Path) -> Vec<String> {
    let mut all = [vec![folder.to_owned()], folders(folder)].concat();
    all.sort();
    let files = all.iter().flat_map(|f| fs::read_dir(f).into_iter().flatten());
    let mut names: Vec<String> = files
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| !p.is_dir())
        .map(|p| p.strip_prefix(folder).expect("below").to_string_lossy().replace('\\', "/"))
        .collect();
    names.sort();
    names
}

/// A grid along the patient's axes that holds head and neck.
pub(crate) fn head_grid(mm: f64) -> Grid {
    let (low, high) = ([-105.0, -120.0, -120.0], [105.0, 130.0, 145.0]);
    let extent = [0, 1, 2].map(|axis| ((high[axis] - low[axis]) / mm) as usize);
    Grid { extent, affine: Affine::axis_aligned([mm; 3], low) }
}

/// Real values of the person of [`SEED`], CT on a head rest.
pub(crate) fn head(contrast: Contrast, variant: Variant, grid: &Grid) -> Vec<f32> {
    let usual = Acquisition::usual(contrast, 5);
    let acquisition = Acquisition { variant, head_rest: !contrast.is_mr(), ..usual };
    phantom::render(&Person::from_seed(SEED), grid, &acquisition)
}

/// A T1 head of 2 mm, `int16`, not compressed.
pub(crate) fn t1_file() -> Vec<u8> {
    let grid = head_grid(2.0);
    let real = head(Contrast::T1, Variant::Whole, &grid);
    phantom::nifti_bytes(&grid, &Voxels::rounded(&real, StoredType::I16))
}

/// `bytes` with `value` at `at`.
pub(crate) fn patched(mut bytes: Vec<u8>, at: usize, value: &[u8]) -> Vec<u8> {
    bytes[at..at + value.len()].copy_from_slice(value);
    bytes
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// SHA-256 of `bytes`, in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A small file of `extent` with all voxels `value`, `int16`.
pub(crate) fn constant_file(extent: [usize; 3], value: i16) -> Vec<u8> {
    let grid = Grid { extent, affine: Affine::axis_aligned([4.0; 3], [-100.0; 3]) };
    phantom::nifti_bytes(&grid, &Voxels::I16(vec![value; grid.n_voxels()]))
}

/// The scan at `path`, read by the project's own formats.
pub(crate) fn open(path: &Path) -> formats::Scan {
    let found = formats::discover(path).expect("a scan");
    assert_eq!(found.sources.len(), 1, "one scan at {}", path.display());
    formats::open(&found.sources[0]).expect("opens")
}

/// Real values of frame 0, `i` fastest.
pub(crate) fn real_values(scan: &formats::Scan) -> Vec<f32> {
    let [ni, nj, nk] = scan.volume.grid().extent;
    let mut values = vec![0.0; ni * nj * nk];
    for (k, plane) in values.chunks_exact_mut(ni * nj).enumerate() {
        scan.volume.real_rows(k, 0, plane);
    }
    values
}
