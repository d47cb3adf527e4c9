//! Connected components, on runs of set bits.

mod contacts;
mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{assert_words, complement_into};
use scalar::{Components, Weight};

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
/// Runs joined by union and find (He, Chao and Suzuki, 2008, doi:10.1109/TIP.2008.919369), found
/// where they touch by operations on words. Time O(words + runs); about 20 bytes a run, 4 a word.
/// Threads take slabs of planes, whose seams one of them joins.
///
/// # Panics
/// If `mask` has not the words of `extent`, or more runs than a `u32` counts.
#[must_use]
pub fn keep_largest(
    mask: &[u64],
    extent: [usize; 3],
    neighbours: Neighbours,
    workers: Workers,
) -> Vec<u64> {
    assert_words(mask, extent);
    let mut all = Components::of(mask, extent, neighbours, Weight::Voxels, workers);
    let largest = all.heaviest();
    all.tell(|first, _| u32::from(Some(first) == largest));
    let mut kept = workers.zeros(mask.len());
    all.paint(&mut kept, workers);
    kept
}

/// The components of `mask` that share a voxel with `seeds`.
///
/// # Panics
/// As [`keep_largest`], or if `seeds` has not the words of `extent`.
#[must_use]
pub fn keep_touching(
    mask: &[u64],
    seeds: &[u64],
    extent: [usize; 3],
    neighbours: Neighbours,
    workers: Workers,
) -> Vec<u64> {
    assert_words(mask, extent);
    assert_words(seeds, extent);
    let mut all = Components::of(mask, extent, neighbours, Weight::Seeds(seeds), workers);
    all.tell(|_, n_seeds| u32::from(n_seeds > 0));
    let mut kept = workers.zeros(mask.len());
    all.paint(&mut kept, workers);
    kept
}

/// The number of each voxel's component, from 1 on in the order of their first voxels, 0 where
/// `mask` is not set; and how many components there are.
///
/// # Panics
/// As [`keep_largest`].
#[must_use]
pub fn label(
    mask: &[u64],
    extent: [usize; 3],
    neighbours: Neighbours,
    workers: Workers,
) -> (Vec<u32>, u32) {
    assert_words(mask, extent);
    let mut all = Components::of(mask, extent, neighbours, Weight::Nothing, workers);
    let mut n = 0;
    all.tell(|_, _| {
        n += 1;
        n
    });
    let mut numbers = workers.zeros(extent.iter().product());
    all.write(&mut numbers, workers);
    (numbers, n)
}

/// `mask` with every hole filled: what is not set and cannot be left to the border of the extent
/// through faces.
///
/// # Panics
/// As [`keep_largest`], of what is not set.
#[must_use]
pub fn fill_holes(mask: &[u64], extent: [usize; 3], workers: Workers) -> Vec<u64> {
    fill(mask, extent, Weight::AtBorder, workers)
}

/// `mask` with every hole of each plane `k` filled: what is not set and cannot be left to the border
/// of the plane through edges.
///
/// # Panics
/// As [`fill_holes`].
#[must_use]
pub fn fill_holes_in_planes(mask: &[u64], extent: [usize; 3], workers: Workers) -> Vec<u64> {
    fill(mask, extent, Weight::AtBorderOfPlane, workers)
}

/// `mask` and every component of the rest that has no run at a border.
fn fill(mask: &[u64], extent: [usize; 3], border: Weight, workers: Workers) -> Vec<u64> {
    assert_words(mask, extent);
    let mut rest = workers.buffer(mask.len());
    complement_into(mask, extent, &mut rest);
    let mut all = Components::of(&rest, extent, Neighbours::Faces, border, workers);
    all.tell(|_, n_at_border| u32::from(n_at_border == 0));
    let mut filled: Vec<u64> = workers.unwritten(mask.len());
    filled.copy_from_slice(mask);
    all.paint(&mut filled, workers);
    filled
}
