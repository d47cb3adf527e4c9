/// An affine map from voxel indices `(i, j, k, 1)` to RAS+ millimetres.
///
/// ```text
/// | x |   | xi xj xk x0 |   | i |
/// | y | = | yi yj yk y0 | * | j |
/// | z |   | zi zj zk z0 |   | k |
///                           | 1 |
/// ```
///
/// Row-major, as NIfTI's `srow_x`, `srow_y` and `srow_z`. Voxel `(0, 0, 0)` is the centre of the
/// first voxel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Affine(pub [[f64; 4]; 3]);

impl Affine {
    /// A grid along the patient's axes with its first voxel at `origin_mm`.
    #[must_use]
    pub fn axis_aligned(spacing_mm: [f64; 3], origin_mm: [f64; 3]) -> Self {
        let [sx, sy, sz] = spacing_mm;
        let [x, y, z] = origin_mm;
        Self([[sx, 0.0, 0.0, x], [0.0, sy, 0.0, y], [0.0, 0.0, sz, z]])
    }

    /// Maps a voxel index, which need not be whole, to millimetres.
    #[must_use]
    pub fn apply(&self, index: [f64; 3]) -> [f64; 3] {
        self.0.map(|r| r[0] * index[0] + r[1] * index[1] + r[2] * index[2] + r[3])
    }

    /// The column of `axis`: the step in millimetres from one voxel to the next along it.
    #[must_use]
    pub fn column(&self, axis: usize) -> [f64; 3] {
        [self.0[0][axis], self.0[1][axis], self.0[2][axis]]
    }

    /// The distance in millimetres between voxels along `i`, `j` and `k`.
    #[must_use]
    pub fn spacing_mm(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.column(axis).iter().map(|v| v * v).sum::<f64>().sqrt())
    }

    /// The determinant of the linear part: negative for a left-handed grid, in mm3 a voxel.
    #[must_use]
    pub fn determinant(&self) -> f64 {
        let m = &self.0;
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
            - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    }

    /// The inverse map, from millimetres to voxel indices; `None` if the axes do not span space
    /// or a number is not finite.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let m = &self.0;
        let determinant = self.determinant();
        let scale: f64 = self.spacing_mm().iter().product();
        if !determinant.is_finite() || determinant.abs() <= 1e-6 * scale || scale == 0.0 {
            return None;
        }
        let cofactor = |r: usize, c: usize| {
            let (r1, r2) = ((r + 1) % 3, (r + 2) % 3);
            let (c1, c2) = ((c + 1) % 3, (c + 2) % 3);
            m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
        };
        let mut inverse = [[0.0; 4]; 3];
        for (row, out) in inverse.iter_mut().enumerate() {
            for (col, value) in out.iter_mut().take(3).enumerate() {
                *value = cofactor(col, row) / determinant;
            }
            out[3] = -(out[0] * m[0][3] + out[1] * m[1][3] + out[2] * m[2][3]);
        }
        inverse.iter().flatten().all(|v| v.is_finite()).then_some(Self(inverse))
    }

    /// The map that applies `first`, then `self`.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let mut product = [[0.0; 4]; 3];
        for (row, out) in product.iter_mut().enumerate() {
            for (col, value) in out.iter_mut().enumerate() {
                *value = (0..3).map(|n| self.0[row][n] * first.0[n][col]).sum::<f64>();
            }
            out[3] += self.0[row][3];
        }
        Self(product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_affine() -> impl Strategy<Value = Affine> {
        prop::array::uniform3(prop::array::uniform4(-5.0..5.0f64)).prop_map(Affine)
    }

    proptest! {
        #[test]
        fn inverse_undoes_the_map(a in any_affine(), p in prop::array::uniform3(-300.0..300.0f64)) {
            let scale: f64 = a.spacing_mm().iter().product();
            prop_assume!(a.determinant().abs() > 1e-2 * scale);
            let inverse = a.inverse().expect("well conditioned");
            for (there_and_back, start) in inverse.apply(a.apply(p)).iter().zip(p) {
                prop_assert!((there_and_back - start).abs() < 1e-6);
            }
        }

        #[test]
        fn after_composes(a in any_affine(), b in any_affine(), p in prop::array::uniform3(-9.0..9.0f64)) {
            for (one, two) in a.after(&b).apply(p).iter().zip(a.apply(b.apply(p))) {
                prop_assert!((one - two).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn a_flat_or_infinite_affine_has_no_inverse() {
        let mut flat = Affine::axis_aligned([1.0, 1.0, 0.0], [0.0; 3]);
        assert!(flat.inverse().is_none());
        flat.0[2][2] = f64::INFINITY;
        assert!(flat.inverse().is_none());
        flat.0[2][2] = f64::NAN;
        assert!(flat.inverse().is_none());
    }
}
