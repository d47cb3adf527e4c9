use proptest::prelude::*;

use super::distance;
use crate::Workers;
use crate::bits::tests::{any_mask, unpack};

proptest! {
    #[test]
    fn equals_the_smallest_of_all_distances(
        (mask, extent) in any_mask(),
        spacing in prop::array::uniform3(0.4f64..3.0),
        cap in prop_oneof![Just(f64::INFINITY), 0.5f64..20.0],
        threads in 1usize..4,
    ) {
        let [ni, nj, _] = extent;
        let place = |at: usize| [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
        let voxels = unpack(&mask, extent);
        let set: Vec<_> = (0..voxels.len()).filter(|&at| voxels[at]).map(place).collect();
        let found = distance(&mask, extent, spacing, cap, Workers::new(threads));
        for (at, &found) in found.iter().enumerate() {
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
}
