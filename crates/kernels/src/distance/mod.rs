//! Exact Euclidean distance.

mod scalar;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::Workers;
use crate::bits::{assert_words, complement_into, row_words};
use crate::lanes::{Lanes, Work};
use scalar::Scratch;

/// The distance in millimetres from each voxel to the nearest voxel of `mask`, centre to centre,
/// or `cap_mm` where that is less: an infinite cap gives every distance, and infinity everywhere
/// if the mask is empty.
///
/// Separable: rows, then columns of rows. With a cap each column is searched outward until no nearer
/// voxel can lie (Saito and Toriwaki, 1994, doi:10.1016/0031-3203(94)90133-3): time
/// O(voxels x cap). Without one by halves, since the nearest voxel never moves back along a column
/// (Aggarwal et al., 1987, doi:10.1007/BF01840359): time O(voxels x log of the longest axis), and
/// how far the nearest voxels of 32 columns lie apart. Sums are rounded to `f32`, so that of two that
/// are equal but for that either may be taken. No volume but the result.
///
/// # Panics
/// If `mask` has not the words of `extent`, a spacing is not positive and finite, or the cap is not
/// positive.
#[must_use]
pub fn distance(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    cap_mm: f64,
    workers: Workers,
) -> Vec<f32> {
    assert!(cap_mm > 0.0, "the cap is a length");
    let cap = (cap_mm * cap_mm) as f32;
    squares(mask, extent, spacing_mm, cap, workers, Then::Root)
}

/// The distance to the surface of `mask`, in millimetres, positive outside and negative within:
/// outside to the nearest voxel set, within to the nearest voxel not set, and `cap_mm` at most.
///
/// # Panics
/// As [`distance`].
#[must_use]
pub fn signed_distance(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    cap_mm: f64,
    workers: Workers,
) -> Vec<f32> {
    let mut out = distance(mask, extent, spacing_mm, cap_mm, workers);
    let mut outside = workers.buffer(mask.len());
    complement_into(mask, extent, &mut outside);
    let within = distance(&outside, extent, spacing_mm, cap_mm, workers);
    workers.for_each_chunk(&mut out, (extent[0] * extent[1]).max(1), |k, plane| {
        let within = &within[k * extent[0] * extent[1]..][..plane.len()];
        for (distance, within) in plane.iter_mut().zip(within) {
            *distance -= within;
        }
    });
    workers.give_back(within);
    out
}

/// The voxels whose squared distance to `mask` is at most `square`.
pub(crate) fn within(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    square: f32,
    workers: Workers,
) -> Vec<u64> {
    // Anything beyond the square is as good as the next number after it.
    let squares = squares(mask, extent, spacing_mm, square.next_up(), workers, Then::Nothing);
    let mask = crate::window(&squares, extent, 0.0..=square, workers);
    workers.give_back(squares);
    mask
}

/// What becomes of squared distances.
#[derive(Debug, Clone, Copy)]
enum Then {
    Nothing,
    Root,
}

/// Squared distances, at most `cap`, or their roots.
fn squares(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    cap: f32,
    workers: Workers,
    then: Then,
) -> Vec<f32> {
    assert_words(mask, extent);
    assert!(spacing_mm.iter().all(|s| *s > 0.0 && s.is_finite()), "spacings are lengths");
    let [ni, nj, nk] = extent;
    let mut squares: Vec<f32> = workers.zeros(ni * nj * nk);
    if squares.is_empty() {
        return squares;
    }
    // All else is set, and has been left at 0.
    let Some([is, js, ks]) = scalar::unset_box(mask, extent) else {
        return squares;
    };
    let spacing = spacing_mm.map(|s| s as f32);
    let words = row_words(ni);
    let planes = &mut squares[ks.start * ni * nj..ks.end * ni * nj];
    workers.for_each_chunk_with(
        planes,
        ni * nj,
        || Scratch::new(nj, workers),
        |scratch, k, plane| {
            let first = (ks.start + k) * nj + js.start;
            let mask = &mask[first * words..][..js.len() * words];
            let plane = &mut plane[js.start * ni..js.end * ni];
            let is = is.clone();
            workers.level().with(Plane { mask, ni, is, spacing, cap, plane, scratch });
        },
    );
    // Row `j` of every plane is gathered, searched along `k`, and put back.
    let mut by_row: Vec<Vec<&mut [f32]>> = js.clone().map(|_| Vec::with_capacity(nk)).collect();
    for plane in planes.chunks_exact_mut(ni * nj) {
        let rows = plane[js.start * ni..js.end * ni].chunks_exact_mut(ni);
        for (row, rows) in rows.zip(&mut by_row) {
            rows.push(&mut row[is.clone()]);
        }
    }
    let make = || (workers.buffer(is.len() * nk), Scratch::new(nk, workers));
    workers.for_each_chunk_with(&mut by_row, 1, make, |(gathered, scratch), _, rows| {
        gathered.clear();
        for row in &rows[0] {
            gathered.extend_from_slice(row);
        }
        workers.level().with(Finish {
            gathered,
            ni: is.len(),
            spacing: spacing[2],
            cap,
            scratch,
            then,
        });
        for (row, values) in rows[0].iter_mut().zip(gathered.chunks_exact(is.len())) {
            row.copy_from_slice(values);
        }
    });
    squares
}

/// Distances within one plane.
struct Plane<'a, 'b> {
    mask: &'a [u64],
    ni: usize,
    is: Range<usize>,
    spacing: [f32; 3],
    cap: f32,
    plane: &'a mut [f32],
    scratch: &'a mut Scratch<'b>,
}

impl Work for Plane<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let words = self.mask.chunks_exact(row_words(self.ni));
        for (row, words) in self.plane.chunks_exact_mut(self.ni).zip(words) {
            scalar::along_row(words, self.spacing[0], self.cap, row);
        }
        let Self { plane, ni, is, scratch, .. } = self;
        scalar::across_rows(lanes, plane, ni, is, self.spacing[1], self.cap, scratch);
    }
}

/// Distances across planes, of one row of each.
struct Finish<'a, 'b> {
    gathered: &'a mut [f32],
    ni: usize,
    spacing: f32,
    cap: f32,
    scratch: &'a mut Scratch<'b>,
    then: Then,
}

impl Work for Finish<'_, '_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { gathered, ni, scratch, .. } = self;
        scalar::across_rows(lanes, gathered, ni, 0..ni, self.spacing, self.cap, scratch);
        if let Then::Root = self.then {
            let (vectors, rest) = gathered.as_chunks_mut();
            for values in vectors {
                lanes.store(lanes.sqrt(lanes.load(values)), values);
            }
            for value in rest {
                *value = value.sqrt();
            }
        }
    }
}
