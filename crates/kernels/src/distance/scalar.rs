use std::ops::Range;

use crate::Workers;
use crate::bits::{last_word, row_words};
use crate::buffer::Buffer;
use crate::lanes::{F32S, Lanes, at, at_mut};

/// The box of all voxels that are not set, and one voxel around it: no voxel outside is nearer to
/// one within than the nearest in the box. `None` if every voxel is set.
pub(super) fn unset_box(mask: &[u64], [ni, nj, nk]: [usize; 3]) -> Option<[Range<usize>; 3]> {
    let n = row_words(ni);
    let mut along_i = vec![0u64; n];
    let mut along = [nj..0, nk..0];
    for (row, words) in mask.chunks_exact(n).enumerate() {
        let mut any = 0;
        for (at, (seen, word)) in along_i.iter_mut().zip(words).enumerate() {
            let unset = !word & if at + 1 == n { last_word(ni) } else { !0 };
            *seen |= unset;
            any |= unset;
        }
        if any != 0 {
            for (range, at) in along.iter_mut().zip([row % nj, row / nj]) {
                *range = range.start.min(at)..range.end.max(at + 1);
            }
        }
    }
    let first = along_i.iter().position(|w| *w != 0)?;
    let last = along_i.iter().rposition(|w| *w != 0)?;
    let is = first * 64 + along_i[first].trailing_zeros() as usize
        ..last * 64 + 64 - along_i[last].leading_zeros() as usize;
    let widened = |r: Range<usize>, n: usize| r.start.saturating_sub(1)..(r.end + 1).min(n);
    let [js, ks] = along;
    // Whole vectors from the start of a row on.
    let is = widened(is, ni);
    let is = is.start / COLUMNS * COLUMNS..is.end.next_multiple_of(COLUMNS).min(ni);
    Some([is, widened(js, nj), widened(ks, nk)])
}

/// Squared distances along one row of bits, at most `cap`.
#[inline(always)]
pub(super) fn along_row(words: &[u64], spacing: f32, cap: f32, row: &mut [f32]) {
    let n = row.len();
    let mut left = None;
    let mut at = 0;
    while at < n {
        let set = next(words, at, n, 0);
        fill_gap(row, left, at..set, (set < n).then_some(set), spacing, cap);
        at = next(words, set, n, !0);
        row[set..at].fill(0.0);
        left = at.checked_sub(1);
    }
}

/// The first voxel from `at` on whose bit differs from that of `flip`, or `n`.
#[inline(always)]
fn next(words: &[u64], at: usize, n: usize, flip: u64) -> usize {
    let mut word = at / 64;
    let mut rest = match words.get(word) {
        Some(bits) => (bits ^ flip) & (!0 << (at % 64)),
        None => return n,
    };
    while rest == 0 {
        word += 1;
        match words.get(word) {
            Some(bits) => rest = bits ^ flip,
            None => return n,
        }
    }
    (word * 64 + rest.trailing_zeros() as usize).min(n)
}

/// Voxels that are not set, between the nearest set ones on both sides.
#[inline(always)]
fn fill_gap(
    row: &mut [f32],
    left: Option<usize>,
    gap: std::ops::Range<usize>,
    right: Option<usize>,
    spacing: f32,
    cap: f32,
) {
    let first = gap.start;
    let square = |steps: u32| {
        let along = steps as f32 * spacing;
        along * along
    };
    let values = &mut row[gap];
    let n = values.len();
    match (left, right) {
        (None, None) => values.fill(cap),
        _ => {
            let far = n as u32 + 1;
            for (at, value) in values.iter_mut().enumerate() {
                let at = at as u32;
                let from_left = if left.is_some() { at + 1 } else { far };
                let from_right = if right.is_some() { n as u32 - at } else { far };
                *value = square(from_left.min(from_right)).min(cap);
            }
        }
    }
    debug_assert!(left.is_none_or(|l| l + 1 == first));
}

/// Columns searched together: their values stay in registers.
const COLUMNS: usize = 2 * F32S;

/// Some columns of all rows, and what is known of each row.
#[derive(Debug)]
pub(super) struct Scratch<'a> {
    block: Buffer<'a, [f32; COLUMNS]>,
    near: Near,
    live: Live,
}

impl<'a> Scratch<'a> {
    /// For so many rows at a time.
    pub(super) fn new(n_rows: usize, workers: Workers<'a>) -> Self {
        Self { block: workers.buffer(n_rows), near: Near::default(), live: Live::default() }
    }
}

/// How far from each row lies the next that has anything nearer than the cap, before and after it.
#[derive(Debug, Default)]
struct Near {
    before: Vec<usize>,
    after: Vec<usize>,
}

/// The rows that hold a finite value.
#[derive(Debug, Default)]
struct Live {
    rows: Vec<u32>,
    /// How many of them come before each row, and all of them.
    before: Vec<u32>,
    /// How many rows away from each the least sums of its columns can lie.
    reach: Vec<u32>,
}

/// For some columns of rows of `ni` squared distances, the smallest of each column's values plus
/// the square of its distance in rows.
#[inline(always)]
pub(super) fn across_rows<L: Lanes>(
    lanes: L,
    rows: &mut [f32],
    ni: usize,
    columns: Range<usize>,
    spacing: f32,
    cap: f32,
    scratch: &mut Scratch,
) {
    let Scratch { block, near, live } = scratch;
    block.resize(rows.len() / ni, [cap; COLUMNS]);
    for first in columns.clone().step_by(COLUMNS) {
        let n = COLUMNS.min(columns.end - first);
        for (held, row) in block.iter_mut().zip(rows.chunks_exact(ni)) {
            match row[first..columns.end].first_chunk() {
                Some(values) => *held = *values,
                None => {
                    *held = [cap; COLUMNS];
                    held[..n].copy_from_slice(&row[first..columns.end]);
                }
            }
        }
        let out = Out { rows: &mut *rows, ni, columns: first..first + n };
        if cap.is_finite() {
            near.search(lanes, block, spacing, cap, out);
        } else {
            live.divide(lanes, block, spacing, out);
        }
    }
}

/// Where the smallest sums go.
struct Out<'a> {
    rows: &'a mut [f32],
    ni: usize,
    columns: Range<usize>,
}

impl Out<'_> {
    #[inline(always)]
    fn store<L: Lanes>(&mut self, lanes: L, row: usize, held: [L::F; 2]) {
        let out = &mut self.rows[row * self.ni..][self.columns.clone()];
        match out.first_chunk_mut::<COLUMNS>() {
            Some(values) => store(lanes, held, values),
            None => {
                let mut values = [0.0f32; COLUMNS];
                store(lanes, held, &mut values);
                out.copy_from_slice(&values[..out.len()]);
            }
        }
    }
}

impl Near {
    /// A step outward of `d` rows adds at least `d^2 s^2`, so that the search for a few columns ends
    /// where that reaches the largest value that they still hold, the cap at most. Rows of nothing
    /// but the cap are passed over: none is nearer through them.
    #[inline(always)]
    fn search<L: Lanes>(
        &mut self,
        lanes: L,
        block: &[[f32; COLUMNS]],
        spacing: f32,
        cap: f32,
        mut out: Out,
    ) {
        let Self { before, after } = self;
        let n_rows = block.len();
        before.resize(n_rows, 0);
        after.resize(n_rows, 0);
        let caps = lanes.splat(cap);
        let mut steps = n_rows;
        for (values, before) in block.iter().zip(before.iter_mut()) {
            *before = steps + 1;
            let [a, b] = load(lanes, values);
            let is_live = lanes.any_above(caps, a) || lanes.any_above(caps, b);
            steps = if is_live { 0 } else { (steps + 1).min(n_rows) };
        }
        // Whether the row looked at is live: the row after it was told so above.
        let mut is_live = steps == 0;
        steps = n_rows;
        for (after, before) in after.iter_mut().zip(before.iter()).rev() {
            *after = steps + 1;
            steps = if is_live { 0 } else { (steps + 1).min(n_rows) };
            is_live = *before == 1;
        }
        for (row, (before, after)) in before.iter().zip(after.iter()).enumerate() {
            let held = search(lanes, block, row, *before.min(after), spacing);
            out.store(lanes, row, held);
        }
    }
}

/// Rows to be made, and the live rows, by their place, among which their least sums are found.
#[derive(Debug, Clone, Copy)]
struct Part {
    rows: [usize; 2],
    live: [usize; 2],
}

impl Live {
    /// The row of the least sum never moves back from a row to the next: the middle row is searched
    /// in full, and the rows before and after it no further than where its columns found theirs.
    /// Nor further than their own values reach.
    #[inline(always)]
    fn divide<L: Lanes>(&mut self, lanes: L, block: &[[f32; COLUMNS]], spacing: f32, mut out: Out) {
        self.find(lanes, block, spacing);
        let Self { rows: live_rows, before, reach } = self;
        let n_rows = block.len();
        if live_rows.is_empty() {
            return;
        }
        let infinite = lanes.splat(f32::INFINITY);
        // Halves of halves: more than a number of rows has bits are never left over.
        let mut left = [Part { rows: [0; 2], live: [0; 2] }; usize::BITS as usize + 1];
        left[0] = Part { rows: [0, n_rows], live: [0, live_rows.len()] };
        let mut n_left = 1;
        while n_left > 0 {
            n_left -= 1;
            let Part { rows: [start, end], live: [first, past] } = left[n_left];
            let row = start + (end - start) / 2;
            let away = reach[row] as usize;
            let nearest = before[row.saturating_sub(away)] as usize;
            let furthest = before[(row + away + 1).min(n_rows)] as usize;
            let mut held = [infinite; 2];
            let mut places = [infinite; 2];
            let near = live_rows.iter().enumerate().take(past.min(furthest));
            for (place, &other) in near.skip(first.max(nearest)) {
                let other = other as usize;
                let steps = other.abs_diff(row) as f32 * spacing;
                let square = lanes.splat(steps * steps);
                let here = lanes.splat(place as f32);
                let [a, b] = load(lanes, &block[other]);
                let (a, b) = (lanes.add(a, square), lanes.add(b, square));
                places[0] = lanes.where_less(a, held[0], here, places[0]);
                places[1] = lanes.where_less(b, held[1], here, places[1]);
                held = [lanes.min(a, held[0]), lanes.min(b, held[1])];
            }
            out.store(lanes, row, held);
            if end - start == 1 {
                continue;
            }
            // A column of nothing but infinity has no place, and asks for none.
            let least = lanes.least_lane(lanes.min(places[0], places[1]));
            let none = lanes.splat(0.0);
            for places in &mut places {
                *places = lanes.where_less(*places, infinite, *places, none);
            }
            let largest = lanes.largest_lane(lanes.max(places[0], places[1]));
            let (least, largest) = (least as usize, largest as usize);
            if start < row {
                left[n_left] = Part { rows: [start, row], live: [first, past.min(largest + 1)] };
                n_left += 1;
            }
            if row + 1 < end {
                left[n_left] = Part { rows: [row + 1, end], live: [first.max(least), past] };
                n_left += 1;
            }
        }
    }

    /// Looks through the rows.
    #[inline(always)]
    fn find<L: Lanes>(&mut self, lanes: L, block: &[[f32; COLUMNS]], spacing: f32) {
        self.rows.clear();
        self.before.clear();
        self.reach.clear();
        let infinite = lanes.splat(f32::INFINITY);
        for (row, values) in block.iter().enumerate() {
            self.before.push(self.rows.len() as u32);
            let [a, b] = load(lanes, values);
            if lanes.any_above(infinite, lanes.min(a, b)) {
                self.rows.push(row as u32);
            }
            let largest = lanes.largest_lane(lanes.max(a, b));
            // One more than needed, which rounding may take.
            let reach = if largest > 0.0 { largest.sqrt() / spacing + 1.0 } else { 0.0 };
            self.reach.push(reach.min(block.len() as f32) as u32);
        }
        self.before.push(self.rows.len() as u32);
    }
}

#[inline(always)]
fn store<L: Lanes>(lanes: L, [a, b]: [L::F; 2], values: &mut [f32; COLUMNS]) {
    lanes.store(a, at_mut(values, 0));
    lanes.store(b, at_mut(values, F32S));
}

#[inline(always)]
fn load<L: Lanes>(lanes: L, values: &[f32; COLUMNS]) -> [L::F; 2] {
    [lanes.load(at(values, 0)), lanes.load(at(values, F32S))]
}

/// The smallest of the values of a row and those of other rows, plus the square of their distance,
/// from a first step outward on.
#[inline(always)]
fn search<L: Lanes>(
    lanes: L,
    block: &[[f32; COLUMNS]],
    row: usize,
    first_step: usize,
    spacing: f32,
) -> [L::F; 2] {
    let [mut a, mut b] = load(lanes, &block[row]);
    let mut step = first_step;
    loop {
        let away = step as f32 * spacing;
        let square = lanes.splat(away * away);
        if !lanes.any_above(a, square) && !lanes.any_above(b, square) {
            return [a, b];
        }
        let before = row.checked_sub(step).and_then(|r| block.get(r));
        let after = block.get(row + step);
        if before.is_none() && after.is_none() {
            return [a, b];
        }
        for other in [before, after].into_iter().flatten() {
            let [c, d] = load(lanes, other);
            a = lanes.min(lanes.add(c, square), a);
            b = lanes.min(lanes.add(d, square), b);
        }
        step += 1;
    }
}
