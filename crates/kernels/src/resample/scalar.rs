/// One row of the output.
pub(super) fn resample_row(
    source: &[f32],
    extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    [j, k]: [usize; 2],
    values: &mut [f32],
    inside: &mut [u64],
) {
    let (j, k) = (j as f64, k as f64);
    let start = to_source.map(|m| m[1] * j + m[2] * k + m[3]);
    for (i, value) in values.iter_mut().enumerate() {
        let index = [0, 1, 2].map(|a| to_source[a][0] * i as f64 + start[a]);
        if (0..3).all(|a| index[a] >= -0.5 && index[a] <= extent[a] as f64 - 0.5) {
            inside[i / 64] |= 1 << (i % 64);
            *value = sample_point(source, extent, index);
        }
    }
}

/// The trilinear value of `source` at an index, clamped to the extent on every axis.
///
/// # Panics
/// If `source` is shorter than `extent` says.
#[must_use]
#[inline]
pub fn sample_point(source: &[f32], extent: [usize; 3], index: [f64; 3]) -> f32 {
    let [ni, nj, _] = extent;
    let mut low = [0usize; 3];
    let mut step = [0usize; 3];
    let mut high_weight = [0.0f32; 3];
    for a in 0..3 {
        let clamped = index[a].clamp(0.0, (extent[a] - 1) as f64);
        low[a] = (clamped as usize).min(extent[a].saturating_sub(2));
        step[a] = usize::from(extent[a] > 1);
        high_weight[a] = (clamped - low[a] as f64) as f32;
    }
    let at = low[0] + ni * (low[1] + nj * low[2]);
    let [di, dj, dk] = [step[0], step[1] * ni, step[2] * ni * nj];
    let [wi, wj, wk] = high_weight;
    let along_i = |at: usize| source[at] * (1.0 - wi) + source[at + di] * wi;
    let along_j = |at: usize| along_i(at) * (1.0 - wj) + along_i(at + dj) * wj;
    along_j(at) * (1.0 - wk) + along_j(at + dk) * wk
}
