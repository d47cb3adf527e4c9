use proptest::prelude::*;

use super::{distance, signed_distance};
use crate::bits::complement;
use crate::bits::tests::{any_mask, pack, unpack};
use crate::workers::tests::any_workers;

/// A few voxels in an extent of any shape.
fn any_scattered() -> impl Strategy<Value = (Vec<u64>, [usize; 3])> {
    let extent = (1usize..40, 1usize..90, 1usize..90);
    (extent, prop::collection::vec(any::<usize>(), 0..12), any::<bool>()).prop_map(
        |((ni, nj, nk), places, is_turned)| {
            let extent = [ni, nj, nk];
            let mut voxels = vec![false; ni * nj * nk];
            for at in places {
                let at = at % voxels.len();
                voxels[at] = true;
            }
            let mask = pack(&voxels, extent);
            (if is_turned { complement(&mask, extent) } else { mask }, extent)
        },
    )
}

proptest! {
    #[test]
    fn equals_the_smallest_of_all_distances(
        (mask, extent) in prop_oneof![any_mask(), any_scattered()],
        spacing in prop::array::uniform3(0.4f64..3.0),
        cap in prop_oneof![Just(f64::INFINITY), 0.5f64..20.0],
        workers in any_workers(),
    ) {
        let [ni, nj, _] = extent;
        let place = |at: usize| [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
        let voxels = unpack(&mask, extent);
        let set: Vec<_> = (0..voxels.len()).filter(|&at| voxels[at]).map(place).collect();
        let found = distance(&mask, extent, spacing, cap, workers);
        // Pair by pair, so every so many voxels where there are many pairs.
        let stride = (voxels.len() * set.len() / 1_000_000).max(1);
        for (at, &found) in found.iter().enumerate().step_by(stride) {
            let p = place(at);
            let expected = set
                .iter()
                .map(|q| (0..3).map(|a| ((p[a] - q[a]) * spacing[a]).powi(2)).sum::<f64>().sqrt())
                .fold(cap, f64::min);
            let same = if expected.is_finite() {
                (f64::from(found) - expected).abs() < 1e-3
            } else {
                found.is_infinite()
            };
            prop_assert!(same, "voxel {at}: {found} for {expected}");
        }
    }

    #[test]
    fn every_level_and_number_of_threads_gives_the_same_bits(
        (mask, extent) in prop_oneof![any_mask(), any_scattered()],
        spacing in prop::array::uniform3(0.4f64..3.0),
        cap in prop_oneof![Just(f64::INFINITY), 0.5f64..20.0],
        workers in any_workers(),
    ) {
        let bits = |v: Vec<f32>| v.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        prop_assert_eq!(
            bits(distance(&mask, extent, spacing, cap, workers)),
            bits(distance(&mask, extent, spacing, cap, crate::Workers::ONE))
        );
    }

    #[test]
    fn the_signed_distance_is_that_to_the_other_side(
        (mask, extent) in any_mask(),
        spacing in prop::array::uniform3(0.4f64..3.0),
        cap in prop_oneof![Just(f64::INFINITY), Just(50.0)],
        workers in any_workers(),
    ) {
        let signed = signed_distance(&mask, extent, spacing, cap, workers);
        let outside = distance(&mask, extent, spacing, cap, workers);
        let within = distance(&complement(&mask, extent), extent, spacing, cap, workers);
        for (at, is_set) in unpack(&mask, extent).into_iter().enumerate() {
            let expected = if is_set { -within[at] } else { outside[at] };
            prop_assert_eq!(signed[at].to_bits(), expected.to_bits());
        }
    }
}
