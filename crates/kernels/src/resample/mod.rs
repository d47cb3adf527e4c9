//! Trilinear resampling through an affine map of indices.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::row_words;

pub use scalar::sample_point;

/// Trilinear values of `source` at the voxels of another grid.
///
/// `to_source` maps an index of the output, `(i, j, k, 1)`, to an index of the source, row-major.
/// An output voxel lies inside if its source index is within `-0.5..=n - 0.5` on every axis;
/// there indices are clamped to `0..=n - 1`. Outside the value is 0.
///
/// Returns the values, and a bit mask of the voxels inside. Time O(output voxels).
///
/// # Panics
/// If `source` has not `source_extent` values, or an axis of it is 0.
#[must_use]
pub fn resample(
    source: &[f32],
    source_extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    extent: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, Vec<u64>) {
    assert_eq!(source.len(), source_extent.iter().product::<usize>(), "one value a voxel");
    assert!(!source.is_empty(), "a source to sample");
    let [ni, nj, nk] = extent;
    let mut values = vec![0.0f32; ni * nj * nk];
    let mut inside = vec![0u64; row_words(ni) * nj * nk];
    let mut rows: Vec<(&mut [f32], &mut [u64])> =
        values.chunks_mut(ni.max(1)).zip(inside.chunks_mut(row_words(ni).max(1))).collect();
    workers.for_each_chunk(&mut rows, nj, |k, rows| {
        for (j, (values, inside)) in rows.iter_mut().enumerate() {
            scalar::resample_row(source, source_extent, to_source, [j, k], values, inside);
        }
    });
    (values, inside)
}
