use crate::lanes::{F32S, at};
use crate::line::Line;

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
#[inline(always)]
pub(super) fn resample_row(
    source: &[f32],
    extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    jk: [usize; 2],
    values: &mut [f32],
    inside: &mut [u64],
) {
    let line = Line::of_row(to_source, extent, jk);
    let within = line.inside(values.len());
    for i in within.clone() {
        inside[i / 64] |= 1 << (i % 64);
    }
    let (blocks, rest) = values[within.clone()].as_chunks_mut::<F32S>();
    // Without pairs to mix, or beyond indices of 32 bits, one by one.
    let has_pairs = extent.iter().all(|&n| n > 1) && i32::try_from(source.len()).is_ok();
    let mut i = within.start;
    for block in blocks {
        if has_pairs {
            line.sample_block(source, i, block);
        } else {
            line.sample_each(source, i, block);
        }
        i += F32S;
    }
    line.sample_each(source, i, rest);
}

impl Line {
    /// The values from voxel `i` on, one by one.
    #[inline(always)]
    fn sample_each(&self, source: &[f32], i: usize, values: &mut [f32]) {
        for (n, value) in values.iter_mut().enumerate() {
            *value = sample_point(source, self.extent, self.index(i + n));
        }
    }

    /// As [`sample_each`](Self::sample_each), with each step for all voxels before the next, so that
    /// vectors can take it; only the corners are fetched one by one.
    #[inline(always)]
    fn sample_block(&self, source: &[f32], i: usize, values: &mut [f32; F32S]) {
        let [ni, nj, _] = self.extent;
        let mut lows = [0i32; F32S];
        let mut weights = [[0.0f32; F32S]; 3];
        for (a, stride) in [1, ni, ni * nj].into_iter().enumerate() {
            let last = (self.extent[a] - 1) as f64;
            for n in 0..F32S {
                // `Between::of`, of which the index must be no more than 32 bits here.
                let clamped = self.index(i + n)[a].clamp(0.0, last);
                let low = (clamped as i32).min(self.extent[a] as i32 - 2);
                weights[a][n] = (clamped - f64::from(low)) as f32;
                lows[n] += low * stride as i32;
            }
        }
        let mut corners = [[0.0f32; F32S]; 8];
        for n in 0..F32S {
            for (row, ahead) in [0, ni, ni * nj, ni * nj + ni].into_iter().enumerate() {
                let pair: &[f32; 2] = at(source, lows[n] as usize + ahead);
                corners[2 * row][n] = pair[0];
                corners[2 * row + 1][n] = pair[1];
            }
        }
        for n in 0..F32S {
            let along_k =
                |corner: usize| mix(corners[corner][n], corners[corner + 4][n], weights[2][n]);
            let along_j = |corner: usize| mix(along_k(corner), along_k(corner + 2), weights[1][n]);
            values[n] = mix(along_j(0), along_j(1), weights[0][n]);
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
