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
    // Of each plane the tissue that was to go, and how much of it stays.
    let mut counts = vec![[0u64; 2]; nk];
    workers.for_each_chunk_with(
        &mut counts,
        1,
        || vec![0.0f32; ni],
        |values, k, counts| {
            for j in 0..nj {
                let (expected, changed) = (expected.row(j, k), changed.row(j, k));
                if expected.iter().all(|&word| word == 0) {
                    continue;
                }
                before.real_rows(k, j, values);
                for (word, (&expected, &changed)) in expected.iter().zip(changed).enumerate() {
                    let of = &values[word * 64..ni.min(word * 64 + 64)];
                    let tissue = of.iter().enumerate().fold(0u64, |bits, (i, value)| {
                        bits | u64::from((value - air).abs() > (skin - air).abs()) << i
                    });
                    counts[0][0] += u64::from((expected & tissue).count_ones());
                    counts[0][1] += u64::from((expected & tissue & !changed).count_ones());
                }
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
