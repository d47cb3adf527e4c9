use proptest::prelude::*;

use super::{close, dilate, erode, open};
use crate::Workers;
use crate::bits::tests::{any_mask, pack, unpack};

fn naive(voxels: &[bool], extent: [usize; 3], spacing: [f64; 3], radius: f64) -> Vec<bool> {
    let [ni, nj, _] = extent;
    let place = |at: usize| [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
    let near = |a: usize, b: usize| {
        let (p, q) = (place(a), place(b));
        let d: f64 = (0..3).map(|n| ((p[n] - q[n]) * spacing[n]).powi(2)).sum();
        d <= radius * radius * (1.0 + 1e-6)
    };
    let set: Vec<usize> = (0..voxels.len()).filter(|&at| voxels[at]).collect();
    (0..voxels.len()).map(|at| set.iter().any(|&other| near(at, other))).collect()
}

proptest! {
    #[test]
    fn dilation_and_erosion_equal_their_definition(
        (mask, extent) in any_mask(),
        spacing in prop::array::uniform3(0.4f64..3.0),
        radius in 0.0f64..6.0,
        threads in 1usize..3,
    ) {
        let workers = Workers::new(threads);
        let voxels = unpack(&mask, extent);
        let expected = naive(&voxels, extent, spacing, radius);
        prop_assert_eq!(unpack(&dilate(&mask, extent, spacing, radius, workers), extent), expected);
        let outside: Vec<bool> = voxels.iter().map(|v| !v).collect();
        let kept: Vec<bool> =
            naive(&outside, extent, spacing, radius).iter().map(|v| !v).collect();
        prop_assert_eq!(unpack(&erode(&mask, extent, spacing, radius, workers), extent), kept);
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
