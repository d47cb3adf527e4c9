use kernels::order_statistics;
use volume::{Affine, Grid, Mask, RealVolume};

/// Values beyond these shares of all are as good as the nearest within.
const RANGE: [f64; 2] = [0.005, 0.995];

/// A scan brought down for looking at where its head lies: levels of grey on a coarse grid along the
/// patient's axes.
#[derive(Debug, Clone)]
pub struct Coarse {
    pub(crate) grid: Grid,
    /// 0 to 1, `i` fastest; not a number outside the scan.
    pub(crate) levels: Vec<f32>,
}

impl Coarse {
    /// Means over blocks of 2 x 2 x 2 voxels of `image`, which lies on a grid along the patient's axes; a
    /// block counts as inside the scan if all of it is.
    #[must_use]
    pub fn of(image: &RealVolume) -> Self {
        let [ni, nj, _] = image.grid.extent;
        let value = |[i, j, k]: [usize; 3]| {
            let is_inside = image.inside.get([i, j, k]);
            if is_inside { image.values[i + ni * (j + nj * k)] } else { f32::NAN }
        };
        let (grid, mut levels) = halved(&image.grid, value);
        let mut inside: Vec<f32> = levels.iter().copied().filter(|v| v.is_finite()).collect();
        let [low, high] = order_statistics(&mut inside, RANGE).unwrap_or([0.0, 0.0]);
        let width = if high > low { high - low } else { 1.0 };
        levels.iter_mut().for_each(|v| *v = ((*v - low) / width).clamp(0.0, 1.0));
        Self { grid, levels }
    }

    /// At twice the spacing.
    pub(crate) fn halved(&self) -> Self {
        let [ni, nj, _] = self.grid.extent;
        let (grid, levels) = halved(&self.grid, |[i, j, k]| self.levels[i + ni * (j + nj * k)]);
        Self { grid, levels }
    }

    /// The level at a place between voxels, `[i, j, k]`, trilinear; not a number outside.
    #[inline]
    pub(crate) fn at(&self, place: [f64; 3]) -> f32 {
        let [ni, nj, nk] = self.grid.extent;
        let [x, y, z] = place;
        let is_within = x >= 0.0
            && y >= 0.0
            && z >= 0.0
            && x < ni as f64 - 1.0
            && y < nj as f64 - 1.0
            && z < nk as f64 - 1.0;
        if !is_within {
            return f32::NAN;
        }
        let first = place.map(|v| v as usize);
        let [u, v, w] = [0, 1, 2].map(|a| (place[a] - first[a] as f64) as f32);
        let at = first[0] + ni * (first[1] + nj * first[2]);
        let row = |at: usize| {
            let pair = &self.levels[at..at + 2];
            pair[0] + u * (pair[1] - pair[0])
        };
        let plane = |at: usize| {
            let (near, far) = (row(at), row(at + ni));
            near + v * (far - near)
        };
        let (low, high) = (plane(at), plane(at + ni * nj));
        low + w * (high - low)
    }

    /// The places of every second voxel that `region` covers, in the manner of a chessboard, with their
    /// levels.
    pub(crate) fn samples(&self, region: &Mask) -> Vec<([f64; 3], f32)> {
        let [ni, nj, _] = self.grid.extent;
        let Some(to_region) = region.grid().affine.inverse() else { return Vec::new() };
        let to_region = to_region.after(&self.grid.affine);
        let extent = region.grid().extent;
        let voxels = self.levels.iter().enumerate().filter(|(_, level)| level.is_finite());
        voxels
            .map(|(at, level)| ([at % ni, at / ni % nj, at / ni / nj], *level))
            .filter(|([i, j, k], _)| (i + j + k) % 2 == 0)
            .filter_map(|(index, level)| {
                let index = index.map(|v| v as f64);
                let place = to_region.apply(index).map(f64::round);
                let is_within = (0..3).all(|a| place[a] >= 0.0 && place[a] < extent[a] as f64);
                let is_in_region = is_within && region.get(place.map(|v| v as usize));
                is_in_region.then(|| (self.grid.affine.apply(index), level))
            })
            .collect()
    }
}

/// A grid of half the extent, and means of 2 x 2 x 2 values.
fn halved(grid: &Grid, value: impl Fn([usize; 3]) -> f32) -> (Grid, Vec<f32>) {
    let extent = grid.extent.map(|n| n / 2);
    let affine = grid.affine.after(&Affine::axis_aligned([2.0; 3], [0.5; 3]));
    let [ni, nj, _] = extent;
    let n_voxels = extent.iter().product();
    let mean = |at: usize| {
        let first = [at % ni, at / ni % nj, at / ni / nj].map(|v| 2 * v);
        let sum: f32 =
            (0..8).map(|n| value([first[0] + n % 2, first[1] + n / 2 % 2, first[2] + n / 4])).sum();
        sum / 8.0
    };
    (Grid { extent, affine }, (0..n_voxels).map(mean).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lie_where_the_values_lay() {
        let grid =
            Grid { extent: [21, 20, 18], affine: Affine::axis_aligned([2.0; 3], [-20.0; 3]) };
        let along = |at: usize| (at % 21) as f32;
        let mut inside = Mask::empty(grid);
        for at in (0..grid.n_voxels()).filter(|at| at / 21 % 20 < 10) {
            inside.set([at % 21, at / 21 % 20, at / 21 / 20]);
        }
        let values = (0..grid.n_voxels()).map(along).collect();
        let coarse = Coarse::of(&RealVolume { grid, values, inside });
        assert_eq!(coarse.grid.extent, [10, 10, 9]);
        let affine = Affine::axis_aligned([4.0; 3], [-19.0; 3]);
        assert_eq!(coarse.grid.affine, affine);
        // Even steps from 0 to 1, and nothing of what lies outside the scan.
        assert!((coarse.at([4.5, 2.0, 2.0]) - 0.5).abs() < 1e-5, "{}", coarse.at([4.5, 2.0, 2.0]));
        for outside in [[4.0, 4.5, 2.0], [4.0, 8.0, 2.0], [9.5, 1.0, 1.0], [-0.1, 1.0, 1.0]] {
            assert!(coarse.at(outside).is_nan(), "{outside:?}");
        }
    }
}
