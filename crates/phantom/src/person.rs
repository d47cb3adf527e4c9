use volume::Tissue;

use crate::anatomy::{Anatomy, Place};
use crate::material::Material;
use crate::region;
use crate::shape::Point;
use crate::traits::Traits;

/// A person: a head that follows from a seed, held in a pose.
///
/// The head is a function of the place, so it can be sampled on any grid. Patient space is RAS+ in
/// millimetres; without a pose its origin lies midway between the ear canals, and the lower rims
/// of the orbits lie level with them.
#[derive(Debug, Clone)]
pub struct Person {
    seed: u64,
    pose: Pose,
    anatomy: Anatomy,
}

/// How a head is held: turned about the midpoint between the ear canals, then moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// Chin up, in degrees: a turn about x.
    pub pitch_degrees: f64,
    /// Right ear towards the right shoulder, in degrees: a turn about y.
    pub roll_degrees: f64,
    /// Face towards the left, in degrees: a turn about z.
    pub yaw_degrees: f64,
    /// Where the midpoint between the ear canals lies.
    pub shift_mm: [f64; 3],
}

impl Pose {
    /// Upright, at the origin.
    pub const UPRIGHT: Self =
        Self { pitch_degrees: 0.0, roll_degrees: 0.0, yaw_degrees: 0.0, shift_mm: [0.0; 3] };

    /// The point of the head that lies at `point_mm` of the patient.
    fn undone(&self, point_mm: [f64; 3]) -> [f64; 3] {
        let mut p = [0, 1, 2].map(|axis| point_mm[axis] - self.shift_mm[axis]);
        p = turned(p, 2, -self.yaw_degrees);
        p = turned(p, 1, -self.roll_degrees);
        turned(p, 0, -self.pitch_degrees)
    }

    /// Where the point `p` of the head lies in the patient.
    fn done(&self, p: [f64; 3]) -> [f64; 3] {
        let p = turned(
            turned(turned(p, 0, self.pitch_degrees), 1, self.roll_degrees),
            2,
            self.yaw_degrees,
        );
        [0, 1, 2].map(|axis| p[axis] + self.shift_mm[axis])
    }
}

/// `p` turned about `axis` by the right-hand rule.
fn turned(p: [f64; 3], axis: usize, degrees: f64) -> [f64; 3] {
    if degrees == 0.0 {
        return p;
    }
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut q = p;
    q[u] = cosine * p[u] - sine * p[v];
    q[v] = sine * p[u] + cosine * p[v];
    q
}

/// Points by which a head is measured, in RAS+ millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Landmarks {
    /// Where nose and forehead meet.
    pub nasion_mm: [f64; 3],
    /// The foremost point of the nose.
    pub nose_tip_mm: [f64; 3],
    /// Where nose and upper lip meet.
    pub subnasale_mm: [f64; 3],
    /// The lowest point of the chin.
    pub menton_mm: [f64; 3],
    /// The centres of the right and the left globe.
    pub globes_mm: [[f64; 3]; 2],
    /// The openings of the right and the left ear canal.
    pub ear_canals_mm: [[f64; 3]; 2],
}

impl Person {
    /// The person of that seed, upright.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { seed, pose: Pose::UPRIGHT, anatomy: Anatomy::new(Traits::from_seed(seed)) }
    }

    /// The person of another face on this one's skull: skull, brain, and the proportions that both
    /// skull and face follow, stay; what lies on them, jaw and ears are those of the seed `face`.
    #[must_use]
    pub fn with_face_of(self, face: u64) -> Self {
        let traits = self.anatomy.traits.with_face_of(&Traits::from_seed(face));
        Self { anatomy: Anatomy::new(traits), ..self }
    }

    /// The same person in another pose.
    #[must_use]
    pub fn posed(self, pose: Pose) -> Self {
        Self { pose, ..self }
    }

    /// The seed from which the person follows.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The material at a point of the patient.
    #[must_use]
    pub fn material_at(&self, point_mm: [f64; 3]) -> Material {
        let p = self.model_point(point_mm);
        self.anatomy.material(p, self.anatomy.place(p))
    }

    /// The tissue, as labels have it, at a point of the patient.
    #[must_use]
    pub fn tissue_at(&self, point_mm: [f64; 3]) -> Tissue {
        let p = self.model_point(point_mm);
        region::tissue(&self.anatomy, p, self.anatomy.place(p))
    }

    /// The tissue at a point of the patient, as [`Self::tissue_at`], but that parts of the face end
    /// at the bone, and scalp and the rest are told apart.
    #[must_use]
    pub fn part_at(&self, point_mm: [f64; 3]) -> Tissue {
        let (p, place) = self.place(point_mm);
        region::part(&self.anatomy, p, place)
    }

    /// Where the landmarks lie.
    #[must_use]
    pub fn landmarks(&self) -> Landmarks {
        let [nasion, nose_tip, subnasale, menton, globe, canal] =
            region::landmarks(&self.anatomy.traits);
        let at = |p: Point| self.patient_point(p);
        let pair = |p: Point| [at(p), at([-p[0], p[1], p[2]])];
        Landmarks {
            nasion_mm: at(nasion),
            nose_tip_mm: at(nose_tip),
            subnasale_mm: at(subnasale),
            menton_mm: at(menton),
            globes_mm: pair(globe),
            ear_canals_mm: pair(canal),
        }
    }

    pub(crate) fn anatomy(&self) -> &Anatomy {
        &self.anatomy
    }

    /// A point of the patient in the model's frame.
    pub(crate) fn model_point(&self, point_mm: [f64; 3]) -> Point {
        let p = self.pose.undone(point_mm).map(|v| v as f32);
        let Traits { scale, face, lean, .. } = self.anatomy.traits;
        let [mut x, y, mut z] = [p[0] / scale[0], p[1] / scale[1], p[2] / scale[2]];
        let under_brow = (BROW - z).max(0.0);
        z += under_brow * (1.0 / face[0] - 1.0);
        let share = (under_brow / 40.0).min(1.0);
        x -= lean * (under_brow / 120.0).min(1.0);
        x *= 1.0 + share * (1.0 / face[1] - 1.0);
        [x, y, z]
    }

    /// The inverse of [`Self::model_point`].
    fn patient_point(&self, p: Point) -> [f64; 3] {
        let Traits { scale, face, lean, .. } = self.anatomy.traits;
        let [mut x, y, z] = p;
        let under_brow = (BROW - z).max(0.0) * face[0];
        let share = (under_brow / 40.0).min(1.0);
        x /= 1.0 + share * (1.0 / face[1] - 1.0);
        x += lean * (under_brow / 120.0).min(1.0);
        let z = if z < BROW { BROW - under_brow } else { z };
        self.pose.done([x * scale[0], y * scale[1], z * scale[2]].map(f64::from))
    }

    /// The distances at a point of the patient.
    pub(crate) fn place(&self, point_mm: [f64; 3]) -> (Point, Place) {
        let p = self.model_point(point_mm);
        (p, self.anatomy.place(p))
    }
}

/// The height in the model's frame under which length and width of the face vary.
const BROW: f32 = 30.0;
