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

/// The trilinear value of `source` at an index, clamped to the extent on every axis: along `i`
/// first, then `j`, then `k`.
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
    let along_i = |at: usize| mix(source[at], source[at + di], i.weight);
    let along_j = |at: usize| mix(along_i(at), along_i(at + dj), j.weight);
    mix(along_j(at), along_j(at + dk), k.weight)
}
