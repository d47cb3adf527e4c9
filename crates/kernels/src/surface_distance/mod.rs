//! From one surface to another.

mod scalar;
#[cfg(test)]
mod tests;

use crate::bits::{assert_words, row_words};
use crate::{Workers, distance, gather};

/// The voxels of `mask` at its surface: one of the six around is not set, or lies beyond the
/// extent.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn surface(mask: &[u64], extent: [usize; 3], workers: Workers) -> Vec<u64> {
    assert_words(mask, extent);
    let [ni, nj, _] = extent;
    let n = row_words(ni);
    let mut surface: Vec<u64> = workers.unwritten(mask.len());
    workers.for_each_chunk(&mut surface, n * nj, |k, plane| {
        workers.level().run(
            #[inline(always)]
            || scalar::surface_of_plane(mask, extent, k, plane),
        );
    });
    surface
}

/// The distance in millimetres from each surface voxel of `mask` to the nearest surface voxel of
/// `other`, centre to centre, in the order of `mask`'s voxels; infinite if `other` is empty.
///
/// Their largest is the one-sided Hausdorff distance, their mean the mean surface distance. See
/// [`surface`] and [`distance`], which take the time.
///
/// # Panics
/// If a mask has not the words of `extent`, or a spacing is not positive and finite.
#[must_use]
pub fn surface_distances(
    mask: &[u64],
    other: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    workers: Workers,
) -> Vec<f32> {
    let from = surface(mask, extent, workers);
    let to = surface(other, extent, workers);
    let distances = distance(&to, extent, spacing_mm, f64::INFINITY, workers);
    let gathered = gather(&distances, &from, extent, workers);
    workers.give_back(from);
    workers.give_back(to);
    workers.give_back(distances);
    gathered
}
