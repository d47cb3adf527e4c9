//! Values to bits.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::row_words;

/// The voxels whose value lies above `low`; a value that is no number never does.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`.
#[must_use]
pub fn threshold(values: &[f32], extent: [usize; 3], low: f32, workers: Workers) -> Vec<u64> {
    let [ni, nj, nk] = extent;
    assert_eq!(values.len(), ni * nj * nk, "one value a voxel");
    let n = row_words(ni);
    let mut mask = vec![0u64; n * nj * nk];
    workers.for_each_chunk(&mut mask, n.max(1), |row, words| {
        scalar::threshold_row(&values[row * ni..][..ni], low, words);
    });
    mask
}
