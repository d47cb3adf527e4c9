//! Gaussian smoothing.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::buffer::zeros;
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
    let mut out: Vec<f32> = zeros(values.len());
    if values.is_empty() {
        return out;
    }
    let taps = spacing_mm.map(|s| Taps::of(sigma_mm / s));
    let reach = taps[2].reach();
    let make = || Ring::new(extent, &taps);
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
struct Ring {
    ni: usize,
    nj: usize,
    planes: Vec<Vec<f32>>,
    /// The next plane of the source to go in.
    next: usize,
    along_i: Padded,
    /// A plane smoothed along `i`.
    half: Vec<f32>,
}

impl Ring {
    fn new([ni, nj, _]: [usize; 3], taps: &[Taps; 3]) -> Self {
        let planes = vec![vec![0.0; ni * nj]; 2 * taps[2].reach() + 1];
        let along_i = Padded::new(ni, taps[0].reach());
        Self { ni, nj, planes, next: 0, along_i, half: vec![0.0; ni * nj] }
    }
}

struct FillPlane<'a, T> {
    values: &'a [T],
    taps: &'a [Taps; 3],
    ring: &'a mut Ring,
    source: usize,
}

impl<T: Value> Work for FillPlane<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { values, taps, ring, source } = self;
        let Ring { ni, nj, planes, next, along_i, half } = ring;
        let slot = source % planes.len();
        for (row, out) in values.chunks_exact(*ni).zip(half.chunks_exact_mut(*ni)) {
            along_i.fill(row);
            scalar::along_row(lanes, along_i, &taps[0], out);
        }
        for (j, out) in planes[slot].chunks_exact_mut(*ni).enumerate() {
            scalar::across(
                lanes,
                #[inline(always)]
                |step| {
                    let (before, after) = (j.saturating_sub(step), (j + step).min(*nj - 1));
                    [&half[before * *ni..][..*ni], &half[after * *ni..][..*ni]]
                },
                &taps[1],
                out,
            );
        }
        *next = source + 1;
    }
}

struct SumPlanes<'a> {
    taps: &'a Taps,
    ring: &'a Ring,
    k: usize,
    nk: usize,
    plane: &'a mut [f32],
}

impl Work for SumPlanes<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Ring { ni, planes, .. } = self.ring;
        let held = |k: usize| planes[k % planes.len()].as_slice();
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
