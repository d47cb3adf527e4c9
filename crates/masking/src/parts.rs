use std::ops::Range;

use kernels::{Neighbours, Workers, join, meet};
use volume::{Labels, RealVolume, Tissue};

use crate::anatomy::{bits, is_face};
use crate::background::body;
use crate::brain::brain_of_image;
use crate::cut::{Cut, Faces};

/// Parts of the face with a gap of this much between them still belong together.
const GAP_MM: f64 = 8.0;
/// What is no air by the image, and nothing by the model, is no face if it lies further than this
/// from what is found of one; nearer, it may be a face, or a cloth on it.
const UNSEEN_MM: f64 = 10.0;

/// The brain that the image shows counts, in CT, up to this far from that which the model found: bone
/// closes it in. In MR a way may lead out of the skull, so that there it is only compared.
const REACH_MM: f64 = 30.0;
/// Both agree up to this.
const AGREED_MM: f64 = 12.0;

/// How brain that the model missed is told from the image.
struct MissedBrain {
    /// Real values of brain, with CSF and contrast.
    range: Range<f32>,
    /// Scalp and skull together are nowhere thinner.
    least_depth_mm: f32,
    /// A ball of this radius does not leave through the skull's openings.
    opening_mm: f64,
    /// What is missed lies no further from what is found.
    reach_mm: f32,
    /// What the model may have called it.
    taken_for: &'static [Tissue],
}

/// CT: bone closes brain in, so that all soft tissue inside it is brain.
const IN_CT: MissedBrain = MissedBrain {
    range: -10.0..110.0,
    least_depth_mm: 7.0,
    opening_mm: 4.0,
    reach_mm: 30.0,
    taken_for: &[Tissue::Brain, Tissue::Other, Tissue::Scalp, Tissue::Brow],
};

/// MR: muscle and marrow can be as bright as brain, so that only its near surroundings count. The
/// range is that of the middle of the brain itself.
fn in_mr(range: Range<f32>) -> MissedBrain {
    MissedBrain {
        range,
        least_depth_mm: 10.0,
        opening_mm: 2.0,
        reach_mm: 5.0,
        taken_for: &[Tissue::Brain, Tissue::Other, Tissue::Scalp],
    }
}

/// No rule asks for more depth under the skin than this.
const MOST_DEPTH_MM: f64 = 20.0;

/// The head in three parts, one bit a voxel of the labels' grid.
pub(crate) struct Parts {
    /// The face, and the ears if they are wanted.
    pub(crate) face: Vec<u64>,
    /// All else of the head.
    pub(crate) rest: Vec<u64>,
    /// The brain, closed.
    pub(crate) brain: Vec<u64>,
    /// What the image shows to be brain, far from all that the model called so.
    pub(crate) unfound_ml: f64,
}

/// How far what is called face and ears is widened: where the head's own axes are not found, labels are
/// good to about this much, and behind the skin of cheeks, mouth and chin there is room.
const WIDENED: Widening = Widening { margin_mm: 6.0, depth_mm: 8.0 };
/// Where a face is cut off along surfaces of its own, what is called face is not widened.
const AS_FOUND: Widening = Widening { margin_mm: 0.0, depth_mm: 0.0 };

/// See [`WIDENED`].
#[derive(Debug, Clone, Copy)]
struct Widening {
    /// To all sides.
    margin_mm: f64,
    /// Behind the skin of cheeks, mouth and chin.
    depth_mm: f64,
}

/// A head as the model found it and as its image shows it.
pub(crate) struct Seen<'a> {
    pub(crate) found: &'a Labels,
    /// With the face drawn anew.
    pub(crate) drawn: &'a Labels,
    pub(crate) image: &'a RealVolume,
    pub(crate) is_hu: bool,
    /// The value above which the image shows a body.
    pub(crate) skin: Option<f32>,
    /// `None` where the head's own axes were not found.
    pub(crate) cut: Option<(&'a Cut, &'a Faces)>,
    pub(crate) workers: Workers<'a>,
}

impl Parts {
    /// What the model calls face, and what is drawn as face, count both. In a head with axes of its own no
    /// more of it than its eyes counts behind the surface along which it is cut off, so that what is cut does
    /// not follow the skin; where the scan ends above the chin, that end has been called face to some depth,
    /// and goes a little way behind it. Without axes all is widened.
    pub(crate) fn of(seen: &Seen, has_ears: bool) -> Self {
        let Seen { found, drawn: labels, workers, .. } = *seen;
        let tools = Tools { labels, workers };
        let widening = if seen.cut.is_some() { AS_FOUND } else { WIDENED };
        let labelled = tools.bits(|t| t != Tissue::Background);
        let head = kernels::fill_holes(&tools.close(&labelled, 6.0), labels.grid.extent, workers);
        let air = kernels::complement(&head, labels.grid.extent);
        let depth = tools.distance(&air, MOST_DEPTH_MM);
        let (brain, unfound_ml) = tools.brain(seen, &depth);
        let face = join(&tools.bits(is_face), &Tools { labels: found, workers }.bits(is_face));
        let face = tools.connected(&kernels::and_not(&face, &brain), GAP_MM / 2.0);
        let deep = tools.bits(|t| matches!(t, Tissue::Cheeks | Tissue::Mouth | Tissue::Chin));
        let deep = tools.dilate(&meet(&deep, &face), widening.depth_mm);
        let face = if has_ears { join(&face, &tools.ears()) } else { face };
        // Closed first, so that strips of skin between two regions do not stay.
        let kept = tools.close(&face, GAP_MM);
        let mut face = join(&tools.dilate(&kept, widening.margin_mm), &deep);
        if let Some((cut, faces)) = seen.cut {
            let eyes = tools.bits(|t| t == Tissue::Eyes);
            let mut counts = join(&faces.in_front, &eyes);
            if !cut.has_chin() {
                counts = join(&counts, &faces.just_behind);
            }
            face = meet(&face, &counts);
        }
        // Neck and shoulders beyond the model's sight, and what it misses of them within.
        let body = body(seen.image, seen.skin, workers);
        let body = kernels::and_not(&body, &tools.dilate(&face, UNSEEN_MM));
        let all = join(&join(&labelled, &body), &brain);
        Self { rest: kernels::and_not(&all, &face), face, brain, unfound_ml }
    }
}

/// Kernels on the grid of the labels.
struct Tools<'a> {
    labels: &'a Labels,
    workers: Workers<'a>,
}

impl Tools<'_> {
    /// The brain as labelled, with what the image shows to be brain as well. Closed, and with its
    /// holes filled. Beside it, in millilitres, what the image alone shows far from it.
    fn brain(&self, seen: &Seen, depth: &[f32]) -> (Vec<u64>, f64) {
        let Seen { image, is_hu, .. } = *seen;
        let labelled = self.bits(|t| t == Tissue::Brain);
        let mut brain = self.connected(&labelled, GAP_MM / 2.0);
        let core = self.erode(&brain, 6.0);
        let rule = if is_hu { Some(IN_CT) } else { self.middle_range(image, &core).map(in_mr) };
        let missed = rule.map(|rule| self.missed_brain(image, &brain, &core, depth, &rule));
        let mut unfound_ml = 0.0;
        if let Some(mut shown) = brain_of_image(image, is_hu, seen.skin, self.workers) {
            if let Some((_, faces)) = seen.cut {
                shown = kernels::and_not(&shown, &faces.below_forehead);
            }
            let beyond = kernels::and_not(&shown, &self.dilate(&brain, AGREED_MM));
            let n = |mask: &[u64]| mask.iter().map(|word| word.count_ones()).sum::<u32>();
            // Another thing altogether, such as the neck of a scan without most of the brain, is no
            // brain that the model missed.
            if n(&beyond) <= n(&shown) / 2 {
                unfound_ml = f64::from(n(&beyond)) * self.labels.grid.voxel_mm3() / 1000.0;
            }
            if is_hu {
                brain = join(&brain, &meet(&shown, &self.dilate(&brain, REACH_MM)));
            }
        }
        if let Some(missed) = missed {
            brain = join(&brain, &missed);
        }
        let closed = self.close(&brain, 6.0);
        let brain = kernels::fill_holes(&closed, self.labels.grid.extent, self.workers);
        (brain, unfound_ml)
    }

    fn missed_brain(
        &self,
        image: &RealVolume,
        brain: &[u64],
        core: &[u64],
        depth: &[f32],
        rule: &MissedBrain,
    ) -> Vec<u64> {
        let to_brain = self.distance(brain, f64::from(rule.reach_mm) + 1.0);
        let can_be_brain = |at: usize, tissue: Tissue| {
            rule.taken_for.contains(&tissue)
                && rule.range.contains(&image.values[at])
                && depth[at] > rule.least_depth_mm
                && to_brain[at] <= rule.reach_mm
        };
        let soft = self.bits_at(can_be_brain);
        let wide = join(&self.erode(&soft, rule.opening_mm), core);
        let joined = kernels::keep_touching(
            &wide,
            core,
            self.labels.grid.extent,
            Neighbours::Faces,
            self.workers,
        );
        meet(&self.dilate(&joined, rule.opening_mm), &soft)
    }

    /// The image's values under `mask`, without a twentieth at the lower end and a two hundredth at the
    /// upper one: the fluid of the ventricles, where it is bright, belongs to them.
    fn middle_range(&self, image: &RealVolume, mask: &[u64]) -> Option<Range<f32>> {
        let extent = self.labels.grid.extent;
        let mut values = kernels::gather(&image.values, mask, extent, self.workers);
        let [low, high] = kernels::order_statistics(&mut values, [0.05, 0.995])?;
        Some(low..high)
    }

    /// Of what is labelled as ears: what is no speck.
    fn ears(&self) -> Vec<u64> {
        let ears = self.bits(|t| t == Tissue::Ears);
        let seeds = self.erode(&ears, self.labels.grid.spacing_mm()[0]);
        kernels::keep_touching(
            &ears,
            &seeds,
            self.labels.grid.extent,
            Neighbours::Faces,
            self.workers,
        )
    }

    /// The largest part of `mask`, with all that lies within twice `gap_mm` of it.
    fn connected(&self, mask: &[u64], gap_mm: f64) -> Vec<u64> {
        let near = self.dilate(mask, gap_mm);
        meet(
            mask,
            &kernels::keep_largest(&near, self.labels.grid.extent, Neighbours::Faces, self.workers),
        )
    }

    fn bits(&self, is: impl Fn(Tissue) -> bool) -> Vec<u64> {
        bits(self.labels, is, self.workers)
    }

    fn bits_at(&self, is: impl Fn(usize, Tissue) -> bool) -> Vec<u64> {
        let ni = self.labels.grid.extent[0];
        let mut words = Vec::with_capacity(self.labels.tissues.len().div_ceil(64));
        for (row, tissues) in self.labels.tissues.chunks_exact(ni).enumerate() {
            for (n, part) in tissues.chunks(64).enumerate() {
                let first = row * ni + n * 64;
                let bits = part.iter().enumerate();
                words.push(bits.fold(0, |w, (i, &t)| w | u64::from(is(first + i, t)) << i));
            }
        }
        words
    }

    fn dilate(&self, mask: &[u64], radius_mm: f64) -> Vec<u64> {
        let grid = &self.labels.grid;
        kernels::dilate(mask, grid.extent, grid.spacing_mm(), radius_mm, self.workers)
    }

    fn erode(&self, mask: &[u64], radius_mm: f64) -> Vec<u64> {
        let grid = &self.labels.grid;
        kernels::erode(mask, grid.extent, grid.spacing_mm(), radius_mm, self.workers)
    }

    fn close(&self, mask: &[u64], radius_mm: f64) -> Vec<u64> {
        let grid = &self.labels.grid;
        kernels::close(mask, grid.extent, grid.spacing_mm(), radius_mm, self.workers)
    }

    fn distance(&self, mask: &[u64], cap_mm: f64) -> Vec<f32> {
        let grid = &self.labels.grid;
        kernels::distance(mask, grid.extent, grid.spacing_mm(), cap_mm, self.workers)
    }
}
