use kernels::Workers;
use volume::{Affine, Grid, Labels, Mask, RealVolume, Region, Regions, Tissue};

use crate::anatomy::{bits, is_face, set_voxels};
use crate::background::{air_level, air_voxels, flesh_level, skin_threshold};
use crate::counts::{Counts, OfHead};
use crate::cut::Cut;
use crate::drawn::{drawn, index};
use crate::field::Head;
use crate::nearest::Nearest;
use crate::on_labels::{OnLabels, to_voxels};
use crate::parts::{Parts, Seen};
use crate::sight::Sight;
use crate::wrap::clear_wrapped;
use crate::{Absence, Anatomy, Carried, Concern};

/// What is removed, and how far the brain is left alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RefineOptions {
    /// What is removed.
    pub regions: Regions,
    /// No voxel nearer to the brain than this is removed.
    pub guard_mm: f64,
    /// Whether a face that lies nearer to the brain than that is removed all the same, up to the
    /// brain itself.
    pub face_wins: bool,
}

/// What is to be removed, and what was found on the way.
#[derive(Debug)]
pub struct Refined {
    /// The voxels to remove, on the scan's own grid.
    pub mask: Mask,
    /// The head as a whole.
    pub anatomy: Anatomy,
    /// The brain that the model finds in this scan, whatever was carried to it.
    pub(crate) brain_ml: f64,
    /// How far outside the scan the face ends, where it was located in another scan; 0 if it reaches in.
    pub(crate) face_away_mm: Option<f64>,
    /// What is removed of each region.
    pub regions: Vec<RegionReport>,
    /// What became of the brain guard.
    pub guard: GuardReport,
    /// The level of the air around the head, real.
    pub background: f32,
    /// The median of the head's skin and neck outside the face, real.
    pub flesh: f32,
    /// Voxels of the scan that are surely air and stay.
    pub air: Vec<[usize; 3]>,
    /// The value above which the image shows a body, real.
    pub skin: Option<f32>,
    /// What is wanted gone.
    pub(crate) wanted: Regions,
    /// How far from the brain it must lie.
    pub(crate) guard_mm: f64,
    /// What is to be removed by this head's own cut, if the mask is another.
    pub(crate) expected: Option<Mask>,
    /// The head with its face drawn anew.
    pub(crate) labels: Labels,
    /// `None` where the head's own axes were not found: the cut then follows the labels.
    pub(crate) cut: Option<Cut>,
    /// Every voxel of the skin of face and ears, with its region.
    pub(crate) facial_skin: Vec<([usize; 3], Region)>,
    to_brain: Vec<f32>,
    places: Vec<u8>,
}

impl Refined {
    /// What the head's own cut removes, whatever the mask.
    #[must_use]
    pub fn expected(&self) -> &Mask {
        self.expected.as_ref().unwrap_or(&self.mask)
    }

    /// The same head with another mask on the scan's grid, and what it removes.
    #[must_use]
    pub fn with_mask(mut self, mask: Mask, workers: Workers) -> Self {
        let own = std::mem::replace(&mut self.mask, mask);
        self.expected.get_or_insert(own);
        self.air.retain(|voxel| !self.mask.get(*voxel));
        self.count(workers);
        self
    }

    /// The same head with all that changed in a pair of scans, and what of it is brain.
    ///
    /// What was written over with its own value did not change, so that changes tell nothing of how much
    /// skin the guard kept: that counts as none, and is left to [`crate::skin_left`].
    #[must_use]
    pub fn with_changes(self, changed: Mask, workers: Workers) -> Self {
        let mut with = self.with_mask(changed, workers);
        with.guard.skin_left = 0.0;
        with
    }

    /// Counts what the mask removes.
    fn count(&mut self, workers: Workers) {
        let to_labels = to_voxels(&self.labels.grid).after(&self.mask.grid().affine);
        let head = OfHead {
            labels: &self.labels,
            places: &self.places,
            to_brain: &self.to_brain,
            nearest: Nearest::new(to_labels, self.labels.grid.extent, self.mask.grid().extent[0]),
        };
        let counts = Counts::of(&self.mask, &head, workers);
        self.regions = counts.regions(self.wanted, self.anatomy.face_cut, self.cut.is_some());
        self.guard.n_brain_removed = counts.n_brain;
        self.guard.smallest_distance_mm = f64::from(counts.smallest_mm);
        self.guard.skin_left = self.skin_left();
    }

    /// The share of facial skin voxels, a wanted part of the face beside air, that stay.
    fn skin_left(&self) -> f64 {
        let removed = OnLabels::of(&self.mask, &self.labels.grid);
        let (mut skin, mut left) = (0u64, 0u64);
        for &(index, region) in &self.facial_skin {
            if region != Region::Ears && self.wanted.contains(region) {
                skin += 1;
                left += u64::from(!removed.get(index));
            }
        }
        left as f64 / skin.max(1) as f64
    }

    /// What a person must look at. `confidence` is the model's in what it finds in the scan itself, 0 to 1, in
    /// the order of [`Tissue::ALL`]; `carried` is what the labels are if they come from another scan: what
    /// tells a part of a head from a whole one is then no concern.
    #[must_use]
    pub fn concerns(
        &self,
        confidence: &[Option<f32>; Tissue::ALL.len()],
        carried: Option<&Carried>,
    ) -> Vec<Concern> {
        let Some(carried) = carried else { return self.anatomy.concerns(confidence) };
        let mut concerns = carried.concerns(confidence);
        let removed = OnLabels::of(&self.mask, &self.labels.grid);
        let disputed =
            (0..self.labels.grid.n_voxels()).map(|at| index(at, self.labels.grid.extent));
        let disputed = disputed.filter(|voxel| carried.disputed.get(*voxel));
        let n_disputed = disputed.filter(|voxel| removed.get(*voxel)).count();
        if n_disputed > 0 {
            let volume_ml = n_disputed as f64 * self.labels.grid.voxel_mm3() / 1000.0;
            concerns.push(Concern::BrainDisputed { volume_ml });
        }
        if carried.brain_agreed.is_none() && self.guard.smallest_distance_mm < UNTOLD_MM {
            concerns.push(Concern::BrainUntold);
        }
        concerns
    }

    /// Whether a face may lie at a place, as the head's own axes have it; anywhere if they were not found.
    #[must_use]
    pub fn is_in_outline(&self, ras_mm: [f64; 3]) -> bool {
        self.sight().is_none_or(|sight| sight.direction(ras_mm).is_in_outline())
    }

    /// Whether the scan shows hardly any of a face that was located in another scan.
    pub(crate) fn shows_no_face(&self) -> bool {
        let skin = self.facial_skin.iter().filter(|(_, region)| *region != Region::Ears);
        self.face_away_mm.is_some() && skin.take(LEAST_FACIAL_SKIN).count() < LEAST_FACIAL_SKIN
    }

    /// Whether the head's own axes were found, so that the cut does not follow the skin.
    #[must_use]
    pub fn has_axes(&self) -> bool {
        self.cut.is_some()
    }

    pub(crate) fn sight(&self) -> Option<&Sight> {
        self.cut.as_ref().map(Cut::sight)
    }
}

/// What is removed of a region.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionReport {
    /// The region.
    pub region: Region,
    /// Voxels of it that are removed, on the scan's grid.
    pub n_removed: u64,
    /// Why there are none.
    pub absent: Option<&'static str>,
}

/// What became of the brain guard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GuardReport {
    /// Removed voxels that the labels call brain.
    pub n_brain_removed: u64,
    /// The smallest distance from a removed voxel to the brain; infinite if nothing is removed.
    pub smallest_distance_mm: f64,
    /// The share of the facial skin that is left because the brain lies too near.
    pub skin_left: f64,
    /// What the image shows to be brain, further than 12 mm from all that the model called so.
    pub unfound_ml: f64,
}

/// The labels' voxels reach half a spacing further than the centres from which distance counts.
pub(crate) const GUARD_SLACK: f64 = 0.5;

/// Skin lies further than this in front of the surface along which a face is cut off: 15 mm and more on 19
/// heads.
const SKIN_IN_FRONT_MM: f64 = 5.0;

/// Fewer voxels of facial skin than this are no surface of a face: as many columns as
/// [`crate::residual_face`] needs of one.
const LEAST_FACIAL_SKIN: usize = 150;

/// A carried brain of which the scan itself shows nothing is not proven to be missed by a cut nearer than this.
const UNTOLD_MM: f64 = 15.0;

/// Further from the guard than this, the brain has no say.
const FAR_MM: f64 = 30.0;

/// Turns labels into the voxels to remove.
///
/// A point goes if it lies within the surfaces along which face and ears are cut off, open to the border of
/// the scan, or nearer to what is called face than to the rest of the head. Points within the guard of the
/// brain stay. `labels` lie on the grid of `image`, which covers the whole scan; `native` is the scan's
/// own grid.
///
/// # Errors
/// [`Absence`] if there is no face to remove.
pub fn refine(
    labels: &Labels,
    image: &RealVolume,
    native: &Grid,
    is_hu: bool,
    options: RefineOptions,
    workers: Workers,
) -> Result<Refined, Absence> {
    let anatomy = Anatomy::measure(labels, image, workers);
    if is_even(image) {
        return Err(Absence::Contrast);
    }
    if let Some(absence) = anatomy.absence() {
        return Err(absence);
    }
    let decided = Decided { labels, brain_ml: anatomy.ml(Tissue::Brain), anatomy, carried: None };
    Ok(refined(decided, image, native, is_hu, options, workers))
}

/// As [`refine`], where the face was located in another scan of the same head.
///
/// # Errors
/// [`Absence::Contrast`] if every voxel has the same value.
pub fn refine_carried(
    carried: &Carried,
    image: &RealVolume,
    native: &Grid,
    is_hu: bool,
    options: RefineOptions,
    workers: Workers,
) -> Result<Refined, Absence> {
    if is_even(image) {
        return Err(Absence::Contrast);
    }
    let decided = Decided {
        labels: &carried.labels,
        anatomy: Anatomy::measure(&carried.labels, image, workers),
        brain_ml: carried.own_brain_ml,
        carried: Some(carried),
    };
    Ok(refined(decided, image, native, is_hu, options, workers))
}

/// Whether every voxel has the same value.
pub(crate) fn is_even(image: &RealVolume) -> bool {
    let first = image.values.first();
    image.values.iter().all(|v| Some(v) == first)
}

/// Where the parts of a head lie, and who says so.
struct Decided<'a> {
    labels: &'a Labels,
    anatomy: Anatomy,
    /// The brain that the model finds in this scan.
    brain_ml: f64,
    carried: Option<&'a Carried>,
}

fn refined(
    decided: Decided,
    image: &RealVolume,
    native: &Grid,
    is_hu: bool,
    options: RefineOptions,
    workers: Workers,
) -> Refined {
    let Decided { labels, anatomy, brain_ml, carried } = decided;
    let skin = skin_threshold(image, is_hu, workers);
    let cut = carried.map(|carried| carried.cut);
    let drawn = drawn(labels, image, skin, cut.as_ref().map(Cut::sight), workers);
    let own = || Sight::of(&drawn, &image.inside).map(|sight| Cut::of(sight, &drawn));
    let cut = cut.or_else(own);
    let has_ears = options.regions.contains(Region::Ears);
    let faces = cut.as_ref().map(|cut| cut.faces(&drawn.grid, workers));
    let cut_faces = cut.as_ref().zip(faces.as_ref());
    let seen = Seen { found: labels, drawn: &drawn, image, is_hu, skin, cut: cut_faces, workers };
    let parts = Parts::of(&seen, has_ears);
    let labels = &drawn;
    let spacing = labels.grid.spacing_mm();
    let extent = labels.grid.extent;
    let guard_mm = if options.face_wins { 0.0 } else { options.guard_mm };
    let guard_mm = guard_mm + GUARD_SLACK * spacing[0];
    // Where the face is far from the brain, how far does not matter.
    let cap_mm = guard_mm + FAR_MM;
    let to_brain = kernels::distance(&parts.brain, extent, spacing, cap_mm, workers);
    let head = Head {
        labels,
        parts: &parts,
        cut: cut.as_ref(),
        face_mm: faces.as_ref().map(|faces| &faces.face[..]),
        to_brain: &to_brain,
        guard_mm: guard_mm as f32,
        workers,
    };
    let field = head.removal_field(options.regions);

    let to_field = to_voxels(&labels.grid).after(&native.affine);
    let words = kernels::field_mask(&field, extent, &to_field.0, native.extent, workers);
    let mut mask = Mask::from_words(*native, words);
    if !is_hu {
        clear_far_sides(&mut mask, &head, &field, &to_field);
    }
    let places = head.places(options.regions);
    let guard = GuardReport {
        n_brain_removed: 0,
        smallest_distance_mm: f64::INFINITY,
        skin_left: 0.0,
        unfound_ml: parts.unfound_ml,
    };
    let facial_skin = facial_skin(labels, &image.inside, cut.as_ref(), workers);
    let background = air_level(labels, image, skin, workers);
    let mut refined = Refined {
        anatomy,
        brain_ml,
        face_away_mm: carried.map(|carried| carried.face_away_mm),
        regions: Vec::new(),
        guard,
        background,
        flesh: flesh_level(labels, image, workers).unwrap_or(background),
        air: air_voxels(labels, image, skin, &mask, workers),
        skin,
        wanted: options.regions,
        guard_mm: if options.face_wins { 0.0 } else { options.guard_mm },
        expected: None,
        mask,
        labels: drawn,
        cut,
        facial_skin,
        to_brain,
        places,
    };
    refined.count(workers);
    refined
}

/// Clears the air on the far side of a face that leaves the scan, where it may lie folded over.
fn clear_far_sides(mask: &mut Mask, head: &Head, field: &[f32], to_field: &Affine) {
    let extent = head.labels.grid.extent;
    let at = |index: [usize; 3]| {
        let place = to_field.apply(index.map(|v| v as f64));
        let index = [0, 1, 2].map(|a| ((place[a] + 0.5).max(0.0) as usize).min(extent[a] - 1));
        index[0] + extent[0] * (index[1] + extent[1] * index[2])
    };
    let tissue = |index| head.labels.tissues[at(index)];
    let is_face = |index| field[at(index)] > 0.0 && is_face(tissue(index));
    let is_near_brain = |index| head.to_brain[at(index)] < head.guard_mm;
    clear_wrapped(mask, is_face, |index| {
        tissue(index) != Tissue::Background || is_near_brain(index)
    });
}

/// Every voxel of the skin of face and ears, with its region: beside air that the scan shows, and not at the
/// border of the grid.
///
/// No skin lies near or behind the surface along which a face is cut off: what looks like it is where
/// padding, or an airway, meets the end of what the scan shows.
fn facial_skin(
    labels: &Labels,
    inside: &Mask,
    cut: Option<&Cut>,
    workers: Workers,
) -> Vec<([usize; 3], Region)> {
    let grid = labels.grid;
    let [ni, nj, _] = grid.extent;
    let is_within = |[i, j, k]: &[usize; 3]| {
        [*i, *j, *k].into_iter().zip(grid.extent).all(|(at, n)| at > 0 && at + 1 < n)
    };
    let face = bits(labels, |t| Region::of_face(t).is_some(), workers);
    let body = bits(labels, |t| t != Tissue::Background, workers);
    let no_air = kernels::complement(&kernels::and_not(inside.words(), &body), grid.extent);
    let beside_air = kernels::surface(&no_air, grid.extent, workers);
    let skin = Mask::from_words(grid, kernels::meet(&face, &beside_air));
    let skin = set_voxels(&skin).filter(is_within).filter_map(|index| {
        let [i, j, k] = index;
        let region = Region::of_face(labels.tissues[i + ni * (j + nj * k)])?;
        let Some(cut) = cut.filter(|_| region != Region::Ears) else {
            return Some((index, region));
        };
        let place = grid.affine.apply(index.map(|v| v as f64));
        let in_front = cut.in_front_mm(cut.sight().coordinates(place));
        (in_front > SKIN_IN_FRONT_MM).then_some((index, region))
    });
    skin.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Form, MM, USUAL};
    use crate::{Fill, Filling, border};
    use volume::{ByteOrder, PlaneAt, Rescale, StoredType, StoredVolume};

    const STANDARD: RefineOptions =
        RefineOptions { regions: Regions::STANDARD, guard_mm: 5.0, face_wins: false };

    fn refined(form: &Form, options: RefineOptions) -> (Refined, Labels) {
        let (labels, image) = form.head();
        let grid = labels.grid;
        let refined = refine(&labels, &image, &grid, false, options, Workers::ONE);
        (refined.expect("a face"), labels)
    }

    /// The share of a tissue that is removed.
    fn share(refined: &Refined, labels: &Labels, tissue: Tissue) -> f64 {
        let [ni, nj, _] = labels.grid.extent;
        let voxels = labels.tissues.iter().enumerate().filter(|(_, t)| **t == tissue);
        let gone: Vec<bool> =
            voxels.map(|(at, _)| refined.mask.get([at % ni, at / ni % nj, at / ni / nj])).collect();
        gone.iter().filter(|gone| **gone).count() as f64 / gone.len() as f64
    }

    fn only(region: Region) -> RefineOptions {
        RefineOptions { regions: [region].into_iter().collect(), ..STANDARD }
    }

    #[test]
    fn the_standard_profile_takes_face_and_ears_and_nothing_near_the_brain() {
        let (refined, labels) = refined(&USUAL, STANDARD);
        for region in Regions::STANDARD.iter() {
            let tissue = region.tissue().expect("a tissue");
            let share = share(&refined, &labels, tissue);
            assert!(share > 0.9, "{}: {share:.2}", region.name());
        }
        assert!(share(&refined, &labels, Tissue::Neck) < 0.15);
        assert!(share(&refined, &labels, Tissue::Scalp) < 0.35);
        assert!(refined.guard.skin_left < 0.005, "{:?}", refined.guard);
    }

    #[test]
    fn the_guard_holds_whatever_is_removed() {
        let all = [Regions::STANDARD, Regions::MINIMAL, Regions::STRICT];
        for (regions, guard_mm) in all.into_iter().flat_map(|r| [(r, 5.0), (r, 9.0)]) {
            let (refined, labels) =
                refined(&USUAL, RefineOptions { regions, guard_mm, ..STANDARD });
            let brain = bits(&labels, |t| t == Tissue::Brain, Workers::ONE);
            let extent = labels.grid.extent;
            // From the middle of a voxel to the border of one of the brain.
            let to_brain = kernels::distance(&brain, extent, [MM; 3], 60.0, Workers::ONE);
            let [ni, nj, _] = extent;
            for (at, mm) in to_brain.iter().enumerate() {
                let is_removed = refined.mask.get([at % ni, at / ni % nj, at / ni / nj]);
                assert!(!is_removed || f64::from(*mm) >= guard_mm, "{mm} mm from the brain");
            }
            assert_eq!(refined.guard.n_brain_removed, 0);
            assert!(refined.guard.smallest_distance_mm >= guard_mm - 0.1, "{:?}", refined.guard);
        }
    }

    #[test]
    fn a_face_may_win_over_the_guard_but_not_over_the_brain() {
        let wide = RefineOptions { guard_mm: 18.0, ..STANDARD };
        let (kept, _) = refined(&USUAL, wide);
        assert!(kept.guard.skin_left > 0.02, "{:?}", kept.guard);
        let (won, labels) = refined(&USUAL, RefineOptions { face_wins: true, ..wide });
        assert!(won.guard.skin_left < 0.005, "{:?}", won.guard);
        assert!(share(&won, &labels, Tissue::Brain) <= 0.0);
    }

    #[test]
    fn what_is_not_asked_for_stays() {
        let (minimal, labels) =
            refined(&USUAL, RefineOptions { regions: Regions::MINIMAL, ..STANDARD });
        assert!(share(&minimal, &labels, Tissue::Ears) <= 0.0);
        assert!(share(&minimal, &labels, Tissue::Brow) < 0.1);
        assert!(share(&minimal, &labels, Tissue::Mouth) > 0.9);
        let (nose, labels) = refined(&USUAL, only(Region::Nose));
        assert!(share(&nose, &labels, Tissue::Nose) > 0.9);
        for stays in [Tissue::Cheeks, Tissue::Mouth, Tissue::Brow, Tissue::Chin, Tissue::Ears] {
            assert!(share(&nose, &labels, stays) < 0.1, "{stays:?}");
        }
        let (ears, labels) = refined(&USUAL, only(Region::Ears));
        assert!(share(&ears, &labels, Tissue::Ears) > 0.9);
        assert!(share(&ears, &labels, Tissue::Cheeks) < 0.1);
        let (neck, labels) = refined(&USUAL, only(Region::Neck));
        assert!(share(&neck, &labels, Tissue::Neck) > 0.9);
        assert!(share(&neck, &labels, Tissue::Chin) < 0.1);
        let (scalp, labels) = refined(&USUAL, only(Region::Scalp));
        assert!(share(&scalp, &labels, Tissue::Scalp) > 0.6);
        assert!(share(&scalp, &labels, Tissue::Nose) <= 0.0);
        let told = |refined: &Refined, region| {
            refined.regions.iter().find(|r| r.region == region).expect("told").clone()
        };
        assert_eq!(told(&nose, Region::Chin).absent, Some("kept: not asked for"));
        assert!(told(&nose, Region::Nose).n_removed > 500);
    }

    #[test]
    fn the_end_of_a_scan_is_face_in_front_and_base_of_the_skull_behind() {
        let (mut labels, image) = USUAL.head();
        let grid = labels.grid;
        let within = |at: usize, back: f64, front: f64| {
            let [x, y, z] = grid.affine.apply(Form::index(at).map(|v| v as f64));
            (16.0..24.0).contains(&x.abs())
                && (back..front).contains(&y)
                && (-32.0..-25.0).contains(&z)
        };
        for (at, tissue) in labels.tissues.iter_mut().enumerate() {
            if *tissue == Tissue::Chin {
                *tissue = Tissue::Other;
            }
            if within(at, 5.0, 60.0) {
                *tissue = Tissue::Cheeks;
            }
        }
        let refined =
            refine(&labels, &image, &grid, false, STANDARD, Workers::ONE).expect("a face");
        let removed = |back, front| {
            let all = (0..labels.tissues.len()).filter(|&at| within(at, back, front));
            all.map(|at| refined.mask.get(Form::index(at))).collect::<Vec<_>>()
        };
        assert!(removed(35.0, 60.0).iter().all(|gone| *gone));
        let deep = removed(5.0, 18.0);
        assert!(deep.len() > 15 && !deep.contains(&true), "{deep:?}");
    }

    #[test]
    fn fluid_as_bright_as_in_the_ventricles_is_brain() {
        let (mut labels, mut image) = USUAL.head();
        let (grid, extent) = (labels.grid, labels.grid.extent);
        let whole = bits(&labels, |t| t == Tissue::Brain, Workers::ONE);
        let eroded = |mm| kernels::erode(&whole, extent, [MM; 3], mm, Workers::ONE);
        let voxels = |words: Vec<u64>| {
            let mask = Mask::from_words(grid, words);
            (0..grid.n_voxels()).filter(|&at| mask.get(Form::index(at))).collect::<Vec<_>>()
        };
        let rim = voxels(kernels::and_not(&whole, &eroded(4.0)));
        let ventricles = voxels(eroded(42.0));
        assert!(rim.len() > 1000 && ventricles.len() > 200);
        rim.iter().for_each(|&at| labels.tissues[at] = Tissue::Other);
        let near = kernels::dilate(&whole, extent, [MM; 3], 5.0, Workers::ONE);
        let n_removed_near = |image: &RealVolume| {
            let refined =
                refine(&labels, image, &grid, false, STANDARD, Workers::ONE).expect("a face");
            let removed = kernels::meet(&near, refined.mask.words());
            removed.iter().map(|word| word.count_ones()).sum::<u32>()
        };
        rim.iter().for_each(|&at| image.values[at] = 240.0);
        ventricles.iter().for_each(|&at| image.values[at] = 250.0);
        assert_eq!(n_removed_near(&image), 0);
        // Without them nothing tells the fluid from a scalp.
        ventricles.iter().for_each(|&at| image.values[at] = 100.0);
        assert!(n_removed_near(&image) > 0);
    }

    #[test]
    fn another_mask_is_counted_anew() {
        let (refined, labels) = refined(&USUAL, STANDARD);
        let [ni, nj, _] = labels.grid.extent;
        let of = |tissue: Tissue| {
            let mut mask = Mask::empty(labels.grid);
            for (at, _) in labels.tissues.iter().enumerate().filter(|(_, t)| **t == tissue) {
                mask.set([at % ni, at / ni % nj, at / ni / nj]);
            }
            mask
        };
        let refined = refined.with_mask(Mask::empty(labels.grid), Workers::ONE);
        assert!(refined.guard.skin_left >= 1.0);
        let refined = refined.with_mask(of(Tissue::Brain), Workers::ONE);
        assert!(refined.guard.n_brain_removed > 5000, "{:?}", refined.guard);
        let air = refined.air.len();
        let refined = refined.with_mask(of(Tissue::Background), Workers::ONE);
        assert!(air > 1000 && refined.air.is_empty(), "what is removed is no air to draw from");
    }

    /// The masked voxels' bytes for two scans that differ under the mask alone.
    #[test]
    fn what_is_written_does_not_know_what_was_there() {
        let (refined, labels) = refined(&USUAL, STANDARD);
        let (_, image) = USUAL.head();
        let grid = labels.grid;
        let [ni, nj, nk] = grid.extent;
        let scan = |under: f32| {
            let value = |(at, value): (usize, &f32)| {
                let is_removed = refined.mask.get([at % ni, at / ni % nj, at / ni / nj]);
                (if is_removed { under } else { *value }).to_le_bytes()
            };
            let bytes = image.values.iter().enumerate().flat_map(value).collect();
            let planes = (0..nk).map(|p| PlaneAt { buffer: 0, offset: 4 * ni * nj * p }).collect();
            let (of, order) = (StoredType::F32, ByteOrder::Little);
            StoredVolume::new(grid, of, order, vec![Rescale::NONE], vec![bytes], planes)
                .expect("fits")
        };
        for filling in
            [Filling::Air, Filling::Noise { seed: 3 }, Filling::Constant(5.0), Filling::Average]
        {
            let filled = [0.0, 1000.0].map(|under| {
                let mut scan = scan(under);
                let fill = Fill::of(filling, &scan, &refined, false);
                crate::remove(&mut scan, &refined.mask, &fill, Workers::ONE);
                scan.buffers()[0].clone()
            });
            assert!(filled[0] == filled[1], "{filling:?}");
        }
        let noise = Fill::of(Filling::Noise { seed: 3 }, &scan(0.0), &refined, false);
        let Fill::Drawn { values, .. } = noise else { panic!("{noise:?}") };
        assert!(values[0] < 0.5 && (2.5..3.5).contains(&values[256]) && values[511] > 5.5);
    }

    #[test]
    fn a_border_that_follows_the_skin_is_told_from_one_that_does_not() {
        let bumps: fn([f64; 2]) -> f64 = |[x, up]| 6.0 * (x / 9.0).sin() + 5.0 * (up / 8.0).cos();
        let (refined, labels) = refined(&Form { flesh: bumps, ..USUAL }, STANDARD);
        let own = border(&refined, &refined.mask).expect("axes");
        assert!(own.correlation.abs() < 0.3 && own.relief_mm < 1.5, "{own:?}");
        // All air, and 6 mm of what lies behind it.
        let air = bits(&labels, |t| t == Tissue::Background, Workers::ONE);
        let hugging = kernels::dilate(&air, labels.grid.extent, [MM; 3], 6.0, Workers::ONE);
        let hugging = border(&refined, &Mask::from_words(labels.grid, hugging)).expect("axes");
        assert!(hugging.correlation > 0.7 && hugging.relief_mm > 2.0, "{hugging:?}");
    }
}
