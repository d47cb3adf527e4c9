use super::threshold;
use crate::Workers;
use crate::bits::tests::unpack;

#[test]
fn holds_what_lies_above() {
    for ni in [1, 5, 64, 65, 200] {
        let extent = [ni, 2, 3];
        let values: Vec<f32> = (0..ni * 6).map(|v| ((v * 53) % 17) as f32).collect();
        for threads in [1, 3] {
            let mask = threshold(&values, extent, 8.0, Workers::new(threads));
            let expected: Vec<bool> = values.iter().map(|&v| v > 8.0).collect();
            assert_eq!(unpack(&mask, extent), expected);
        }
    }
}

#[test]
fn what_is_no_number_is_not_held() {
    assert_eq!(threshold(&[f32::NAN, 1.0], [2, 1, 1], 0.0, Workers::ONE), [2]);
}
