use proptest::prelude::*;

use super::downsample;
use crate::Workers;
use crate::workers::tests::any_workers;
use crate::{gaussian, sample_point};

proptest! {
    #[test]
    fn is_a_gaussian_and_then_a_trilinear_sample(
        extent in prop::array::uniform3(1usize..20),
        to in prop::array::uniform3(1.0f64..5.0),
        workers in any_workers(),
    ) {
        let [ni, nj, nk] = extent;
        let values: Vec<i16> = (0..ni * nj * nk).map(|v| ((v * 37) % 101) as i16).collect();
        // The Gaussian kernel takes one sigma in mm: one axis after the other, the others far apart.
        let mut smooth: Vec<f32> = values.iter().map(|&v| f32::from(v)).collect();
        for a in 0..3 {
            let mut spacing = [1e9; 3];
            spacing[a] = 1.0;
            smooth = gaussian(&smooth, extent, spacing, (to[a] - 1.0) / 2.0, Workers::ONE);
        }
        let (found, out) = downsample(&values, extent, [1.0; 3], to, workers);
        prop_assert_eq!(found.len(), out.iter().product::<usize>());
        for (at, found) in found.iter().enumerate() {
            let p = [at % out[0], at / out[0] % out[1], at / out[0] / out[1]];
            let index = [0, 1, 2].map(|a| {
                (extent[a] as f64 - 1.0) / 2.0 + (p[a] as f64 - (out[a] as f64 - 1.0) / 2.0) * to[a]
            });
            let expected = sample_point(&smooth, extent, index);
            prop_assert!((found - expected).abs() < 1e-3, "{} {}", found, expected);
        }
        let (one, _) = downsample(&values, extent, [1.0; 3], to, Workers::ONE);
        prop_assert!(one.iter().zip(&found).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
}
