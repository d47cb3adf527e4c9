use volume::{Affine, Grid, Mask, RealVolume};

use crate::nearest::is_zero;

/// Millimetres to voxel indices of a grid along the patient's axes.
pub(crate) fn to_voxels(grid: &Grid) -> Affine {
    let spacing = grid.spacing_mm();
    let origin = grid.affine.apply([0.0; 3]);
    Affine::axis_aligned(spacing.map(|s| 1.0 / s), [0, 1, 2].map(|a| -origin[a] / spacing[a]))
}

/// Bits of a mask on the scan's grid, asked at voxels of a grid along the patient's axes.
pub(crate) struct OnLabels<'a> {
    mask: &'a Mask,
    to_mask: Option<Affine>,
    /// Where the axes of both grids run alike, in any order: for each axis of the mask that along which it
    /// runs, and for each index there that of the mask.
    along: Option<[(usize, Vec<usize>); 3]>,
}

impl<'a> OnLabels<'a> {
    pub(crate) fn of(mask: &'a Mask, grid: &Grid) -> Self {
        let to_mask = mask.grid().affine.inverse().map(|inverse| inverse.after(&grid.affine));
        let along = to_mask.and_then(|to_mask| {
            let axes = straight(&to_mask)?;
            let table = |a: usize| {
                let at = |v: usize| {
                    let mut index = [0.0; 3];
                    index[axes[a]] = v as f64;
                    nearest(to_mask.apply(index)[a], mask.grid().extent[a])
                };
                (axes[a], (0..grid.extent[axes[a]]).map(at).collect())
            };
            Some([0, 1, 2].map(table))
        });
        Self { mask, to_mask, along }
    }

    /// Whether the mask has the voxel nearest to the middle of this one; outside its grid, the nearest
    /// at its border.
    pub(crate) fn get(&self, index: [usize; 3]) -> bool {
        if let Some(along) = &self.along {
            return self.mask.get(along.each_ref().map(|(axis, table)| table[index[*axis]]));
        }
        let Some(to_mask) = &self.to_mask else { return false };
        let place = to_mask.apply(index.map(|v| v as f64));
        self.mask.get([0, 1, 2].map(|a| nearest(place[a], self.mask.grid().extent[a])))
    }
}

/// The index nearest to a place along an axis of `n` voxels.
fn nearest(place: f64, n: usize) -> usize {
    ((place + 0.5).max(0.0) as usize).min(n - 1)
}

/// The one axis that decides the place along each, to the last bit; `None` if several do.
fn straight(affine: &Affine) -> Option<[usize; 3]> {
    let mut axes = [0; 3];
    for (a, axis) in axes.iter_mut().enumerate() {
        let mut by = (0..3).filter(|&b| !is_zero(affine.0[a][b]));
        let (Some(one), None) = (by.next(), by.next()) else { return None };
        *axis = one;
    }
    Some(axes)
}

/// Writes `value` over what a mask on the scan's grid covers, in an image on a grid along the patient's
/// axes.
pub fn fill_on_labels(image: &mut RealVolume, mask: &Mask, value: f32) {
    let [ni, nj, _] = image.grid.extent;
    let covered = OnLabels::of(mask, &image.grid);
    for (row, values) in image.values.chunks_exact_mut(ni).enumerate() {
        for (i, old) in values.iter_mut().enumerate() {
            if covered.get([i, row % nj, row / nj]) {
                *old = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_asked_alike_whether_its_axes_run_with_those_of_the_labels_or_not() {
        let straight = Affine::axis_aligned([0.7, -1.3, 2.1], [-3.0, 9.0, 1.0]);
        let mut mask = Mask::empty(Grid { extent: [70, 20, 9], affine: straight });
        (0..4000).for_each(|n: usize| mask.set([n * 7 % 70, n * 11 % 20, n * 13 % 9]));
        let affine = Affine::axis_aligned([2.0; 3], [-9.0, -25.0, -4.0]);
        let asked = OnLabels::of(&mask, &Grid { extent: [40, 30, 16], affine });
        assert!(asked.along.is_some());
        let one_by_one =
            OnLabels { along: None, ..OnLabels::of(&mask, &Grid { extent: [40, 30, 16], affine }) };
        for at in 0..40 * 30 * 16 {
            let index = [at % 40, at / 40 % 30, at / 1200];
            assert_eq!(asked.get(index), one_by_one.get(index), "{index:?}");
        }
        let [first, second, third] = affine.0;
        for turned in [[second, third, first], [third, first, second], [second, first, third]] {
            let grid = Grid { extent: [40, 30, 16], affine: Affine(turned) };
            let asked = OnLabels::of(&mask, &grid);
            assert!(asked.along.is_some());
            let one_by_one = OnLabels { along: None, ..OnLabels::of(&mask, &grid) };
            for at in 0..40 * 30 * 16 {
                let index = [at % 40, at / 40 % 30, at / 1200];
                assert_eq!(asked.get(index), one_by_one.get(index), "{turned:?} {index:?}");
            }
        }
    }
}
