use crate::Workers;
use crate::buffer::Buffer;

/// A row of the ball: its offset along `j` and `k`, and how far it reaches along `i`.
#[derive(Debug, Clone, Copy)]
pub(super) struct BallRow {
    pub(super) dj: isize,
    pub(super) dk: isize,
    pub(super) half_width: usize,
}

/// The rows of a ball of the squared radius `square`, widest first, no offset longer than the
/// extent.
pub(super) fn ball_rows<'a>(
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    square: f32,
    workers: Workers<'a>,
) -> Buffer<'a, BallRow> {
    let part = |n: usize, axis: usize| {
        let along = n as f32 * spacing_mm[axis] as f32;
        along * along
    };
    let reach = |axis: usize, held: f32| {
        let most = extent[axis] - 1;
        let fits = |&n: &usize| part(n, axis) + held <= square;
        (1..=most).take_while(fits).last().unwrap_or(0)
    };
    let nk = reach(2, 0.0) as isize;
    let nj = reach(1, 0.0) as isize;
    let mut rows = workers.buffer(((2 * nj + 1) * (2 * nk + 1)) as usize);
    for dk in -nk..=nk {
        for dj in -nj..=nj {
            let fits = |n: usize| {
                part(n, 0) + part(dj.unsigned_abs(), 1) + part(dk.unsigned_abs(), 2) <= square
            };
            if fits(0) {
                let half_width = (1..extent[0]).take_while(|&n| fits(n)).last().unwrap_or(0);
                rows.push(BallRow { dj, dk, half_width });
            }
        }
    }
    rows.sort_unstable_by_key(|r| (std::cmp::Reverse(r.half_width), r.dk, r.dj));
    rows
}

/// A dilation voxel by voxel, as it is defined.
#[cfg(test)]
pub(super) fn dilate(voxels: &[bool], [ni, nj, nk]: [usize; 3], ball: &[BallRow]) -> Vec<bool> {
    let mut out = vec![false; voxels.len()];
    let shifted = |n: usize, by: isize, len: usize| n.checked_add_signed(by).filter(|&v| v < len);
    for (at, _) in voxels.iter().enumerate().filter(|(_, set)| **set) {
        let (i, j, k) = (at % ni, at / ni % nj, at / ni / nj);
        for row in ball {
            let (Some(j), Some(k)) = (shifted(j, row.dj, nj), shifted(k, row.dk, nk)) else {
                continue;
            };
            let (from, to) = (i.saturating_sub(row.half_width), (i + row.half_width).min(ni - 1));
            out[ni * (j + nj * k)..][from..=to].fill(true);
        }
    }
    out
}
