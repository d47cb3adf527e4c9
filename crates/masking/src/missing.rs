use kernels::Workers;
use volume::{Mask, StoredVolume};

/// The share of the tissue under a mask that did not change: real values of the first frame further from
/// `air` than `skin` is.
///
/// # Panics
/// If the masks lie on another grid than the scan.
#[must_use]
pub fn missing(
    expected: &Mask,
    changed: &Mask,
    before: &StoredVolume,
    [air, skin]: [f32; 2],
    workers: Workers,
) -> f64 {
    let grid = before.grid();
    assert!(expected.grid() == grid && changed.grid() == grid, "one grid");
    let [ni, nj, nk] = grid.extent;
    let one = Workers::ONE.at(workers.level());
    let away = (skin - air).abs();
    // Of each plane the tissue that was to go, and how much of it stays.
    let mut counts = vec![[0u64; 2]; nk];
    workers.for_each_chunk_with(
        &mut counts,
        1,
        || vec![0.0f32; ni * nj],
        |values, k, counts| {
            let (expected, changed) = (expected.plane(k), changed.plane(k));
            let row_words = kernels::row_words(ni);
            let is_wanted = |row: &[u64]| row.iter().any(|&word| word != 0);
            let mut rows = expected.chunks_exact(row_words);
            let Some(first) = rows.position(is_wanted) else { return };
            let last = expected.chunks_exact(row_words).rposition(is_wanted).unwrap_or(first);
            let n_rows = last - first + 1;
            let values = &mut values[..n_rows * ni];
            before.real_rows(k, first, values);
            values.iter_mut().for_each(|value| *value -= air);
            let air = kernels::window(values, [ni, n_rows, 1], -away..=away, one);
            let words = first * row_words..(last + 1) * row_words;
            for ((air, expected), changed) in
                air.iter().zip(&expected[words.clone()]).zip(&changed[words])
            {
                counts[0][0] += u64::from((expected & !air).count_ones());
                counts[0][1] += u64::from((expected & !air & !changed).count_ones());
            }
        },
    );
    let [n, n_kept] = [0, 1].map(|c: usize| counts.iter().map(|of| of[c]).sum::<u64>());
    n_kept as f64 / n.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, ByteOrder, Grid, PlaneAt, Rescale, StoredType};

    #[test]
    fn tissue_that_stays_under_the_mask_is_counted_and_air_is_not() {
        let grid = Grid { extent: [70, 4, 1], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        // Tissue in the last ten voxels of each row.
        let bytes = (0..280).map(|at| if at % 70 >= 60 { 100u8 } else { 3 }).collect();
        let planes = vec![PlaneAt { buffer: 0, offset: 0 }];
        let (of, order, none) = (StoredType::U8, ByteOrder::Little, vec![Rescale::NONE]);
        let scan = StoredVolume::new(grid, of, order, none, vec![bytes], planes).expect("fits");
        let mut expected = Mask::empty(grid);
        let mut changed = Mask::empty(grid);
        for i in 0..70 {
            (0..2).for_each(|j| expected.set([i, j, 0]));
            if i >= 62 {
                changed.set([i, 0, 0]);
            }
        }
        let found = missing(&expected, &changed, &scan, [3.0, 25.0], Workers::new(2));
        assert!((found - 12.0 / 20.0).abs() < 1e-9, "{found}");
        let nothing = Mask::empty(grid);
        assert!(missing(&nothing, &changed, &scan, [3.0, 25.0], Workers::ONE) <= 0.0);
    }
}
