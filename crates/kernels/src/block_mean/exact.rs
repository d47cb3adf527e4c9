/// As `scalar::add_rows`, rows added to each other first: whole vectors at a time.
#[inline(always)]
pub(super) fn add_rows(rows: &mut [f32], ni: usize, n_along: usize, sums: &mut [f32]) {
    let (first, others) = rows.split_at_mut(ni);
    for other in others.chunks_exact(ni) {
        first.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
    }
    match n_along {
        2 => add_blocks::<2>(sums, first),
        3 => add_blocks::<3>(sums, first),
        4 => add_blocks::<4>(sums, first),
        5 => add_blocks::<5>(sums, first),
        n => {
            for (sum, values) in sums.iter_mut().zip(first.chunks_exact(n)) {
                *sum += values.iter().sum::<f32>();
            }
        }
    }
}

#[inline(always)]
fn add_blocks<const N: usize>(sums: &mut [f32], row: &[f32]) {
    let (blocks, _) = row.as_chunks::<N>();
    for (sum, values) in sums.iter_mut().zip(blocks) {
        *sum += values.iter().sum::<f32>();
    }
}
