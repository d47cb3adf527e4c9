//! A small binomial filter.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;

/// `values` weighted with 1/4, 1/2, 1/4 along each axis; beyond an end its last value holds.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`.
#[must_use]
pub fn smooth(values: &[f32], extent: [usize; 3], workers: Workers) -> Vec<f32> {
    let [ni, nj, nk] = extent;
    assert_eq!(values.len(), ni * nj * nk, "one value a voxel");
    let mut out: Vec<f32> = workers.unwritten(values.len());
    workers.for_each_chunk(&mut out, (ni * nj).max(1), |k, plane| {
        scalar::smooth_plane(values, extent, k, plane);
    });
    out
}
