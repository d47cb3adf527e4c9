use crate::Workers;
use crate::buffer::Buffer;
use crate::value::Value;

/// Along one axis, which voxels each voxel of the result is a sum of, and with what weights.
pub(super) struct Windows {
    /// The first voxel of each sum.
    first: Vec<u32>,
    /// The weights of all first voxels, then of all second ones, and so on; as many of each as the
    /// result has voxels.
    weights: Vec<f32>,
}

impl Windows {
    /// For steps of so many voxels, from `n` of them to `n_out` about the same centre.
    pub(super) fn of(step: f64, n: usize, n_out: usize) -> Self {
        let gaussian = gaussian((step - 1.0).max(0.0) / 2.0);
        let reach = gaussian.len() / 2;
        let n_taps = (gaussian.len() + 1).min(n);
        let mut first = Vec::with_capacity(n_out);
        let mut weights = vec![0.0; n_taps * n_out];
        for at in 0..n_out {
            let middle = (n - 1) as f64 / 2.0 + (at as f64 - (n_out - 1) as f64 / 2.0) * step;
            let middle = middle.clamp(0.0, (n - 1) as f64);
            let low = (middle as usize).min(n.saturating_sub(2));
            let part = middle - low as f64;
            let start = low.saturating_sub(reach).min(n - n_taps);
            for (corner, share) in [(low, 1.0 - part), (low + 1, part)] {
                for (tap, weight) in gaussian.iter().enumerate() {
                    let voxel = (corner + tap).saturating_sub(reach).min(n - 1);
                    weights[(voxel - start) * n_out + at] += (share * weight) as f32;
                }
            }
            first.push(start as u32);
        }
        Self { first, weights }
    }

    /// The voxels of one sum with their weights.
    #[inline(always)]
    fn sum(&self, at: usize) -> impl Iterator<Item = (usize, f32)> {
        let n_out = self.first.len();
        let first = self.first[at] as usize;
        self.weights[at..].iter().step_by(n_out).enumerate().map(move |(tap, &w)| (first + tap, w))
    }
}

/// A Gaussian of a sigma in voxels, cut off at four; its weights add up to 1.
fn gaussian(sigma: f64) -> Vec<f64> {
    let reach = (4.0 * sigma + 0.5) as i32;
    let weight =
        |at: i32| if at == 0 { 1.0 } else { (-0.5 * (f64::from(at) / sigma).powi(2)).exp() };
    let sum: f64 = (-reach..=reach).map(weight).sum();
    (-reach..=reach).map(|at| weight(at) / sum).collect()
}

/// What a thread needs to make planes of the result.
pub(super) struct Scratch<'a> {
    extent: [usize; 3],
    /// Planes added up.
    plane: Buffer<'a, f32>,
    /// Rows of that added up.
    row: Vec<f32>,
}

impl<'a> Scratch<'a> {
    pub(super) fn new(extent: [usize; 3], workers: Workers<'a>) -> Self {
        let [ni, nj, _] = extent;
        let mut plane = workers.buffer(ni * nj);
        plane.fill_to(ni * nj, 0.0);
        Self { extent, plane, row: vec![0.0; ni] }
    }

    /// Plane `k` of the result.
    #[inline(always)]
    pub(super) fn plane<T: Value>(
        &mut self,
        values: &[T],
        [along_i, along_j, along_k]: &[Windows; 3],
        k: usize,
        out: &mut [f32],
    ) {
        let [ni, nj, _] = self.extent;
        for (j, sums) in self.plane.chunks_exact_mut(ni).enumerate() {
            sums.fill(0.0);
            for (k, weight) in along_k.sum(k) {
                add(sums, &values[(j + nj * k) * ni..][..ni], weight);
            }
        }
        let n_out = along_i.first.len();
        for (j, out) in out.chunks_exact_mut(n_out).enumerate() {
            self.row.fill(0.0);
            for (j, weight) in along_j.sum(j) {
                add(&mut self.row, &self.plane[j * ni..][..ni], weight);
            }
            for (tap, weights) in along_i.weights.chunks_exact(n_out).enumerate() {
                let from = &self.row[tap..];
                for ((out, &weight), &first) in out.iter_mut().zip(weights).zip(&along_i.first) {
                    *out += weight * from[first as usize];
                }
            }
        }
    }
}

/// Adds weighted values to sums.
#[inline(always)]
fn add<T: Value>(sums: &mut [f32], values: &[T], weight: f32) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += weight * value.to_f32();
    }
}
