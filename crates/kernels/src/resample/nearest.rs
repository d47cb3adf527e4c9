//! The nearest voxel instead of a mixture.

use crate::lanes::F32S;
use crate::line::Line;

/// The voxel nearest to an index that lies inside an axis of `n` voxels.
#[inline(always)]
fn nearest(index: f64, n: usize) -> usize {
    // From -0.5 on, so that cutting off is rounding down.
    ((index + 0.5) as usize).min(n - 1)
}

/// One row of the output.
#[inline(always)]
pub(super) fn row<T: Copy>(
    source: &[T],
    extent: [usize; 3],
    to_source: &[[f64; 4]; 3],
    jk: [usize; 2],
    outside: T,
    values: &mut [T],
) {
    let [ni, nj, _] = extent;
    let line = Line::of_row(to_source, extent, jk);
    let within = line.inside(values.len());
    values[..within.start].fill(outside);
    values[within.end..].fill(outside);
    let is_short = i32::try_from(source.len()).is_ok();
    let mut i = within.start;
    let (blocks, rest) = values[within].as_chunks_mut::<F32S>();
    for block in blocks {
        let mut places = [0usize; F32S];
        if is_short {
            // Steps for all voxels before the next, in numbers that vectors convert to.
            let mut short = [0i32; F32S];
            for (a, stride) in [1, ni, ni * nj].into_iter().enumerate() {
                let last = extent[a] as i32 - 1;
                for (n, place) in short.iter_mut().enumerate() {
                    *place += ((line.index(i + n)[a] + 0.5) as i32).min(last) * stride as i32;
                }
            }
            places = short.map(|place| place as usize);
        } else {
            for (n, place) in places.iter_mut().enumerate() {
                *place = place_of(line.index(i + n), extent);
            }
        }
        for (value, place) in block.iter_mut().zip(places) {
            *value = source[place];
        }
        i += F32S;
    }
    for (n, value) in rest.iter_mut().enumerate() {
        *value = source[place_of(line.index(i + n), extent)];
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
pub(super) struct Last<T> {
    k: Option<usize>,
    plane: Vec<T>,
}

impl<T> Default for Last<T> {
    fn default() -> Self {
        Self { k: None, plane: Vec::new() }
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
    pub(super) fn plane<T: Copy>(
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
