//! Exact Euclidean distance.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::assert_words;

/// The distance in millimetres from each voxel to the nearest voxel of `mask`, centre to centre,
/// or `cap_mm` where that is less: an infinite cap gives every distance, and infinity everywhere
/// if the mask is empty. The time grows with the cap.
///
/// Separable: rows, then columns of rows, each by a search outward that stops where no nearer
/// voxel can lie (Saito and Toriwaki, 1994, doi:10.1016/0031-3203(94)90133-3).
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
    assert_words(mask, extent);
    assert!(spacing_mm.iter().all(|s| *s > 0.0 && s.is_finite()), "spacings are lengths");
    assert!(cap_mm > 0.0, "the cap is a length");
    let cap = (cap_mm * cap_mm) as f32;
    let [ni, nj, nk] = extent;
    let [si, sj, sk] = spacing_mm.map(|s| s as f32);
    let plane_len = (ni * nj).max(1);
    let mut squares = vec![0.0f32; ni * nj * nk];
    let words = crate::row_words(ni);
    workers.for_each_chunk(&mut squares, plane_len, |k, plane| {
        let mut rows = vec![0.0f32; plane.len()];
        for (j, row) in rows.chunks_exact_mut(ni).enumerate() {
            scalar::along_row(&mask[(j + nj * k) * words..][..words], si, cap, row);
        }
        scalar::across_rows(&rows, ni, sj, plane);
    });
    let mut out = vec![0.0f32; squares.len()];
    // Each chunk is row `j` of every plane: gathered, searched along `k`, and put in place below.
    let mut by_row: Vec<Vec<&mut [f32]>> = (0..nj).map(|_| Vec::with_capacity(nk)).collect();
    for (n, row) in out.chunks_mut(ni.max(1)).enumerate() {
        by_row[n % nj].push(row);
    }
    workers.for_each_chunk(&mut by_row, 1, |j, rows| {
        let mut gathered = Vec::with_capacity(ni * nk);
        for k in 0..nk {
            gathered.extend_from_slice(&squares[(j + nj * k) * ni..][..ni]);
        }
        let mut nearest = vec![0.0f32; gathered.len()];
        scalar::across_rows(&gathered, ni, sk, &mut nearest);
        for (row, squares) in rows[0].iter_mut().zip(nearest.chunks_exact(ni)) {
            for (distance, square) in row.iter_mut().zip(squares) {
                *distance = square.sqrt();
            }
        }
    });
    out
}
