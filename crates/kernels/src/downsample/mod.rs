//! To a coarser grid, smoothed against aliasing.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::value::Value;
use scalar::{Scratch, Windows};

/// `values` on a grid of `to_mm` with the same axes and the same centre: smoothed with a Gaussian
/// and sampled trilinearly. Beyond an end its last value holds.
///
/// Along each axis sigma is `(to / spacing - 1) / 2` voxels, 0 where the grid gets no coarser, cut
/// off at four sigmas; there are `spacing * n / to` voxels, rounded, at least one. Both filters are one
/// sum of `f32` along `k`, then `j`, then `i`, made at the voxels of the result alone. Returns the
/// values and their extent. Time O(voxels x taps / step along each axis), a plane of `f32` a thread.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`, an axis of it is 0, or a length is not
/// positive and finite.
#[must_use]
pub fn downsample<T: Value>(
    values: &[T],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    to_mm: [f64; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    assert_eq!(values.len(), extent.iter().product::<usize>(), "one value a voxel");
    assert!(!values.is_empty(), "a volume to sample");
    let is_length = |s: &f64| *s > 0.0 && s.is_finite();
    assert!(spacing_mm.iter().chain(&to_mm).all(is_length), "spacings are lengths");
    let step = [0, 1, 2].map(|a| to_mm[a] / spacing_mm[a]);
    let out_extent = [0, 1, 2].map(|a| ((extent[a] as f64 / step[a]).round() as usize).max(1));
    let windows = [0, 1, 2].map(|a| Windows::of(step[a], extent[a], out_extent[a]));
    let mut out: Vec<f32> = workers.zeros(out_extent.iter().product());
    let make = || Scratch::new(extent, workers);
    workers.for_each_chunk_with(
        &mut out,
        out_extent[0] * out_extent[1],
        make,
        |scratch, k, plane| {
            workers.level().run(
                #[inline(always)]
                || scratch.plane(values, &windows, k, plane),
            );
        },
    );
    (out, out_extent)
}
