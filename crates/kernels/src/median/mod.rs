//! Median of the 27 voxels around each.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::lanes::{Lanes, Work};
use crate::value::Value;

/// The median of each voxel and its 26 neighbours; beyond an end its last value holds.
///
/// Along `k` every three values are sorted, three such triples along `i` are merged to nine, and two
/// such nines along `j` to 18, which serve two voxels: with one nine more each has its 14th of 27.
/// Merging: Batcher (1968), doi:10.1145/1468075.1468121. The same comparisons for every voxel, about
/// 80, so time O(voxels). Besides the result 39 rows a thread.
///
/// Of values that are no number the result is some value of the 27.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`.
#[must_use]
pub fn median<T: Value>(values: &[T], extent: [usize; 3], workers: Workers) -> Vec<T> {
    let [ni, nj, nk] = extent;
    assert_eq!(values.len(), ni * nj * nk, "one value a voxel");
    let mut out: Vec<T> = workers.unwritten(values.len());
    if values.is_empty() {
        return out;
    }
    let plane_of = |k: usize| &values[k * ni * nj..][..ni * nj];
    let make = || scalar::Scratch::new(values[0], ni);
    workers.for_each_chunk_with(&mut out, ni * nj, make, |scratch, k, plane| {
        let around = [k.saturating_sub(1), k, (k + 1).min(nk - 1)].map(plane_of);
        workers.level().with(Plane { around, ni, scratch, plane });
    });
    out
}

/// One plane, from itself and its neighbours.
struct Plane<'a, T> {
    around: [&'a [T]; 3],
    ni: usize,
    scratch: &'a mut scalar::Scratch<T>,
    plane: &'a mut [T],
}

impl<T: Value> Work for Plane<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { around, ni, scratch, plane } = self;
        scalar::median_plane(lanes, around, ni, scratch, plane);
    }
}
