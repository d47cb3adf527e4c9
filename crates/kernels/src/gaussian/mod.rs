//! Gaussian smoothing.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::buffer::Buffer;
use crate::lanes::{Lanes, Work};
use crate::value::Value;
use scalar::{Padded, Taps};

/// `values` smoothed with a Gaussian of `sigma_mm`, cut off at four sigmas; beyond an end its last
/// value holds. A sigma of 0 leaves the values as they are.
///
/// Sums run in `f32`, from the middle tap outwards, along `i`, then `j`, then `k`. Time
/// O(voxels x taps of the three axes); besides the result as many planes of `f32` as there are
/// taps along `k`, for each thread.
///
/// # Panics
/// If `values` has not one value a voxel of `extent`, a spacing is not positive and finite, or the
/// sigma is negative or not finite.
#[must_use]
pub fn gaussian<T: Value>(
    values: &[T],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    sigma_mm: f64,
    workers: Workers,
) -> Vec<f32> {
    let [ni, nj, nk] = extent;
    assert_eq!(values.len(), ni * nj * nk, "one value a voxel");
    assert!(spacing_mm.iter().all(|s| *s > 0.0 && s.is_finite()), "spacings are lengths");
    assert!(sigma_mm >= 0.0 && sigma_mm.is_finite(), "sigma is a length");
    let mut out: Vec<f32> = workers.unwritten(values.len());
    if values.is_empty() {
        return out;
    }
    let taps = spacing_mm.map(|s| Taps::of(sigma_mm / s));
    let reach = taps[2].reach();
    let make = || Ring::new(extent, &taps, workers);
    workers.for_each_chunk_with(&mut out, ni * nj, make, |ring, k, plane| {
        // Planes come in order on a thread; the first of it needs all before it.
        let first = k.saturating_sub(reach);
        for source in ring.next.max(first)..(k + reach + 1).min(nk) {
            let values = &values[source * ni * nj..][..ni * nj];
            workers.level().with(FillPlane { values, taps: &taps, ring, source });
        }
        workers.level().with(SumPlanes { taps: &taps[2], ring, k, nk, plane });
    });
    out
}

/// The planes around the one that is made, smoothed along `i` and `j`.
struct Ring<'a> {
    ni: usize,
    nj: usize,
    /// One after the other, `pitch` values from one to the next.
    planes: Buffer<'a, f32>,
    n_planes: usize,
    pitch: usize,
    /// The next plane of the source to go in.
    next: usize,
    along_i: Padded,
    /// A plane smoothed along `i`, `half_pitch` values from row to row.
    half: Buffer<'a, f32>,
    half_pitch: usize,
}

impl<'a> Ring<'a> {
    fn new([ni, nj, _]: [usize; 3], taps: &[Taps; 3], workers: Workers<'a>) -> Self {
        let n_planes = 2 * taps[2].reach() + 1;
        // Values that are summed must not lie a power of two apart: the nearest cache has room for
        // but a few of those. An odd number of its lines of 16 values does that.
        let line = |n: usize| n.next_multiple_of(32) + 16;
        let (pitch, half_pitch) = (line(ni * nj), line(ni));
        let mut planes = workers.buffer(n_planes * pitch);
        planes.fill_to(n_planes * pitch, 0.0);
        let mut half = workers.buffer(nj * half_pitch);
        half.fill_to(nj * half_pitch, 0.0);
        let along_i = Padded::new(ni, taps[0].reach());
        Self { ni, nj, planes, n_planes, pitch, next: 0, along_i, half, half_pitch }
    }
}

struct FillPlane<'a, 'b, T> {
    values: &'a [T],
    taps: &'a [Taps; 3],
    ring: &'a mut Ring<'b>,
    source: usize,
}

impl<T: Value> Work for FillPlane<'_, '_, T> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { values, taps, ring, source } = self;
        let Ring { ni, nj, planes, n_planes, pitch, next, along_i, half, half_pitch } = ring;
        let slot = source % *n_planes;
        for (row, out) in values.chunks_exact(*ni).zip(half.chunks_exact_mut(*half_pitch)) {
            along_i.fill(row);
            scalar::along_row(lanes, along_i, &taps[0], &mut out[..*ni]);
        }
        for (j, out) in planes[slot * *pitch..][..*ni * *nj].chunks_exact_mut(*ni).enumerate() {
            scalar::across(
                lanes,
                #[inline(always)]
                |step| {
                    let (before, after) = (j.saturating_sub(step), (j + step).min(*nj - 1));
                    [&half[before * *half_pitch..][..*ni], &half[after * *half_pitch..][..*ni]]
                },
                &taps[1],
                out,
            );
        }
        *next = source + 1;
    }
}

struct SumPlanes<'a, 'b> {
    taps: &'a Taps,
    ring: &'a Ring<'b>,
    k: usize,
    nk: usize,
    plane: &'a mut [f32],
}

impl Work for SumPlanes<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Ring { ni, nj, planes, n_planes, pitch, .. } = self.ring;
        let held = |k: usize| &planes[k % n_planes * pitch..][..ni * nj];
        let pairs: Vec<[&[f32]; 2]> = (0..=self.taps.reach())
            .map(|n| [held(self.k.saturating_sub(n)), held((self.k + n).min(self.nk - 1))])
            .collect();
        for (j, out) in self.plane.chunks_exact_mut(*ni).enumerate() {
            scalar::across(
                lanes,
                #[inline(always)]
                |step| {
                    let [before, after] = pairs[step];
                    [&before[j * ni..][..*ni], &after[j * ni..][..*ni]]
                },
                self.taps,
                out,
            );
        }
    }
}
