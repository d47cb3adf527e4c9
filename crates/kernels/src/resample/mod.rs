//! Resampling through an affine map of indices.

mod aligned;
mod nearest;
mod scalar;
#[cfg(test)]
pub(crate) mod tests;
mod turned;

use crate::Workers;
use crate::bits::row_words;
use crate::value::Value;

pub(crate) use aligned::{Aligned, Planes, mix_rows, reordered};
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
    let mut values: Vec<f32> = workers.unwritten(ni * nj * nk);
    let mut inside: Vec<u64> = workers.unwritten(row_words(ni) * nj * nk);
    let of_plane = [ni * nj, row_words(ni) * nj];
    if let Some(aligned) = Aligned::of(to_source, source_extent, ni) {
        let (aligned, inside_row) = (&aligned, &aligned.inside_row());
        let make = || aligned::Planes::new(ni * nj, ni * source_extent[1], workers);
        let work = |planes: &mut _, k: usize, values: &mut [f32], inside: &mut [u64]| {
            if aligned.is_inside(2, k) {
                let rows = Rows { values, inside };
                workers.level().with(aligned::Plane {
                    source,
                    aligned,
                    planes,
                    k,
                    rows,
                    inside_row,
                });
            } else {
                values.fill(0.0);
                inside.fill(0);
            }
        };
        workers.for_each_chunk_of_two(
            &mut values,
            of_plane[0],
            &mut inside,
            of_plane[1],
            make,
            work,
        );
    } else {
        let extent = source_extent;
        let work = |(): &mut (), k: usize, values: &mut [f32], inside: &mut [u64]| {
            let rows = Rows { values, inside };
            workers.level().with(turned::Plane { source, extent, to_source, k, rows, ni });
        };
        workers.for_each_chunk_of_two(
            &mut values,
            of_plane[0],
            &mut inside,
            of_plane[1],
            || (),
            work,
        );
    }
    (values, inside)
}

/// The rows of a plane, values and bits of what lies inside.
struct Rows<'a> {
    values: &'a mut [f32],
    inside: &'a mut [u64],
}

impl Rows<'_> {
    /// Row by row, each of `ni` voxels.
    fn each(&mut self, ni: usize) -> impl Iterator<Item = (&mut [f32], &mut [u64])> {
        self.values.chunks_exact_mut(ni).zip(self.inside.chunks_exact_mut(row_words(ni)))
    }
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
    let mut values: Vec<T> = workers.unwritten(ni * nj * nk);
    let ni = ni.max(1);
    if aligned::is_aligned(to_source) {
        let axes = nearest::Axes::of(to_source, source_extent, extent);
        workers.for_each_chunk_with(
            &mut values,
            ni * nj,
            || nearest::Last::new(ni * nj, workers),
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
