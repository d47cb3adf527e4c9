//! Resampling through an affine map of indices.

mod aligned;
mod nearest;
mod scalar;
#[cfg(test)]
pub(crate) mod tests;
mod turned;

use crate::Workers;
use crate::bits::row_words;
use crate::buffer::zeros;
use crate::value::Value;

pub(crate) use aligned::{Aligned, mix_rows, reordered};
pub use scalar::sample_point;

/// Trilinear values of `source` at the voxels of another grid, as [`sample_point`] gives them.
///
/// `to_source` maps an index of the output, `(i, j, k, 1)`, to an index of the source, row-major.
/// An output voxel lies inside if its source index is within `-0.5..=n - 0.5` on every axis;
/// there indices are clamped to `0..=n - 1`. Outside the value is 0.
///
/// Returns the values, and a bit mask of the voxels inside. Time O(output voxels), less by far
/// where the axes of both grids run alike.
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
    let mut values: Vec<f32> = zeros(ni * nj * nk);
    let mut inside: Vec<u64> = zeros(row_words(ni) * nj * nk);
    let mut rows: Vec<(&mut [f32], &mut [u64])> =
        values.chunks_mut(ni.max(1)).zip(inside.chunks_mut(row_words(ni).max(1))).collect();
    if let Some(aligned) = Aligned::of(to_source, source_extent, ni) {
        let (aligned, inside) = (&aligned, &aligned.inside_row());
        workers.for_each_chunk_with(&mut rows, nj, aligned::Planes::default, |planes, k, rows| {
            if aligned.is_inside(2, k) {
                let plane = aligned::Plane { source, aligned, planes, k, rows, inside };
                workers.level().with(plane);
            }
        });
    } else {
        let extent = source_extent;
        workers.for_each_chunk(&mut rows, nj, |k, rows| {
            workers.level().with(turned::Plane { source, extent, to_source, k, rows });
        });
    }
    drop(rows);
    (values, inside)
}

/// The values of `source` nearest to the voxels of another grid; of two as near, the one of the
/// higher index.
///
/// `to_source` and what lies inside are as for [`resample`]; outside the value is `outside`. Values
/// of any stored type are carried over as they are. Time O(output voxels), less by far where the
/// axes of both grids run alike.
///
/// # Panics
/// If `source` has not `source_extent` values, or an axis of it is 0.
#[must_use]
pub fn resample_nearest<T: Value>(
    source: &[T],
    source_extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    extent: [usize; 3],
    outside: T,
    workers: Workers,
) -> Vec<T> {
    assert_eq!(source.len(), source_extent.iter().product::<usize>(), "one value a voxel");
    assert!(!source.is_empty(), "a source to sample");
    let [ni, nj, nk] = extent;
    let mut values: Vec<T> = zeros(ni * nj * nk);
    let ni = ni.max(1);
    if aligned::is_aligned(to_source) {
        let axes = nearest::Axes::of(to_source, source_extent, extent);
        workers.for_each_chunk_with(
            &mut values,
            ni * nj,
            nearest::Last::default,
            |last, k, plane| {
                axes.plane(source, k, outside, last, plane);
            },
        );
    } else {
        let extent = source_extent;
        workers.for_each_chunk(&mut values, ni * nj, |k, values| {
            let plane = nearest::Plane { source, extent, to_source, k, outside, ni, values };
            workers.level().with(plane);
        });
    }
    values
}
