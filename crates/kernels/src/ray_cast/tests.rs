use proptest::prelude::*;

use super::{Hit, Rays, ray_cast};
use crate::Workers;
use crate::bits::tests::{any_mask, pack, unpack};
use crate::workers::tests::any_workers;

/// Sample after sample, voxel after voxel.
fn naive(mask: &[bool], extent: [usize; 3], spacing_mm: [f64; 3], rays: &Rays) -> Vec<Option<Hit>> {
    let is_set = |voxel: [f64; 3]| {
        let is_within = (0..3).all(|a| voxel[a] >= 0.0 && voxel[a] < extent[a] as f64);
        let [i, j, k] = voxel.map(|v| v as usize);
        is_within && mask[i + extent[0] * (j + extent[1] * k)]
    };
    let normal = |voxel: [f64; 3]| {
        let mut sum = [0.0; 3];
        for at in 0..125 {
            let away = [at % 5, at / 5 % 5, at / 25].map(|v| f64::from(v) - 2.0);
            if is_set([0, 1, 2].map(|a| voxel[a] + away[a])) {
                (0..3).for_each(|a| sum[a] -= away[a]);
            }
        }
        let sum = [0, 1, 2].map(|a| sum[a] * spacing_mm[a]);
        let length = sum.iter().map(|v| v * v).sum::<f64>().sqrt();
        sum.map(|v| if length > 0.0 { (v / length) as f32 } else { 0.0 })
    };
    let cast = |pixel: usize| {
        let (x, y) = ((pixel % rays.n_pixels[0]) as f64, (pixel / rays.n_pixels[0]) as f64);
        (0..rays.n_steps).find_map(|n| {
            let voxel = [0, 1, 2].map(|a| {
                let start = rays.start[a] + rays.across[a] * x + rays.down[a] * y;
                (rays.step[a] * n as f64 + start + 0.5).floor()
            });
            is_set(voxel).then(|| Hit { n, normal: normal(voxel) })
        })
    };
    (0..rays.n_pixels.iter().product()).map(cast).collect()
}

proptest! {
    #[test]
    fn leaps_change_no_answer(
        (mask, extent) in any_mask(),
        start in prop::array::uniform3(-0.3f64..1.3),
        turns in prop::array::uniform9(-1.0f64..1.0),
        is_straight in any::<bool>(),
        workers in any_workers(),
    ) {
        let [across, down, step] = [0, 3, 6].map(|n| [0, 1, 2].map(|a| {
            if is_straight && a != n / 3 { 0.0 } else { 3.0 * turns[n + a] }
        }));
        let start = [0, 1, 2].map(|a| start[a] * extent[a] as f64);
        let rays = Rays { n_pixels: [9, 7], start, across, down, step, n_steps: 300 };
        let spacing = [0.7, 1.0, 2.5];
        let found = ray_cast(&mask, extent, spacing, &rays, workers);
        prop_assert_eq!(found, naive(&unpack(&mask, extent), extent, spacing, &rays));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Few voxels in many empty blocks, which a leap one sample too long would miss.
    #[test]
    fn leaps_miss_no_lone_voxel(
        seed in any::<u32>(),
        turns in prop::array::uniform9(-1.0f64..1.0),
        workers in any_workers(),
    ) {
        let extent = [61, 50, 43];
        let is_set = |at: u32| (at ^ seed).wrapping_mul(2_654_435_761) >> 20 == 0;
        let voxels: Vec<bool> = (0..61 * 50 * 43).map(is_set).collect();
        let [across, down, step] = [0, 3, 6].map(|n| [0, 1, 2].map(|a| turns[n + a]));
        // The ray in the middle goes through the middle of the volume.
        let start = [0, 1, 2].map(|a| {
            extent[a] as f64 / 2.0 - 12.0 * (across[a] + down[a]) - 100.0 * step[a]
        });
        let rays = Rays { n_pixels: [25, 25], start, across, down, step, n_steps: 200 };
        let found = ray_cast(&pack(&voxels, extent), extent, [1.0; 3], &rays, workers);
        prop_assert_eq!(found, naive(&voxels, extent, [1.0; 3], &rays));
    }
}

#[test]
fn rays_that_stand_still_end() {
    let mut mask = vec![0u64; 20];
    mask[19] = 1;
    let still = |start| Rays {
        n_pixels: [1, 1],
        start,
        across: [0.0; 3],
        down: [0.0; 3],
        step: [0.0; 3],
        n_steps: 50,
    };
    let cast = |start| ray_cast(&mask, [64, 1, 20], [1.0; 3], &still(start), Workers::ONE);
    assert_eq!(cast([40.0, 0.0, 2.0]), [None]);
    assert_eq!(cast([0.0, 0.0, 19.0])[0].map(|hit| hit.n), Some(0));
}

#[test]
fn a_ball_is_seen_round() {
    let extent = [90, 91, 92];
    let voxel = |at: usize| [at % 90, at / 90 % 91, at / 90 / 91].map(|v| v as f64 - 45.0);
    let is_ball = |at| voxel(at).iter().map(|v| v * v).sum::<f64>() <= 900.0;
    let ball: Vec<bool> = (0..90 * 91 * 92).map(is_ball).collect();
    let rays = Rays {
        n_pixels: [90, 92],
        start: [0.0, 200.0, 0.0],
        across: [1.0, 0.0, 0.0],
        down: [0.0, 0.0, 1.0],
        step: [0.0, -0.5, 0.0],
        n_steps: 700,
    };
    let hits = ray_cast(&pack(&ball, extent), extent, [1.0; 3], &rays, Workers::new(2));
    let middle = hits[45 + 90 * 45].expect("the middle");
    // The foremost voxel lies at j = 75.
    assert_eq!((middle.n, middle.normal), (250, [0.0, 1.0, 0.0]));
    assert_eq!(hits[0], None);
    for (pixel, hit) in hits.iter().enumerate() {
        let (x, z) = ((pixel % 90) as f64 - 45.0, (pixel / 90) as f64 - 45.0);
        let Some(hit) = hit.filter(|_| x * x + z * z < 625.0) else { continue };
        let y = (900.0 - x * x - z * z).sqrt();
        let cosine = (0..3).map(|a| f64::from(hit.normal[a]) * [x, y, z][a] / 30.0).sum::<f64>();
        assert!(cosine > 0.95, "{pixel}: {cosine}");
    }
}

/// One block along `i` or `j`, so that the next along `j` or `k` is as near in memory as the next along
/// the axis before.
#[test]
fn leaps_miss_no_block_beside_a_thin_one() {
    for extent in [[49, 2, 9], [2, 9, 9], [3, 49, 1]] {
        let [ni, nj, nk] = extent;
        let mut voxels = vec![false; ni * nj * nk];
        voxels[0] = true;
        let mask = pack(&voxels, extent);
        for a in 0..3 {
            let mut rays = Rays {
                n_pixels: [1, 1],
                start: [0.0; 3],
                across: [0.0; 3],
                down: [0.0; 3],
                step: [0.0; 3],
                n_steps: 60,
            };
            rays.start[a] = extent[a] as f64 - 1.0;
            rays.step[a] = -1.0;
            let found = ray_cast(&mask, extent, [1.0; 3], &rays, Workers::ONE);
            assert_eq!(found, naive(&voxels, extent, [1.0; 3], &rays), "{extent:?} along {a}");
        }
    }
}
