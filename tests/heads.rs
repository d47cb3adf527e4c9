//! Synthetic heads through the command, judged by their exact labels.

#![expect(clippy::expect_used, reason = "a test stops where a file is missing")]

mod common;

use std::path::Path;
use std::sync::OnceLock;

use common::{Place, SEED, head, head_grid, open, patched, real_values};
use phantom::{Contrast, Person, Series, Variant, Voxels};
use volume::{Affine, Grid, Labels, Region, StoredType, Tissue};

fn labels(grid: &Grid) -> Labels {
    phantom::labels(&Person::from_seed(SEED), grid, Variant::Whole)
}

/// The T1 head of 2 mm that many tests share.
fn t1() -> (Grid, &'static [f32]) {
    static REAL: OnceLock<Vec<f32>> = OnceLock::new();
    let grid = head_grid(2.0);
    (grid, REAL.get_or_init(|| head(Contrast::T1, Variant::Whole, &grid)))
}

/// Whether each voxel is set in the mask beside the result, `i` fastest.
fn mask(place: &Place, name: &str) -> Vec<bool> {
    let scan = open(&place.out().join(format!("{name}_defacemask.nii.gz")));
    real_values(&scan).into_iter().map(|v| v > 0.5).collect()
}

/// The bytes of each voxel of every frame, `i` fastest, frame after frame.
fn codes(scan: &formats::Scan) -> Vec<&[u8]> {
    let each = scan.volume.stored_type().n_bytes();
    (0..scan.volume.n_planes()).flat_map(|p| scan.volume.plane(p).chunks_exact(each)).collect()
}

/// That a result keeps every code outside its mask and at most a tenth of the face.
fn check_result(before: &Path, after: &Path, mask: &[bool], truth: &Labels) {
    let (before, after) = (open(before), open(after));
    assert_eq!(before.volume.grid(), after.volume.grid());
    let (old, new) = (codes(&before), codes(&after));
    let n = mask.len();
    assert_eq!(old.len(), new.len());
    for (at, (old, new)) in old.iter().zip(&new).enumerate() {
        assert!(mask[at % n] || old == new, "voxel {at} outside the mask changed");
    }
    assert_eq!(truth.tissues.len(), n);
    let pairs = || truth.tissues.iter().zip(mask);
    let face = |t: Tissue| Region::of_face(t).is_some();
    let all = pairs().filter(|(t, _)| face(**t)).count();
    let gone = pairs().filter(|(t, m)| face(**t) && **m).count();
    let share = gone as f64 / all as f64;
    assert!(share >= 0.9, "{:.1} % of the face removed", 100.0 * share);
}

/// How far from all else the voxel `at` of the brain lies, in mm; looked for within 12 mm.
fn depth_mm(truth: &Labels, at: usize) -> f64 {
    let [ni, nj, nk] = truth.grid.extent;
    let (step, index) = (truth.grid.spacing_mm()[0], [at % ni, at / ni % nj, at / (ni * nj)]);
    let reach = (12.0 / step) as isize;
    let mut least = f64::INFINITY;
    for n in 0..(2 * reach + 1).pow(3) {
        let side = 2 * reach + 1;
        let offset = [n % side - reach, n / side % side - reach, n / (side * side) - reach];
        let there = [0, 1, 2].map(|axis| index[axis].checked_add_signed(offset[axis]));
        let [Some(i), Some(j), Some(k)] = there else { continue };
        if i < ni && j < nj && k < nk && truth.tissues[i + ni * (j + nj * k)] != Tissue::Brain {
            let square: isize = offset.iter().map(|o| o * o).sum();
            least = least.min(step * (square as f64).sqrt());
        }
    }
    least
}

/// That no voxel of the brain lies under the mask.
fn check_brain(mask: &[bool], truth: &Labels) {
    let is_lost = |at: &usize| mask[*at] && truth.tissues[*at] == Tissue::Brain;
    let lost: Vec<usize> = (0..mask.len()).filter(is_lost).collect();
    let deepest = lost.iter().map(|&at| depth_mm(truth, at)).fold(0.0, f64::max);
    let ml = lost.len() as f64 * truth.grid.voxel_mm3() / 1000.0;
    assert!(lost.is_empty(), "{ml:.2} ml of the brain removed, up to {deepest:.1} mm deep");
}

/// Defaces a file that must pass, and judges the result by exact labels.
fn passes(bytes: &[u8], grid: &Grid) -> (Place, Vec<bool>) {
    let place = Place::new();
    let input = place.put("head.nii", bytes);
    let run = place.deface(&[&input], &["--mask"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let mask = mask(&place, "head");
    check_result(&input, &place.out().join("head.nii"), &mask, &labels(grid));
    (place, mask)
}

fn i16_file(grid: &Grid, real: &[f32]) -> Vec<u8> {
    phantom::nifti_bytes(grid, &Voxels::rounded(real, StoredType::I16))
}

#[test]
fn a_t1_head_passes() {
    let grid = head_grid(1.6);
    passes(&i16_file(&grid, &head(Contrast::T1, Variant::Whole, &grid)), &grid);
}

#[test]
fn a_ct_head_passes() {
    let grid = head_grid(1.8);
    passes(&i16_file(&grid, &head(Contrast::Ct, Variant::Whole, &grid)), &grid);
}

#[test]
fn no_voxel_of_the_brain_goes_from_a_t1_head() {
    let (grid, real) = t1();
    let (_, mask) = passes(&i16_file(&grid, real), &grid);
    check_brain(&mask, &labels(&grid));
}

#[test]
fn no_voxel_of_the_brain_goes_from_a_ct_head() {
    let grid = head_grid(2.0);
    let real = head(Contrast::Ct, Variant::Whole, &grid);
    let (_, mask) = passes(&i16_file(&grid, &real), &grid);
    check_brain(&mask, &labels(&grid));
}

/// The mirrored look finds the same head: about the same voxels go, and the record says so.
#[test]
fn a_look_at_the_mirrored_scan_removes_the_same_face() {
    let (grid, real) = t1();
    let bytes = i16_file(&grid, real);
    let looks = [&["--mask"][..], &["--mask", "--flip"]].map(|options| {
        let place = Place::new();
        let input = place.put("head.nii", &bytes);
        let run = place.deface(&[&input], options);
        assert_eq!(run.code, Some(0), "{run:?}");
        let record = place.out().join("head.efface.json");
        let text = std::fs::read_to_string(record).expect("a record");
        let record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(record["options"]["flip"], options.contains(&"--flip"));
        for tissue in ["brain", "eyes", "nose"] {
            let sure = record["confidence"][tissue].as_f64().expect("a number");
            assert!((0.74..1.0).contains(&sure), "{tissue}: {sure}");
        }
        mask(&place, "head")
    });
    assert_ne!(looks[0], looks[1]);
    let both = looks[0].iter().zip(&looks[1]).filter(|(a, b)| **a && **b).count();
    let each = looks.iter().flatten().filter(|m| **m).count();
    assert!(2 * both * 100 > 97 * each, "{both} of {each}");
}

#[test]
fn a_ct_series_in_is_a_ct_series_out() {
    // Axial planes as scanners store them: rows to the left, columns to the back.
    let upright = head_grid(2.0);
    let [ni, nj, _] = upright.extent;
    let [x, y, z] = upright.affine.apply([ni as f64 - 1.0, nj as f64 - 1.0, 0.0]);
    let affine = Affine([[-2.0, 0.0, 0.0, x], [0.0, -2.0, 0.0, y], [0.0, 0.0, 2.0, z]]);
    let grid = Grid { affine, ..upright };
    let place = Place::new();
    let folder = place.path("series");
    let series = Series { contrast: Contrast::Ct, seed: SEED, number: 2 };
    let real = head(Contrast::Ct, Variant::Whole, &grid);
    phantom::write_dicom_series(&folder, &grid, &real, &series).expect("written");
    let run = place.deface(&[&folder], &["--mask"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let mask = mask(&place, "series");
    check_result(&folder, &place.out().join("series"), &mask, &labels(&grid));
    let n_files = |folder: &Path| std::fs::read_dir(folder).expect("a folder").count();
    assert_eq!(n_files(&place.out().join("series")), n_files(&folder));
}

/// The same voxels go at every level of instructions.
#[test]
fn the_same_voxels_go_at_every_level() {
    let (grid, real) = t1();
    let bytes = i16_file(&grid, real);
    let masks: Vec<Vec<bool>> = kernels::Level::available()
        .into_iter()
        .map(|level| {
            let place = Place::new();
            let input = place.put("head.nii", &bytes);
            let run = place.deface(&[&input], &["--mask", "--level", level.name()]);
            assert_eq!(run.code, Some(0), "{run:?}");
            mask(&place, "head")
        })
        .collect();
    assert!(masks.iter().all(|mask| *mask == masks[0]));
    let place = Place::new();
    let input = place.put("head.nii", &bytes);
    let run = place.deface(&[&input], &["--level", "mmx"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stderr.contains("scalar"), "{run:?}");
}

/// The same voxels in another order: axis `n` of the result is axis `order[n]`, turned if so said.
fn reordered(grid: &Grid, real: &[f32], order: [usize; 3], turned: [bool; 3]) -> (Grid, Vec<f32>) {
    let extent = order.map(|axis| grid.extent[axis]);
    let source = |index: [usize; 3]| {
        let mut from = [0; 3];
        for n in 0..3 {
            from[order[n]] = if turned[n] { extent[n] - 1 - index[n] } else { index[n] };
        }
        from
    };
    let first = grid.affine.apply(source([0; 3]).map(|i| i as f64));
    let mut affine = Affine([[0.0; 4]; 3]);
    for (row, out) in affine.0.iter_mut().enumerate() {
        for n in 0..3 {
            let step = grid.affine.0[row][order[n]];
            out[n] = if turned[n] { -step } else { step };
        }
        out[3] = first[row];
    }
    let mut values = Vec::with_capacity(real.len());
    for k in 0..extent[2] {
        for j in 0..extent[1] {
            for i in 0..extent[0] {
                let [a, b, c] = source([i, j, k]);
                values.push(real[a + grid.extent[0] * (b + grid.extent[1] * c)]);
            }
        }
    }
    (Grid { extent, affine }, values)
}

/// Twice the common part of what two masks remove of the patient, over the sum of both.
fn dice(one: (&Grid, &[bool]), other: (&Grid, &[bool])) -> f64 {
    let inverse = other.0.affine.inverse().expect("spans space");
    let [ni, nj, nk] = one.0.extent;
    let (mut common, mut n_one, mut n_other) = (0u32, 0u32, 0u32);
    for at in 0..ni * nj * nk {
        let index = [at % ni, at / ni % nj, at / (ni * nj)].map(|i| i as f64);
        let there = inverse.apply(one.0.affine.apply(index)).map(|v| v.round());
        let inside = (0..3).all(|n| there[n] >= 0.0 && (there[n] as usize) < other.0.extent[n]);
        if !inside {
            continue;
        }
        let [i, j, k] = there.map(|v| v as usize);
        let other_set = other.1[i + other.0.extent[0] * (j + other.0.extent[1] * k)];
        n_one += u32::from(one.1[at]);
        n_other += u32::from(other_set);
        common += u32::from(one.1[at] && other_set);
    }
    2.0 * f64::from(common) / f64::from(n_one + n_other)
}

#[test]
fn the_same_anatomy_goes_in_all_48_orders_of_the_axes() {
    let (grid, real) = t1();
    let (_, upright) = passes(&i16_file(&grid, real), &grid);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (order, turns) in orders.into_iter().flat_map(|order| (0..8).map(move |n| (order, n))) {
        let turned = [0, 1, 2].map(|axis| turns >> axis & 1 == 1);
        let (other, values) = reordered(&grid, real, order, turned);
        let (_, mask) = passes(&i16_file(&other, &values), &other);
        let same = dice((&other, &mask), (&grid, &upright));
        assert!(same >= 0.97, "{order:?} {turned:?}: Dice {same:.4}");
    }
}

#[test]
fn the_same_anatomy_goes_from_an_oblique_scan() {
    let (grid, real) = t1();
    let (_, upright) = passes(&i16_file(&grid, real), &grid);
    // 14 degrees about x, 8 about z, around a point near the middle of the head.
    let ((sx, cx), (sz, cz)) = (14f64.to_radians().sin_cos(), 8f64.to_radians().sin_cos());
    let about_x = Affine([[1.0, 0.0, 0.0, 0.0], [0.0, cx, -sx, 0.0], [0.0, sx, cx, 0.0]]);
    let about_z = Affine([[cz, -sz, 0.0, 0.0], [sz, cz, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
    let affine = about_z.after(&about_x).after(&grid.affine);
    let oblique = Grid { affine, ..grid };
    let values = head(Contrast::T1, Variant::Whole, &oblique);
    let (_, mask) = passes(&i16_file(&oblique, &values), &oblique);
    let same = dice((&oblique, &mask), (&grid, &upright));
    assert!(same >= 0.93, "Dice {same:.4}");
}

/// The verdict line of a scan that must not pass, and that no image of it lies in `out` itself.
fn does_not_pass(bytes: &[u8]) -> String {
    let place = Place::new();
    let input = place.put("head.nii", bytes);
    let run = place.deface(&[&input], &[]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(!place.out().join("head.nii").exists(), "{run:?}");
    assert!(run.stdout.contains(": "), "no reason is told: {run:?}");
    run.stdout
}

#[test]
fn a_defaced_head_does_not_pass_and_is_named() {
    let grid = head_grid(2.0);
    for contrast in [Contrast::T1, Contrast::Ct] {
        let real = head(contrast, Variant::Defaced, &grid);
        let line = does_not_pass(&i16_file(&grid, &real));
        assert!(line.contains("face"), "{line}");
    }
}

#[test]
fn a_brain_without_a_head_does_not_pass_and_is_named() {
    let grid = head_grid(2.0);
    let line = does_not_pass(&i16_file(&grid, &head(Contrast::T1, Variant::BrainOnly, &grid)));
    assert!(line.contains("brain") || line.contains("skull"), "{line}");
}

#[test]
fn a_head_whose_header_says_it_is_upside_down_does_not_pass() {
    let (grid, real) = t1();
    let upside_down = {
        let top = grid.affine.apply([0.0, 0.0, grid.extent[2] as f64 - 1.0])[2];
        let mut affine = grid.affine;
        affine.0[2] = [0.0, 0.0, -affine.0[2][2], top];
        Grid { affine, ..grid }
    };
    does_not_pass(&i16_file(&upside_down, real));
    let back_to_front = {
        let front = grid.affine.apply([0.0, grid.extent[1] as f64 - 1.0, 0.0])[1];
        let mut affine = grid.affine;
        affine.0[1] = [0.0, -affine.0[1][1], 0.0, front];
        Grid { affine, ..grid }
    };
    does_not_pass(&i16_file(&back_to_front, real));
}

#[test]
fn a_float64_head_passes() {
    let (grid, real) = t1();
    passes(&phantom::nifti_bytes(&grid, &Voxels::rounded(real, StoredType::F64)), &grid);
}

#[test]
fn a_scaled_head_passes() {
    let (grid, real) = t1();
    let stored: Vec<f32> = real.iter().map(|v| v * 4.0 - 3000.0).collect();
    let bytes = patched(i16_file(&grid, &stored), 112, &0.25f32.to_le_bytes());
    passes(&patched(bytes, 116, &750f32.to_le_bytes()), &grid);
}

#[test]
fn every_frame_of_a_4d_head_loses_its_face() {
    let (grid, real) = t1();
    let mut bytes = i16_file(&grid, real);
    let voxels = bytes[352..].to_vec();
    bytes.extend([voxels.clone(), voxels].concat());
    let bytes = patched(bytes, 40, &[4, 0]);
    passes(&patched(bytes, 48, &[3, 0]), &grid);
}

/// The fields of a NIfTI-1 header that hold numbers: first byte, bytes each, count.
const NUMBERS: [(usize, usize, usize); 6] =
    [(0, 4, 1), (40, 2, 8), (68, 2, 4), (76, 4, 11), (252, 2, 2), (256, 4, 18)];

#[test]
fn a_big_endian_head_passes() {
    let (grid, real) = t1();
    let mut bytes = i16_file(&grid, real);
    for (start, each, count) in NUMBERS {
        bytes[start..start + each * count].chunks_exact_mut(each).for_each(<[u8]>::reverse);
    }
    bytes[352..].chunks_exact_mut(2).for_each(<[u8]>::reverse);
    passes(&bytes, &grid);
}

#[test]
fn a_nifti_2_head_passes() {
    let (grid, real) = t1();
    let one = i16_file(&grid, real);
    let mut two = vec![0u8; 544];
    let mut put = |at: usize, value: &[u8]| two[at..at + value.len()].copy_from_slice(value);
    put(0, &540i32.to_le_bytes());
    put(4, b"n+2\0\r\n\x1a\n");
    put(12, &one[70..74]);
    for (n, extent) in [3, grid.extent[0], grid.extent[1], grid.extent[2]].into_iter().enumerate() {
        put(16 + 8 * n, &(extent as i64).to_le_bytes());
        put(104 + 8 * n, &(if n == 0 { 1.0 } else { 2.0f64 }).to_le_bytes());
    }
    put(168, &544i64.to_le_bytes());
    put(176, &1f64.to_le_bytes());
    put(348, &1i32.to_le_bytes());
    for (n, value) in grid.affine.0.iter().flatten().enumerate() {
        put(400 + 8 * n, &value.to_le_bytes());
    }
    put(500, &2i32.to_le_bytes());
    passes(&[two, one[352..].to_vec()].concat(), &grid);
}
