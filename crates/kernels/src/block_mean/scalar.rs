/// The means of the blocks of output plane `kk`. `plane` has room for one of the source.
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
            for row in plane[jj * block[1] * ni..].chunks_exact(ni).take(block[1]) {
                for (sum, values) in sums.iter_mut().zip(row.chunks_exact(block[0])) {
                    for value in values {
                        *sum += value;
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
