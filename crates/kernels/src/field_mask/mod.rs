//! A smooth field on a coarse grid to bits on a fine one.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{last_word, row_words};
use crate::lanes::{Lanes, Work};
use crate::resample::{Aligned, mix_rows, reordered};
use crate::threshold::pack_row;
use scalar::Cell;

/// The voxels of a grid at which the trilinear value of `field` is above 0.
///
/// `to_field` maps an index `(i, j, k, 1)` of the output to one of the field, row-major; beyond
/// the field's extent its border value holds. Cells of the field whose corners agree are not
/// interpolated: a value between corners of one sign has that sign. Time O(output voxels), less by far
/// where the axes of both grids run alike, in any order and direction.
///
/// # Panics
/// If `field` has not `field_extent` values, or an axis of it is 0.
#[must_use]
pub fn field_mask(
    field: &[f32],
    field_extent: [usize; 3],
    to_field: &[[f64; 4]; 3],
    extent: [usize; 3],
    workers: Workers,
) -> Vec<u64> {
    assert_eq!(field.len(), field_extent.iter().product::<usize>(), "one value a voxel");
    assert!(!field.is_empty(), "a field to sample");
    if let Some((field, field_extent, to_field)) = reordered(field, field_extent, to_field, workers)
    {
        return field_mask(&field, field_extent, &to_field, extent, workers);
    }
    let [ni, nj, nk] = extent;
    let n = row_words(ni);
    let mut mask: Vec<u64> = workers.zeros(n * nj * nk);
    if let Some(aligned) = Aligned::of(to_field, field_extent, ni) {
        let mut rows = workers.buffer(field_extent[1] * field_extent[2]);
        rows.extend(field.chunks_exact(field_extent[0]).map(Cell::of));
        let (aligned, rows) = (&aligned, rows.as_slice());
        let make = || Scratch::new(ni);
        workers.for_each_chunk_with(&mut mask, n * nj, make, |scratch, k, words| {
            let plane = Plane { field, field_extent, aligned, rows, scratch, ni, k, words };
            workers.level().with(plane);
        });
    } else {
        let cells = scalar::cells(field, field_extent, workers);
        workers.for_each_chunk(&mut mask, n.max(1), |row, words| {
            let jk = [row % nj, row / nj];
            scalar::field_mask_row(field, &cells, field_extent, to_field, jk, ni, words);
        });
    }
    mask
}

/// Rows of values on the way to one of the output.
struct Scratch {
    /// Along `i`.
    expanded: [Vec<f32>; 2],
    /// Along `i` and `j`.
    in_planes: [Vec<f32>; 2],
    values: Vec<f32>,
}

impl Scratch {
    fn new(ni: usize) -> Self {
        let row = || vec![0.0; ni];
        Self { expanded: [row(), row()], in_planes: [row(), row()], values: row() }
    }
}

/// One plane where the axes of both grids run alike.
struct Plane<'a> {
    field: &'a [f32],
    field_extent: [usize; 3],
    aligned: &'a Aligned,
    /// What the values of each row of the field say.
    rows: &'a [Cell],
    scratch: &'a mut Scratch,
    ni: usize,
    k: usize,
    words: &'a mut [u64],
}

impl Work for Plane<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { field, field_extent, aligned, rows, scratch, ni, k, words } = self;
        let Scratch { expanded, in_planes, values } = scratch;
        let [field_ni, field_nj, _] = field_extent;
        let along_k = aligned.between(2, k);
        for (j, words) in words.chunks_exact_mut(row_words(ni)).enumerate() {
            let along_j = aligned.between(1, j);
            // The rows around, of the lower plane and of the higher.
            let around = [0, along_k.step].map(|dk| {
                [0, along_j.step].map(|dj| along_j.low + dj + field_nj * (along_k.low + dk))
            });
            match Cell::joined(around.as_flattened().iter().map(|&row| rows[row])) {
                Cell::Below => continue,
                Cell::Above => {
                    words.fill(!0);
                    words[row_words(ni) - 1] = last_word(ni);
                    continue;
                }
                Cell::Mixed => {}
            }
            for (rows, out) in around.iter().zip(in_planes.iter_mut()) {
                for (row, expanded) in rows.iter().zip(expanded.iter_mut()) {
                    aligned.expand(lanes, &field[row * field_ni..][..field_ni], expanded);
                }
                mix_rows(&expanded[0], &expanded[1], along_j.weight, out);
            }
            mix_rows(&in_planes[0], &in_planes[1], along_k.weight, values);
            pack_row(lanes, values, [f32::from_bits(1), f32::INFINITY], words);
        }
    }
}
