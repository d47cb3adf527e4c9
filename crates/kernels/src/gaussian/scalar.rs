use crate::lanes::{F32S, Lanes, at, at_mut};
use crate::value::Value;

/// Half of a symmetric filter: the weight of the middle, then of both neighbours, and so on.
#[derive(Debug, Clone)]
pub(super) struct Taps(Vec<f32>);

impl Taps {
    /// Of a Gaussian whose sigma is given in voxels.
    pub(super) fn of(sigma: f64) -> Self {
        let reach = (4.0 * sigma + 0.5) as usize;
        let half: Vec<f64> = (0..=reach)
            .map(|n| if n == 0 { 1.0 } else { (-0.5 * (n as f64 / sigma).powi(2)).exp() })
            .collect();
        let sum = 2.0 * half.iter().sum::<f64>() - 1.0;
        Self(half.into_iter().map(|w| (w / sum) as f32).collect())
    }

    pub(super) fn reach(&self) -> usize {
        self.0.len() - 1
    }
}

/// A row with its end values repeated on both sides.
#[derive(Debug)]
pub(super) struct Padded {
    values: Vec<f32>,
    ni: usize,
    reach: usize,
}

impl Padded {
    pub(super) fn new(ni: usize, reach: usize) -> Self {
        Self { values: vec![0.0; ni + 2 * reach], ni, reach }
    }

    #[inline(always)]
    pub(super) fn fill<T: Value>(&mut self, row: &[T]) {
        let own = &mut self.values[self.reach..][..self.ni];
        for (own, value) in own.iter_mut().zip(row) {
            *own = value.to_f32();
        }
        let (first, last) = (own[0], own[own.len() - 1]);
        self.values[..self.reach].fill(first);
        self.values[self.reach + self.ni..][..self.reach].fill(last);
    }
}

/// Vectors summed side by side: that hides the time an addition takes.
const WIDE: usize = 4;

/// A row smoothed along itself.
#[inline(always)]
pub(super) fn along_row<L: Lanes>(lanes: L, row: &Padded, taps: &Taps, out: &mut [f32]) {
    let (wide, _) = out.as_chunks_mut::<{ WIDE * F32S }>();
    let mut done = 0;
    for out in wide {
        let own = row.reach + done;
        let sums = weighted(
            lanes,
            taps,
            #[inline(always)]
            |step| [&row.values[own - step..], &row.values[own + step..]],
        );
        store(lanes, sums, out);
        done += WIDE * F32S;
    }
    for (i, out) in out.iter_mut().enumerate().skip(done) {
        let own = row.reach + i;
        let mut sum = row.values[own] * taps.0[0];
        for (step, &weight) in taps.0.iter().enumerate().skip(1) {
            sum += (row.values[own - step] + row.values[own + step]) * weight;
        }
        *out = sum;
    }
}

/// A row smoothed across rows, given the two that lie a number of steps before and after it.
#[inline(always)]
pub(super) fn across<'a, L: Lanes>(
    lanes: L,
    pair: impl Fn(usize) -> [&'a [f32]; 2],
    taps: &Taps,
    out: &mut [f32],
) {
    let (wide, _) = out.as_chunks_mut::<{ WIDE * F32S }>();
    let mut done = 0;
    for out in wide {
        let sums = weighted(
            lanes,
            taps,
            #[inline(always)]
            |step| {
                let [before, after] = pair(step);
                [&before[done..], &after[done..]]
            },
        );
        store(lanes, sums, out);
        done += WIDE * F32S;
    }
    for (i, out) in out.iter_mut().enumerate().skip(done) {
        let [own, _] = pair(0);
        let mut sum = own[i] * taps.0[0];
        for (step, &weight) in taps.0.iter().enumerate().skip(1) {
            let [before, after] = pair(step);
            sum += (before[i] + after[i]) * weight;
        }
        *out = sum;
    }
}

/// The weighted sum of what lies each number of steps before and after.
#[inline(always)]
fn weighted<'a, L: Lanes>(
    lanes: L,
    taps: &Taps,
    pair: impl Fn(usize) -> [&'a [f32]; 2],
) -> [L::F; WIDE] {
    let [own, _] = pair(0);
    let weight = lanes.splat(taps.0[0]);
    let mut sums = [weight; WIDE];
    for (n, sum) in sums.iter_mut().enumerate() {
        *sum = lanes.mul(lanes.load(at(own, n * F32S)), weight);
    }
    for (step, &weight) in taps.0.iter().enumerate().skip(1) {
        let [before, after] = pair(step);
        let (before, after): (&[f32; WIDE * F32S], &[f32; WIDE * F32S]) =
            (at(before, 0), at(after, 0));
        let weight = lanes.splat(weight);
        for (n, sum) in sums.iter_mut().enumerate() {
            let both = lanes.add(lanes.load(at(before, n * F32S)), lanes.load(at(after, n * F32S)));
            *sum = lanes.add(*sum, lanes.mul(both, weight));
        }
    }
    sums
}

#[inline(always)]
fn store<L: Lanes>(lanes: L, sums: [L::F; WIDE], out: &mut [f32; WIDE * F32S]) {
    for (n, sum) in sums.into_iter().enumerate() {
        lanes.store(sum, at_mut(out, n * F32S));
    }
}
