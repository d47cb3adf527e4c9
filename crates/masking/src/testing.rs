//! A head of simple bodies for the tests of this crate, with its labels and its image.

use volume::{Affine, Grid, Labels, Mask, RealVolume, Tissue};

/// Spacing of the head's grid.
pub(crate) const MM: f64 = 3.0;
const EXTENT: [usize; 3] = [75, 86, 84];

/// What differs from head to head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    /// How much further the skin lies in front at a height: (right, up) to millimetres, and where it
    /// does, so much more flesh.
    pub(crate) flesh: fn([f64; 2]) -> f64,
    /// Turned to its left, and then tipped back, by these angles, radians.
    pub(crate) turned: [f64; 2],
    /// Beside a grown head.
    pub(crate) size: f64,
}

pub(crate) const USUAL: Form = Form { flesh: |_| 0.0, turned: [0.0; 2], size: 1.0 };

impl Form {
    /// A place of the grid in the head's own frame: right, front, up; the eyes lie at front 60, up 0.
    pub(crate) fn own([x, y, z]: [f64; 3], form: &Self) -> [f64; 3] {
        let [turn, tip] = form.turned;
        let (sin, cos) = turn.sin_cos();
        let [x, y] = [cos * x + sin * y, cos * y - sin * x];
        let (sin, cos) = tip.sin_cos();
        let [y, z] = [cos * y + sin * z, cos * z - sin * y];
        [x, y, z].map(|v| v / form.size)
    }

    pub(crate) fn grid() -> Grid {
        let affine = Affine::axis_aligned([MM; 3], [-111.0, -127.0, -132.0]);
        Grid { extent: EXTENT, affine }
    }

    /// The voxel of that number.
    pub(crate) fn index(at: usize) -> [usize; 3] {
        let [ni, nj, _] = EXTENT;
        [at % ni, at / ni % nj, at / ni / nj]
    }

    /// Labels, and an image with a dark skull and faint noise in the air.
    pub(crate) fn head(&self) -> (Labels, RealVolume) {
        let grid = Self::grid();
        let [ni, nj, _] = EXTENT;
        let place = |at: usize| {
            let index = [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
            Self::own(grid.affine.apply(index), self)
        };
        let tissues: Vec<Tissue> = (0..grid.n_voxels()).map(|at| self.tissue(place(at))).collect();
        let value = |(at, tissue): (usize, &Tissue)| match tissue {
            Tissue::Background => (at.wrapping_mul(2_654_435_761) >> 9) as f32 % 7.0,
            Tissue::Brain => 100.0,
            _ if brain(place(at)) < 1.1 => 12.0,
            _ => 80.0,
        };
        let values = tissues.iter().enumerate().map(value).collect();
        let inside = Mask::from_words(grid, kernels::complement(Mask::empty(grid).words(), EXTENT));
        (Labels { grid, tissues }, RealVolume { grid, values, inside })
    }

    fn tissue(&self, at: [f64; 3]) -> Tissue {
        let [x, y, z] = at;
        let near = |center: [f64; 3], half: [f64; 3]| {
            let away = [x.abs(), y, z];
            (0..3).map(|a| ((away[a] - center[a]) / half[a]).powi(2)).sum::<f64>() < 1.0
        };
        if near([76.0, -30.0, -22.0], [9.0, 18.0, 27.0]) {
            return Tissue::Ears;
        }
        let flesh = if y > 20.0 { (self.flesh)([x, z]) } else { 0.0 };
        let level = (x / 76.0).powi(2) + ((y + 15.0) / (90.0 + flesh)).powi(2);
        let radius = (level + ((z - 20.0).max(0.0) / 78.0).powi(2)).sqrt();
        if radius > 1.0 {
            return Tissue::Background;
        }
        if near([32.0, 60.0, 0.0], [12.0; 3]) {
            return Tissue::Eyes;
        }
        if brain(at) < 1.0 {
            return Tissue::Brain;
        }
        let depth = (1.0 - radius) * 85.0;
        let (sideways, height) = (x.abs().atan2(y), z.atan2(x.hypot(y)));
        let is_face = sideways < 1.3 && height < 0.68 && z > -108.0;
        match (is_face, x.abs()) {
            (true, _) if z > 8.0 && depth < 8.0 => Tissue::Brow,
            (true, x) if z > -38.0 && z < 0.0 && x < 18.0 && depth < 20.0 => Tissue::Nose,
            (true, x) if z <= -82.0 && x < 35.0 && depth < 20.0 => Tissue::Chin,
            (true, x) if z <= -38.0 && x < 32.0 && depth < 20.0 => Tissue::Mouth,
            (true, _) if z <= 8.0 && depth < 20.0 => Tissue::Cheeks,
            _ if z < -108.0 => Tissue::Neck,
            _ if depth < 7.0 => Tissue::Scalp,
            _ => Tissue::Other,
        }
    }
}

/// Below 1 in the brain: its middle lies 90 mm from the eyes, 20.5 degrees above the line to them.
fn brain([x, y, z]: [f64; 3]) -> f64 {
    ((x / 62.0).powi(2) + ((y + 24.3) / 78.0).powi(2) + ((z - 31.5) / 52.0).powi(2)).sqrt()
}
