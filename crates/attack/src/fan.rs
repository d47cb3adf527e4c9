use crate::frame::{Frame, cross, dot, unit};

/// No part of a head lies further from a frame's centre than this.
pub(crate) const FAR_MM: f64 = 170.0;
/// No face lies nearer to it.
const NEAR_MM: f64 = 20.0;
/// From a sample of a ray to the next.
pub(crate) const STEP_MM: f64 = 0.75;
/// Between neighbouring directions of a face.
const FACE_STEP_DEGREES: f64 = 3.0;
/// Between neighbouring directions of the whole head.
const HEAD_STEP_DEGREES: f64 = 10.0;

/// Directions in which depth is measured: rows from top to bottom, each from right to left.
#[derive(Debug, Clone, PartialEq)]
pub struct Fan {
    /// Along the head's axes, of length 1.
    pub directions: Vec<[f64; 3]>,
    /// Directions in a row.
    pub width: usize,
}

/// Millimetres from the frame's centre to a surface, one a direction of a fan; not a number where
/// nothing is known.
pub type DepthMap = Vec<f32>;

impl Fan {
    /// The face: 60 degrees to both sides, from the chin to the forehead, well within what defacers
    /// call a face. What lies around it may stay, and who is known by that is not known by the face.
    #[must_use]
    pub fn face() -> Self {
        Self::between([60.0, -60.0], [33.0, -51.0], FACE_STEP_DEGREES)
    }

    /// The whole head, coarsely.
    #[must_use]
    pub fn head() -> Self {
        Self::between([175.0, -175.0], [85.0, -45.0], HEAD_STEP_DEGREES)
    }

    /// Directions from right to left and from top to bottom, both ends included.
    fn between(sides: [f64; 2], heights: [f64; 2], step: f64) -> Self {
        let count = |[from, to]: [f64; 2]| ((from - to) / step).round() as usize + 1;
        let (width, height) = (count(sides), count(heights));
        let direction = |at: usize| {
            let side = (sides[0] - step * (at % width) as f64).to_radians();
            let up = (heights[0] - step * (at / width) as f64).to_radians();
            [side.sin() * up.cos(), side.cos() * up.cos(), up.sin()]
        };
        Self { directions: (0..width * height).map(direction).collect(), width }
    }

    /// Whether a direction lies in the part of the head that [`Fan::face`] covers, or up to 15 degrees
    /// around it.
    #[must_use]
    pub fn is_facial(direction: [f64; 3]) -> bool {
        let side = direction[0].atan2(direction[1]).to_degrees();
        let up = unit(direction)[2].asin().to_degrees();
        side.abs() <= 75.0 && (-57.0..=45.0).contains(&up)
    }

    /// The outermost place along each direction at which `is_inside` holds, which is asked of
    /// points of the patient. Nothing thinner than 3 mm is sure to be met.
    #[must_use]
    pub fn surface(&self, frame: &Frame, is_inside: impl Fn([f64; 3]) -> bool) -> DepthMap {
        const COARSE_MM: f64 = 3.0;
        let depth = |direction: &[f64; 3]| {
            let at = |mm: f64| is_inside(frame.point_mm(*direction, mm));
            let n_steps = ((FAR_MM - NEAR_MM) / COARSE_MM) as usize;
            let mut steps = (0..n_steps).map(|n| FAR_MM - COARSE_MM * n as f64);
            let Some(mut inner) = steps.find(|&mm| at(mm)) else { return f32::NAN };
            let mut outer = inner + COARSE_MM;
            for _ in 0..5 {
                let middle = (inner + outer) / 2.0;
                *(if at(middle) { &mut inner } else { &mut outer }) = middle;
            }
            ((inner + outer) / 2.0) as f32
        };
        self.directions.iter().map(depth).collect()
    }

    /// How a surface's depth changes where the head under it is moved a little: by 1 mm along each
    /// axis and by 0.01 about each. Directions whose neighbours are not known give no number.
    ///
    /// A point `p` moved by `u` changes depth along the ray `d` by `(u . n) / (d . n)`, `n` being the
    /// surface's normal.
    #[must_use]
    pub(crate) fn motions(&self, surface: &[f32]) -> [DepthMap; 6] {
        let n_cells = self.directions.len();
        let point = |at: usize| self.directions[at].map(|v| v * f64::from(surface[at]));
        let mut motions = [0; 6].map(|_| vec![f32::NAN; n_cells]);
        for at in 0..n_cells {
            let (x, y) = (at % self.width, at / self.width);
            if x == 0 || x + 1 == self.width || y == 0 || at + self.width >= n_cells {
                continue;
            }
            let across = crate::frame::minus(point(at + 1), point(at - 1));
            let down = crate::frame::minus(point(at + self.width), point(at - self.width));
            let normal = unit(cross(across, down));
            let facing = dot(self.directions[at], normal);
            // Grazed surfaces tell of noise.
            if facing.abs() < 0.2 || !facing.is_finite() {
                continue;
            }
            for (n, motion) in motions.iter_mut().enumerate() {
                let mut axis = [0.0; 3];
                axis[n % 3] = 1.0;
                let moved = if n < 3 { axis } else { cross(axis, point(at)).map(|v| 0.01 * v) };
                motion[at] = (dot(moved, normal) / facing) as f32;
            }
        }
        motions
    }
}

/// The distances from a frame's centre at which rays are sampled, from the outside in.
pub(crate) fn samples_mm() -> impl Iterator<Item = f64> {
    (0..((FAR_MM - NEAR_MM) / STEP_MM) as usize).map(|n| FAR_MM - STEP_MM * n as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Landmarks;
    use crate::frame::{minus, plus};

    fn frame() -> Frame {
        Frame::of(&Landmarks {
            globes_mm: [[31.0, 70.0, 20.0], [-31.0, 70.0, 20.0]],
            ears_mm: [[68.0, 0.0, -5.0], [-68.0, 0.0, -5.0]],
        })
    }

    fn ball(centre: [f64; 3]) -> impl Fn([f64; 3]) -> bool {
        move |p| dot(minus(p, centre), minus(p, centre)) < 80.0 * 80.0
    }

    #[test]
    fn the_surface_of_a_ball_lies_at_its_radius() {
        let frame = frame();
        for fan in [Fan::face(), Fan::head()] {
            for depth in fan.surface(&frame, ball(frame.centre_mm)) {
                assert!((depth - 80.0).abs() < 0.1, "{depth}");
            }
        }
        let none = Fan::face().surface(&frame, |_| false);
        assert!(none.iter().all(|v| v.is_nan()));
    }

    #[test]
    fn motions_foretell_how_depth_changes() {
        let (frame, fan) = (frame(), Fan::face());
        let off = frame.point_mm(unit([0.2, 1.0, -0.3]), 25.0);
        let surface = fan.surface(&frame, ball(off));
        let motions = fan.motions(&surface);
        for axis in 0..3 {
            let mut step = [0.0; 3];
            step[axis] = 1.0;
            let to = plus(off, minus(frame.point_mm(step, 2.0), frame.centre_mm), 1.0);
            let moved = fan.surface(&frame, ball(to));
            let cells = (0..surface.len()).filter(|&at| motions[axis][at].is_finite());
            let mut n = 0;
            for at in cells {
                let change = moved[at] - surface[at];
                assert!((change - 2.0 * motions[axis][at]).abs() < 0.4, "{axis} {at}");
                n += 1;
            }
            assert!(n > 800, "{n} cells");
        }
    }
}
