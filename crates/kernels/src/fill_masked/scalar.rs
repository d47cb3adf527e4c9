use crate::bits::row_words;

/// Rows of voxels of `N` bytes.
#[inline(always)]
pub(super) fn fill_masked<const N: usize>(
    voxels: &mut [u8],
    mask: &[u64],
    ni: usize,
    value: &[u8],
) {
    let mut fill = [0; N];
    fill.copy_from_slice(value);
    let (voxels, _) = voxels.as_chunks_mut::<N>();
    for (row, words) in voxels.chunks_exact_mut(ni.max(1)).zip(mask.chunks_exact(row_words(ni))) {
        for (part, &word) in row.chunks_mut(64).zip(words) {
            if word == !0 {
                part.fill(fill);
            } else if word != 0 {
                for (bit, voxel) in part.iter_mut().enumerate() {
                    if word >> bit & 1 == 1 {
                        *voxel = fill;
                    }
                }
            }
        }
    }
}
