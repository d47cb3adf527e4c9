use std::array::from_fn;

use crate::lanes::{I16S, Lanes, at, at_mut};
use crate::value::Value;

/// The values of a row, of each rank a row of its own; whole vectors of them.
type Ranks<T, const N: usize> = [Vec<T>; N];

/// What a thread reuses from plane to plane.
pub(super) struct Scratch<T> {
    /// The least, middle and largest of three planes' values, with the values at both ends repeated.
    triples: Ranks<T, 3>,
    /// The nine values around each voxel along `i` and `k`, sorted, of the last four rows.
    nines: [Ranks<T, 9>; 4],
}

impl<T: Value> Scratch<T> {
    pub(super) fn new(any: T, ni: usize) -> Self {
        let n = ni.next_multiple_of(I16S);
        Self {
            triples: from_fn(|_| vec![any; n + 2]),
            nines: from_fn(|_| from_fn(|_| vec![any; n])),
        }
    }
}

/// One plane, from itself and its neighbours.
#[inline(always)]
pub(super) fn median_plane<L: Lanes, T: Value>(
    lanes: L,
    planes: [&[T]; 3],
    ni: usize,
    scratch: &mut Scratch<T>,
    out: &mut [T],
) {
    let Scratch { triples, nines } = scratch;
    let nj = out.len() / ni;
    let mut n_made = 0;
    for (pair, out) in out.chunks_mut(2 * ni).enumerate() {
        let j = 2 * pair;
        let rows = [j.saturating_sub(1), j, (j + 1).min(nj - 1), (j + 2).min(nj - 1)];
        while n_made <= rows[3] {
            let rows = planes.map(|plane| &plane[n_made * ni..][..ni]);
            sort_triples(lanes, rows, triples);
            sort_nines(lanes, triples, &mut nines[n_made % 4]);
            n_made += 1;
        }
        let of_row = |j: usize| &nines[j % 4];
        medians(lanes, rows.map(of_row), ni, out);
    }
}

/// Sorts the values of three planes, voxel by voxel.
#[inline(always)]
fn sort_triples<L: Lanes, T: Value>(lanes: L, planes: [&[T]; 3], triples: &mut Ranks<T, 3>) {
    let ni = planes[0].len();
    let mut first = 0;
    while first < ni {
        let mut three = [
            load_part(lanes, planes[0], first),
            load_part(lanes, planes[1], first),
            load_part(lanes, planes[2], first),
        ];
        sort_three::<_, T>(lanes, &mut three);
        for (rank, vector) in triples.iter_mut().zip(three) {
            T::store(lanes, vector, at_mut(rank, first + 1));
        }
        first += I16S;
    }
    for rank in triples {
        rank[0] = rank[1];
        rank[ni + 1] = rank[ni];
    }
}

/// A vector of a row, whose end may lie within it.
#[inline(always)]
fn load_part<L: Lanes, T: Value>(lanes: L, row: &[T], first: usize) -> T::Ordered<L> {
    match row[first..].first_chunk() {
        Some(values) => T::load(lanes, values),
        None => {
            let mut values = [T::default(); I16S];
            let rest = &row[first..];
            values[..rest.len()].copy_from_slice(rest);
            T::load(lanes, &values)
        }
    }
}

/// Sorts the triples before, at and after each voxel of a row to nine values.
#[inline(always)]
fn sort_nines<L: Lanes, T: Value>(lanes: L, triples: &Ranks<T, 3>, nines: &mut Ranks<T, 9>) {
    for first in (0..nines[0].len()).step_by(I16S) {
        // No closures: what they do may not be compiled for the level.
        let mut nine = [T::load(lanes, at(&triples[0], first)); 9];
        for by in 0..3 {
            nine[3 * by] = T::load(lanes, at(&triples[0], first + by));
            nine[3 * by + 1] = T::load(lanes, at(&triples[1], first + by));
            nine[3 * by + 2] = T::load(lanes, at(&triples[2], first + by));
        }
        merge_triples::<_, T>(lanes, &mut nine);
        for (rank, vector) in nines.iter_mut().zip(nine) {
            T::store(lanes, vector, at_mut(rank, first));
        }
    }
}

/// The medians of two rows, given the sorted nines of the row before them, of both, and of the row
/// after: what both rows share is merged once. `out` may be the first of the two alone.
///
/// Of two sorted lists the `r`th is the least, over all ways to take `t` of one and `r - t` of the
/// other, of the larger of the two last taken: for the 14th of 18 and nine values, the fifth to the
/// 14th of the 18 matter.
#[inline(always)]
fn medians<L: Lanes, T: Value>(lanes: L, nines: [&Ranks<T, 9>; 4], ni: usize, out: &mut [T]) {
    let [before, own, next, after] = nines;
    for first in (0..ni).step_by(I16S) {
        let mut both = [T::load(lanes, at(&own[0], first)); 18];
        for n in 0..9 {
            both[n] = T::load(lanes, at(&own[n], first));
            both[9 + n] = T::load(lanes, at(&next[n], first));
        }
        merge_nines::<_, T>(lanes, &mut both);
        for (row, others) in out.chunks_exact_mut(ni).zip([before, after]) {
            let median = fourteenth::<_, T>(lanes, &both, others, first);
            match row[first..].first_chunk_mut() {
                Some(values) => T::store(lanes, median, values),
                None => {
                    let mut values = [T::default(); I16S];
                    T::store(lanes, median, &mut values);
                    let rest = &mut row[first..];
                    rest.copy_from_slice(&values[..rest.len()]);
                }
            }
        }
    }
}

/// The 14th of 18 sorted values, given as [`merge_nines`] leaves them, and of nine more.
#[inline(always)]
fn fourteenth<L: Lanes, T: Value>(
    lanes: L,
    both: &[T::Ordered<L>; 18],
    others: &Ranks<T, 9>,
    first: usize,
) -> T::Ordered<L> {
    let mut median = both[MERGED[13]];
    for t in 1..=9 {
        let other = T::load(lanes, at(&others[t - 1], first));
        let larger = T::largest(lanes, both[MERGED[13 - t]], other);
        median = T::least(lanes, median, larger);
    }
    median
}

/// A function that exchanges values which are not in order, pair by pair. A loop over the pairs would
/// keep the vectors in memory.
macro_rules! network {
    ($(#[$doc:meta])* $name:ident of $n:literal: $(($a:literal, $b:literal))*) => {
        $(#[$doc])*
        #[inline(always)]
        pub(super) fn $name<L: Lanes, T: Value>(lanes: L, v: &mut [T::Ordered<L>; $n]) {
            $(
                let (a, b) = (v[$a], v[$b]);
                (v[$a], v[$b]) = (T::least(lanes, a, b), T::largest(lanes, a, b));
            )*
        }
    };
}

network! {
    /// Sorts three values.
    sort_three of 3: (0, 1) (1, 2) (0, 1)
}

network! {
    /// Sorts nine values of which the first three, the next three and the last three are sorted:
    /// least, middle and largest of each triple against their like, after which rows and columns of a
    /// square are sorted, then along its diagonals.
    merge_triples of 9:
    (0, 3) (3, 6) (0, 3) (1, 4) (4, 7) (1, 4) (2, 5) (5, 8) (2, 5)
    (2, 4) (4, 6) (2, 4) (1, 3) (5, 7) (2, 3) (5, 6)
}

network! {
    /// Merges two sorted lists of nine (Batcher's odd-even merge): every second value of both from the
    /// first on, the others, and each of these against the next of those. The sorted values lie at
    /// [`MERGED`].
    merge_nines of 18:
    (0, 9) (8, 17) (8, 9) (4, 13) (4, 8) (13, 9) (2, 11) (6, 15) (6, 11) (2, 4) (6, 8) (11, 13) (15, 9)
    (1, 10) (5, 14) (5, 10) (3, 12) (7, 16) (7, 12) (3, 5) (7, 10) (12, 14)
    (1, 2) (3, 4) (5, 6) (7, 8) (10, 11) (12, 13) (14, 15) (16, 9)
}

/// Where [`merge_nines`] leaves the least value, the next, and so on.
pub(super) const MERGED: [usize; 18] =
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 9, 17];
