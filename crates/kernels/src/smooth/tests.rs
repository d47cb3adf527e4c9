use proptest::prelude::*;

use super::smooth;
use crate::Workers;

proptest! {
    #[test]
    fn is_the_binomial_sum(extent in prop::array::uniform3(1usize..6), threads in 1usize..4) {
        let [ni, nj, nk] = extent;
        let values: Vec<f32> = (0..ni * nj * nk).map(|v| ((v * 37) % 23) as f32).collect();
        let found = smooth(&values, extent, Workers::new(threads));
        for (at, found) in found.iter().enumerate() {
            let (i, j, k) = (at % ni, at / ni % nj, at / ni / nj);
            let mut sum = 0.0f64;
            for c in -1isize..=1 { for b in -1isize..=1 { for a in -1isize..=1 {
                let near = |n: usize, d: isize, len: usize| {
                    n.saturating_add_signed(d).min(len - 1)
                };
                let weight = 0.125 / f64::from(1 << (a.abs() + b.abs() + c.abs()));
                let [i, j, k] = [near(i, a, ni), near(j, b, nj), near(k, c, nk)];
                sum += weight * f64::from(values[i + ni * (j + nj * k)]);
            }}}
            prop_assert!((f64::from(*found) - sum).abs() < 1e-4);
        }
    }
}
