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

/// Small and large, of both signs, equal ones and no numbers: as many as are counted first.
#[test]
fn many_values_are_selected_as_few_are() {
    let scattered = |n: u32| n.wrapping_mul(0x9e37_79b9) ^ n >> 3;
    let bits = (0..200_000u32).map(|n| if n % 3 == 0 { 0x3f80_0000 } else { scattered(n) });
    let mut values: Vec<f32> = bits.map(f32::from_bits).collect();
    let mut sorted = values.clone();
    sorted.sort_by(f32::total_cmp);
    let quantiles = [0.0, 0.01, 0.3, 0.5, 0.501, 0.99, 1.0];
    let expected = quantiles.map(|q| sorted[(q * 199_999.0) as usize].to_bits());
    let found = order_statistics(&mut values, quantiles).expect("values");
    assert_eq!(found.map(f32::to_bits), expected);
    let mut wide: Vec<f64> = values.iter().map(|&v| f64::from(v) * 1e-20).collect();
    let mut sorted = wide.clone();
    sorted.sort_by(f64::total_cmp);
    let expected = quantiles.map(|q| sorted[(q * 199_999.0) as usize].to_bits());
    let found = order_statistics(&mut wide, quantiles).expect("values");
    assert_eq!(found.map(f64::to_bits), expected);
    let mut whole: Vec<i64> = (0..200_000).map(|n| i64::from(scattered(n)) - (1 << 31)).collect();
    let mut sorted = whole.clone();
    sorted.sort_unstable();
    let expected = quantiles.map(|q| sorted[(q * 199_999.0) as usize]);
    assert_eq!(order_statistics(&mut whole, quantiles), Some(expected));
}
