//! Connected components, on runs of set bits.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{assert_words, complement, row_words};
use crate::buffer::zeros;
use scalar::Runs;

/// Which voxels touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbours {
    /// The 6 that share a face.
    Faces,
    /// The 26 that share a face, an edge or a corner.
    Corners,
}

/// The largest component of `mask`; of several of one size, that which comes first. Empty if the
/// mask is.
///
/// Runs joined by union and find (He, Chao and Suzuki, 2008, doi:10.1109/TIP.2008.919369). Time
/// O(words + runs).
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn keep_largest(mask: &[u64], extent: [usize; 3], neighbours: Neighbours) -> Vec<u64> {
    assert_words(mask, extent);
    let runs = Runs::of(mask, extent, neighbours);
    let sizes = runs.sizes();
    let largest = (0..sizes.len()).rev().max_by_key(|&root| sizes[root]);
    runs.paint(extent, |root| Some(root) == largest)
}

/// The components of `mask` that share a voxel with `seeds`.
///
/// # Panics
/// If `mask` or `seeds` has not the words of `extent`.
#[must_use]
pub fn keep_touching(
    mask: &[u64],
    seeds: &[u64],
    extent: [usize; 3],
    neighbours: Neighbours,
) -> Vec<u64> {
    assert_words(mask, extent);
    assert_words(seeds, extent);
    let runs = Runs::of(mask, extent, neighbours);
    let touched = runs.touched(seeds, extent);
    runs.paint(extent, |root| touched[root])
}

/// The number of each voxel's component, from 1 on in the order of their first voxels, 0 where
/// `mask` is not set; and how many components there are.
///
/// # Panics
/// If `mask` has not the words of `extent`, or more runs than a `u32` counts.
#[must_use]
pub fn label(mask: &[u64], extent: [usize; 3], neighbours: Neighbours) -> (Vec<u32>, u32) {
    assert_words(mask, extent);
    Runs::of(mask, extent, neighbours).number(extent)
}

/// `mask` with every hole filled: what is not set and cannot be left to the border of the extent
/// through faces.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn fill_holes(mask: &[u64], extent: [usize; 3]) -> Vec<u64> {
    let border = scalar::border(extent);
    fill_apart_from(mask, &border, extent)
}

/// `mask` with every hole of each plane `k` filled: what is not set and cannot be left to the border
/// of the plane through edges.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn fill_holes_in_planes(mask: &[u64], extent: [usize; 3], workers: Workers) -> Vec<u64> {
    assert_words(mask, extent);
    let [ni, nj, _] = extent;
    let n = row_words(ni) * nj;
    let border = scalar::border_of_plane([ni, nj]);
    let mut filled: Vec<u64> = zeros(mask.len());
    workers.for_each_chunk(&mut filled, n, |k, words| {
        words.copy_from_slice(&fill_apart_from(&mask[k * n..][..n], &border, [ni, nj, 1]));
    });
    filled
}

/// `mask` and all that is not joined to `border` outside it.
fn fill_apart_from(mask: &[u64], border: &[u64], extent: [usize; 3]) -> Vec<u64> {
    let outside = keep_touching(&complement(mask, extent), border, extent, Neighbours::Faces);
    complement(&outside, extent)
}
