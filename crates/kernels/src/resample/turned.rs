//! Sampling on a grid turned against the source's.

use super::Rows;
use super::scalar::sample_point;
use crate::lanes::{F32S, Lanes, Work};
use crate::line::Line;

/// The rows of one plane of the output, values and bits of what lies inside.
pub(super) struct Plane<'a> {
    pub(super) source: &'a [f32],
    pub(super) extent: [usize; 3],
    pub(super) to_source: &'a [[f64; 4]; 3],
    pub(super) k: usize,
    pub(super) rows: Rows<'a>,
    pub(super) ni: usize,
}

impl Work for Plane<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { source, extent, to_source, k, mut rows, ni } = self;
        // Without pairs to mix, or beyond indices of 32 bits, voxels are sampled one by one.
        let has_pairs = extent.iter().all(|&n| n > 1) && i32::try_from(source.len()).is_ok();
        for (j, (values, inside)) in rows.each(ni).enumerate() {
            let line = Line::of_row(to_source, extent, [j, k]);
            let within = line.inside(values.len());
            values[..within.start].fill(0.0);
            values[within.end..].fill(0.0);
            inside.fill(0);
            for i in within.clone() {
                inside[i / 64] |= 1 << (i % 64);
            }
            let mut i = within.start;
            let within = &mut values[within];
            let n_in_blocks = if has_pairs { within.len() / F32S * F32S } else { 0 };
            let (in_blocks, rest) = within.split_at_mut(n_in_blocks);
            for block in in_blocks.as_chunks_mut::<F32S>().0 {
                sample_block(lanes, source, &line, i, block);
                i += F32S;
            }
            for (n, value) in rest.iter_mut().enumerate() {
                *value = sample_point(source, extent, line.index(i + n));
            }
        }
    }
}

/// [`sample_point`] for samples `i..` of a line.
#[inline(always)]
fn sample_block<L: Lanes>(
    lanes: L,
    source: &[f32],
    line: &Line,
    i: usize,
    values: &mut [f32; F32S],
) {
    let [ni, nj, _] = line.extent;
    let first = i as f64;
    let (along_i, weights_i) = lanes.between(line.axis(0), first);
    let (along_j, weights_j) = lanes.between(line.axis(1), first);
    let (along_k, weights_k) = lanes.between(line.axis(2), first);
    let mut places = [0u32; F32S];
    for n in 0..F32S {
        let [i, j, k] = [along_i[n], along_j[n], along_k[n]].map(i32::cast_unsigned);
        places[n] = i + ni as u32 * (j + nj as u32 * k);
    }
    let one = row(lanes, source, &places, 0, weights_i);
    let other = row(lanes, source, &places, ni, weights_i);
    let low = mix(lanes, one, other, weights_j);
    let one = row(lanes, source, &places, ni * nj, weights_i);
    let other = row(lanes, source, &places, ni * nj + ni, weights_i);
    let high = mix(lanes, one, other, weights_j);
    lanes.store(mix(lanes, low, high, weights_k), values);
}

/// Pairs along `i` mixed. No closure: one that is not inlined is not compiled for the level.
#[inline(always)]
fn row<L: Lanes>(
    lanes: L,
    source: &[f32],
    places: &[u32; F32S],
    ahead: usize,
    weights: L::F,
) -> L::F {
    let [low, high] = lanes.pairs(source, places, ahead);
    mix(lanes, low, high, weights)
}

#[inline(always)]
pub(super) fn mix<L: Lanes>(lanes: L, a: L::F, b: L::F, weights: L::F) -> L::F {
    let others = lanes.sub(lanes.splat(1.0), weights);
    lanes.add(lanes.mul(a, others), lanes.mul(b, weights))
}
