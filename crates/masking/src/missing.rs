use volume::{Mask, StoredVolume};

/// The share of the tissue under a mask that did not change: real values of the first frame further from
/// `air` than `skin` is.
///
/// # Panics
/// If the masks lie on another grid than the scan.
#[must_use]
pub fn missing(expected: &Mask, changed: &Mask, before: &StoredVolume, air: f32, skin: f32) -> f64 {
    let grid = before.grid();
    assert!(expected.grid() == grid && changed.grid() == grid, "one grid");
    let [ni, nj, nk] = grid.extent;
    let mut values = vec![0.0f32; ni];
    let (mut n, mut n_kept) = (0u64, 0u64);
    for (j, k) in (0..nk).flat_map(|k| (0..nj).map(move |j| (j, k))) {
        let (expected, changed) = (expected.row(j, k), changed.row(j, k));
        if expected.iter().all(|&word| word == 0) {
            continue;
        }
        before.real_rows(k, j, &mut values);
        for (word, (&expected, &changed)) in expected.iter().zip(changed).enumerate() {
            let of = &values[word * 64..ni.min(word * 64 + 64)];
            let tissue = of.iter().enumerate().fold(0u64, |bits, (i, value)| {
                bits | u64::from((value - air).abs() > (skin - air).abs()) << i
            });
            n += u64::from((expected & tissue).count_ones());
            n_kept += u64::from((expected & tissue & !changed).count_ones());
        }
    }
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
        let found = missing(&expected, &changed, &scan, 3.0, 25.0);
        assert!((found - 12.0 / 20.0).abs() < 1e-9, "{found}");
        assert!(missing(&Mask::empty(grid), &changed, &scan, 3.0, 25.0) <= 0.0);
    }
}
