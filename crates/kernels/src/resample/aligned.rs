//! Sampling where the axes of both grids are the same, up to scale, shift and direction: along `i`
//! once a row of the source, along `j` once a plane of it, along `k` once a voxel.

use std::ops::Range;

use super::scalar::{Between, mix};
use super::{Rows, turned};
use crate::Workers;
use crate::bits::row_words;
use crate::buffer::Buffer;
use crate::lanes::{F32S, Lanes, Work, at};

/// Whether each output axis runs along the source axis of its number.
pub(super) fn is_aligned(to_source: &[[f64; 4]; 3]) -> bool {
    (0..3).all(|a| (0..3).all(|b| a == b || to_source[a][b].abs() < 1e-9))
}

/// How output indices map to the source, axis by axis.
pub(crate) struct Aligned {
    scale: [f64; 3],
    shift: [f64; 3],
    extent: [usize; 3],
    /// Of each voxel along `i`, the lower of the two that it lies between.
    lows: Vec<u32>,
    /// And how far it lies towards the other.
    weights: Vec<f32>,
}

impl Aligned {
    /// `None` if an output axis does not run along the source axis of its number, or a source row
    /// has more voxels than a `u32` counts.
    pub(crate) fn of(
        to_source: &[[f64; 4]; 3],
        source_extent: [usize; 3],
        ni: usize,
    ) -> Option<Self> {
        if !is_aligned(to_source) || u32::try_from(source_extent[0]).is_err() {
            return None;
        }
        let mut aligned = Self {
            scale: [0, 1, 2].map(|a| to_source[a][a]),
            shift: [0, 1, 2].map(|a| to_source[a][3]),
            extent: source_extent,
            lows: Vec::with_capacity(ni),
            weights: Vec::with_capacity(ni),
        };
        for i in 0..ni {
            let between = aligned.between(0, i);
            aligned.lows.push(between.low as u32);
            aligned.weights.push(between.weight);
        }
        Some(aligned)
    }

    /// The source index of an output index along one axis.
    pub(crate) fn index(&self, axis: usize, at: usize) -> f64 {
        self.scale[axis] * at as f64 + self.shift[axis]
    }

    /// Whether an output index along one axis lies inside the source.
    pub(crate) fn is_inside(&self, axis: usize, at: usize) -> bool {
        let index = self.index(axis, at);
        index >= -0.5 && index <= self.extent[axis] as f64 - 0.5
    }

    /// The voxels of a row of the output that lie inside the source along `i`.
    pub(super) fn inside_row(&self) -> Inside {
        let ni = self.lows.len();
        let mut is_inside = (0..ni).map(|i| self.is_inside(0, i));
        let first = is_inside.position(|inside| inside).unwrap_or(ni);
        let past = (first..ni).find(|&i| !self.is_inside(0, i)).unwrap_or(ni);
        let mut bits = vec![0; row_words(ni)];
        (first..past).for_each(|i| bits[i / 64] |= 1 << (i % 64));
        Inside { voxels: first..past, bits }
    }

    /// What an output index along one axis lies between.
    pub(crate) fn between(&self, axis: usize, at: usize) -> Between {
        Between::of(self.index(axis, at), self.extent[axis])
    }

    /// A row of the source at the output's voxels along `i`.
    #[inline(always)]
    pub(crate) fn expand<L: Lanes>(&self, lanes: L, source: &[f32], out: &mut [f32]) {
        let mut done = 0;
        if source.len() > 1 {
            for out in out.as_chunks_mut::<F32S>().0 {
                let [a, b] = lanes.pairs(source, at(&self.lows, done), 0);
                let weights = lanes.load(at(&self.weights, done));
                lanes.store(turned::mix(lanes, a, b, weights), out);
                done += F32S;
            }
        }
        let step = usize::from(source.len() > 1);
        for (i, out) in out.iter_mut().enumerate().skip(done) {
            let low = self.lows[i] as usize;
            *out = mix(source[low], source[low + step], self.weights[i]);
        }
    }
}

/// Two rows mixed.
#[inline(always)]
pub(crate) fn mix_rows(a: &[f32], b: &[f32], weight: f32, out: &mut [f32]) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = mix(a, b, weight);
    }
}

/// Which voxels of a row lie inside the source: there is but one stretch of them.
pub(super) struct Inside {
    voxels: Range<usize>,
    bits: Vec<u64>,
}

/// The planes of the source around the one that is sampled, at the output's voxels along `i` and `j`.
#[derive(Debug)]
pub(crate) struct Planes<'a> {
    held: [Held<'a>; 2],
    /// Rows of the source at the output's voxels along `i`.
    rows: Buffer<'a, f32>,
}

#[derive(Debug)]
struct Held<'a> {
    k: Option<usize>,
    values: Buffer<'a, f32>,
}

impl<'a> Planes<'a> {
    /// Nothing yet, with room for planes of `n` values and rows of `n_rows`.
    pub(crate) fn new(n: usize, n_rows: usize, workers: Workers<'a>) -> Self {
        let held = [0, 1].map(|_| Held { k: None, values: workers.buffer(n) });
        Self { held, rows: workers.buffer(n_rows) }
    }

    /// The two planes that an output plane lies between, made where they are not held yet.
    #[inline(always)]
    pub(crate) fn hold<L: Lanes>(
        &mut self,
        lanes: L,
        aligned: &Aligned,
        source: &[f32],
        nj: usize,
        ks: [usize; 2],
    ) -> [&[f32]; 2] {
        if self.held[0].k == Some(ks[1]) || self.held[1].k == Some(ks[0]) {
            self.held.swap(0, 1);
        }
        let ni = aligned.lows.len();
        let [source_ni, source_nj, _] = aligned.extent;
        for (held, k) in self.held.iter_mut().zip(ks) {
            if held.k == Some(k) {
                continue;
            }
            held.k = Some(k);
            held.values.resize(ni * nj, 0.0);
            self.rows.resize(ni * source_nj, 0.0);
            let plane = &source[k * source_ni * source_nj..][..source_ni * source_nj];
            let rows = self.rows.chunks_exact_mut(ni);
            for (row, out) in plane.chunks_exact(source_ni).zip(rows) {
                aligned.expand(lanes, row, out);
            }
            for (j, out) in held.values.chunks_exact_mut(ni).enumerate() {
                let Between { low, step, weight } = aligned.between(1, j);
                let row = |j: usize| &self.rows[j * ni..][..ni];
                mix_rows(row(low), row(low + step), weight, out);
            }
        }
        self.held.each_ref().map(|held| &held.values[..])
    }
}

/// The rows of plane `k` of the output, values and bits of what lies inside.
pub(super) struct Plane<'a, 'b> {
    pub(super) source: &'a [f32],
    pub(super) aligned: &'a Aligned,
    pub(super) planes: &'a mut Planes<'b>,
    pub(super) k: usize,
    pub(super) rows: Rows<'a>,
    pub(super) inside_row: &'a Inside,
}

impl Work for Plane<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { source, aligned, planes, k, mut rows, inside_row } = self;
        let Between { low, step, weight } = aligned.between(2, k);
        let ni = aligned.lows.len();
        let held = planes.hold(lanes, aligned, source, rows.values.len() / ni, [low, low + step]);
        for (j, (values, bits)) in rows.each(ni).enumerate() {
            if !aligned.is_inside(1, j) {
                values.fill(0.0);
                bits.fill(0);
                continue;
            }
            let within = inside_row.voxels.clone();
            let [low, high] = held.map(|values| &values[j * ni..][..ni][within.clone()]);
            values[..within.start].fill(0.0);
            values[within.end..].fill(0.0);
            mix_rows(low, high, weight, &mut values[within]);
            bits.copy_from_slice(&inside_row.bits);
        }
    }
}

/// Values, their extent, and the map to them.
type Reordered<'a> = (Buffer<'a, f32>, [usize; 3], [[f64; 4]; 3]);

/// A source with its axes in the order of the output's, where they run along them in another
/// order.
pub(crate) fn reordered<'a>(
    source: &[f32],
    extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    workers: Workers<'a>,
) -> Option<Reordered<'a>> {
    let along = |b: usize| (0..3).find(|&a| to_source[a][b].abs() >= 1e-9);
    let axes = [along(0)?, along(1)?, along(2)?];
    let is_other_order = axes != [0, 1, 2] && (0..3).all(|a| axes.contains(&a));
    let map = axes.map(|a| to_source[a]);
    let new_extent = axes.map(|a| extent[a]);
    if !is_other_order || Aligned::of(&map, new_extent, 0).is_none() {
        return None;
    }
    let strides = [1, extent[0], extent[0] * extent[1]];
    let [si, sj, sk] = axes.map(|a| strides[a]);
    let mut values = workers.buffer(source.len());
    for k in 0..new_extent[2] {
        for j in 0..new_extent[1] {
            let start = j * sj + k * sk;
            values.extend((0..new_extent[0]).map(|i| source[start + i * si]));
        }
    }
    Some((values, new_extent, map))
}
