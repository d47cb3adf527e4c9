/// Adds rows of `ni` values to the sums of blocks of `n_along`, value after value.
#[inline(always)]
pub(super) fn add_rows(rows: &mut [f32], ni: usize, n_along: usize, sums: &mut [f32]) {
    for row in rows.chunks_exact(ni) {
        for (sum, values) in sums.iter_mut().zip(row.chunks_exact(n_along)) {
            for value in values {
                *sum += value;
            }
        }
    }
}
