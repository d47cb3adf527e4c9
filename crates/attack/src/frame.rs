use phantom::Person;
use volume::{Labels, Tissue};

/// Points by which heads are laid over each other. Orbits and ear canals lie in bone that stays, so
/// an attacker has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmarks {
    /// The centres of the right and the left globe, in RAS+ millimetres.
    pub globes_mm: [[f64; 3]; 2],
    /// The right and the left ear canal, or the middles of the auricles.
    pub ears_mm: [[f64; 3]; 2],
}

/// The globes lie this far above the plane of ear canals and lower orbital rims, seen from the
/// canals: 26 mm over 71 mm in the average adult.
const GLOBES_ABOVE_DEGREES: f64 = 20.0;
/// From the middle between the globes back to the point from which depth is measured,
const BACK_MM: f64 = 50.0;
/// and down to it: all of a face is seen from there once.
const DOWN_MM: f64 = 30.0;

/// A head's own axes, in which depth maps of all heads are comparable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// The point inside the head from which depth is measured, in RAS+ millimetres.
    pub centre_mm: [f64; 3],
    /// To the right, to the front and upwards, of length 1.
    axes: [[f64; 3]; 3],
}

impl Landmarks {
    /// The landmarks of a generated person, exact.
    #[must_use]
    pub fn of_person(person: &Person) -> Self {
        let marks = person.landmarks();
        Self { globes_mm: marks.globes_mm, ears_mm: marks.ear_canals_mm }
    }

    /// The middles of labelled eyes and ears, right and left of the middle of the eyes; `None` if
    /// one of the four is not there. The grid's axes run roughly along the patient's.
    #[must_use]
    pub fn of_labels(labels: &Labels) -> Option<Self> {
        let [ni, nj, _] = labels.grid.extent;
        let points = |tissue: Tissue| {
            let all = labels.tissues.iter().enumerate().filter(move |(_, t)| **t == tissue);
            all.map(move |(at, _)| {
                let index = [at % ni, at / ni % nj, at / ni / nj];
                labels.grid.affine.apply(index.map(|v| v as f64))
            })
        };
        let middle = mean(points(Tissue::Eyes))?[0];
        let pair = |tissue: Tissue| {
            let right = mean(points(tissue).filter(|p| p[0] > middle))?;
            Some([right, mean(points(tissue).filter(|p| p[0] <= middle))?])
        };
        Some(Self { globes_mm: pair(Tissue::Eyes)?, ears_mm: pair(Tissue::Ears)? })
    }
}

impl Landmarks {
    /// The middle between the ears.
    #[must_use]
    pub fn middle_mm(&self) -> [f64; 3] {
        middle(self.ears_mm[0], self.ears_mm[1])
    }

    /// Between the globes, between the ears, and from the globes' middle to the ears'.
    #[must_use]
    pub fn distances_mm(&self) -> [f64; 3] {
        let [eyes, ears] = [self.globes_mm, self.ears_mm];
        let length = |a, b| dot(minus(a, b), minus(a, b)).sqrt();
        let along = length(middle(eyes[0], eyes[1]), middle(ears[0], ears[1]));
        [length(eyes[0], eyes[1]), length(ears[0], ears[1]), along]
    }
}

impl Frame {
    /// The frame that the landmarks fix.
    #[must_use]
    pub fn of(marks: &Landmarks) -> Self {
        let [right, left] = marks.globes_mm;
        let eyes = middle(right, left);
        let ears = middle(marks.ears_mm[0], marks.ears_mm[1]);
        let x = unit(minus(right, left));
        let ahead = minus(eyes, ears);
        let ahead = unit(plus(ahead, x, -dot(ahead, x)));
        let above = cross(x, ahead);
        let (sine, cosine) = GLOBES_ABOVE_DEGREES.to_radians().sin_cos();
        let y = plus(ahead.map(|v| v * cosine), above, -sine);
        let z = cross(x, y);
        Self { centre_mm: plus(plus(eyes, y, -BACK_MM), z, -DOWN_MM), axes: [x, y, z] }
    }

    /// Where the point lies that is `mm` away from the centre in a direction of the head's axes.
    #[must_use]
    pub fn point_mm(&self, direction: [f64; 3], mm: f64) -> [f64; 3] {
        let [x, y, z] = self.axes;
        std::array::from_fn(|a| {
            let along = direction[0] * x[a] + direction[1] * y[a] + direction[2] * z[a];
            self.centre_mm[a] + mm * along
        })
    }

    /// A point of the patient along the head's axes, from the centre.
    #[must_use]
    pub fn from_centre(&self, point_mm: [f64; 3]) -> [f64; 3] {
        self.axes.map(|axis| dot(axis, minus(point_mm, self.centre_mm)))
    }
}

pub(crate) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    plus(a, b, -1.0)
}

pub(crate) fn plus(a: [f64; 3], b: [f64; 3], times: f64) -> [f64; 3] {
    [0, 1, 2].map(|n| a[n] + times * b[n])
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|n| a[n] * b[n]).sum()
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn unit(a: [f64; 3]) -> [f64; 3] {
    let length = dot(a, a).sqrt();
    a.map(|v| v / length)
}

fn middle(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|n| (a[n] + b[n]) / 2.0)
}

/// The mean of some points; `None` if there is none.
pub(crate) fn mean(points: impl Iterator<Item = [f64; 3]>) -> Option<[f64; 3]> {
    let (mut n, mut sum) = (0.0, [0.0; 3]);
    for point in points {
        n += 1.0;
        sum = plus(sum, point, 1.0);
    }
    (n > 0.0).then(|| sum.map(|v| v / n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phantom::Pose;

    #[test]
    fn a_frame_turns_and_moves_with_the_head() {
        let pose = Pose {
            pitch_degrees: 14.0,
            roll_degrees: -7.0,
            yaw_degrees: 20.0,
            shift_mm: [30.0, -4.0, 11.0],
        };
        for seed in 0..4 {
            let upright = Person::from_seed(seed);
            let posed = upright.clone().posed(pose);
            let tip = |person: &Person| {
                let frame = Frame::of(&Landmarks::of_person(person));
                frame.from_centre(person.landmarks().nose_tip_mm)
            };
            let (one, other) = (tip(&upright), tip(&posed));
            let away = minus(one, other);
            assert!(dot(away, away) < 1e-6, "{seed}: {one:?} and {other:?}");
            assert!(one[0].abs() < 3.0 && one[1] > 80.0, "the nose is in front: {one:?}");
        }
    }

    #[test]
    fn points_lead_back() {
        let frame = Frame::of(&Landmarks::of_person(&Person::from_seed(1)));
        let direction = unit([0.3, 0.8, -0.4]);
        let back = frame.from_centre(frame.point_mm(direction, 70.0));
        for (found, wanted) in back.into_iter().zip(direction) {
            assert!((found - 70.0 * wanted).abs() < 1e-9);
        }
    }
}
