use crate::bits::{last_word, row_words};

/// A row of the ball: its offset along `j` and `k`, and how far it reaches along `i`.
pub(super) struct BallRow {
    pub(super) dj: isize,
    pub(super) dk: isize,
    pub(super) half_width: usize,
}

/// The rows of a ball, widest first, no offset longer than the extent.
pub(super) fn ball_rows(extent: [usize; 3], spacing_mm: [f64; 3], radius_mm: f64) -> Vec<BallRow> {
    let square = radius_mm * radius_mm * (1.0 + 1e-6);
    let reach = |axis: usize| {
        ((square.sqrt() / spacing_mm[axis]) as usize).min(extent[axis].saturating_sub(1))
    };
    let (nj, nk) = (reach(1) as isize, reach(2) as isize);
    let mut rows = Vec::new();
    for dk in -nk..=nk {
        for dj in -nj..=nj {
            let y = dj as f64 * spacing_mm[1];
            let z = dk as f64 * spacing_mm[2];
            let left = square - y * y - z * z;
            if left >= 0.0 {
                let half_width = ((left.sqrt() / spacing_mm[0]) as usize).min(extent[0]);
                rows.push(BallRow { dj, dk, half_width });
            }
        }
    }
    rows.sort_by_key(|r| std::cmp::Reverse(r.half_width));
    rows
}

/// One plane of a dilation.
///
/// For each row, from the widest row of the ball to the narrowest: the source rows of that half
/// width are joined, and each step down in width spreads what was joined so far by one voxel to
/// both sides. So a source row of half width `w` is spread `w` times.
pub(super) fn dilate_plane(
    mask: &[u64],
    extent: [usize; 3],
    rows: &[BallRow],
    k: usize,
    plane: &mut [u64],
) {
    let [ni, nj, nk] = extent;
    let n = row_words(ni);
    let last = last_word(ni);
    let shifted = |at: usize, by: isize, n: usize| at.checked_add_signed(by).filter(|&v| v < n);
    for (j, joined) in plane.chunks_exact_mut(n.max(1)).enumerate() {
        let mut width = rows.first().map_or(0, |r| r.half_width);
        for row in rows {
            while width > row.half_width {
                spread(joined, last);
                width -= 1;
            }
            let (Some(jj), Some(kk)) = (shifted(j, row.dj, nj), shifted(k, row.dk, nk)) else {
                continue;
            };
            for (word, source) in joined.iter_mut().zip(&mask[(jj + nj * kk) * n..][..n]) {
                *word |= source;
            }
        }
        for _ in 0..width {
            spread(joined, last);
        }
    }
}

/// Sets both neighbours of every set bit of a row.
fn spread(row: &mut [u64], last: u64) {
    let mut before = 0;
    for at in 0..row.len() {
        let word = row[at];
        let after = row.get(at + 1).map_or(0, |next| next << 63);
        row[at] = word | word << 1 | before | word >> 1 | after;
        before = word >> 63;
    }
    if let Some(word) = row.last_mut() {
        *word &= last;
    }
}
