use proptest::prelude::*;

use super::gaussian;
use crate::bits::tests::any_extent;
use crate::workers::tests::any_workers;
use crate::{Value, Workers};

/// The weighted sum over all taps, axis by axis, in `f64`.
fn naive(values: &[f64], extent: [usize; 3], spacing: [f64; 3], sigma_mm: f64) -> Vec<f64> {
    let strides = [1, extent[0], extent[0] * extent[1]];
    let mut values = values.to_vec();
    for axis in 0..3 {
        let sigma = sigma_mm / spacing[axis];
        let reach = (4.0 * sigma + 0.5) as isize;
        let weight =
            |n: isize| if n == 0 { 1.0 } else { (-0.5 * (n as f64 / sigma).powi(2)).exp() };
        let total: f64 = (-reach..=reach).map(weight).sum();
        values = (0..values.len())
            .map(|at| {
                let own = (at / strides[axis] % extent[axis]) as isize;
                let sum: f64 = (-reach..=reach)
                    .map(|n| {
                        let there = (own + n).clamp(0, extent[axis] as isize - 1);
                        weight(n)
                            * values[at.strict_add_signed((there - own) * strides[axis] as isize)]
                    })
                    .sum();
                sum / total
            })
            .collect();
    }
    values
}

fn check<T: Value>(
    values: &[T],
    extent: [usize; 3],
    spacing: [f64; 3],
    sigma: f64,
    workers: Workers,
) -> Result<(), TestCaseError> {
    let expected =
        naive(&values.iter().map(|v| v.to_f64()).collect::<Vec<_>>(), extent, spacing, sigma);
    let found = gaussian(values, extent, spacing, sigma, workers);
    for (found, expected) in found.iter().zip(&expected) {
        prop_assert!((f64::from(*found) - expected).abs() < 2e-2, "{found} for {expected}");
    }
    let once = gaussian(values, extent, spacing, sigma, Workers::ONE);
    prop_assert!(found.iter().zip(&once).all(|(a, b)| a.to_bits() == b.to_bits()));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn equals_the_sum_over_all_taps_at_every_level(
        extent in any_extent(),
        spacing in prop::array::uniform3(0.4f64..3.0),
        sigma in prop_oneof![Just(0.0), 0.1f64..4.0],
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let value = |v: usize| ((v * 7919) % 3001) as i16 - 1000;
        check(&(0..n).map(value).collect::<Vec<i16>>(), extent, spacing, sigma, workers)?;
        let real = |v: usize| f32::from(value(v)) * 0.37;
        check(&(0..n).map(real).collect::<Vec<f32>>(), extent, spacing, sigma, workers)?;
    }
}
