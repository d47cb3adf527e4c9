use crate::lanes::{at, at_mut};

/// Voxels of a row worked on together. Each step is a loop over so many, which the compiler turns
/// into vectors of the level; what a block needs stays in the nearest cache.
const BLOCK: usize = 128;

/// What a thread reuses from plane to plane.
pub(super) struct Scratch<T> {
    /// For each row of the plane the least, middle and largest of the three planes' rows.
    triples: [Vec<T>; 3],
    /// The nine sorted values of three rows, with their end values repeated on both sides.
    nines: [Vec<T>; 9],
}

impl<T: Copy> Scratch<T> {
    pub(super) fn new(any: T, ni: usize, nj: usize) -> Self {
        Self {
            triples: std::array::from_fn(|_| vec![any; ni * nj]),
            nines: std::array::from_fn(|_| vec![any; ni.next_multiple_of(BLOCK) + 2]),
        }
    }
}

#[inline(always)]
fn least<T: PartialOrd + Copy>(a: T, b: T) -> T {
    if b < a { b } else { a }
}

#[inline(always)]
fn largest<T: PartialOrd + Copy>(a: T, b: T) -> T {
    if b < a { a } else { b }
}

/// One plane, from itself and its neighbours.
#[inline(always)]
pub(super) fn median_plane<T: PartialOrd + Copy>(
    planes: [&[T]; 3],
    ni: usize,
    scratch: &mut Scratch<T>,
    out: &mut [T],
) {
    let Scratch { triples, nines } = scratch;
    let [before, own, after] = planes.map(|p| &p[..out.len()]);
    let [low, middle, high] = triples.each_mut().map(|t| &mut t[..out.len()]);
    for at in 0..out.len() {
        let (a, b) = (least(before[at], own[at]), largest(before[at], own[at]));
        let (b, c) = (least(b, after[at]), largest(b, after[at]));
        (low[at], middle[at], high[at]) = (least(a, b), largest(a, b), c);
    }
    let nj = out.len() / ni;
    for (j, out) in out.chunks_exact_mut(ni).enumerate() {
        let rows = [j.saturating_sub(1), j, (j + 1).min(nj - 1)];
        let of_rank = |rank: usize| rows.map(|j| &triples[rank][j * ni..][..ni]);
        merge_rows([of_rank(0), of_rank(1), of_rank(2)], nines);
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let around = [0, 1, 2]
                .map(|by| nines.each_ref().map(|nine| at::<T, BLOCK>(nine, block * BLOCK + by)));
            let found = fourteenth(around);
            out.copy_from_slice(&found[..out.len()]);
        }
    }
}

/// Sorts three sorted triples, `triples[rank][row]`, to nine rows.
#[inline(always)]
fn merge_rows<T: PartialOrd + Copy>(triples: [[&[T]; 3]; 3], nines: &mut [Vec<T>; 9]) {
    let ni = triples[0][0].len();
    for (n, nine) in nines.iter_mut().enumerate() {
        nine[1..=ni].copy_from_slice(triples[n % 3][n / 3]);
    }
    for first in (1..=ni).step_by(BLOCK) {
        for (a, b) in MERGE {
            let (before, rest) = nines.split_at_mut(b);
            exchange(at_mut(&mut before[a], first), at_mut(&mut rest[0], first));
        }
    }
    for nine in nines {
        nine[0] = nine[1];
        nine[ni + 1] = nine[ni];
    }
}

#[inline(always)]
fn exchange<T: PartialOrd + Copy>(a: &mut [T; BLOCK], b: &mut [T; BLOCK]) {
    for (a, b) in a.iter_mut().zip(b) {
        (*a, *b) = (least(*a, *b), largest(*a, *b));
    }
}

/// Sorts nine values of which the first three, the next three and the last three are sorted.
pub(super) const MERGE: [(usize, usize); 16] = [
    // Least, middle and largest of each triple against their like.
    (0, 3),
    (3, 6),
    (0, 3),
    (1, 4),
    (4, 7),
    (1, 4),
    (2, 5),
    (5, 8),
    (2, 5),
    // Rows and columns of a square are sorted now: what is left lies on its diagonals.
    (2, 4),
    (4, 6),
    (2, 4),
    (1, 3),
    (5, 7),
    (2, 3),
    (5, 6),
];

/// The 14th of three sorted lists of nine.
///
/// The `r`th of two sorted lists is the least, over all ways to take `t` of one and `r - t` of the
/// other, of the larger of the two last taken.
#[inline(always)]
fn fourteenth<T: PartialOrd + Copy>([a, b, c]: [[&[T; BLOCK]; 9]; 3]) -> [T; BLOCK] {
    let mut found = of_two(a, b, 14);
    for s in 1..=9 {
        // With `s` of `c`, `14 - s` of both others.
        least_of_larger(&mut found, &of_two(a, b, 14 - s), c[s - 1]);
    }
    found
}

/// The `r`th, from 1 on, of two sorted lists of nine.
#[inline(always)]
fn of_two<T: PartialOrd + Copy>(a: [&[T; BLOCK]; 9], b: [&[T; BLOCK]; 9], r: usize) -> [T; BLOCK] {
    // All of one list, if it is long enough; else all nine of one and the rest of the other.
    let (mut found, first, last) = if r <= 9 {
        let mut found = *a[r - 1];
        for (found, b) in found.iter_mut().zip(b[r - 1]) {
            *found = least(*found, *b);
        }
        (found, 1, r - 1)
    } else {
        let mut found = *a[8];
        for (found, b) in found.iter_mut().zip(b[r - 10]) {
            *found = largest(*found, *b);
        }
        (found, r - 8, 9)
    };
    for t in first..=last {
        least_of_larger(&mut found, a[r - t - 1], b[t - 1]);
    }
    found
}

#[inline(always)]
fn least_of_larger<T: PartialOrd + Copy>(found: &mut [T; BLOCK], a: &[T; BLOCK], b: &[T; BLOCK]) {
    for ((found, &a), &b) in found.iter_mut().zip(a).zip(b) {
        *found = least(*found, largest(a, b));
    }
}
