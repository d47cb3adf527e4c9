use proptest::prelude::*;

use super::{surface, surface_distances};
use crate::Workers;
use crate::bits::tests::{any_mask, unpack};
use crate::workers::tests::any_workers;

fn voxels_of(mask: &[u64], extent: [usize; 3]) -> Vec<[usize; 3]> {
    let [ni, nj, _] = extent;
    let place = |at: usize| [at % ni, at / ni % nj, at / ni / nj];
    (0..).map(place).zip(unpack(mask, extent)).filter(|(_, set)| *set).map(|(p, _)| p).collect()
}

proptest! {
    #[test]
    fn the_surface_is_what_has_a_face_in_the_open(
        (mask, extent) in any_mask(),
        workers in any_workers(),
    ) {
        let voxels = unpack(&mask, extent);
        let [ni, nj, nk] = extent;
        let is_set = |p: [Option<usize>; 3]| match p {
            [Some(i), Some(j), Some(k)] if i < ni && j < nj && k < nk => voxels[i + ni * (j + nj * k)],
            _ => false,
        };
        let expected: Vec<bool> = (0..voxels.len()).map(|at| {
            let p = [at % ni, at / ni % nj, at / ni / nj];
            let has_open_face = (0..3).any(|a| [-1, 1].into_iter().any(|step| {
                let mut next = p.map(Some);
                next[a] = p[a].checked_add_signed(step);
                !is_set(next)
            }));
            voxels[at] && has_open_face
        }).collect();
        prop_assert_eq!(unpack(&surface(&mask, extent, workers), extent), expected);
    }

    #[test]
    fn each_distance_is_the_least_to_the_other_surface(
        (mask, extent) in any_mask(),
        seed in any::<u64>(),
        workers in any_workers(),
    ) {
        // Other words under the same bits past the ends of rows.
        let other: Vec<u64> = mask.iter().enumerate()
            .map(|(n, w)| w & seed.rotate_left(n as u32 * 7))
            .collect();
        let spacing = [0.7, 1.0, 2.5];
        let to = voxels_of(&surface(&other, extent, workers), extent);
        let from = voxels_of(&surface(&mask, extent, workers), extent);
        let found = surface_distances(&mask, &other, extent, spacing, workers);
        prop_assert_eq!(found.len(), from.len());
        for (found, p) in found.iter().zip(from).step_by(11) {
            let least = to.iter().map(|q| {
                (0..3).map(|a| ((p[a] as f64 - q[a] as f64) * spacing[a]).powi(2)).sum::<f64>()
            }).fold(f64::INFINITY, f64::min).sqrt();
            prop_assert!(to.is_empty() || (f64::from(*found) - least).abs() < 1e-3);
            prop_assert!(!to.is_empty() || found.is_infinite());
        }
    }
}

#[test]
fn two_planes_lie_their_gap_apart() {
    let extent = [64, 3, 9];
    let plane = |k: usize| {
        let mut mask = vec![0u64; 27];
        mask[3 * k..3 * k + 3].fill(!0);
        mask
    };
    let found = surface_distances(&plane(1), &plane(7), extent, [1.0, 1.0, 2.0], Workers::ONE);
    assert_eq!(found, vec![12.0; 192]);
}
