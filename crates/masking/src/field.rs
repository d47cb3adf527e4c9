use kernels::Workers;
use volume::{Grid, Labels, Region, Regions, Tissue};

use crate::anatomy::{bits, is_face};
use crate::cut::Cut;
use crate::parts::Parts;

/// The scalp goes down to this far from the guard of the brain, bone and all.
const SCALP_TO_GUARD_MM: f32 = 3.0;

/// A head, and where it is cut.
pub(crate) struct Head<'a> {
    /// The face drawn anew.
    pub(crate) labels: &'a Labels,
    pub(crate) parts: &'a Parts,
    /// `None` where the head's own axes were not found.
    pub(crate) cut: Option<&'a Cut>,
    /// How far each voxel lies within the face that is cut off, if there is a cut.
    pub(crate) face_mm: Option<&'a [f32]>,
    /// Millimetres from the brain.
    pub(crate) to_brain: &'a [f32],
    pub(crate) guard_mm: f32,
    pub(crate) workers: Workers<'a>,
}

impl Head<'_> {
    /// Above 0 where a voxel of the labels' grid is removed, roughly in millimetres from the surface.
    pub(crate) fn removal_field(&self, regions: Regions) -> Vec<f32> {
        let mut field = self.face(regions);
        for (region, measure) in PLACES {
            if let Some(cut) = self.cut.filter(|_| regions.contains(region)) {
                self.raise(&mut field, &cut.field(measure, self.grid(), self.workers));
            }
        }
        if regions.contains(Region::Scalp) {
            self.raise(&mut field, &self.scalp());
        }
        if regions.contains(Region::Neck) {
            self.raise(&mut field, &self.nearer_to(|t| t == Tissue::Neck, |t| t != Tissue::Neck));
        }
        let mut field = kernels::smooth(&field, self.grid().extent, self.workers);
        self.with(&mut field, self.to_brain, |value, brain| value.min(brain - self.guard_mm));
        field
    }

    /// Changes each voxel of a field by that of another.
    fn with(&self, field: &mut [f32], other: &[f32], of: impl Fn(f32, f32) -> f32 + Sync) {
        let row = self.grid().extent[0];
        self.workers.for_each_chunk(field, row, |n, field| {
            for (value, other) in field.iter_mut().zip(&other[n * row..]) {
                *value = of(*value, *other);
            }
        });
    }

    /// The larger of both at every voxel.
    fn raise(&self, field: &mut [f32], other: &[f32]) {
        self.with(field, other, f32::max);
    }

    /// Which of the regions that are places, not tissues, holds each voxel of the head, as its number
    /// in [`PLACES`]; behind them [`PLACES`]`.len()`.
    pub(crate) fn places(&self, regions: Regions) -> Vec<u8> {
        let none = PLACES.len() as u8;
        let mut places = vec![none; self.labels.tissues.len()];
        for (n, (region, measure)) in PLACES.into_iter().enumerate() {
            let Some(cut) = self.cut.filter(|_| regions.contains(region)) else { continue };
            let field = cut.field(measure, self.grid(), self.workers);
            for ((place, value), tissue) in places.iter_mut().zip(field).zip(&self.labels.tissues) {
                if *place == none && value > 0.0 && *tissue == Tissue::Other {
                    *place = n as u8;
                }
            }
        }
        places
    }

    fn grid(&self) -> &Grid {
        &self.labels.grid
    }

    /// The wanted parts of the face, and the ears if they are wanted.
    fn face(&self, regions: Regions) -> Vec<f32> {
        let is_wanted = |t| Region::of_face(t).is_some_and(|r| regions.contains(r));
        let facial = |wanted: bool| move |t: Tissue| is_face(t) && is_wanted(t) == wanted;
        let mut field = vec![f32::NEG_INFINITY; self.grid().n_voxels()];
        if Tissue::ALL.into_iter().any(facial(true)) {
            field = self.nearer(&self.parts.face, &self.parts.rest);
            if let Some(face_mm) = self.face_mm {
                self.raise(&mut field, face_mm);
            }
            if Tissue::ALL.into_iter().any(facial(false)) {
                let wanted = self.nearer_to(facial(true), facial(false));
                self.with(&mut field, &wanted, f32::min);
            }
        }
        if let Some(cut) = self.cut.filter(|_| regions.contains(Region::Ears)) {
            cut.raise_to_ears(&mut field, self.grid(), self.workers);
        }
        field
    }

    /// The skin of the rest of the head, down to bone or, over the brain, down to its guard.
    fn scalp(&self) -> Vec<f32> {
        let mut field = self.nearer_to(
            |t| t == Tissue::Scalp,
            |t| !matches!(t, Tissue::Background | Tissue::Scalp | Tissue::Other),
        );
        self.with(&mut field, self.to_brain, |value, brain| {
            value.min(brain - self.guard_mm - SCALP_TO_GUARD_MM)
        });
        field
    }

    /// How much nearer a point lies to some tissues than to others of the head, in millimetres.
    fn nearer_to(&self, is: impl Fn(Tissue) -> bool, others: impl Fn(Tissue) -> bool) -> Vec<f32> {
        let of = |is: &dyn Fn(Tissue) -> bool| {
            bits(self.labels, |t| t != Tissue::Background && is(t), self.workers)
        };
        self.nearer(&of(&is), &of(&others))
    }

    fn nearer(&self, to: &[u64], than: &[u64]) -> Vec<f32> {
        let (extent, spacing) = (self.grid().extent, self.grid().spacing_mm());
        let distance =
            |mask: &[u64]| kernels::distance(mask, extent, spacing, f64::INFINITY, self.workers);
        let mut field = distance(than);
        self.with(&mut field, &distance(to), |than, to| than.min(1e6) - to.min(1e6));
        field
    }
}

/// A measure of a place in the head's own frame, above 0 where it is cut off.
type Measure = fn(&Cut, [f64; 3]) -> f64;

/// The regions that are places, and how each is cut.
pub(crate) const PLACES: [(Region, Measure); 3] = [
    (Region::Teeth, Cut::teeth_mm),
    (Region::Sinuses, Cut::sinuses_mm),
    (Region::FacialBone, Cut::facial_bone_mm),
];
