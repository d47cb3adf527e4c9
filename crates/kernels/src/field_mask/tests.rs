use proptest::prelude::*;

use super::field_mask;
use crate::bits::tests::unpack;
use crate::resample::sample_point;
use crate::resample::tests::any_map;
use crate::workers::tests::any_workers;

proptest! {
    #[test]
    fn equals_a_sample_at_every_voxel(
        extent in prop::array::uniform3(1usize..5),
        to in any_map(),
        signs in any::<u64>(),
        workers in any_workers(),
    ) {
        let n = extent.iter().product::<usize>();
        let field: Vec<f32> = (0..n)
            .map(|v| ((v * 37 % 11) as f32 + 0.5) * if signs >> (v % 64) & 1 == 1 { 1.0 } else { -1.0 })
            .collect();
        let out = [67, 2, 3];
        let found = unpack(&field_mask(&field, extent, &to, out, workers), out);
        for (at, found) in found.into_iter().enumerate() {
            let p = [at % 67, at / 67 % 2, at / 134].map(|v| v as f64);
            let index = to.map(|m| m[0] * p[0] + (m[1] * p[1] + m[2] * p[2] + m[3]));
            prop_assert_eq!(found, sample_point(&field, extent, index) > 0.0);
        }
    }
}

/// A ball in a field of 20 voxels, seen along rows of many fine voxels from any side, from outside too.
#[test]
fn runs_end_where_the_sign_changes() {
    let extent = [20; 3];
    let value = |at: usize| {
        let p = [at % 20, at / 20 % 20, at / 400].map(|v| v as f32 - 9.3);
        6.7 - p.iter().map(|v| v * v).sum::<f32>().sqrt()
    };
    let field: Vec<f32> = (0..8000).map(value).collect();
    let out = [200, 6, 5];
    for (n, (sin, cos)) in (0..24).map(|n| (f64::from(n) * 0.263).sin_cos()).enumerate() {
        let tilt = 0.03 * n as f64 - 0.3;
        let to = [
            [0.2 * cos, 2.0 * sin, 0.4, 8.0 - 19.0 * cos],
            [0.2 * sin, -2.0 * cos, 0.3, 9.0 - 18.0 * sin],
            [0.2 * tilt, 0.1, 1.9, 4.0 - 17.0 * tilt],
        ];
        let found = unpack(&field_mask(&field, extent, &to, out, crate::Workers::new(2)), out);
        for (at, found) in found.into_iter().enumerate() {
            let p = [at % 200, at / 200 % 6, at / 1200].map(|v| v as f64);
            let index = to.map(|m| m[0] * p[0] + (m[1] * p[1] + m[2] * p[2] + m[3]));
            assert_eq!(found, sample_point(&field, extent, index) > 0.0, "{n}: {p:?}");
        }
    }
}

/// The same field stored in all six orders of its axes gives the same mask but for rounding: here
/// no value is near to 0.
#[test]
fn the_order_of_the_axes_does_not_matter() {
    let extent = [4, 5, 6];
    let value =
        |p: [usize; 3]| (p[0] as f32 - 1.3) * 2.0 + p[1] as f32 - 2.1 + p[2] as f32 * 0.7 - 2.0;
    let out = [67, 9, 11];
    let scales = [0.04, 0.4, 0.5];
    let mut found = Vec::new();
    for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        // Axis `a` of the stored field is axis `axes[a]` of the output.
        let stored = axes.map(|b| extent[b]);
        let mut field = Vec::new();
        for k in 0..stored[2] {
            for j in 0..stored[1] {
                for i in 0..stored[0] {
                    let mut p = [0; 3];
                    for (a, n) in [i, j, k].into_iter().enumerate() {
                        p[axes[a]] = n;
                    }
                    field.push(value(p));
                }
            }
        }
        let map = axes.map(|b| {
            let mut row = [0.0; 4];
            row[b] = scales[b];
            row
        });
        found.push(field_mask(&field, stored, &map, out, crate::Workers::new(2)));
    }
    assert!(found.iter().all(|mask| *mask == found[0]));
    let n_set: u32 = found[0].iter().map(|w| w.count_ones()).sum();
    assert!((1000..5600).contains(&n_set), "{n_set}");
}
