use std::ops::Range;

use volume::Grid;

use crate::anatomy::bounds;

/// Whole rows of a grid, those within a range across and one up: a part of it for what is only asked near
/// some voxels, which masks and fields are cut to without a shift.
#[derive(Debug)]
pub(crate) struct Rows {
    whole: [usize; 3],
    across: Range<usize>,
    up: Range<usize>,
}

impl Rows {
    /// All rows with a voxel within `reach_mm` of one that `mask` holds; `None` if it holds none.
    pub(crate) fn around(mask: &[u64], grid: &Grid, reach_mm: f64) -> Option<Self> {
        let [low, high] = bounds(mask, grid.extent);
        let range = |a: usize| {
            let reach = (reach_mm / grid.spacing_mm()[a]).ceil() as usize;
            low[a].saturating_sub(reach)..(high[a] + reach + 1).min(grid.extent[a])
        };
        (low[0] <= high[0]).then(|| Self { whole: grid.extent, across: range(1), up: range(2) })
    }

    /// The extent of the part.
    pub(crate) fn extent(&self) -> [usize; 3] {
        [self.whole[0], self.across.len(), self.up.len()]
    }

    /// The part of a mask, or of one value a voxel.
    pub(crate) fn part<T: Copy>(&self, whole: &[T]) -> Vec<T> {
        let [_, nj, nk] = self.whole;
        let row = whole.len() / (nj * nk);
        let plane =
            |k: usize| &whole[row * (nj * k + self.across.start)..][..row * self.across.len()];
        self.up.clone().flat_map(plane).copied().collect()
    }

    /// Where in the whole row `[j, k]` of the part lies.
    pub(crate) fn whole(&self, [j, k]: [usize; 2]) -> [usize; 2] {
        [j + self.across.start, k + self.up.start]
    }

    /// Which row of the part row `n` of the whole is, if it is one.
    pub(crate) fn row(&self, n: usize) -> Option<usize> {
        let (j, k) = (n % self.whole[1], n / self.whole[1]);
        let is_there = self.across.contains(&j) && self.up.contains(&k);
        is_there.then(|| j - self.across.start + self.across.len() * (k - self.up.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Mask};

    #[test]
    fn rows_of_the_part_are_those_of_the_whole() {
        let affine = Affine::axis_aligned([1.0, 2.0, 3.0], [0.0; 3]);
        let grid = Grid { extent: [70, 20, 9], affine };
        let mut mask = Mask::empty(grid);
        assert!(Rows::around(mask.words(), &grid, 4.0).is_none());
        [[66, 7, 1], [3, 9, 4]].into_iter().for_each(|voxel| mask.set(voxel));
        let rows = Rows::around(mask.words(), &grid, 4.0).expect("voxels");
        assert_eq!(rows.extent(), [70, 7, 7]);
        let whole: Vec<u32> = (0..70 * 20 * 9).collect();
        let (values, words) = (rows.part(&whole), rows.part(mask.words()));
        assert_eq!((values.len(), words.len()), (70 * 49, 2 * 49));
        let mut n = 0;
        for row in 0..180 {
            let Some(part) = rows.row(row) else { continue };
            n += 1;
            assert_eq!(rows.whole([part % 7, part / 7]), [row % 20, row / 20]);
            assert_eq!(values[70 * part], 70 * row as u32);
            assert_eq!(words[2 * part..][..2], mask.words()[2 * row..][..2]);
        }
        assert_eq!(n, 49);
        assert_eq!(words.iter().map(|word| word.count_ones()).sum::<u32>(), 2);
    }
}
