use kernels::Workers;
use volume::{Affine, Grid, Labels, Mask, RealVolume, Region, Tissue};

use crate::anatomy::{bits, is_face};
use crate::background::skin_threshold;
use crate::cut::Cut;
use crate::drawn::drawn;
use crate::refine::is_even;
use crate::sight::Sight;
use crate::{Absence, Anatomy, Concern};

/// What the model calls brain in a scan counts up to this far from the brain that was carried to it: less
/// than two scans of one head, one of them distorted, differ by.
const BRAIN_REACH_MM: f64 = 8.0;
/// Less brain than this in a scan does not tell whether two scans agree.
const LEAST_BRAIN_ML: f64 = 100.0;
/// The model's brain in a scan and the one carried to it have at least this much in common (Dice).
const LEAST_AGREED: f64 = 0.85;
/// More eyes and nose than this that the model finds in a scan, further than [`FACE_REACH_MM`] from the face
/// that was carried to it, are another face.
const MOST_FACE_ELSEWHERE_ML: f64 = 4.0;
/// See [`MOST_FACE_ELSEWHERE_ML`].
const FACE_REACH_MM: f64 = 8.0;
/// The air around a head tells where it lies as well.
const AROUND_HEAD_MM: f64 = 10.0;

/// A head that was located in one scan, to be carried to others of the same head.
#[derive(Debug)]
pub struct Located {
    labels: Labels,
    /// Where in the labels the scan tells what is there.
    known: Mask,
    cut: Cut,
}

impl Located {
    /// Locates a head by `labels` on the grid of `image`; `None` where its own axes are not found, so that its
    /// cut would follow the skin.
    ///
    /// # Errors
    /// [`Absence`] if there is no face.
    pub fn of(
        labels: Labels,
        image: &RealVolume,
        is_hu: bool,
        workers: Workers,
    ) -> Result<Option<Self>, Absence> {
        if is_even(image) {
            return Err(Absence::Contrast);
        }
        if let Some(absence) = Anatomy::measure(&labels, image, workers).absence() {
            return Err(absence);
        }
        let skin = skin_threshold(image, is_hu, workers);
        let drawn = drawn(&labels, image, skin, None, workers);
        let known = image.inside.clone();
        Ok(Sight::of(&drawn, &known).map(|sight| Self {
            labels,
            known,
            cut: Cut::of(sight, &drawn),
        }))
    }

    /// The head without its neck, and the air close to it.
    #[must_use]
    pub fn head(&self, workers: Workers) -> Mask {
        let grid = self.labels.grid;
        let is_head = |t| !matches!(t, Tissue::Background | Tissue::Neck);
        let head = bits(&self.labels, is_head, workers);
        let near = kernels::dilate(&head, grid.extent, grid.spacing_mm(), AROUND_HEAD_MM, workers);
        Mask::from_words(grid, near)
    }

    /// Carries the head to another scan: `own` is what the model finds in that scan, on a grid along the
    /// patient's axes of which `inside` lies in the scan; `native` is the scan's grid, and `offset` takes a place in this head's space to the
    /// same place of the head in the other's.
    ///
    /// What was carried counts where it is known. Beside it counts what the model finds in the scan itself:
    /// all of it where nothing is known, its face if it finds one, and its brain up to 8 mm from the brain
    /// that was carried. So neither a face nor a brain that one of the two shows is overlooked.
    #[must_use]
    pub fn carried(
        &self,
        offset: &Affine,
        own: &Labels,
        inside: &Mask,
        native: &Grid,
        workers: Workers,
    ) -> Carried {
        let carried = self.on(offset, &own.grid);
        let brain: Vec<Tissue> = carried.iter().map(|t| t.unwrap_or(Tissue::Background)).collect();
        let brain = Labels { grid: own.grid, tissues: brain };
        let is = |labels: &Labels, is: fn(Tissue) -> bool| bits(labels, is, workers);
        let near = |mask: &[u64], mm: f64| {
            let near = kernels::dilate(mask, own.grid.extent, own.grid.spacing_mm(), mm, workers);
            Mask::from_words(own.grid, near)
        };
        let near_brain = near(&is(&brain, |t| t == Tissue::Brain), BRAIN_REACH_MM);
        let near_face = near(&is(&brain, is_face), FACE_REACH_MM);
        let (mut n_own, mut n_carried, mut n_both, mut n_elsewhere) = (0u64, 0u64, 0u64, 0u64);
        let has_face = has_face(own);
        let [ni, nj, _] = own.grid.extent;
        let tissues = carried.iter().zip(&own.tissues).enumerate().map(|(at, (carried, &own))| {
            let index = [at % ni, at / ni % nj, at / ni / nj];
            let Some(carried) = carried.filter(|_| inside.get(index)) else { return own };
            n_own += u64::from(own == Tissue::Brain);
            n_carried += u64::from(carried == Tissue::Brain);
            n_both += u64::from(own == Tissue::Brain && carried == Tissue::Brain);
            let is_inner = matches!(own, Tissue::Eyes | Tissue::Nose);
            n_elsewhere += u64::from(is_inner && !near_face.get(index));
            joined(carried, own, has_face, || near_brain.get(index))
        });
        let labels = Labels { grid: own.grid, tissues: tissues.collect() };
        let ml = |n: u64| n as f64 * own.grid.voxel_mm3() / 1000.0;
        let agreed = 2.0 * n_both as f64 / (n_own + n_carried).max(1) as f64;
        Carried {
            labels,
            cut: self.cut.moved(offset),
            own_brain_ml: own.volume_ml(Tissue::Brain),
            brain_agreed: (ml(n_carried) >= LEAST_BRAIN_ML).then_some(agreed),
            face_elsewhere_ml: ml(n_elsewhere),
            face_away_mm: self.face_away_mm(offset, native),
        }
    }

    /// For each voxel of `grid`, the tissue that lies there; `None` where the scan does not tell.
    fn on(&self, offset: &Affine, grid: &Grid) -> Vec<Option<Tissue>> {
        let inverse = offset.after(&self.labels.grid.affine).inverse();
        let Some(to_labels) = inverse.map(|inverse| inverse.after(&grid.affine)) else {
            return vec![None; grid.n_voxels()];
        };
        let extent = self.labels.grid.extent;
        let [ni, nj, _] = grid.extent;
        let tissue = |at: usize| {
            let index = [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
            let place = to_labels.apply(index).map(f64::round);
            let is_within = (0..3).all(|a| place[a] >= 0.0 && place[a] < extent[a] as f64);
            let [i, j, k] = place.map(|v| v as usize);
            let is_known = is_within && self.known.get([i, j, k]);
            is_known.then(|| self.labels.tissues[i + extent[0] * (j + extent[1] * k)])
        };
        (0..grid.n_voxels()).map(tissue).collect()
    }

    /// How far outside the voxels of `native` the face ends; 0 if it reaches among them.
    fn face_away_mm(&self, offset: &Affine, native: &Grid) -> f64 {
        let Some(to_native) = native.affine.inverse() else { return 0.0 };
        let to_native = to_native.after(&offset.after(&self.labels.grid.affine));
        let (extent, spacing) = (native.extent, native.spacing_mm());
        let [ni, nj, _] = self.labels.grid.extent;
        let away = |at: usize| {
            let index = [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
            let place = to_native.apply(index);
            let beyond = [0, 1, 2].map(|a| {
                let last = extent[a] as f64 - 0.5;
                (-0.5 - place[a]).max(place[a] - last).max(0.0) * spacing[a]
            });
            beyond.iter().map(|mm| mm * mm).sum::<f64>().sqrt()
        };
        let face = self.labels.tissues.iter().enumerate();
        let face = face.filter(|(_, t)| Region::of_face(**t).is_some());
        face.map(|(at, _)| away(at)).fold(f64::INFINITY, f64::min)
    }
}

/// Whether the model finds a face there.
fn has_face(labels: &Labels) -> bool {
    let (eyes_ml, nose_ml) = (labels.volume_ml(Tissue::Eyes), labels.volume_ml(Tissue::Nose));
    eyes_ml >= crate::anatomy::LEAST_EYES_ML || nose_ml >= crate::anatomy::LEAST_NOSE_ML
}

/// The tissue of a voxel of which two say what it is.
fn joined(
    carried: Tissue,
    own: Tissue,
    own_has_face: bool,
    is_near_brain: impl Fn() -> bool,
) -> Tissue {
    let is_of_face = |t| Region::of_face(t).is_some();
    match (carried, own) {
        (Tissue::Brain, _) => Tissue::Brain,
        (_, Tissue::Brain) if is_near_brain() => Tissue::Brain,
        (carried, _) if is_of_face(carried) => carried,
        (_, own) if is_of_face(own) && own_has_face => own,
        (Tissue::Background, own) if !is_of_face(own) && own != Tissue::Brain => own,
        (carried, _) => carried,
    }
}

/// A head in a scan, as it was located in another.
#[derive(Debug)]
pub struct Carried {
    pub(crate) labels: Labels,
    pub(crate) cut: Cut,
    /// The brain that the model finds in the scan itself.
    pub(crate) own_brain_ml: f64,
    /// What the model's brain in the scan and the one carried to it have in common (Dice); `None` where there
    /// is too little of it to tell.
    pub brain_agreed: Option<f64>,
    /// Eyes and nose that the model finds in the scan far from the face that was carried to it.
    pub face_elsewhere_ml: f64,
    /// How far outside the scan the face ends; 0 if it reaches in.
    pub face_away_mm: f64,
}

impl Carried {
    /// What a person must look at.
    #[must_use]
    pub fn concerns(&self) -> Vec<Concern> {
        let agreed = self.brain_agreed.filter(|agreed| *agreed < LEAST_AGREED);
        let brain = agreed.map(|agreed| Concern::BrainElsewhere { agreed });
        let volume_ml = self.face_elsewhere_ml;
        let face =
            (volume_ml > MOST_FACE_ELSEWHERE_ML).then_some(Concern::FaceElsewhere { volume_ml });
        brain.into_iter().chain(face).collect()
    }
}
