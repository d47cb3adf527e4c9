use proptest::prelude::*;

use super::otsu;
use crate::Workers;

#[test]
fn parts_two_heaps() {
    let values: Vec<f32> =
        (0..1000).map(|v| if v % 3 == 0 { 80.0 } else { 10.0 } + (v % 7) as f32).collect();
    let split = otsu(&values, Workers::new(2)).expect("two heaps");
    assert!((16.0..=80.5).contains(&split), "{split}");
    let stored: Vec<i16> = values.iter().map(|&v| v as i16).collect();
    assert_eq!(otsu(&stored, Workers::new(2)), Some(16.0));
}

#[test]
fn one_value_cannot_be_parted() {
    assert_eq!(otsu(&[5.0f32; 9], Workers::ONE), None);
    assert_eq!(otsu(&[5i16; 9], Workers::ONE), None);
    assert_eq!(otsu::<f32>(&[], Workers::ONE), None);
    assert_eq!(otsu(&[0.0, f32::INFINITY], Workers::ONE), None);
}

proptest! {
    /// No other threshold parts the values better: the sum of squares within both classes is least.
    #[test]
    fn no_threshold_is_better(values in prop::collection::vec(-300i16..300, 2..60)) {
        let within = |split: f64| {
            let (low, high): (Vec<f64>, Vec<f64>) =
                values.iter().map(|&v| f64::from(v)).partition(|&v| v <= split);
            [low, high].iter().map(|class| {
                let mean = class.iter().sum::<f64>() / class.len().max(1) as f64;
                class.iter().map(|v| (v - mean).powi(2)).sum::<f64>()
            }).sum::<f64>()
        };
        if let Some(found) = otsu(&values, Workers::ONE) {
            let least = values.iter().map(|&v| within(f64::from(v))).fold(f64::INFINITY, f64::min);
            prop_assert!(within(found) <= least * (1.0 + 1e-9) + 1e-6);
        } else {
            prop_assert!(values.iter().all(|&v| v == values[0]));
        }
    }
}
