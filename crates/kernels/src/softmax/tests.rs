use proptest::prelude::*;

use super::{scalar, softmax};
use crate::Workers;
use crate::workers::tests::any_workers;

#[test]
fn the_exponential_is_near_to_exact() {
    let worst = (0..870_000)
        .map(|n| -(n as f32) * 1e-4)
        .map(|x| (f64::from(scalar::exp(x)) / f64::from(x).exp() - 1.0).abs())
        .fold(0.0, f64::max);
    assert!(worst < 3e-7, "{worst}");
    assert_eq!(scalar::exp(0.0).to_bits(), 1.0f32.to_bits());
    assert!(scalar::exp(-1e9) < 2e-38);
}

proptest! {
    #[test]
    fn is_the_share_of_each_exponential(
        n_classes in 1usize..6,
        n in 0usize..70,
        seed in any::<u32>(),
        workers in any_workers(),
    ) {
        let logit = |at: usize| ((at as u32 ^ seed).wrapping_mul(2_654_435_761) >> 8) as f32 / 1e5 - 80.0;
        let logits: Vec<f32> = (0..n * n_classes).map(logit).collect();
        let mut found = logits.clone();
        softmax(&mut found, n_classes, workers);
        for v in 0..n {
            let of = |values: &[f32]| -> Vec<f64> {
                (0..n_classes).map(|c| f64::from(values[c * n + v])).collect()
            };
            let logits = of(&logits);
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = logits.iter().map(|l| (l - largest).exp()).sum();
            for (found, logit) in of(&found).into_iter().zip(&logits) {
                prop_assert!((found - (logit - largest).exp() / sum).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn every_level_and_number_of_threads_gives_the_same_bits(
        logits in prop::collection::vec(-1e3f32..1e3, 30_000),
        workers in any_workers(),
    ) {
        let (mut one, mut other) = (logits.clone(), logits);
        softmax(&mut one, 3, Workers::ONE);
        softmax(&mut other, 3, workers);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&one), bits(&other));
    }
}
