use proptest::prelude::*;

use super::{close, dilate, erode, open, rows, scalar};
use crate::Workers;
use crate::bits::tests::{any_mask, pack, unpack};
use crate::distance;
use crate::workers::tests::any_workers;

/// Whether a voxel of `voxels` lies in the ball around each voxel, pair by pair.
fn naive(voxels: &[bool], extent: [usize; 3], spacing: [f64; 3], radius: f64) -> Vec<bool> {
    let [ni, nj, _] = extent;
    let place = |at: usize| [at % ni, at / ni % nj, at / ni / nj];
    let near = |a: usize, b: usize| {
        let (p, q) = (place(a), place(b));
        let d: f64 = (0..3).map(|n| (p[n].abs_diff(q[n]) as f64 * spacing[n]).powi(2)).sum();
        d <= radius * radius * (1.0 + 1e-6)
    };
    let set: Vec<usize> = (0..voxels.len()).filter(|&at| voxels[at]).collect();
    (0..voxels.len()).map(|at| set.iter().any(|&other| near(at, other))).collect()
}

proptest! {
    #[test]
    fn both_ways_equal_the_definition_at_every_level(
        (mask, extent) in any_mask(),
        spacing in prop::array::uniform3(0.4f64..3.0),
        radius in prop_oneof![0.0f64..6.0, 0.0f64..60.0],
        workers in any_workers(),
    ) {
        let square = (radius * radius * (1.0 + 1e-6)) as f32;
        let ball = scalar::ball_rows(extent, spacing, square, Workers::ONE);
        let expected = scalar::dilate(&unpack(&mask, extent), extent, &ball);
        if ball[0].half_width <= rows::MOST_HALF_WIDTH {
            let by_rows = rows::dilate(&mask, extent, &ball, workers);
            prop_assert_eq!(unpack(&by_rows, extent), expected.clone(), "by rows");
        }
        let by_distance = distance::within(&mask, extent, spacing, square, workers);
        prop_assert_eq!(unpack(&by_distance, extent), expected.clone(), "by distance");
        let dilated = dilate(&mask, extent, spacing, radius, workers);
        prop_assert_eq!(unpack(&dilated, extent), expected, "as chosen");
    }

    #[test]
    fn erosion_is_dilation_of_what_is_not_set(
        (mask, extent) in any_mask(),
        spacing in prop::array::uniform3(0.4f64..3.0),
        radius in 0.0f64..6.0,
        workers in any_workers(),
    ) {
        let square = (radius * radius * (1.0 + 1e-6)) as f32;
        let ball = scalar::ball_rows(extent, spacing, square, Workers::ONE);
        let outside: Vec<bool> = unpack(&mask, extent).iter().map(|v| !v).collect();
        let expected: Vec<bool> =
            scalar::dilate(&outside, extent, &ball).iter().map(|v| !v).collect();
        let eroded = erode(&mask, extent, spacing, radius, workers);
        prop_assert_eq!(unpack(&eroded, extent), expected);
    }
}

/// The rows of the ball against its definition by pairs, on spacings that leave no ties.
#[test]
fn the_ball_is_all_within_the_radius() {
    for (extent, spacing, radius) in [
        ([70, 5, 5], [0.45, 0.45, 0.8], 2.0),
        ([9, 20, 7], [1.0, 1.0, 1.0], 3.0),
        ([80, 3, 2], [0.4, 1.3, 5.0], 12.5),
    ] {
        let n: usize = extent.iter().product();
        let voxels: Vec<bool> = (0..n).map(|at| at % 97 == 13).collect();
        let found = dilate(&pack(&voxels, extent), extent, spacing, radius, Workers::ONE);
        assert_eq!(unpack(&found, extent), naive(&voxels, extent, spacing, radius));
    }
}

/// Balls of radius 1, sqrt 2 and sqrt 3 voxels hold 7, 19 and 27 voxels.
#[test]
fn balls_hold_the_known_numbers_of_voxels() {
    let extent = [70, 5, 5];
    let mut voxels = vec![false; 70 * 25];
    voxels[64 + 70 * (2 + 5 * 2)] = true;
    let mask = pack(&voxels, extent);
    for (square, expected) in [(0.0, 1), (1.0, 7), (2.0, 19), (3.0, 27)] {
        let ball = dilate(&mask, extent, [2.0; 3], 2.0 * f64::sqrt(square), Workers::ONE);
        assert_eq!(ball.iter().map(|w| w.count_ones()).sum::<u32>(), expected);
    }
}

#[test]
fn opening_removes_and_closing_fills_what_is_thin() {
    let extent = [9, 1, 1];
    let row = |bits: &str| pack(&bits.chars().map(|c| c == '#').collect::<Vec<_>>(), extent);
    let spacing = [1.0; 3];
    assert_eq!(open(&row(".###..#.."), extent, spacing, 1.0, Workers::ONE), row(".###....."));
    assert_eq!(close(&row("##.###..#"), extent, spacing, 1.0, Workers::ONE), row("#########"));
}
