/// Squared distances along one row of bits; infinite if no bit is set.
pub(super) fn along_row(words: &[u64], spacing: f32, row: &mut [f32]) {
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
        *distance = nearest * nearest;
    }
}

/// For each row of `ni` squared distances, the smallest of each column's values plus the square
/// of its distance in rows.
///
/// A step outward of `d` rows adds at least `d^2 s^2`, so that the search ends where that reaches
/// the largest value still held in the row.
pub(super) fn across_rows(rows: &[f32], ni: usize, spacing: f32, nearest: &mut [f32]) {
    let n_rows = rows.len() / ni.max(1);
    let row = |n: usize| &rows[n * ni..][..ni];
    for (at, held) in nearest.chunks_exact_mut(ni.max(1)).enumerate() {
        held.copy_from_slice(row(at));
        for step in 1..n_rows {
            let away = step as f32 * spacing;
            let square = away * away;
            let largest = held.iter().fold(0.0f32, |most, &v| if v > most { v } else { most });
            if square >= largest {
                break;
            }
            for other in [at.checked_sub(step), Some(at + step).filter(|&n| n < n_rows)] {
                let Some(other) = other else { continue };
                for (held, &value) in held.iter_mut().zip(row(other)) {
                    let through = value + square;
                    *held = if through < *held { through } else { *held };
                }
            }
        }
    }
}
