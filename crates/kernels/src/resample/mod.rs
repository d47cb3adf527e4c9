//! Resampling through an affine map of indices.

mod aligned;
mod nearest;
mod scalar;
#[cfg(test)]
pub(crate) mod tests;

use crate::Workers;
use crate::bits::row_words;
use crate::buffer::zeros;
use crate::value::Value;

pub(crate) use aligned::{Aligned, reordered};
pub use scalar::sample_point;

/// Trilinear values of `source` at the voxels of another grid.
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
        let is_inside = |axis: usize, at: usize| {
            let index = aligned.index(axis, at);
            index >= -0.5 && index <= source_extent[axis] as f64 - 0.5
        };
        let mut inside_row = vec![0u64; row_words(ni)];
        for i in (0..ni).filter(|&i| is_inside(0, i)) {
            inside_row[i / 64] |= 1 << (i % 64);
        }
        let first = (0..ni).find(|&i| is_inside(0, i)).unwrap_or(ni);
        let past = (0..ni).rfind(|&i| is_inside(0, i)).map_or(first, |i| i + 1);
        let make = || (Vec::new(), Vec::new());
        workers.for_each_chunk_with(&mut rows, nj, make, |(plane, row), k, rows| {
            if !is_inside(2, k) {
                return;
            }
            workers.level().run(
                #[inline(always)]
                || {
                    aligned.plane(source, k, plane);
                    for (j, (values, inside)) in rows.iter_mut().enumerate() {
                        if is_inside(1, j) {
                            aligned.row(plane, j, row);
                            aligned.samples(row, values);
                            values[..first].fill(0.0);
                            values[past..].fill(0.0);
                            inside.copy_from_slice(&inside_row);
                        }
                    }
                },
            );
        });
    } else {
        workers.for_each_chunk(&mut rows, nj, |k, rows| {
            workers.level().run(
                #[inline(always)]
                || {
                    for (j, (values, inside)) in rows.iter_mut().enumerate() {
                        let jk = [j, k];
                        scalar::resample_row(source, source_extent, to_source, jk, values, inside);
                    }
                },
            );
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
        workers.for_each_chunk(&mut values, ni * nj, |k, plane| {
            workers.level().run(
                #[inline(always)]
                || {
                    for (j, row) in plane.chunks_exact_mut(ni).enumerate() {
                        nearest::row(source, source_extent, to_source, [j, k], outside, row);
                    }
                },
            );
        });
    }
    values
}
