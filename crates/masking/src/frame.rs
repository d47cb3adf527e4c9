use volume::{Labels, Tissue};

use crate::anatomy::is_rest;

/// The ears of a head lie this far apart, from infant to adult.
const EARS_APART_MM: std::ops::RangeInclusive<f64> = 90.0..=210.0;
/// The eyes lie this far in front of the line between the ears.
const EYES_FORWARD_MM: std::ops::RangeInclusive<f64> = 45.0..=110.0;
/// Fewer voxels than these millilitres are no landmark.
const LEAST_EAR_ML: f64 = 3.0;
/// See [`LEAST_EAR_ML`].
const LEAST_EYES_ML: f64 = 25.0;

/// A head's own frame: its origin midway between the ears, right, front (towards the eyes) and up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HeadFrame {
    origin: [f64; 3],
    axes: [[f64; 3]; 3],
    /// How far the middle of the eyes lies in front of the ears.
    pub(crate) eyes_forward_mm: f64,
}

impl HeadFrame {
    /// The frame of labelled ears and eyes; `None` where they are not found in a human relation.
    pub(crate) fn of(labels: &Labels) -> Option<Self> {
        let eyes = centre(labels, LEAST_EYES_ML, |t, _| t == Tissue::Eyes)?;
        let brain = centre(labels, LEAST_EYES_ML, |t, _| t == Tissue::Brain)?;
        // The two ears are parted by the plane through brain and eyes; upright enough for `x`.
        let right = centre(labels, LEAST_EAR_ML, |t, p| t == Tissue::Ears && p[0] > brain[0])?;
        let left = centre(labels, LEAST_EAR_ML, |t, p| t == Tissue::Ears && p[0] <= brain[0])?;
        let across = minus(right, left);
        let apart = length(across);
        let origin = [0, 1, 2].map(|a| (right[a] + left[a]) / 2.0);
        let x = across.map(|v| v / apart);
        let to_eyes = minus(eyes, origin);
        let sideways = dot(to_eyes, x);
        let forward = [0, 1, 2].map(|a| to_eyes[a] - sideways * x[a]);
        let eyes_forward_mm = length(forward);
        let plausible = EARS_APART_MM.contains(&apart)
            && EYES_FORWARD_MM.contains(&eyes_forward_mm)
            && sideways.abs() < 25.0;
        if !plausible {
            return None;
        }
        let y = forward.map(|v| v / eyes_forward_mm);
        let z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
        Some(Self { origin, axes: [x, y, z], eyes_forward_mm })
    }

    /// A place in RAS millimetres, in the head's frame: the eyes lie at height 0.
    pub(crate) fn place(&self, ras_mm: [f64; 3]) -> [f64; 3] {
        let from = minus(ras_mm, self.origin);
        self.axes.map(|axis| dot(from, axis))
    }
}

fn centre(
    labels: &Labels,
    least_ml: f64,
    is: impl Fn(Tissue, [f64; 3]) -> bool,
) -> Option<[f64; 3]> {
    let [ni, nj, _] = labels.grid.extent;
    let mut n = 0.0f64;
    let mut sum = [0.0; 3];
    for (at, &tissue) in labels.tissues.iter().enumerate() {
        if tissue == Tissue::Background || is_rest(tissue) {
            continue;
        }
        let index = [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
        let place = labels.grid.affine.apply(index);
        if is(tissue, place) {
            n += 1.0;
            for a in 0..3 {
                sum[a] += place[a];
            }
        }
    }
    let enough = n * labels.grid.voxel_mm3() >= 1000.0 * least_ml;
    enough.then(|| sum.map(|s| s / n))
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn length(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use volume::{Affine, Grid};

    /// Boxes for brain, eyes and ears, the head turned by `turn` radians to its left.
    fn labels(turn: f64) -> Labels {
        let extent = [60, 60, 40];
        let grid = Grid { extent, affine: Affine::axis_aligned([4.0; 3], [-118.0, -118.0, -78.0]) };
        let (sin, cos) = turn.sin_cos();
        let tissues = (0..grid.n_voxels())
            .map(|at| {
                let index = [at % 60, at / 60 % 60, at / 3600].map(|v| v as f64);
                let [x, y, z] = grid.affine.apply(index);
                let [x, y] = [cos * x + sin * y, cos * y - sin * x];
                let within = |c: [f64; 3], r: [f64; 3]| {
                    (x - c[0]).abs() < r[0] && (y - c[1]).abs() < r[1] && (z - c[2]).abs() < r[2]
                };
                if within([0.0, 80.0, -10.0], [45.0, 13.0, 13.0]) {
                    Tissue::Eyes
                } else if within([75.0, 0.0, -20.0], [9.0; 3])
                    || within([-75.0, 0.0, -20.0], [9.0; 3])
                {
                    Tissue::Ears
                } else if within([0.0, 0.0, 30.0], [50.0, 60.0, 30.0]) {
                    Tissue::Brain
                } else {
                    Tissue::Background
                }
            })
            .collect();
        Labels { grid, tissues }
    }

    #[test]
    fn follows_a_turned_head() {
        for turn in [0.0f64, 0.4, -0.4] {
            let frame = HeadFrame::of(&labels(turn)).expect("landmarks");
            assert!((frame.eyes_forward_mm - 80.6).abs() < 3.0, "{frame:?}");
            let (sin, cos) = turn.sin_cos();
            let eyes = frame.place([-sin * 80.0, cos * 80.0, -10.0]);
            assert!(eyes[0].abs() < 4.0 && eyes[2].abs() < 4.0, "{eyes:?}");
        }
    }

    #[test]
    fn without_an_ear_there_is_no_frame() {
        let mut labels = labels(0.0);
        for (at, tissue) in labels.tissues.iter_mut().enumerate() {
            if *tissue == Tissue::Ears && at % 60 > 30 {
                *tissue = Tissue::Other;
            }
        }
        assert_eq!(HeadFrame::of(&labels), None);
    }
}
