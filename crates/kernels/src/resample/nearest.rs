//! The nearest voxel instead of a mixture.

use crate::Workers;
use crate::buffer::Buffer;
use crate::lanes::{F32S, Lanes, Work};
use crate::line::Line;

/// The voxel nearest to an index that lies inside an axis of `n` voxels.
#[inline(always)]
fn nearest(index: f64, n: usize) -> usize {
    // From -0.5 on, so that cutting off is rounding down.
    ((index + 0.5) as usize).min(n - 1)
}

/// One plane of the output, where the axes do not run alike.
pub(super) struct Plane<'a, T> {
    pub(super) source: &'a [T],
    pub(super) extent: [usize; 3],
    pub(super) to_source: &'a [[f64; 4]; 3],
    pub(super) k: usize,
    pub(super) outside: T,
    pub(super) ni: usize,
    pub(super) values: &'a mut [T],
}

impl<T: Copy> Work for Plane<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { source, extent, to_source, k, outside, ni, values } = self;
        let is_short = i32::try_from(source.len()).is_ok();
        for (j, values) in values.chunks_exact_mut(ni).enumerate() {
            let line = Line::of_row(to_source, extent, [j, k]);
            let within = line.inside(ni);
            values[..within.start].fill(outside);
            values[within.end..].fill(outside);
            let mut i = within.start;
            let within = &mut values[within];
            let n_in_blocks = if is_short { within.len() / F32S * F32S } else { 0 };
            let (in_blocks, rest) = within.split_at_mut(n_in_blocks);
            for block in in_blocks.as_chunks_mut::<F32S>().0 {
                sample_block(lanes, source, &line, i, block);
                i += F32S;
            }
            for (n, value) in rest.iter_mut().enumerate() {
                *value = source[place_of(line.index(i + n), extent)];
            }
        }
    }
}

/// The nearest voxels of samples `i..` of a line.
#[inline(always)]
fn sample_block<L: Lanes, T: Copy>(
    lanes: L,
    source: &[T],
    line: &Line,
    i: usize,
    values: &mut [T; F32S],
) {
    let [ni, nj, _] = line.extent;
    let first = i as f64;
    let along_i = lanes.nearest(line.axis(0), first);
    let along_j = lanes.nearest(line.axis(1), first);
    let along_k = lanes.nearest(line.axis(2), first);
    let mut places = [0u32; F32S];
    for n in 0..F32S {
        let [i, j, k] = [along_i[n], along_j[n], along_k[n]].map(i32::cast_unsigned);
        places[n] = i + ni as u32 * (j + nj as u32 * k);
    }
    for (value, place) in values.iter_mut().zip(places) {
        *value = source[place as usize];
    }
}

#[inline(always)]
fn place_of(index: [f64; 3], extent: [usize; 3]) -> usize {
    let [i, j, k] = [0, 1, 2].map(|a| nearest(index[a], extent[a]));
    i + extent[0] * (j + extent[1] * k)
}

/// For each output index along each axis the source's, where it lies inside.
pub(super) struct Axes {
    nearest: [Vec<Option<usize>>; 3],
    extent: [usize; 3],
}

/// The output plane made last, and the source plane that it shows.
pub(super) struct Last<'a, T: Send + 'static> {
    k: Option<usize>,
    plane: Buffer<'a, T>,
}

impl<'a, T: Send + 'static> Last<'a, T> {
    /// None yet, of `n` voxels.
    pub(super) fn new(n: usize, workers: Workers<'a>) -> Self {
        Self { k: None, plane: workers.buffer(n) }
    }
}

impl Axes {
    pub(super) fn of(
        to_source: &[[f64; 4]; 3],
        extent: [usize; 3],
        out_extent: [usize; 3],
    ) -> Self {
        let nearest = [0, 1, 2].map(|a| {
            let of = |at: usize| {
                let index = to_source[a][a] * at as f64 + to_source[a][3];
                let is_inside = index >= -0.5 && index <= extent[a] as f64 - 0.5;
                is_inside.then(|| nearest(index, extent[a]))
            };
            (0..out_extent[a]).map(of).collect()
        });
        Self { nearest, extent }
    }

    /// Plane `k` of the output: a row, or the whole plane, that shows what the one before it showed
    /// is copied.
    pub(super) fn plane<T: Copy + Send + 'static>(
        &self,
        source: &[T],
        k: usize,
        outside: T,
        last: &mut Last<T>,
        plane: &mut [T],
    ) {
        let [along_i, along_j, along_k] = &self.nearest;
        let [ni, nj, _] = self.extent;
        let Some(source_k) = along_k[k] else {
            plane.fill(outside);
            return;
        };
        if last.k == Some(source_k) {
            plane.copy_from_slice(&last.plane);
            return;
        }
        let source = &source[source_k * ni * nj..][..ni * nj];
        let n = along_i.len();
        for (j, &source_j) in along_j.iter().enumerate() {
            let (before, rest) = plane.split_at_mut(j * n);
            let row = &mut rest[..n];
            if j > 0 && along_j[j - 1] == source_j {
                row.copy_from_slice(&before[(j - 1) * n..]);
                continue;
            }
            let Some(source_j) = source_j else {
                row.fill(outside);
                continue;
            };
            let source = &source[source_j * ni..][..ni];
            for (value, source_i) in row.iter_mut().zip(along_i) {
                *value = source_i.map_or(outside, |i| source[i]);
            }
        }
        last.k = Some(source_k);
        last.plane.clear();
        last.plane.extend_from_slice(plane);
    }
}
