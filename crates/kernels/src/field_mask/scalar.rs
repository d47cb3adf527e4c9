use std::ops::Range;

use crate::Workers;
use crate::bits::last_word;
use crate::buffer::Buffer;
use crate::resample::sample_point;

/// What some values of the field say: the eight corners of a cell, or a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// None is above 0.
    Below,
    /// All are above 0.
    Above,
    /// They differ.
    Mixed,
}

impl Cell {
    /// Of values.
    pub(super) fn of(values: &[f32]) -> Self {
        match values.iter().filter(|v| **v > 0.0).count() {
            0 => Self::Below,
            n if n == values.len() => Self::Above,
            _ => Self::Mixed,
        }
    }

    /// Of all together.
    pub(super) fn joined(mut cells: impl Iterator<Item = Self>) -> Self {
        let first = cells.next().unwrap_or(Self::Below);
        if cells.all(|cell| cell == first) { first } else { Self::Mixed }
    }
}

/// The cell that starts at each voxel of the field; at the end of an axis it is flat.
pub(super) fn cells<'a>(
    field: &[f32],
    [ni, nj, nk]: [usize; 3],
    workers: Workers<'a>,
) -> Buffer<'a, Cell> {
    let mut cells = workers.buffer(field.len());
    cells.fill_to(field.len(), Cell::Below);
    workers.for_each_chunk(&mut cells, ni, |row, cells| {
        let (j, k) = (row % nj, row / nj);
        let (jj, kk) = ((j + 1).min(nj - 1), (k + 1).min(nk - 1));
        let rows =
            [[j, k], [jj, k], [j, kk], [jj, kk]].map(|[j, k]| &field[(j + nj * k) * ni..][..ni]);
        for (i, cell) in cells.iter_mut().enumerate() {
            let ii = (i + 1).min(ni - 1);
            let n = rows.iter().map(|r| u8::from(r[i] > 0.0) + u8::from(r[ii] > 0.0)).sum::<u8>();
            *cell = match n {
                0 => Cell::Below,
                8 => Cell::Above,
                _ => Cell::Mixed,
            };
        }
    });
    cells
}

/// One row of the output.
pub(super) fn field_mask_row(
    field: &[f32],
    cells: &[Cell],
    field_extent: [usize; 3],
    to_field: &[[f64; 4]; 3],
    [j, k]: [usize; 2],
    ni: usize,
    words: &mut [u64],
) {
    let (j, k) = (j as f64, k as f64);
    let start = to_field.map(|m| m[1] * j + m[2] * k + m[3]);
    let last = field_extent.map(|n| n - 1);
    let index = |i: usize| [0, 1, 2].map(|a| to_field[a][0] * i as f64 + start[a]);
    let cell = |index: [f64; 3]| [0, 1, 2].map(|a| index[a].clamp(0.0, last[a] as f64) as usize);
    let mut i = 0;
    while i < ni {
        let place = index(i);
        let low = cell(place);
        let row =
            &cells[field_extent[0] * (low[1] + field_extent[1] * low[2])..][..field_extent[0]];
        let kind = row[low[0]];
        if kind == Cell::Mixed {
            let is_above = sample_point(field, field_extent, place) > 0.0;
            words[i / 64] |= u64::from(is_above) << (i % 64);
            i += 1;
            continue;
        }
        // Along the cells that say the same, as long as the row stays beside them.
        let is_same = |cell: &&Cell| **cell == kind;
        let alike = if to_field[0][0] < 0.0 {
            low[0] + 1 - row[..=low[0]].iter().rev().take_while(is_same).count()..low[0] + 1
        } else {
            low[0]..low[0] + row[low[0]..].iter().take_while(is_same).count()
        };
        let within = [alike, low[1]..low[1] + 1, low[2]..low[2] + 1];
        let steps = |a: usize| steps_within(&within[a], place[a], to_field[a][0], last[a]);
        let mut end = i + steps(0).min(steps(1)).min(steps(2)).clamp(1, ni - i);
        // A row goes one way along each axis: where its end is, all before it is.
        while !(0..3).all(|a| within[a].contains(&cell(index(end - 1))[a])) {
            end -= 1;
        }
        if kind == Cell::Above {
            set(words, i..end);
        }
        i = end;
    }
}

/// About how many steps from `place` stay within cells of an axis, at whose ends the border's value holds.
fn steps_within(cells: &Range<usize>, place: f64, step: f64, last: usize) -> usize {
    let way = match step > 0.0 {
        true if cells.end > last => f64::INFINITY,
        true => cells.end as f64 - place,
        false if cells.start == 0 => f64::INFINITY,
        false => place - cells.start as f64,
    };
    ((way / step.abs()) as usize).saturating_add(1)
}

/// Sets a range of bits.
fn set(words: &mut [u64], bits: Range<usize>) {
    let first = bits.start / 64;
    for (n, word) in (first..bits.end.div_ceil(64)).zip(&mut words[first..]) {
        let [first, end] =
            [bits.start, bits.end].map(|bit| bit.clamp(n * 64, n * 64 + 64) - n * 64);
        *word |= !0 << first & last_word(end);
    }
}
