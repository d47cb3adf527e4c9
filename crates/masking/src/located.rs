use kernels::Workers;
use volume::{Affine, Grid, Labels, Mask, RealVolume, Region, Tissue};

use crate::anatomy::{LEAST_EYES_ML, LEAST_NOSE_ML, bits, is_face};
use crate::background::skin_threshold;
use crate::cut::Cut;
use crate::drawn::drawn;
use crate::refine::is_even;
use crate::sight::Sight;
use crate::{Absence, Anatomy, Concern};

/// What the model calls brain in a scan counts up to this far from the brain that was carried to it: no
/// distortion of one scan moves it further.
const BRAIN_REACH_MM: f64 = 8.0;
/// Of the brain that the model finds in a scan at least this share is brain that was carried to it. It may
/// find less of a slab, but not what lies elsewhere.
const LEAST_AGREED: f64 = 0.85;
/// Less brain than this that the model finds in a scan tells nothing of where it lies.
const LEAST_TOLD_ML: f64 = 20.0;
/// More eyes and nose than this that the model finds in a scan, further than [`FACE_REACH_MM`] from the face
/// that was carried to it, are another face; so is more of other parts of a face that does not count.
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

    /// Carries the head to another scan: `own` is what the model finds in that scan, on the grid of `image`,
    /// which lies along the patient's axes; `native` is the scan's grid, and `offset` takes a place in this
    /// head's space to the same place of the head in the other's.
    ///
    /// What was carried counts where it is known. Beside it counts what the model finds in the scan itself:
    /// all of it where nothing is known, its face if it finds eyes or a nose, and its brain up to 8 mm from
    /// the brain that was carried. Of a face or a brain that does not count the concerns tell.
    #[must_use]
    pub fn carried(
        &self,
        offset: &Affine,
        own: &Labels,
        image: &RealVolume,
        native: &Grid,
        workers: Workers,
    ) -> Carried {
        let carried = self.on(offset, &own.grid);
        let tissues = carried.iter().map(|t| t.unwrap_or(Tissue::Background)).collect();
        let known = Labels { grid: own.grid, tissues };
        let is = |labels: &Labels, is: fn(Tissue) -> bool| bits(labels, is, workers);
        let near = |mask: &[u64], mm: f64| {
            let near = kernels::dilate(mask, own.grid.extent, own.grid.spacing_mm(), mm, workers);
            Mask::from_words(own.grid, near)
        };
        let near_brain = near(&is(&known, |t| t == Tissue::Brain), BRAIN_REACH_MM);
        let near_face = near(&is(&known, is_face), FACE_REACH_MM);
        let (mut n_own, mut n_both, mut n_elsewhere) = (0u64, 0u64, 0u64);
        let mut disputed = Mask::empty(own.grid);
        let has_face = has_face(own);
        let [ni, nj, _] = own.grid.extent;
        let tissues = carried.iter().zip(&own.tissues).enumerate().map(|(at, (carried, &own))| {
            let index = [at % ni, at / ni % nj, at / ni / nj];
            let Some(carried) = carried.filter(|_| image.inside.get(index)) else { return own };
            n_own += u64::from(own == Tissue::Brain);
            n_both += u64::from(own == Tissue::Brain && carried == Tissue::Brain);
            let is_other_face =
                is_face(own) && !has_face || matches!(own, Tissue::Eyes | Tissue::Nose);
            n_elsewhere += u64::from(is_other_face && !near_face.get(index));
            let tissue = joined(carried, own, has_face, || near_brain.get(index));
            if own == Tissue::Brain && tissue != Tissue::Brain {
                disputed.set(index);
            }
            tissue
        });
        let labels = Labels { grid: own.grid, tissues: tissues.collect() };
        let ml = |n: u64| n as f64 * own.grid.voxel_mm3() / 1000.0;
        let agreed = n_both as f64 / n_own.max(1) as f64;
        Carried {
            labels,
            cut: self.cut.moved(offset),
            own_brain_ml: own.volume_ml(Tissue::Brain),
            own_anatomy: Anatomy::measure(own, image, workers),
            disputed,
            brain_agreed: (ml(n_own) >= LEAST_TOLD_ML).then_some(agreed),
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
    eyes_ml >= LEAST_EYES_ML || nose_ml >= LEAST_NOSE_ML
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
    /// What the model finds there, as a whole.
    own_anatomy: Anatomy,
    /// What the model calls brain there, and does not count as such.
    pub(crate) disputed: Mask,
    /// The share of the model's brain in the scan that is brain that was carried to it; `None` where there is
    /// too little of it to tell.
    pub brain_agreed: Option<f64>,
    /// Eyes and nose, and parts of a face that do not count, that the model finds in the scan far from the
    /// face that was carried to it.
    pub face_elsewhere_ml: f64,
    /// How far outside the scan the face ends; 0 if it reaches in.
    pub face_away_mm: f64,
}

impl Carried {
    /// What a person must look at, whatever is removed. `confidence` is the model's in what it finds in the
    /// scan itself.
    pub(crate) fn concerns(&self, confidence: &[Option<f32>; Tissue::ALL.len()]) -> Vec<Concern> {
        let own = self.own_anatomy.concerns(confidence);
        let own = own.into_iter().filter(Concern::holds_for_a_part);
        let agreed = self.brain_agreed.filter(|agreed| *agreed < LEAST_AGREED);
        let brain = agreed.map(|agreed| Concern::BrainElsewhere { agreed });
        let volume_ml = self.face_elsewhere_ml;
        let face =
            (volume_ml > MOST_FACE_ELSEWHERE_ML).then_some(Concern::FaceElsewhere { volume_ml });
        let is_bare =
            |absence: &Absence| matches!(absence, Absence::SkullAndSkin | Absence::AlreadyDefaced);
        let bare = self.own_anatomy.absence().filter(is_bare).map(Concern::Bare);
        own.chain(brain).chain(face).chain(bare).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Form, MM, USUAL};
    use crate::{RefineOptions, Refined, refine, refine_carried};
    use volume::Regions;

    const STANDARD: RefineOptions =
        RefineOptions { regions: Regions::STANDARD, guard_mm: 5.0, face_wins: false };

    /// What is asked of a part of a head does not ask for it.
    const SURE: [Option<f32>; Tissue::ALL.len()] = [None; Tissue::ALL.len()];

    fn located() -> Located {
        let (labels, image) = USUAL.head();
        Located::of(labels, &image, false, Workers::ONE).expect("a face").expect("axes")
    }

    fn still() -> Affine {
        Affine::axis_aligned([1.0; 3], [0.0; 3])
    }

    /// What is carried to a scan in which the model finds `own`.
    fn carried(offset: &Affine, own: &Labels, image: &RealVolume) -> Carried {
        located().carried(offset, own, image, &own.grid, Workers::ONE)
    }

    fn nothing_in(grid: Grid) -> Labels {
        Labels { grid, tissues: vec![Tissue::Background; grid.n_voxels()] }
    }

    /// The share of the face that is removed, and how much of the brain.
    fn removed(refined: &Refined, truth: &Labels) -> [f64; 2] {
        let [ni, nj, _] = truth.grid.extent;
        let share = |is: fn(Tissue) -> bool| {
            let voxels = truth.tissues.iter().enumerate().filter(|(_, t)| is(**t));
            let gone =
                voxels.map(|(at, _)| refined.mask.get([at % ni, at / ni % nj, at / ni / nj]));
            let gone: Vec<bool> = gone.collect();
            gone.iter().filter(|gone| **gone).count() as f64 / gone.len() as f64
        };
        [share(is_face), share(|t| t == Tissue::Brain)]
    }

    #[test]
    fn a_face_is_removed_where_the_head_moved_to_and_the_model_sees_nothing() {
        let (sin, cos) = 0.12f64.sin_cos();
        // The map from the head's own frame to that of a head turned to its left.
        let turn = Affine([[cos, -sin, 0.0, 0.0], [sin, cos, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
        let (truth, image) = Form { turned: [0.12, 0.0], ..USUAL }.head();
        let grid = truth.grid;
        let own = refine(&truth, &image, &grid, false, STANDARD, Workers::ONE).expect("a face");
        let carried_to = carried(&turn, &nothing_in(grid), &image);
        assert_eq!((carried_to.brain_agreed, carried_to.face_away_mm), (None, 0.0));
        let voxels = carried_to.labels.tissues.iter().zip(&truth.tissues);
        let (same, other): (Vec<_>, Vec<_>) =
            voxels.filter(|(_, t)| **t != Tissue::Background).partition(|(a, b)| a == b);
        let share = same.len() as f64 / (same.len() + other.len()) as f64;
        assert!(share > 0.95, "{share:.3} of the labels lie where the head does");
        let found = refine_carried(&carried_to, &image, &grid, false, STANDARD, Workers::ONE)
            .expect("a face");
        let ([alone, _], [face, brain]) = (removed(&own, &truth), removed(&found, &truth));
        assert!(face > alone - 0.01 && face > 0.9, "{face:.3} of the face, {alone:.3} alone");
        assert!(brain <= 0.0, "{brain:.5} of the brain");
        assert!(found.guard.smallest_distance_mm > 4.9, "{:?}", found.guard);
        assert_eq!(found.concerns(&SURE, Some(&carried_to)), [Concern::BrainUntold]);
        // Without the offset neither would be.
        let wrong = carried(&still(), &nothing_in(grid), &image);
        let wrong = refine_carried(&wrong, &image, &grid, false, STANDARD, Workers::ONE);
        assert!(removed(&wrong.expect("a face"), &truth)[0] < face);
    }

    #[test]
    fn what_the_model_finds_beside_counts_as_well() {
        let (labels, image) = USUAL.head();
        let same = carried(&still(), &labels, &image);
        assert!(same.labels == labels && same.concerns(&SURE).is_empty());
        assert!(same.brain_agreed.is_some_and(|agreed| agreed >= 1.0));
        let [ni, nj, _] = labels.grid.extent;
        let near = |at: usize, center: [f64; 3], mm: f64| {
            let index = [at % ni, at / ni % nj, at / ni / nj].map(|v| v as f64);
            let place = labels.grid.affine.apply(index);
            (0..3).map(|a| (place[a] - center[a]).powi(2)).sum::<f64>() < mm * mm
        };
        let with = |tissue: Tissue, center: [f64; 3], mm: f64| {
            let mut own = labels.clone();
            let voxels = own.tissues.iter_mut().enumerate();
            voxels.filter(|(at, _)| near(*at, center, mm)).for_each(|(_, t)| *t = tissue);
            carried(&still(), &own, &image)
        };
        let n = |carried: &Carried, tissue: Tissue| {
            carried.labels.tissues.iter().filter(|t| **t == tissue).count()
        };
        // Brain that bulges into the brow is guarded; a face behind the head is a face, and a concern.
        let bulge = with(Tissue::Brain, [0.0, 52.0, 34.0], 8.0);
        assert!(n(&bulge, Tissue::Brain) > n(&same, Tissue::Brain) + 5);
        let elsewhere = with(Tissue::Eyes, [0.0, -95.0, 20.0], 14.0);
        assert!(n(&elsewhere, Tissue::Eyes) > n(&same, Tissue::Eyes) + 50);
        assert!(matches!(elsewhere.concerns(&SURE)[..], [Concern::FaceElsewhere { .. }]));
        // A head that the model sees somewhere else.
        let moved = Affine::axis_aligned([1.0; 3], [0.0, -30.0, 0.0]);
        let other = carried(&moved, &labels, &image);
        assert!(matches!(other.concerns(&SURE)[0], Concern::BrainElsewhere { .. }), "{other:?}");
    }

    #[test]
    fn what_the_scan_shows_and_does_not_count_is_a_concern() {
        let (labels, image) = USUAL.head();
        let grid = labels.grid;
        let concerns = |own: &Labels| {
            let carried = carried(&still(), own, &image);
            let refined = refine_carried(&carried, &image, &grid, false, STANDARD, Workers::ONE);
            refined.expect("a face").concerns(&SURE, Some(&carried))
        };
        assert_eq!(concerns(&labels), []);
        let with = |own: &Labels, tissue: Tissue, center: [f64; 3]| {
            let mut own = own.clone();
            for (at, t) in own.tissues.iter_mut().enumerate() {
                let place = grid.affine.apply(Form::index(at).map(|v| v as f64));
                let away = (0..3).map(|a| (place[a] - center[a]).powi(2)).sum::<f64>();
                if away < 14.0 * 14.0 {
                    *t = tissue;
                }
            }
            own
        };
        let in_the_mouth = with(&labels, Tissue::Brain, [0.0, 60.0, -60.0]);
        assert!(matches!(concerns(&in_the_mouth)[..], [Concern::BrainDisputed { .. }]));
        // A chin behind the head, in a scan that shows neither eyes nor nose: it does not count.
        let mut faceless = labels.clone();
        for tissue in faceless.tissues.iter_mut().filter(|t| is_face(**t)) {
            *tissue = Tissue::Other;
        }
        let bare = Concern::Bare(Absence::AlreadyDefaced);
        assert_eq!(concerns(&faceless), [bare]);
        let chin = with(&faceless, Tissue::Chin, [0.0, -95.0, -20.0]);
        assert!(matches!(concerns(&chin)[..], [Concern::FaceElsewhere { .. }, b] if b == bare));
    }

    #[test]
    fn beyond_what_the_first_scan_shows_the_model_has_its_say() {
        let (labels, image) = USUAL.head();
        let mut cut = image.clone();
        let [ni, nj, nk] = labels.grid.extent;
        let is_shown = |k: usize| k > 30;
        let mut inside = Mask::empty(labels.grid);
        for k in (0..nk).filter(|&k| is_shown(k)) {
            (0..nj).for_each(|j| (0..ni).for_each(|i| inside.set([i, j, k])));
        }
        cut.inside = inside;
        let known = Located::of(labels.clone(), &cut, false, Workers::ONE).expect("a face");
        let own = Labels { grid: labels.grid, tissues: vec![Tissue::Neck; labels.tissues.len()] };
        let carried =
            known.expect("axes").carried(&still(), &own, &image, &labels.grid, Workers::ONE);
        let (below, above) = carried.labels.tissues.split_at(31 * ni * nj);
        assert!(below.iter().all(|t| *t == Tissue::Neck));
        assert!(above.contains(&Tissue::Eyes) && above.contains(&Tissue::Brain));
    }

    #[test]
    fn a_scan_of_the_crown_is_told_from_one_of_the_face() {
        let (_, image) = USUAL.head();
        let away = |from: usize| {
            let affine = Affine::axis_aligned([MM; 3], [-111.0, -127.0, -132.0 + from as f64 * MM]);
            let grid = Grid { extent: [75, 86, 84 - from], affine };
            let inside =
                Mask::from_words(grid, kernels::complement(Mask::empty(grid).words(), grid.extent));
            let image = RealVolume { grid, values: vec![1.0; grid.n_voxels()], inside };
            carried(&still(), &nothing_in(grid), &image).face_away_mm
        };
        assert!(away(40) <= 0.0, "the brow");
        let (one, two) = (away(76), away(80));
        assert!(one > 0.0 && (two - one - 4.0 * MM).abs() < 1e-6, "{one} and {two}");
        let even = RealVolume { values: vec![3.0; image.values.len()], ..image };
        let (labels, _) = USUAL.head();
        assert_eq!(Located::of(labels, &even, false, Workers::ONE).err(), Some(Absence::Contrast));
    }
}
