/// Where a sample lies along an axis: between `low` and `low + step`, `weight` of the way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Between {
    pub(crate) low: usize,
    pub(crate) step: usize,
    pub(crate) weight: f32,
}

impl Between {
    /// Of an index along an axis of `n` voxels, clamped to it.
    #[inline(always)]
    pub(crate) fn of(index: f64, n: usize) -> Self {
        let clamped = index.clamp(0.0, (n - 1) as f64);
        let low = (clamped as usize).min(n.saturating_sub(2));
        Self { low, step: usize::from(n > 1), weight: (clamped - low as f64) as f32 }
    }
}

#[inline(always)]
pub(crate) fn mix(a: f32, b: f32, weight: f32) -> f32 {
    a * (1.0 - weight) + b * weight
}

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

/// The trilinear value of `source` at an index, clamped to the extent on every axis: along `k`
/// first, then `j`, then `i`.
///
/// # Panics
/// If `source` is shorter than `extent` says.
#[must_use]
#[inline]
pub fn sample_point(source: &[f32], extent: [usize; 3], index: [f64; 3]) -> f32 {
    let [ni, nj, _] = extent;
    let [i, j, k] = [0, 1, 2].map(|a| Between::of(index[a], extent[a]));
    let at = i.low + ni * (j.low + nj * k.low);
    let [di, dj, dk] = [i.step, j.step * ni, k.step * ni * nj];
    let along_k = |at: usize| mix(source[at], source[at + dk], k.weight);
    let along_j = |at: usize| mix(along_k(at), along_k(at + dj), j.weight);
    mix(along_j(at), along_j(at + di), i.weight)
}
