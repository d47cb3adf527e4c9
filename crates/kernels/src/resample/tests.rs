use proptest::prelude::*;

use super::{resample, resample_nearest, sample_point};
use crate::bits::tests::unpack;
use crate::workers::tests::any_workers;
use crate::{Pool, Workers};

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

/// A map of indices, of axes that run alike or in any direction.
pub(crate) fn any_map() -> impl Strategy<Value = [[f64; 4]; 3]> {
    let entries = prop::array::uniform3(prop::array::uniform4(-1.5f64..1.5));
    (entries, any::<bool>()).prop_map(|(mut map, is_aligned)| {
        for (a, row) in map.iter_mut().enumerate().filter(|_| is_aligned) {
            for (b, value) in row.iter_mut().enumerate().take(3) {
                *value = if a == b { *value } else { 0.0 };
            }
        }
        map
    })
}

proptest! {
    #[test]
    fn both_ways_give_the_same_bits(
        extent in prop::array::uniform3(1usize..5),
        scale in prop::array::uniform3(-1.5f64..1.5),
        shift in prop::array::uniform3(-1.5f64..3.5),
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let source: Vec<f32> = (0..n).map(|v| ((v * 37) % 101) as f32).collect();
        let map: [[f64; 4]; 3] = std::array::from_fn(|a| {
            std::array::from_fn(|b| if b == 3 { shift[a] } else if a == b { scale[a] } else { 0.0 })
        });
        let out = [67, 2, 3];
        let (values, inside) = resample(&source, extent, &map, out, workers);
        for (at, is_inside) in unpack(&inside, out).into_iter().enumerate() {
            let p = [at % 67, at / 67 % 2, at / 134].map(|v| v as f64);
            let index = [0, 1, 2].map(|a| scale[a] * p[a] + shift[a]);
            let expected = if is_inside { sample_point(&source, extent, index) } else { 0.0 };
            prop_assert_eq!(values[at].to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn a_turned_grid_gives_the_bits_of_single_samples(
        extent in prop::array::uniform3(1usize..9),
        to in any_map(),
        scale in 0.02f64..1.0,
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let source: Vec<f32> = (0..n).map(|v| ((v * 37) % 101) as f32).collect();
        let map = to.map(|m| [m[0] * scale, m[1], m[2], m[3] + 1.0]);
        let out = [131, 2, 3];
        let (values, inside) = resample(&source, extent, &map, out, workers);
        for (at, is_inside) in unpack(&inside, out).into_iter().enumerate() {
            let p = [at % 131, at / 131 % 2, at / 262].map(|v| v as f64);
            let index = map.map(|m| m[0] * p[0] + (m[1] * p[1] + m[2] * p[2] + m[3]));
            let expected = (0..3).all(|a| index[a] >= -0.5 && index[a] <= extent[a] as f64 - 0.5);
            prop_assert_eq!(is_inside, expected);
            let value = if is_inside { sample_point(&source, extent, index) } else { 0.0 };
            prop_assert_eq!(values[at].to_bits(), value.to_bits());
        }
    }

    #[test]
    fn equals_the_sum_of_hat_functions(
        extent in prop::array::uniform3(1usize..5),
        to in any_map(),
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let source: Vec<f32> = (0..n).map(|v| ((v * 37) % 101) as f32).collect();
        let out_extent = [67, 2, 3];
        let (values, inside) = resample(&source, extent, &to, out_extent, workers);
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

proptest! {
    #[test]
    fn the_nearest_voxel_is_taken_over_as_it_is(
        extent in prop::array::uniform3(1usize..6),
        map in any_map(),
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let source: Vec<i16> = (0..n).map(|v| v as i16).collect();
        let out = [67, 4, 5];
        let found = resample_nearest(&source, extent, &map, out, -7, workers);
        for (at, found) in found.into_iter().enumerate() {
            let p = [at % 67, at / 67 % 4, at / 268].map(|v| v as f64);
            let index = map.map(|m| m[0] * p[0] + (m[1] * p[1] + m[2] * p[2] + m[3]));
            let is_inside =
                (0..3).all(|a| index[a] >= -0.5 && index[a] <= extent[a] as f64 - 0.5);
            let voxel = [0, 1, 2].map(|a| ((index[a] + 0.5).floor() as usize).min(extent[a] - 1));
            let value = source[voxel[0] + extent[0] * (voxel[1] + extent[1] * voxel[2])];
            prop_assert_eq!(found, if is_inside { value } else { -7 });
        }
    }
}

#[test]
fn points_far_outside_take_the_nearest_value() {
    let source = [1.0, 2.0, 3.0, 4.0];
    assert!((sample_point(&source, [2, 2, 1], [9.0, 9.0, -9.0]) - 4.0).abs() < 1e-6);
    assert!((sample_point(&source, [2, 2, 1], [-9.0, 0.5, 0.0]) - 2.0).abs() < 1e-6);
}

#[test]
fn what_used_memory_held_is_written_over() {
    let (extent, source) = ([70, 9, 8], [1.0; 8]);
    let shift =
        |a: f64, turn: f64| [[a, turn, 0.0, -9.0], [-turn, a, 0.0, -2.0], [0.0, 0.0, a, -2.0]];
    for map in [shift(1.0, 0.0), shift(1.0, 0.1)] {
        let pool = Pool::new();
        let n: usize = extent.iter().product();
        pool.give_back(vec![7.0f32; n]);
        pool.give_back(vec![7u64; n]);
        let workers = Workers::ONE.with_pool(&pool);
        let found = resample(&source, [2; 3], &map, extent, workers);
        assert_eq!(found, resample(&source, [2; 3], &map, extent, Workers::ONE));
        assert!(found.0.contains(&0.0) && found.0.contains(&1.0));
    }
}
