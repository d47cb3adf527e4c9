use crate::Workers;
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
    let last = field_extent.map(|n| (n - 1) as f64);
    for i in 0..ni {
        let index = [0, 1, 2].map(|a| to_field[a][0] * i as f64 + start[a]);
        let low = [0, 1, 2].map(|a| index[a].clamp(0.0, last[a]) as usize);
        let is_above = match cells[low[0] + field_extent[0] * (low[1] + field_extent[1] * low[2])] {
            Cell::Below => false,
            Cell::Above => true,
            Cell::Mixed => sample_point(field, field_extent, index) > 0.0,
        };
        words[i / 64] |= u64::from(is_above) << (i % 64);
    }
}
