use std::fmt;

use crate::Affine;

/// Where voxels lie: how many along each axis, and where in the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// Voxels along `i`, `j` and `k`; `i` is fastest in memory.
    pub extent: [usize; 3],
    /// Voxel index to RAS+ millimetres.
    pub affine: Affine,
}

impl Grid {
    /// The number of voxels.
    #[must_use]
    pub fn n_voxels(&self) -> usize {
        self.extent.iter().product()
    }

    /// The distance in millimetres between voxels along `i`, `j` and `k`.
    #[must_use]
    pub fn spacing_mm(&self) -> [f64; 3] {
        self.affine.spacing_mm()
    }

    /// The volume of one voxel.
    #[must_use]
    pub fn voxel_mm3(&self) -> f64 {
        self.affine.determinant().abs()
    }

    /// The anatomical direction to which each axis runs most closely.
    #[must_use]
    pub fn orientation(&self) -> Orientation {
        Orientation::of(&self.affine)
    }

    /// The smallest box along the patient's axes that holds every voxel, whole: its lowest and
    /// highest corner in RAS+ millimetres.
    #[must_use]
    pub fn bounds_mm(&self) -> [[f64; 3]; 2] {
        let mut low = [f64::INFINITY; 3];
        let mut high = [f64::NEG_INFINITY; 3];
        for corner in 0..8usize {
            let index = [0, 1, 2].map(|axis| {
                if corner >> axis & 1 == 0 { -0.5 } else { self.extent[axis] as f64 - 0.5 }
            });
            for (axis, value) in self.affine.apply(index).into_iter().enumerate() {
                low[axis] = low[axis].min(value);
                high[axis] = high[axis].max(value);
            }
        }
        [low, high]
    }
}

/// Axis codes as nibabel's `aff2axcodes` gives them: the end of each axis, such as `RAS` or `LIA`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orientation {
    /// For each voxel axis: the patient axis (0 = x) it runs along, and whether it runs to plus.
    pub axes: [(usize, bool); 3],
}

impl Orientation {
    fn of(affine: &Affine) -> Self {
        const ORDERS: [[usize; 3]; 6] =
            [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let spacing = affine.spacing_mm();
        let cosine =
            |axis: usize, patient: usize| affine.0[patient][axis] / spacing[axis].max(1e-300);
        let closeness = |order: &[usize; 3]| -> f64 {
            order.iter().enumerate().map(|(axis, &patient)| cosine(axis, patient).abs()).sum()
        };
        let mut best = ORDERS[0];
        for order in ORDERS {
            if closeness(&order) > closeness(&best) + 1e-9 {
                best = order;
            }
        }
        Self { axes: [0, 1, 2].map(|axis| (best[axis], cosine(axis, best[axis]) > 0.0)) }
    }
}

impl fmt::Display for Orientation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (patient, to_plus) in self.axes {
            let letters = [('L', 'R'), ('P', 'A'), ('I', 'S')][patient];
            write!(f, "{}", if to_plus { letters.1 } else { letters.0 })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: [[f64; 3]; 3], expected: &str) {
        let affine = Affine(rows.map(|r| [r[0], r[1], r[2], 7.0]));
        let grid = Grid { extent: [4, 5, 6], affine };
        assert_eq!(grid.orientation().to_string(), expected, "{rows:?}");
    }

    #[test]
    fn orientation_codes_agree_with_nibabel() {
        check([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "RAS");
        check([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, 5.0]], "LPS");
        check([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]], "LIA");
        check([[0.0, 0.0, 3.0], [-0.9, 0.2, 0.0], [0.2, 0.9, 0.0]], "PSR");
        check([[0.8, 0.6, 0.0], [-0.6, 0.8, 0.0], [0.0, 0.0, -2.0]], "RAI");
    }

    #[test]
    fn bounds_hold_whole_voxels() {
        let grid = Grid {
            extent: [2, 3, 4],
            affine: Affine::axis_aligned([2.0, 1.0, 1.0], [10.0, 0.0, 0.0]),
        };
        assert_eq!(grid.bounds_mm(), [[9.0, -0.5, -0.5], [13.0, 2.5, 3.5]]);
        assert!((grid.voxel_mm3() - 2.0).abs() < 1e-12);
    }
}
