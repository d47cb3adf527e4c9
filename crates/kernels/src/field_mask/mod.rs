//! A smooth field on a coarse grid to bits on a fine one.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{last_word, row_words};
use crate::buffer::zeros;
use crate::lanes::{Lanes, Work};
use crate::resample::{Aligned, reordered};
use crate::threshold::pack_row;

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
    if let Some((field, field_extent, to_field)) = reordered(field, field_extent, to_field) {
        return field_mask(&field, field_extent, &to_field, extent, workers);
    }
    let [ni, nj, nk] = extent;
    let n = row_words(ni);
    let mut mask: Vec<u64> = zeros(n * nj * nk);
    if let Some(aligned) = Aligned::of(to_field, field_extent, ni) {
        let make = || (Vec::new(), Vec::new(), vec![0.0; ni]);
        workers.for_each_chunk_with(&mut mask, n * nj, make, |(plane, row, values), k, words| {
            aligned.plane(field, k, plane);
            workers.level().with(Plane { aligned: &aligned, plane, row, values, words });
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

/// One plane where the axes of both grids run alike.
struct Plane<'a> {
    aligned: &'a Aligned,
    plane: &'a [f32],
    row: &'a mut Vec<f32>,
    values: &'a mut [f32],
    words: &'a mut [u64],
}

impl Work for Plane<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { aligned, plane, row, values, words } = self;
        let ni = values.len();
        for (j, words) in words.chunks_exact_mut(row_words(ni)).enumerate() {
            aligned.row(plane, j, row);
            let n_above = row.iter().fold(0u32, |n, &v| n + u32::from(v > 0.0));
            if n_above == 0 {
                continue;
            }
            if n_above as usize == row.len() {
                words.fill(!0);
                words[row_words(ni) - 1] = last_word(ni);
                continue;
            }
            aligned.samples(row, values);
            pack_row(lanes, values, [f32::from_bits(1), f32::INFINITY], words);
        }
    }
}
