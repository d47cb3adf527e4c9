use kernels::Workers;
use volume::{Labels, Tissue};

use crate::depth::Depth;
use crate::frame::{dot, unit};
use crate::statistics::median;
use crate::{Fan, Frame, Head, Image};

/// Ways to deface that the suite is measured on: the last two are known to leak, and the one before
/// can tell nothing of the face, only of the skull. A suite that does not tell which proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Nothing is removed: what the attack reads of a whole face.
    Nothing,
    /// All in front of a plane that touches the brain, as quickshear does (Schimke and Hale, 2011).
    HalfSpace,
    /// All in front of a ball around a point fixed by eyes and ears, but for what lies near the brain.
    Fixed,
    /// The outer 6 mm of the face, and the air in front of it: its border runs along the skin.
    Hugging,
    /// The tissue of the face, but no air: its outline stays in the noise.
    TissueOnly,
}

/// The plane leans: forward and down, by so many degrees below the front.
const PLANE_DEGREES: f64 = 35.0;
/// It lies that far in front of the brain.
const PLANE_GAP_MM: f64 = 10.0;
/// The radius of the ball of [`Cut::Fixed`],
const BALL_MM: f64 = 45.0;
/// and how near to the brain it lets stay what is there.
const GUARD_MM: f32 = 5.0;
/// The depth of [`Cut::Hugging`] under the skin.
const HUGGING_MM: f32 = 6.0;
/// The depth of [`Cut::TissueOnly`].
const TISSUE_MM: f32 = 25.0;
/// Further than this, how far does not matter.
const REACH_MM: f64 = 30.0;

impl Cut {
    /// Every way.
    pub const ALL: [Self; 5] =
        [Self::Nothing, Self::HalfSpace, Self::Fixed, Self::Hugging, Self::TissueOnly];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing removed",
            Self::HalfSpace => "half-space",
            Self::Fixed => "fixed surface",
            Self::Hugging => "skin-hugging 6 mm",
            Self::TissueOnly => "tissue only",
        }
    }

    /// The scan of `head` after the cut. Air becomes the air's level, but tissue removed without the
    /// air becomes the scan's least value, as tools do that multiply by a mask.
    #[must_use]
    pub fn apply(self, head: &Head, workers: Workers) -> Image {
        let mut image = head.image.clone();
        let depth = Depth::under(&head.labels, |t| t != Tissue::Background, REACH_MM, workers);
        let in_brain = Depth::under(&head.labels, |t| t == Tissue::Brain, REACH_MM, workers);
        let plane = front_of_brain(&head.labels, &head.frame) + PLANE_GAP_MM;
        let fill = match self {
            Self::TissueOnly => image.values.iter().copied().fold(f32::INFINITY, f32::min),
            _ => air_level(head, &depth),
        };
        for (at, value) in image.values.iter_mut().enumerate() {
            let point_mm = head.image.lattice.point_mm(at);
            let place = head.frame.from_centre(point_mm);
            let depth = || depth.at(point_mm);
            let is_facial = || Fan::is_facial(unit(place));
            let goes = match self {
                Self::Nothing => false,
                Self::HalfSpace => along_plane(place) > plane,
                Self::Fixed => {
                    is_facial()
                        && dot(place, place) > BALL_MM * BALL_MM
                        && in_brain.at(point_mm) < -GUARD_MM
                }
                Self::Hugging => is_facial() && depth() < HUGGING_MM,
                Self::TissueOnly => is_facial() && depth() > 0.0 && depth() < TISSUE_MM,
            };
            if goes {
                *value = fill;
            }
        }
        image
    }
}

/// How far along the plane's normal a point of the head lies.
fn along_plane(place: [f64; 3]) -> f64 {
    let (sine, cosine) = PLANE_DEGREES.to_radians().sin_cos();
    dot(place, [0.0, cosine, -sine])
}

/// How far along it the brain reaches.
fn front_of_brain(labels: &Labels, frame: &Frame) -> f64 {
    let [ni, nj, _] = labels.grid.extent;
    let brain = labels.tissues.iter().enumerate().filter(|(_, t)| **t == Tissue::Brain);
    let along = brain.map(|(at, _)| {
        let index = [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
        along_plane(frame.from_centre(labels.grid.affine.apply(index)))
    });
    along.fold(f64::NEG_INFINITY, f64::max)
}

/// The median of the scan well outside the head.
fn air_level(head: &Head, depth: &Depth) -> f32 {
    let voxels = head.image.values.iter().enumerate();
    let air = voxels
        .filter(|(at, _)| depth.at(head.image.lattice.point_mm(*at)) < -3.0)
        .map(|(_, value)| *value);
    median(&mut air.collect::<Vec<f32>>()).unwrap_or(0.0)
}
