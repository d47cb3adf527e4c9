/// Squared distances along one row of bits, at most `cap`.
pub(super) fn along_row(words: &[u64], spacing: f32, cap: f32, row: &mut [f32]) {
    let is_set = |i: usize| words[i / 64] >> (i % 64) & 1 == 1;
    let mut since = f32::INFINITY;
    for (i, distance) in row.iter_mut().enumerate() {
        since = if is_set(i) { 0.0 } else { since + spacing };
        *distance = since;
    }
    since = f32::INFINITY;
    for (i, distance) in row.iter_mut().enumerate().rev() {
        since = if is_set(i) { 0.0 } else { since + spacing };
        let nearest = since.min(*distance);
        *distance = (nearest * nearest).min(cap);
    }
}

/// Columns searched together: their values stay in registers.
const COLUMNS: usize = 32;

/// For each row of `ni` squared distances, the smallest of each column's values plus the square
/// of its distance in rows.
///
/// A step outward of `d` rows adds at least `d^2 s^2`, so that the search for a few columns ends
/// where that reaches the largest value that they still hold.
pub(super) fn across_rows(rows: &[f32], ni: usize, spacing: f32, nearest: &mut [f32]) {
    let n_rows = rows.len() / ni.max(1);
    for first in (0..ni).step_by(COLUMNS) {
        let n = COLUMNS.min(ni - first);
        let columns = |row: usize| &rows[row * ni + first..][..n];
        for row in 0..n_rows {
            let mut held = [0.0f32; COLUMNS];
            held[..n].copy_from_slice(columns(row));
            for step in 1..n_rows {
                let away = step as f32 * spacing;
                let square = away * away;
                if held.iter().all(|&v| v <= square) {
                    break;
                }
                let before = row.checked_sub(step);
                let after = Some(row + step).filter(|&r| r < n_rows);
                if before.is_none() && after.is_none() {
                    break;
                }
                for other in [before, after].into_iter().flatten() {
                    for (held, &value) in held.iter_mut().zip(columns(other)) {
                        let through = value + square;
                        *held = if through < *held { through } else { *held };
                    }
                }
            }
            nearest[row * ni + first..][..n].copy_from_slice(&held[..n]);
        }
    }
}
