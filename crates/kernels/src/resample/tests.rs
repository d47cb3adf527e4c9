use proptest::prelude::*;

use super::{resample, sample_point};
use crate::Workers;
use crate::bits::tests::unpack;

fn naive(source: &[f32], extent: [usize; 3], index: [f64; 3]) -> f64 {
    let mut sum = 0.0;
    for (at, &value) in source.iter().enumerate() {
        let voxel = [at % extent[0], at / extent[0] % extent[1], at / extent[0] / extent[1]];
        let weight: f64 = (0..3)
            .map(|a| {
                let clamped = index[a].clamp(0.0, (extent[a] - 1) as f64);
                (1.0 - (clamped - voxel[a] as f64).abs()).max(0.0)
            })
            .product();
        sum += weight * f64::from(value);
    }
    sum
}

proptest! {
    #[test]
    fn equals_the_sum_of_hat_functions(
        extent in prop::array::uniform3(1usize..5),
        to in prop::array::uniform3(prop::array::uniform4(-1.5f64..1.5)),
        threads in 1usize..4,
    ) {
        let n = extent.iter().product::<usize>();
        let source: Vec<f32> = (0..n).map(|v| ((v * 37) % 101) as f32).collect();
        let out_extent = [67, 2, 3];
        let (values, inside) = resample(&source, extent, &to, out_extent, Workers::new(threads));
        for (at, is_inside) in unpack(&inside, out_extent).into_iter().enumerate() {
            let p = [at % 67, at / 67 % 2, at / 134].map(|v| v as f64);
            let index = to.map(|m| m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3]);
            let expected = (0..3).all(|a| index[a] >= -0.5 && index[a] <= extent[a] as f64 - 0.5);
            let near_edge = (0..3).any(|a| {
                (index[a] + 0.5).abs() < 1e-9 || (index[a] - extent[a] as f64 + 0.5).abs() < 1e-9
            });
            prop_assert!(is_inside == expected || near_edge);
            let value = if is_inside { naive(&source, extent, index) } else { 0.0 };
            prop_assert!((f64::from(values[at]) - value).abs() < 1e-3);
        }
    }
}

#[test]
fn points_far_outside_take_the_nearest_value() {
    let source = [1.0, 2.0, 3.0, 4.0];
    assert!((sample_point(&source, [2, 2, 1], [9.0, 9.0, -9.0]) - 4.0).abs() < 1e-6);
    assert!((sample_point(&source, [2, 2, 1], [-9.0, 0.5, 0.0]) - 2.0).abs() < 1e-6);
}
