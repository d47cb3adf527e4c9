use proptest::prelude::*;

use super::blend;
use crate::Workers;
use crate::workers::tests::any_workers;

proptest! {
    #[test]
    fn lies_between_the_two_and_at_the_ends_is_one_of_them(
        voxels in prop::collection::vec((any::<i16>(), any::<i16>(), -0.5f32..1.5), 0..300),
        workers in any_workers(),
    ) {
        let [before, other] = [0, 1].map(|n| -> Vec<i16> {
            voxels.iter().map(|v| if n == 0 { v.0 } else { v.1 }).collect()
        });
        let weights: Vec<f32> = voxels.iter().map(|v| v.2).collect();
        let mut after = before.clone();
        blend(&mut after, &other, &weights, workers);
        for (&after, (before, other, weight)) in after.iter().zip(voxels) {
            let weight = f64::from(weight.clamp(0.0, 1.0));
            let exact = f64::from(before) * (1.0 - weight) + f64::from(other) * weight;
            prop_assert!((f64::from(after) - exact).abs() <= 0.5 + 1e-6);
            prop_assert!(weight > 0.0 || after == before);
            prop_assert!(weight < 1.0 || after == other);
        }
    }
}

#[test]
fn the_ends_keep_what_no_float_holds() {
    let mut wide = [i64::MAX - 1; 3];
    blend(&mut wide, &[1, i64::MIN + 1, 1], &[0.0, 1.0, f32::NAN], Workers::ONE);
    assert_eq!(wide, [i64::MAX - 1, i64::MIN + 1, i64::MAX - 1]);
    let mut bytes = [250u8, 5, 4];
    blend(&mut bytes, &[255, 0, 5], &[0.5, 0.5, 0.5], Workers::ONE);
    assert_eq!(bytes, [252, 2, 4]);
    let mut floats = [f32::NAN, 1.0];
    blend(&mut floats, &[0.0, 2.0], &[0.0, 0.25], Workers::ONE);
    assert_eq!(floats.map(f32::to_bits), [f32::NAN, 1.25].map(f32::to_bits));
}
