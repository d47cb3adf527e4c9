//! Dilation, erosion, opening and closing with a ball given in millimetres.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{assert_words, complement};

/// The voxels within `radius_mm` of a voxel of `mask`, centre to centre.
///
/// The ball holds the offsets with `d^2 <= r^2 (1 + 1e-6)`, so that a radius of whole voxels is
/// not lost to rounding. Time O(rows of the ball) a row. Dilation by rows: van den Boomgaard and
/// van Balen (1992), "Methods for fast morphological image transforms using bitmapped binary
/// images".
///
/// # Panics
/// If `mask` has not the words of `extent`, or a spacing or the radius is not positive and finite
/// (a radius of 0 is allowed).
#[must_use]
pub fn dilate(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    workers: Workers,
) -> Vec<u64> {
    assert_words(mask, extent);
    assert!(spacing_mm.iter().all(|s| *s > 0.0 && s.is_finite()), "spacings are lengths");
    assert!(radius_mm >= 0.0 && radius_mm.is_finite(), "the radius is a length");
    let rows = scalar::ball_rows(extent, spacing_mm, radius_mm);
    let plane = crate::row_words(extent[0]) * extent[1];
    let mut out = vec![0u64; mask.len()];
    workers.for_each_chunk(&mut out, plane.max(1), |k, plane| {
        scalar::dilate_plane(mask, extent, &rows, k, plane);
    });
    out
}

/// The voxels of `mask` further than `radius_mm` from every voxel outside it. What lies outside
/// the extent does not erode.
///
/// # Panics
/// As [`dilate`].
#[must_use]
pub fn erode(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    workers: Workers,
) -> Vec<u64> {
    let outside = complement(mask, extent);
    complement(&dilate(&outside, extent, spacing_mm, radius_mm, workers), extent)
}

/// Erosion, then dilation: removes what no ball of that radius fits into.
///
/// # Panics
/// As [`dilate`].
#[must_use]
pub fn open(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    workers: Workers,
) -> Vec<u64> {
    let eroded = erode(mask, extent, spacing_mm, radius_mm, workers);
    dilate(&eroded, extent, spacing_mm, radius_mm, workers)
}

/// Dilation, then erosion: fills what no ball of that radius outside the mask reaches.
///
/// # Panics
/// As [`dilate`].
#[must_use]
pub fn close(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    radius_mm: f64,
    workers: Workers,
) -> Vec<u64> {
    let dilated = dilate(mask, extent, spacing_mm, radius_mm, workers);
    erode(&dilated, extent, spacing_mm, radius_mm, workers)
}
