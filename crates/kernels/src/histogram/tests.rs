use proptest::prelude::*;

use super::{histogram, range};
use crate::Workers;
use crate::value::Value;
use crate::workers::tests::any_workers;

fn naive<T: Value>(values: &[T], low: f64, high: f64, n: usize) -> Vec<u64> {
    let mut counts = vec![0; n];
    for v in values.iter().map(|v| v.to_f64()).filter(|v| (low..=high).contains(v)) {
        counts[(((v - low) * (n as f64 / (high - low))) as usize).min(n - 1)] += 1;
    }
    counts
}

proptest! {
    #[test]
    fn counts_every_value_of_every_kind_of_type(
        numbers in prop::collection::vec(any::<i16>(), 0..300),
        low in -40_000.0f64..30_000.0,
        width in 0.5f64..50_000.0,
        n in 1usize..400,
        workers in any_workers(),
    ) {
        let high = low + width;
        prop_assert_eq!(histogram(&numbers, [low, high], n, workers), naive(&numbers, low, high, n));
        let bytes: Vec<u8> = numbers.iter().map(|v| v.to_le_bytes()[0]).collect();
        prop_assert_eq!(histogram(&bytes, [low, high], n, workers), naive(&bytes, low, high, n));
        let floats: Vec<f32> = numbers.iter().map(|&v| f32::from(v) / 3.0).collect();
        prop_assert_eq!(histogram(&floats, [low, high], n, workers), naive(&floats, low, high, n));
    }

    #[test]
    fn the_range_holds_all_and_is_reached(values in prop::collection::vec(any::<f32>(), 0..50)) {
        let mut sorted: Vec<f32> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_by(f32::total_cmp);
        let ends = sorted.first().copied().zip(sorted.last().copied());
        prop_assert_eq!(range(&values).map(|[low, high]| (low, high)), ends);
    }
}

#[test]
fn both_ends_are_within_and_no_number_is_nowhere() {
    let values = [0.0f32, 1.0, 2.0, -0.1, 2.1, f32::NAN, f32::INFINITY];
    assert_eq!(histogram(&values, [0.0, 2.0], 2, Workers::ONE), [1, 2]);
    assert_eq!(range(&[f32::NAN]), None);
    assert_eq!(range(&[f32::NAN, 3.0, 1.0]), Some([1.0, 3.0]));
}
