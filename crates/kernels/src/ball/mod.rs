//! Dilation, erosion, opening and closing with a ball given in millimetres.
//!
//! What lies outside the extent neither grows into it nor erodes it.

mod rows;
mod scalar;
#[cfg(test)]
mod tests;

use crate::bits::{assert_words, complement_into};
use crate::{Workers, distance};

/// A ball of more rows than this is cheaper by distance, whose time hardly grows with the radius.
const MOST_ROWS: usize = 1200;

/// The voxels within `radius_mm` of a voxel of `mask`, centre to centre.
///
/// The ball holds the offsets with `d^2 <= r^2 (1 + 1e-6)`, so that a radius of whole voxels is
/// not lost to rounding; both sides are `f32`, the squares summed in the order `i`, `j`, `k`.
///
/// Small balls by rows of bits, after van den Boomgaard and van Balen (1992), "Methods for fast
/// morphological image transforms using bitmapped binary images": time O(words x rows of the
/// ball). Large ones by capped distance: O(voxels x radius). One padded copy of the mask, or two
/// volumes of `f32`.
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
    if mask.is_empty() {
        return Vec::new();
    }
    let square = (radius_mm * radius_mm * (1.0 + 1e-6)) as f32;
    let ball = scalar::ball_rows(extent, spacing_mm, square, workers);
    if ball.len() > MOST_ROWS || ball[0].half_width > rows::MOST_HALF_WIDTH {
        distance::within(mask, extent, spacing_mm, square, workers)
    } else {
        rows::dilate(mask, extent, &ball, workers)
    }
}

/// The voxels of `mask` further than `radius_mm` from every voxel outside it.
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
    assert_words(mask, extent);
    let mut outside = workers.buffer(mask.len());
    complement_into(mask, extent, &mut outside);
    let mut eroded = dilate(&outside, extent, spacing_mm, radius_mm, workers);
    for (eroded, &own) in eroded.iter_mut().zip(mask) {
        *eroded = own & !*eroded;
    }
    eroded
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
    let opened = dilate(&eroded, extent, spacing_mm, radius_mm, workers);
    workers.give_back(eroded);
    opened
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
    let closed = erode(&dilated, extent, spacing_mm, radius_mm, workers);
    workers.give_back(dilated);
    closed
}
