//! A smooth field on a coarse grid to bits on a fine one.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::row_words;

/// The voxels of a grid at which the trilinear value of `field` is above 0.
///
/// `to_field` maps an index `(i, j, k, 1)` of the output to one of the field, row-major; beyond
/// the field's extent its border value holds. Cells of the field whose corners agree are not
/// interpolated: a value between corners of one sign has that sign. Time O(output voxels).
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
    let [ni, nj, nk] = extent;
    let n = row_words(ni);
    let cells = scalar::cells(field, field_extent, workers);
    let mut mask = vec![0u64; n * nj * nk];
    workers.for_each_chunk(&mut mask, n.max(1), |row, words| {
        let jk = [row % nj, row / nj];
        scalar::field_mask_row(field, &cells, field_extent, to_field, jk, ni, words);
    });
    mask
}
