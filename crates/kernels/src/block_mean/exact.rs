/// As `scalar::block_mean_plane`, rows added to each other first: whole vectors at a time.
pub(super) fn block_mean_plane(
    read_plane: impl Fn(usize, &mut [f32]),
    plane: &mut [f32],
    extent: [usize; 3],
    block: [usize; 3],
    kk: usize,
    means: &mut [f32],
) {
    let ni = extent[0];
    let out_ni = ni / block[0];
    if block == [1, 1, 1] {
        read_plane(kk, means);
        return;
    }
    for k in kk * block[2]..(kk + 1) * block[2] {
        read_plane(k, plane);
        for (jj, sums) in means.chunks_exact_mut(out_ni).enumerate() {
            let rows = &mut plane[jj * block[1] * ni..][..block[1] * ni];
            let (first, others) = rows.split_at_mut(ni);
            for other in others.chunks_exact(ni) {
                first.iter_mut().zip(other).for_each(|(sum, value)| *sum += value);
            }
            match block[0] {
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
    }
    let n = block.iter().product::<usize>() as f32;
    for mean in means {
        *mean /= n;
    }
}

fn add_blocks<const N: usize>(sums: &mut [f32], row: &[f32]) {
    let (blocks, _) = row.as_chunks::<N>();
    for (sum, values) in sums.iter_mut().zip(blocks) {
        *sum += values.iter().sum::<f32>();
    }
}
