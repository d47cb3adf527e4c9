//! Connected components over faces (6 neighbours).

mod scalar;
#[cfg(test)]
mod tests;

use crate::bits::{assert_words, complement};
use scalar::Runs;

/// The largest component of `mask`; of several of one size, that which comes first. Empty if the
/// mask is.
///
/// Runs joined by union and find (He, Chao and Suzuki, 2008, doi:10.1109/TIP.2008.919369). Time
/// O(words + runs).
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn keep_largest(mask: &[u64], extent: [usize; 3]) -> Vec<u64> {
    assert_words(mask, extent);
    let runs = Runs::of(mask, extent);
    let sizes = runs.sizes();
    let largest = (0..sizes.len()).rev().max_by_key(|&root| sizes[root]);
    runs.paint(extent, |root| Some(root) == largest)
}

/// The components of `mask` that share a voxel with `seeds`.
///
/// # Panics
/// If `mask` or `seeds` has not the words of `extent`.
#[must_use]
pub fn keep_touching(mask: &[u64], seeds: &[u64], extent: [usize; 3]) -> Vec<u64> {
    assert_words(mask, extent);
    assert_words(seeds, extent);
    let runs = Runs::of(mask, extent);
    let touched = runs.touched(seeds, extent);
    runs.paint(extent, |root| touched[root])
}

/// `mask` with every hole filled: what is not set and cannot be left to the border of the extent
/// through faces.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn fill_holes(mask: &[u64], extent: [usize; 3]) -> Vec<u64> {
    let border = scalar::border(extent);
    let outside = keep_touching(&complement(mask, extent), &border, extent);
    complement(&outside, extent)
}
