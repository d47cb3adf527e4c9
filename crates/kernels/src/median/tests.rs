use std::array::from_fn;

use proptest::prelude::*;

use super::{median, scalar};
use crate::Value;
use crate::bits::tests::any_extent;
use crate::lanes::Scalar;
use crate::workers::tests::any_workers;

fn naive<T: Value>(values: &[T], [ni, nj, nk]: [usize; 3]) -> Vec<T> {
    let near = |at: usize, by: usize, n: usize| (at + by).saturating_sub(1).min(n - 1);
    (0..values.len())
        .map(|at| {
            let (i, j, k) = (at % ni, at / ni % nj, at / ni / nj);
            let mut around: Vec<T> = (0..27)
                .map(|n| {
                    let there = [near(i, n % 3, ni), near(j, n / 3 % 3, nj), near(k, n / 9, nk)];
                    values[there[0] + ni * (there[1] + nj * there[2])]
                })
                .collect();
            around.sort_by(|a, b| a.to_f64().total_cmp(&b.to_f64()));
            around[13]
        })
        .collect()
}

proptest! {
    #[test]
    fn is_the_middle_of_the_sorted_neighbours(
        extent in any_extent(),
        seed in 1usize..10_000,
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let value = |v: usize| (v.wrapping_mul(seed * 2_654_435_761) >> 7) % 3001;
        let shorts: Vec<i16> = (0..n).map(|v| value(v) as i16 - 1500).collect();
        prop_assert_eq!(median(&shorts, extent, workers), naive(&shorts, extent));
        let reals: Vec<f32> = (0..n).map(|v| value(v) as f32 * 0.37).collect();
        prop_assert_eq!(median(&reals, extent, workers), naive(&reals, extent));
        let bytes: Vec<u8> = (0..n).map(|v| value(v) as u8).collect();
        prop_assert_eq!(median(&bytes, extent, workers), naive(&bytes, extent));
    }
}

/// By the zero-one principle: what sorts all sorted parts of zeros and ones sorts all sorted parts.
#[test]
fn the_networks_sort_every_three_triples_and_two_nines() {
    let vector = |is_one: bool| [u8::from(is_one).into(); 32];
    for zeros in 0..64usize {
        let counts = [zeros % 4, zeros / 4 % 4, zeros / 16];
        let mut v = from_fn(|n| vector(n % 3 >= counts[n / 3]));
        scalar::merge_triples::<_, u8>(Scalar, &mut v);
        assert!(v.is_sorted(), "{counts:?}: {v:?}");
    }
    for zeros in 0..100usize {
        let counts = [zeros % 10, zeros / 10];
        let mut v = from_fn(|n| vector(n % 9 >= counts[n / 9]));
        scalar::merge_nines::<_, u8>(Scalar, &mut v);
        assert!(scalar::MERGED.map(|at| v[at]).is_sorted(), "{counts:?}: {v:?}");
    }
}
