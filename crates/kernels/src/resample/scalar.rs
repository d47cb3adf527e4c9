use std::ops::Range;

use crate::lanes;

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

/// Voxels of a row that are sampled together.
const LANES: usize = 16;

/// One row of the output.
#[inline(always)]
pub(super) fn resample_row(
    source: &[f32],
    extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    [j, k]: [usize; 2],
    values: &mut [f32],
    inside: &mut [u64],
) {
    let (j, k) = (j as f64, k as f64);
    let line = Line {
        step: to_source.map(|m| m[0]),
        start: to_source.map(|m| m[1] * j + m[2] * k + m[3]),
        extent,
    };
    let within = line.inside(values.len());
    for i in within.clone() {
        inside[i / 64] |= 1 << (i % 64);
    }
    let (blocks, rest) = values[within.clone()].as_chunks_mut::<LANES>();
    // Without pairs to mix, or beyond indices of 32 bits, one by one.
    let has_pairs = extent.iter().all(|&n| n > 1) && i32::try_from(source.len()).is_ok();
    let mut i = within.start;
    for block in blocks {
        if has_pairs {
            line.sample_block(source, i, block);
        } else {
            line.sample_each(source, i, block);
        }
        i += LANES;
    }
    line.sample_each(source, i, rest);
}

/// Where the voxels of an output row lie in the source: `start`, and `step` further for each.
struct Line {
    start: [f64; 3],
    step: [f64; 3],
    extent: [usize; 3],
}

impl Line {
    #[inline(always)]
    fn index(&self, i: usize) -> [f64; 3] {
        [0, 1, 2].map(|a| self.step[a] * i as f64 + self.start[a])
    }

    /// The stretch of a row of `n` voxels that lies inside the source: every index runs one way
    /// along a line, so that there is but one.
    #[inline(always)]
    fn inside(&self, n: usize) -> Range<usize> {
        let (mut first, mut past) = (0.0f64, n as f64);
        for a in 0..3 {
            let ends = [-0.5, self.extent[a] as f64 - 0.5].map(|end| end - self.start[a]);
            let [one, other] = ends.map(|end| end / self.step[a]);
            // A step of 0 leaves no number where it starts at an end: then the others decide.
            first = first.max(one.min(other));
            past = past.min(one.max(other) + 1.0);
        }
        let is_inside = |i: usize| {
            let index = self.index(i);
            (0..3).all(|a| index[a] >= -0.5 && index[a] <= self.extent[a] as f64 - 0.5)
        };
        // Division rounds: look at one voxel more at both ends.
        let mut past = ((past + 1.0).max(0.0) as usize).min(n);
        let mut first = ((first - 1.0).max(0.0) as usize).min(past);
        while first < past && !is_inside(first) {
            first += 1;
        }
        while first < past && !is_inside(past - 1) {
            past -= 1;
        }
        first..past
    }

    /// The values from voxel `i` on, one by one.
    #[inline(always)]
    fn sample_each(&self, source: &[f32], i: usize, values: &mut [f32]) {
        for (n, value) in values.iter_mut().enumerate() {
            *value = sample_point(source, self.extent, self.index(i + n));
        }
    }

    /// As [`sample_each`](Self::sample_each), in steps that vectors can take; only the corners are
    /// fetched one by one.
    #[inline(always)]
    fn sample_block(&self, source: &[f32], i: usize, values: &mut [f32; LANES]) {
        let [ni, nj, _] = self.extent;
        let first = i as f64;
        let mut at = [0i32; LANES];
        let mut weights = [[0.0f32; LANES]; 3];
        for (a, stride) in [1, ni, ni * nj].into_iter().enumerate() {
            let last = (self.extent[a] - 1) as f64;
            for n in 0..LANES {
                let index = self.step[a] * (first + n as f64) + self.start[a];
                let clamped = index.clamp(0.0, last);
                let low = (clamped as i32).min(self.extent[a] as i32 - 2);
                weights[a][n] = (clamped - f64::from(low)) as f32;
                at[n] += low * stride as i32;
            }
        }
        let mut corners = [[0.0f32; LANES]; 8];
        for n in 0..LANES {
            for (row, ahead) in [0, ni, ni * nj, ni * nj + ni].into_iter().enumerate() {
                let pair: &[f32; 2] = lanes::at(source, at[n] as usize + ahead);
                corners[2 * row][n] = pair[0];
                corners[2 * row + 1][n] = pair[1];
            }
        }
        for n in 0..LANES {
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
