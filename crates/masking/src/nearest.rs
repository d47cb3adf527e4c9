use volume::{Affine, Mask};

/// The voxels of a coarse grid that are nearest to those of a mask.
pub(crate) struct Nearest {
    extent: [usize; 3],
    to_coarse: Affine,
}

impl Nearest {
    /// `to_coarse` leads from voxel indices of the mask to those of a grid of `extent`.
    pub(crate) fn new(to_coarse: Affine, extent: [usize; 3]) -> Self {
        Self { extent, to_coarse }
    }

    /// Calls `visit(i, voxel)` for each voxel `[i, j, k]` of the mask, with the place of the nearest
    /// voxel among those of the coarse grid, `i` fastest.
    pub(crate) fn for_each_in_row(
        &self,
        mask: &Mask,
        [j, k]: [usize; 2],
        mut visit: impl FnMut(usize, usize),
    ) {
        let words = mask.row(j, k);
        if words.iter().all(|&word| word == 0) {
            return;
        }
        let start = self.to_coarse.apply([0.0, j as f64, k as f64]).map(|v| v + 0.5);
        let step = self.to_coarse.column(0);
        let last = self.extent.map(|n| n as f64 - 1.0);
        let [ni, nj, _] = self.extent;
        for (at, &word) in words.iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                let i = at * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                let along = i as f64;
                let index = |a: usize| (start[a] + along * step[a]).clamp(0.0, last[a]) as usize;
                visit(i, index(0) + ni * (index(1) + nj * index(2)));
            }
        }
    }

    /// Where voxel `index` of the mask lies in the coarse grid.
    pub(crate) fn place(&self, index: [usize; 3]) -> [f64; 3] {
        self.to_coarse.apply(index.map(|v| v as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::Grid;

    #[test]
    fn is_the_voxel_of_the_rounded_place_and_never_outside() {
        let grid = Grid { extent: [70, 5, 4], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let (c, s) = (0.3f64.cos(), 0.3f64.sin());
        let turned = Affine([[0.4 * c, -0.4 * s, 0.0, -2.2], [0.4 * s, 0.4 * c, 0.1, 1.3], [0.0, 0.0, 0.7, 0.1]]);
        let extent = [20, 9, 2];
        let nearest = Nearest::new(turned, extent);
        let mut mask = Mask::empty(grid);
        (0..70).step_by(3).for_each(|i| mask.set([i, 2, 3]));
        let mut n = 0;
        nearest.for_each_in_row(&mask, [2, 3], |i, voxel| {
            let place = nearest.place([i, 2, 3]);
            let [a, b, c] = [0, 1, 2].map(|a| {
                place[a].round().clamp(0.0, extent[a] as f64 - 1.0) as usize
            });
            assert_eq!(voxel, a + 20 * (b + 9 * c), "{i}");
            n += 1;
        });
        assert_eq!(n, 24);
    }
}
