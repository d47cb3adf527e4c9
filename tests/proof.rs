//! What the proof sees, through the command: pairs that are right and pairs that are not.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]

mod common;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use common::{Place, Run, efface, gzip};
use flate2::read::GzDecoder;

const HEAD: &str = "data/head_t1.nii.gz";
/// Where the voxels of a NIfTI-1 file begin that has no extensions.
const DATA: usize = 352;

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path).expect("a file");
    GzDecoder::new(file).read_to_end(&mut bytes).expect("gzip data");
    bytes
}

fn extent(bytes: &[u8]) -> [usize; 3] {
    [42, 44, 46].map(|at| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]])))
}

/// A place with the head defaced, its mask beside it.
struct Defaced {
    place: Place,
    original: Vec<u8>,
    result: Vec<u8>,
    mask: Vec<u8>,
}

impl Defaced {
    fn new(more: &[&str]) -> Self {
        let place = Place::new();
        let run = place.deface(&[Path::new(HEAD)], &[&["--mask"], more].concat());
        assert_eq!(run.code, Some(0), "{run:?}");
        let result = unpacked(&place.out().join("head_t1.nii.gz"));
        let mask = unpacked(&place.out().join("head_t1_defacemask.nii.gz"));
        Self { original: unpacked(Path::new(HEAD)), result, mask, place }
    }

    /// Stored values of 16 bits.
    fn value(bytes: &[u8], voxel: usize) -> i16 {
        i16::from_le_bytes([bytes[DATA + 2 * voxel], bytes[DATA + 2 * voxel + 1]])
    }

    fn set(bytes: &mut [u8], voxel: usize, value: i16) {
        bytes[DATA + 2 * voxel..][..2].copy_from_slice(&value.to_le_bytes());
    }

    fn is_removed(&self, voxel: usize) -> bool {
        self.mask[DATA + voxel] != 0
    }

    fn n_voxels(&self) -> usize {
        extent(&self.original).iter().product()
    }

    /// Proves a pair of which the second is given by its bytes.
    fn verify(&self, result: &[u8]) -> Run {
        let path = self.place.put("other.nii.gz", &gzip(result));
        efface(&["verify".as_ref(), HEAD.as_ref(), path.as_os_str()])
    }

    fn check_not_passed(&self, result: &[u8], verdict: &str, reason: &str) {
        let run = self.verify(result);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert!(run.stdout.starts_with(verdict), "{run:?}");
        assert!(run.stdout.contains(reason), "{run:?}");
    }

    /// The mask moved by so many voxels along `j`.
    fn moved_mask(&self, by: isize) -> PathBuf {
        let [ni, nj, nk] = extent(&self.mask);
        let mut moved = self.mask.clone();
        for (k, j) in (0..nk).flat_map(|k| (0..nj).map(move |j| (k, j))) {
            let from = j.checked_add_signed(by).filter(|&j| j < nj);
            let row = DATA + ni * (j + nj * k);
            match from {
                Some(from) => {
                    let from = DATA + ni * (from + nj * k);
                    moved.splice(row..row + ni, self.mask[from..from + ni].to_vec());
                }
                None => moved[row..row + ni].fill(0),
            }
        }
        self.place.put("moved.nii.gz", &gzip(&moved))
    }
}

#[test]
fn a_result_is_proven_again_and_its_original_is_not() {
    let defaced = Defaced::new(&[]);
    let run = defaced.verify(&defaced.result);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.starts_with("pass "), "{run:?}");
    defaced.check_not_passed(&defaced.original, "fail", "of the facial surface is still there");
    // One voxel of the brain: far from the mask, bright, in the middle of the head.
    let [ni, nj, nk] = extent(&defaced.original);
    let middle = ni / 2 + 6 + ni * (nj / 2 + nj * (2 * nk / 3));
    let mut cut = defaced.result.clone();
    Defaced::set(&mut cut, middle, 0);
    assert!(Defaced::value(&defaced.original, middle) > 0 && !defaced.is_removed(middle));
    defaced.check_not_passed(&cut, "fail", "of the brain were removed");
    // A hundredth of what was there.
    let mut faint = defaced.result.clone();
    for voxel in (0..defaced.n_voxels()).filter(|v| defaced.is_removed(*v)) {
        let old = Defaced::value(&defaced.original, voxel);
        let air = Defaced::value(&defaced.result, voxel);
        Defaced::set(&mut faint, voxel, air + (old - air) / 100);
    }
    defaced.check_not_passed(&faint, "fail", "shows through");
}

#[test]
fn a_mask_by_hand_goes_through_the_same_proof() {
    let defaced = Defaced::new(&[]);
    let apply = |mask: &Path, out: &str| {
        let out = defaced.place.path(out);
        let args = ["apply".as_ref(), HEAD.as_ref(), "--mask".as_ref(), mask.as_os_str()];
        let run = efface(&[&args[..], &["-o".as_ref(), out.as_os_str()]].concat());
        (run, out)
    };
    let own = defaced.place.out().join("head_t1_defacemask.nii.gz");
    let (run, out) = apply(&own, "again");
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(unpacked(&out.join("head_t1.nii.gz")) == defaced.result, "the same voxels go");
    let backwards = defaced.moved_mask(8);
    let (run, out) = apply(&backwards, "moved");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(!out.join("head_t1.nii.gz").exists(), "{run:?}");
    let (run, out) = apply(Path::new("data/head_ct/0001.dcm"), "no-mask");
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("the mask") && run.stderr.contains("hint: "), "{run:?}");
    assert!(!out.join("head_t1.nii.gz").exists());
}

#[test]
fn what_is_no_pair_is_refused_with_a_remedy() {
    let place = Place::new();
    let mut other = unpacked(Path::new(HEAD));
    other[42..44].copy_from_slice(&10u16.to_le_bytes());
    let other = place.put("other.nii", &other);
    for wrong in [other.as_path(), Path::new("data"), Path::new("none.nii")] {
        let run = efface(&["verify".as_ref(), HEAD.as_ref(), wrong.as_os_str()]);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains("\nhint: "), "{run:?}");
    }
}

#[test]
fn every_fill_passes_and_leaves_the_rest_alone() {
    for fill in ["noise", "average", "constant:7"] {
        let defaced = Defaced::new(&["--fill", fill]);
        let (mut n_removed, mut values) = (0, std::collections::BTreeSet::new());
        for voxel in 0..defaced.n_voxels() {
            let new = Defaced::value(&defaced.result, voxel);
            if defaced.is_removed(voxel) {
                n_removed += 1;
                values.insert(new);
            } else {
                assert_eq!(new, Defaced::value(&defaced.original, voxel), "{fill}: {voxel}");
            }
        }
        assert!(n_removed > 10_000, "{fill}");
        let expected = match fill {
            "noise" => 3..=512,
            "average" => 2..=2,
            _ => 1..=1,
        };
        assert!(expected.contains(&values.len()), "{fill}: {} values", values.len());
    }
}

#[test]
fn what_is_not_asked_for_stays() {
    let defaced = Defaced::new(&["--remove", "minimal"]);
    let record = defaced.place.record("head_t1.efface.json");
    for kept in ["ears", "brow", "teeth", "neck"] {
        assert_eq!(record["regions"][kept]["absent"], "kept: not asked for", "{kept}");
    }
    for gone in ["eyes", "nose", "cheeks", "mouth", "chin"] {
        assert!(record["regions"][gone]["voxels"].as_u64().expect("a number") > 1000, "{gone}");
    }
    let run = defaced.place.deface(&[Path::new(HEAD)], &["--overwrite", "--remove", "hat"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("facial-bone"), "{run:?}");
}
