use std::ffi::OsStr;

use proptest::prelude::*;
use volume::{PlaneAt, Rescale, StoredType};

use super::*;
use crate::convert::as_resampled_nifti;
use crate::{Layout, Modality, Note, Scan};

const RESCALE: Rescale = Rescale { slope: 0.5, intercept: -2000.0 };

/// A scan of slices that lie `at_mm` along the normal, moved by `lean` mm in `i` and `j` for each of them, of
/// the real values that `at` has there.
fn slices(
    lean: [f64; 2],
    at_mm: &[f64],
    of: StoredType,
    padding: Option<[i64; 2]>,
    at: impl Fn([f64; 3]) -> f64,
) -> Scan {
    let (ni, nj, nk) = (9, 7, at_mm.len());
    // Directions of an oblique scan, at right angles.
    let [i, j, normal] = [[2.0, 1.0, 2.0], [-2.0, 2.0, 1.0], [-1.0, -2.0, 2.0]]
        .map(|axis: [f64; 3]| axis.map(|v| v / 3.0));
    let place =
        |mm: f64| [0, 1, 2].map(|n| 5.0 + mm * (normal[n] + lean[0] * i[n] + lean[1] * j[n]));
    let (first, last) = (place(at_mm[0]), place(at_mm[nk - 1]));
    let step = [0, 1, 2].map(|n| (last[n] - first[n]) / (nk - 1) as f64);
    let grid = Grid {
        extent: [ni, nj, nk],
        affine: affine([i.map(|v| v * 1.5), j.map(|v| v * 2.0), step, first]),
    };
    let mut stored = Vec::new();
    for &mm in at_mm {
        for n in 0..ni * nj {
            let (a, b) = (1.5 * (n % ni) as f64, 2.0 * (n / ni) as f64);
            let origin = place(mm);
            let place = [0, 1, 2].map(|axis| origin[axis] + a * i[axis] + b * j[axis]);
            stored.push(RESCALE.stored(at(place)));
        }
    }
    let mut bytes = vec![0; stored.len() * of.n_bytes()];
    of.encode(&stored, ByteOrder::Big, &mut bytes);
    let planes =
        (0..nk).map(|p| PlaneAt { buffer: 0, offset: p * ni * nj * of.n_bytes() }).collect();
    let volume = StoredVolume::new(grid, of, ByteOrder::Big, vec![RESCALE], vec![bytes], planes);
    let volume = volume.expect("fits").with_reserved([-32768, 32767], vec![padding]);
    let (files, layout, modality) = (Vec::new(), Layout::DicomSeries, Some(Modality::Ct));
    Scan { volume, files, layout, modality, notes: Vec::new() }
}

fn resampled(scan: Scan, along_mm: Option<&[f64]>) -> Scan {
    let resampling = Resampling::of(scan.volume.grid(), along_mm).expect("to be resampled");
    as_resampled_nifti(scan, OsStr::new("a.nii.gz"), &resampling, Workers::new(2)).expect("NIfTI")
}

/// The real value of each voxel of frame 0, and its place in mm.
fn voxels(scan: &Scan) -> Vec<(f64, [f64; 3])> {
    let grid = scan.volume.grid();
    let [ni, nj, nk] = grid.extent;
    let mut found = Vec::new();
    for k in 0..nk {
        let mut stored = vec![0.0; ni * nj];
        scan.volume.stored_rows(k, 0, &mut stored);
        let place = |n: usize| grid.affine.apply([n % ni, n / ni, k].map(|v| v as f64));
        let real = stored.into_iter().map(|value| scan.volume.rescale(k).real(value));
        found.extend(real.enumerate().map(|(n, real)| (real, place(n))));
    }
    found
}

fn check_orthogonal(grid: &Grid) {
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let (a, b) = (grid.affine.column(one), grid.affine.column(other));
        let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
        assert!(product.abs() < 1e-5, "axes {one} and {other}: {product}");
    }
}

fn linear([x, y, z]: [f64; 3]) -> f64 {
    40.0 + 3.0 * x - 2.0 * y + 5.0 * z
}

const EVEN: [f64; 6] = [0.0, 2.5, 5.0, 7.5, 10.0, 12.5];
const UNEVEN: [f64; 8] = [0.0, 1.5, 3.0, 4.5, 7.0, 12.0, 14.0, 19.5];

proptest! {
    #[test]
    fn every_voxel_has_the_value_of_its_place_or_air(
        lean in prop::array::uniform2(-0.9..0.9f64),
        is_even in any::<bool>(),
    ) {
        let (at_mm, step_mm): (&[f64], _) = if is_even { (&EVEN, 2.5) } else { (&UNEVEN, 1.5) };
        prop_assume!(!is_even || lean.iter().any(|v| v.abs() > 0.01));
        let scan = slices(lean, at_mm, StoredType::I16, None, linear);
        let lowest = voxels(&scan).into_iter().map(|(real, _)| real).fold(f64::INFINITY, f64::min);
        let to_slice = upright(&scan.volume.grid().affine).inverse().expect("spans space");
        let scan = resampled(scan, (!is_even).then_some(at_mm));
        check_orthogonal(scan.volume.grid());
        prop_assert!((scan.volume.grid().spacing_mm()[2] - step_mm).abs() < 1e-5);
        let mut n_within = 0;
        for (real, place) in voxels(&scan) {
            let [i, j, mm] = to_slice.apply(place);
            // The slices at or around the plane.
            let before = at_mm.iter().rposition(|at| *at < mm + 1e-4).expect("none lies before");
            let is_one = mm - at_mm[before] < 1e-4;
            let around = &at_mm[before..=if is_one { before } else { before + 1 }];
            // Whether it lies within a slice, enlarged by so many voxels.
            let is_within = |at: &f64, more: f64| {
                let index = [i - lean[0] * at / 1.5, j - lean[1] * at / 2.0];
                index.iter().zip([8.0, 6.0]).all(|(v, last)| (-more..=last + more).contains(v))
            };
            if around.iter().all(|at| is_within(at, 0.001)) {
                // A stored unit is 0.5.
                prop_assert!((real - linear(place)).abs() < 0.55, "{real} at {place:?}");
                n_within += 1;
            }
            if !around.iter().any(|at| is_within(at, 0.51)) {
                prop_assert!((real - lowest).abs() < 1e-9, "{real} beside the slices");
            }
        }
        prop_assert!(n_within >= 9 * 7 * at_mm.len() * 7 / 10, "{n_within}");
    }
}

#[test]
fn a_ramp_through_uneven_slices_is_a_ramp() {
    let scan = slices([0.0; 2], &UNEVEN, StoredType::I16, None, linear);
    let before = *scan.volume.grid();
    let scan = resampled(scan, Some(&UNEVEN));
    assert_eq!(scan.volume.grid().extent, [9, 7, 14]);
    assert_eq!(before.extent, [9, 7, 8]);
    for (real, place) in voxels(&scan) {
        assert!((real - linear(place)).abs() < 0.55, "{real} at {place:?}");
    }
    assert_eq!(scan.volume.rescale(0), RESCALE);
    assert_eq!(scan.volume.stored_type(), StoredType::I16);
    let note = "resampled on request, its values mixed of neighbours: \
                slices 1.50 to 5.50 mm apart became planes 1.50 mm apart";
    assert_eq!(scan.notes, [Note { text: note.to_owned(), needs_review: false }]);
}

#[test]
fn every_slice_of_an_even_stretch_stays_as_it_is() {
    // Two are missing among twelve.
    let at_mm: Vec<f64> = [0, 1, 2, 3, 4, 5, 7, 8, 9, 11].map(|n| 3.0 * f64::from(n)).into();
    let at = |[x, y, z]: [f64; 3]| (x * 7.0 + y * y * 3.0 + z * z * 2.0) % 200.0;
    let scan = slices([0.0; 2], &at_mm, StoredType::I16, None, at);
    let (before, n) = (voxels(&scan), 9 * 7);
    let after = voxels(&resampled(scan, Some(&at_mm)));
    assert_eq!(after.len(), 12 * n);
    for (slice, mm) in at_mm.iter().enumerate() {
        let plane = (mm / 3.0).round() as usize;
        let row = |plane: &[(f64, [f64; 3])], j: usize| {
            plane[9 * j..][..9].iter().map(|(real, _)| *real).collect::<Vec<_>>()
        };
        for j in 0..7 {
            let (old, new) = (&before[slice * n..], &after[plane * n..]);
            assert_eq!(row(old, j), row(new, 6 - j), "row {j} of slice {slice}");
        }
    }
}

#[test]
fn padding_becomes_air_and_is_mixed_with_nothing() {
    let padding = RESCALE.real(-2000.0);
    let is_outside = |[x, y, _]: [f64; 3]| (x - 8.0).hypot(y - 8.0) > 6.0;
    let at = |place: [f64; 3]| if is_outside(place) { padding } else { 1000.0 };
    for (lean, at_mm, along) in
        [([0.3, -0.2], EVEN.to_vec(), None), ([0.0; 2], UNEVEN.into(), Some(UNEVEN))]
    {
        let scan = slices(lean, &at_mm, StoredType::I16, Some([-2000, -1999]), at);
        let scan = resampled(scan, along.as_ref().map(<[f64; 8]>::as_slice));
        let found: Vec<f64> = voxels(&scan).into_iter().map(|(real, _)| real).collect();
        // The lowest value is no padding, and higher than air.
        assert!(found.iter().all(|real| (real - 1000.0).abs() < 1e-9), "{lean:?}");
    }
    let cold = |place: [f64; 3]| if is_outside(place) { padding } else { -1500.0 };
    let scan = slices([0.3, -0.2], &EVEN, StoredType::I16, Some([-2000, -1999]), cold);
    let mut found: Vec<f64> =
        voxels(&resampled(scan, None)).iter().map(|(real, _)| *real).collect();
    found.sort_by(f64::total_cmp);
    found.dedup();
    assert_eq!(found, [-1500.0, -1000.0], "air of CT");
}

#[test]
fn what_is_upright_and_even_is_left_alone() {
    let upright = slices([0.0; 2], &EVEN, StoredType::U16, None, |_| 0.0);
    assert!(Resampling::of(upright.volume.grid(), None).is_none());
    // Four hundredths of a millimetre over all slices.
    let nearly = slices([0.003, 0.0], &EVEN, StoredType::U16, None, |_| 0.0);
    assert!(Resampling::of(nearly.volume.grid(), None).is_none());
    let tilted = slices([0.0, 0.2], &EVEN, StoredType::U16, None, |_| 0.0);
    let tilted = Resampling::of(tilted.volume.grid(), None).expect("to be resampled");
    assert!(
        tilted.note().ends_with("slices stacked at 11.3 degrees to their normal were set upright")
    );
    assert_eq!(tilted.grid().extent, [9, 7 + 2, 6]);
}

#[test]
fn the_distance_is_the_smallest_regular_one() {
    let step = |gaps: &[(usize, f64)]| {
        let gaps = gaps.iter().flat_map(|&(n, mm)| vec![mm; n]);
        let mut at = vec![0.0];
        gaps.for_each(|mm| at.push(at[at.len() - 1] + mm));
        (regular_step(&at) * 1e6).round() / 1e6
    };
    assert_eq!(step(&[(8, 2.5), (16, 5.0)]), 2.5, "finer through the base of the skull");
    assert_eq!(step(&[(30, 3.0), (1, 6.0), (10, 3.0)]), 3.0, "a missing slice");
    assert_eq!(step(&[(20, 3.0), (1, 0.4), (20, 3.0)]), 3.0, "a stray slice");
    assert_eq!(step(&[(2, 3.1), (2, 2.9)]), 3.0, "what differs little");
    assert_eq!(step(&[(10, 0.5), (10, 9.5)]), 1.25, "no more than four planes a slice");
}
