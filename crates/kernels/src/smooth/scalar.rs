/// Plane `k`: across planes and rows first, then along each row.
pub(super) fn smooth_plane(values: &[f32], extent: [usize; 3], k: usize, plane: &mut [f32]) {
    let [ni, nj, nk] = extent;
    let row = |j: usize, k: usize| &values[(j + nj * k) * ni..][..ni];
    let around = |n: usize, len: usize| [n.saturating_sub(1), n, (n + 1).min(len - 1)];
    let mut sums = vec![0.0f32; ni];
    for (j, out) in plane.chunks_exact_mut(ni).enumerate() {
        sums.fill(0.0);
        for (weight_k, k) in [0.25, 0.5, 0.25].into_iter().zip(around(k, nk)) {
            for (weight_j, j) in [0.25, 0.5, 0.25].into_iter().zip(around(j, nj)) {
                for (sum, value) in sums.iter_mut().zip(row(j, k)) {
                    *sum += weight_k * weight_j * value;
                }
            }
        }
        for (i, value) in out.iter_mut().enumerate() {
            let [before, own, after] = around(i, ni).map(|i| sums[i]);
            *value = 0.25 * before + 0.5 * own + 0.25 * after;
        }
    }
}
