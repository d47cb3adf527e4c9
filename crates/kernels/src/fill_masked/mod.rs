//! One value into every voxel under a mask.

mod scalar;
#[cfg(test)]
mod tests;

/// Writes the bytes `value` into every voxel of `voxels` whose bit of `mask` is set. A voxel is
/// `value.len()` bytes; the others keep their bits.
///
/// `voxels` holds whole rows of `ni` voxels, `mask` their rows of words.
///
/// # Panics
/// If `value` has not 1, 2, 4 or 8 bytes, or `mask` and `voxels` differ in rows.
pub fn fill_masked(voxels: &mut [u8], mask: &[u64], ni: usize, value: &[u8]) {
    let n = crate::row_words(ni);
    assert!(
        mask.len() * ni * value.len() == voxels.len() * n,
        "one row of words for each row of voxels"
    );
    match value {
        [_] => scalar::fill_masked::<1>(voxels, mask, ni, value),
        [_, _] => scalar::fill_masked::<2>(voxels, mask, ni, value),
        [_, _, _, _] => scalar::fill_masked::<4>(voxels, mask, ni, value),
        [_, _, _, _, _, _, _, _] => scalar::fill_masked::<8>(voxels, mask, ni, value),
        _ => panic!("a stored value of {} bytes", value.len()),
    }
}
