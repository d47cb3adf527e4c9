//! The values under a mask.

#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{assert_words, row_words};
use crate::value::Value;

/// The values of the voxels of `mask`, in their order.
///
/// Time O(words + voxels set), on the caller's thread.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`, or `mask` not its words.
#[must_use]
pub fn gather<T: Value>(
    values: &[T],
    mask: &[u64],
    extent: [usize; 3],
    workers: Workers,
) -> Vec<T> {
    let [ni, nj, nk] = extent;
    assert_eq!(values.len(), ni * nj * nk, "one value a voxel");
    assert_words(mask, extent);
    let mut gathered = workers.unwritten(mask.iter().map(|w| w.count_ones() as usize).sum());
    let mut left = gathered.iter_mut();
    let rows = mask.chunks_exact(row_words(ni).max(1)).zip(values.chunks_exact(ni.max(1)));
    for (words, row) in rows {
        for (&word, part) in words.iter().zip(row.chunks(64)) {
            let mut bits = word;
            while bits != 0 {
                if let Some(gathered) = left.next() {
                    *gathered = part[bits.trailing_zeros() as usize];
                }
                bits &= bits - 1;
            }
        }
    }
    gathered
}
