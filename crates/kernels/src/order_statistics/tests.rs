use proptest::prelude::*;

use super::order_statistics;

#[test]
fn takes_the_element_below() {
    let mut values: Vec<f32> = (0..101).rev().map(|v| v as f32).collect();
    assert_eq!(
        order_statistics(&mut values, [0.0, 0.015, 0.5, 1.0]),
        Some([0.0, 1.0, 50.0, 100.0])
    );
    assert_eq!(order_statistics::<f32, 1>(&mut [], [0.5]), None);
}

proptest! {
    #[test]
    fn equals_the_sorted_values(
        mut values in prop::collection::vec(-1e6f32..1e6, 1..500),
        quantiles in prop::array::uniform3(0.0f64..=1.0),
    ) {
        let mut stored: Vec<i16> = values.iter().map(|&v| (v / 100.0) as i16).collect();
        let mut sorted_stored = stored.clone();
        sorted_stored.sort();
        let mut sorted = values.clone();
        sorted.sort_by(f32::total_cmp);
        let expected = quantiles.map(|q| sorted[(q * (sorted.len() - 1) as f64) as usize]);
        prop_assert_eq!(order_statistics(&mut values, quantiles), Some(expected));
        let expected = quantiles.map(|q| sorted_stored[(q * (sorted.len() - 1) as f64) as usize]);
        prop_assert_eq!(order_statistics(&mut stored, quantiles), Some(expected));
    }
}
