//! Values to bits.

mod scalar;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use crate::Workers;
use crate::bits::row_words;
use crate::lanes::{Lanes, Work};
use crate::value::Value;

pub(crate) use scalar::pack_row;

/// The voxels whose value lies above `low`; a value that is no number never does.
///
/// Time O(voxels), bound by memory. Allocates the mask alone.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`.
#[must_use]
pub fn threshold<T: Value>(values: &[T], extent: [usize; 3], low: T, workers: Workers) -> Vec<u64> {
    match low.next_above() {
        Some(least) => pack(values, extent, [least, T::MOST], workers),
        None => workers.zeros(row_words(extent[0]) * extent[1] * extent[2]),
    }
}

/// The voxels whose value lies in `window`, both ends included; a value that is no number never
/// does.
///
/// # Panics
/// As [`threshold`].
#[must_use]
pub fn window<T: Value>(
    values: &[T],
    extent: [usize; 3],
    window: RangeInclusive<T>,
    workers: Workers,
) -> Vec<u64> {
    let (low, high) = window.into_inner();
    pack(values, extent, [low, high], workers)
}

/// The voxels of bytes that are not 0.
///
/// # Panics
/// As [`threshold`].
#[must_use]
pub fn bits_of(bytes: &[u8], extent: [usize; 3], workers: Workers) -> Vec<u64> {
    threshold(bytes, extent, 0, workers)
}

fn pack<T: Value>(values: &[T], extent: [usize; 3], ends: [T; 2], workers: Workers) -> Vec<u64> {
    let [ni, nj, nk] = extent;
    assert_eq!(values.len(), ni * nj * nk, "one value a voxel");
    let n = row_words(ni);
    let mut mask: Vec<u64> = workers.unwritten(n * nj * nk);
    workers.for_each_chunk(&mut mask, (n * nj).max(1), |k, words| {
        let values = &values[k * ni * nj..][..ni * nj];
        workers.level().with(Plane { values, ni, ends, words });
    });
    mask
}

struct Plane<'a, T> {
    values: &'a [T],
    ni: usize,
    ends: [T; 2],
    words: &'a mut [u64],
}

impl<T: Value> Work for Plane<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let rows = self.values.chunks_exact(self.ni);
        for (row, words) in rows.zip(self.words.chunks_exact_mut(row_words(self.ni))) {
            pack_row(lanes, row, self.ends, words);
        }
    }
}
