//! A smooth field on a coarse grid to bits on a fine one.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{last_word, row_words};
use crate::buffer::Buffer;
use crate::lanes::{Lanes, Work};
use crate::resample::{Aligned, Planes, mix_rows, reordered};
use crate::threshold::pack_row;
use scalar::Cell;

/// The voxels of a grid at which the trilinear value of `field` is above 0.
///
/// `to_field` maps an index `(i, j, k, 1)` of the output to one of the field, row-major; beyond
/// the field's extent its border value holds. Cells of the field whose corners agree are not
/// interpolated: a value between corners of one sign has that sign. Time O(runs
/// of such cells along rows, and voxels of the others), less by far where the axes of both grids run alike,
/// in any order and direction.
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
        let make = || Scratch {
            planes: Planes::new(ni * nj, ni * field_extent[1], workers),
            values: workers.buffer(ni),
        };
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

/// What a thread reuses for its planes.
struct Scratch<'a> {
    planes: Planes<'a>,
    values: Buffer<'a, f32>,
}

/// One plane where the axes of both grids run alike.
struct Plane<'a, 'b> {
    field: &'a [f32],
    field_extent: [usize; 3],
    aligned: &'a Aligned,
    /// What the values of each row of the field say.
    rows: &'a [Cell],
    scratch: &'a mut Scratch<'b>,
    ni: usize,
    k: usize,
    words: &'a mut [u64],
}

impl Work for Plane<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { field, field_extent, aligned, rows, scratch, ni, k, words } = self;
        let Scratch { planes, values } = scratch;
        values.resize(ni, 0.0);
        let field_nj = field_extent[1];
        let row_words = row_words(ni);
        let nj = words.len() / row_words;
        let along_k = aligned.between(2, k);
        let ks = [along_k.low, along_k.low + along_k.step];
        for (j, words) in words.chunks_exact_mut(row_words).enumerate() {
            let along_j = aligned.between(1, j);
            // The rows around, of the lower plane and of the higher.
            let around =
                ks.map(|k| [0, along_j.step].map(|dj| rows[along_j.low + dj + field_nj * k]));
            match Cell::joined(around.as_flattened().iter().copied()) {
                Cell::Below => continue,
                Cell::Above => {
                    words.fill(!0);
                    words[row_words - 1] = last_word(ni);
                    continue;
                }
                Cell::Mixed => {}
            }
            // Only of planes in which something is cut.
            let [low, high] = planes.hold(lanes, aligned, field, nj, ks);
            let row = j * ni..(j + 1) * ni;
            mix_rows(&low[row.clone()], &high[row], along_k.weight, values);
            pack_row(lanes, values, [f32::from_bits(1), f32::INFINITY], words);
        }
    }
}
