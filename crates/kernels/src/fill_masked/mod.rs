//! One value into every voxel under a mask.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;

/// Writes the bytes `value` into every voxel of `voxels` whose bit of `mask` is set. A voxel is
/// `value.len()` bytes; the others keep their bits.
///
/// `voxels` holds whole rows of `ni` voxels, `mask` their rows of words.
///
/// # Panics
/// If `value` has not 1, 2, 4 or 8 bytes, or `mask` and `voxels` differ in rows.
pub fn fill_masked(voxels: &mut [u8], mask: &[u64], ni: usize, value: &[u8], workers: Workers) {
    let n = crate::row_words(ni);
    assert!(
        mask.len() * ni * value.len() == voxels.len() * n,
        "one row of words for each row of voxels"
    );
    assert!(matches!(value.len(), 1 | 2 | 4 | 8), "a stored value of {} bytes", value.len());
    // So many rows that a chunk is worth its start.
    let rows = (1 << 16) / ni.max(1) + 1;
    workers.for_each_chunk(voxels, rows * ni * value.len(), |chunk, voxels| {
        let mask = &mask[chunk * rows * n..];
        workers.level().run(
            #[inline(always)]
            || match value.len() {
                1 => scalar::fill_masked::<1>(voxels, mask, ni, value),
                2 => scalar::fill_masked::<2>(voxels, mask, ni, value),
                4 => scalar::fill_masked::<4>(voxels, mask, ni, value),
                _ => scalar::fill_masked::<8>(voxels, mask, ni, value),
            },
        );
    });
}
