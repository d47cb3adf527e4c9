use crate::bits::row_words;

/// The surface within one plane.
#[inline(always)]
pub(super) fn surface_of_plane(
    mask: &[u64],
    [ni, nj, nk]: [usize; 3],
    k: usize,
    plane: &mut [u64],
) {
    let n = row_words(ni);
    let row = |j: usize, k: usize| &mask[(j + nj * k) * n..][..n];
    for (j, out) in plane.chunks_exact_mut(n).enumerate() {
        let own = row(j, k);
        let has_all_around = j > 0 && j + 1 < nj && k > 0 && k + 1 < nk;
        if !has_all_around {
            out.copy_from_slice(own);
            continue;
        }
        let around = [row(j - 1, k), row(j + 1, k), row(j, k - 1), row(j, k + 1)];
        for (at, out) in out.iter_mut().enumerate() {
            // Before the first voxel and after the last nothing is set: words end in zeros.
            let before = own[at] << 1 | if at > 0 { own[at - 1] >> 63 } else { 0 };
            let after = own[at] >> 1 | if at + 1 < n { own[at + 1] << 63 } else { 0 };
            let within = around.iter().fold(before & after, |all, row| all & row[at]);
            *out = own[at] & !within;
        }
    }
}
