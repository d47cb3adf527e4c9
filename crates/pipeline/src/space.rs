use std::cmp::{Ordering, Reverse};
use std::panic::{AssertUnwindSafe, catch_unwind};

use inference::{Model, Segmented};
use masking::{Anatomy, Located};
use register::{Coarse, Fit, Objection};
use volume::{Affine, Mask, Tissue};

use crate::one::{modality, open};
use crate::{Options, Planned};

/// Slices up to this thick, and voxels up to this wide, show a face finely; up to the second, coarsely.
const FINE_MM: [f64; 2] = [2.0, 4.0];

/// What was seen of the scans that share a patient space, before any of them is defaced.
pub(crate) struct Space {
    /// Of each scan, in order; `None` of one that could not be looked at.
    looks: Vec<Option<Look>>,
    best: Option<Best>,
    /// Whether a face was found in one of them, even if not beyond doubt.
    has_face: bool,
}

/// What was seen of a scan.
struct Look {
    found: Segmented,
    coarse: Coarse,
    spacing_mm: [f64; 3],
    modality: &'static str,
}

/// The scan in which the head is seen best.
struct Best {
    n: usize,
    located: Located,
    head: Mask,
    rank: Rank,
}

/// What becomes of one scan of a space.
pub(crate) struct Shared<'a> {
    /// What the model finds in the scan itself; `None` if it could not be looked at.
    pub(crate) found: Option<&'a Segmented>,
    /// How many volumes share the space.
    pub(crate) n_scans: usize,
    pub(crate) decision: Decision<'a>,
}

/// Where the face of a scan is located.
pub(crate) enum Decision<'a> {
    /// In the scan itself, since no scan of the space shows a head beyond doubt.
    Alone,
    /// In the scan itself, which could not be looked at with the others.
    NotSeen,
    /// In the scan itself, from which it is carried to those that fit it.
    Here,
    /// In the scan itself, since another does not fit it.
    Apart { from: From, fit: Option<Fit>, why: Objection },
    /// In another scan.
    Carried { located: &'a Located, from: From, fit: Fit, offset: Affine },
}

/// The scan that a decision comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From {
    pub(crate) modality: &'static str,
    pub(crate) spacing_mm: [f64; 3],
}

/// How well a scan shows a head: the larger the better.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rank {
    fineness: Reverse<usize>,
    is_face_whole: bool,
    confidence: f32,
}

impl Rank {
    fn compare(&self, other: &Self) -> Ordering {
        let first = (self.fineness, self.is_face_whole).cmp(&(other.fineness, other.is_face_whole));
        first.then(self.confidence.total_cmp(&other.confidence))
    }
}

impl Space {
    /// Looks at the scans of a space and chooses that in which the head is seen best.
    ///
    /// It is one in which eyes, brain and ears give the head its axes and nothing found is a concern: of
    /// these the one with the finest voxels (up to 2 mm, up to 4 mm, or more, by the longest edge); of equals
    /// one in which the face does not reach an end of the scan; of equals that of whose brain and face the
    /// model is surest; of equals the first by name. `is_stopped` is asked before each scan; `None` if it
    /// says so.
    pub(crate) fn look<T>(
        scans: &[&Planned],
        model: &Model,
        options: &Options,
        is_stopped: &dyn Fn() -> bool,
        take_memory: &dyn Fn(&Planned) -> T,
    ) -> Option<Self> {
        let mut space = Self { looks: Vec::new(), best: None, has_face: false };
        for (n, scan) in scans.iter().enumerate() {
            if is_stopped() {
                return None;
            }
            let _memory = take_memory(scan);
            // What is wrong with a scan is told when it is defaced.
            let look = catch_unwind(AssertUnwindSafe(|| space.look_at(n, scan, model, options)));
            space.looks.push(look.ok().flatten());
        }
        Some(space)
    }

    /// Looks at scan `n`, which may be the best so far.
    fn look_at(
        &mut self,
        n: usize,
        scan: &Planned,
        model: &Model,
        options: &Options,
    ) -> Option<Look> {
        let workers = options.workers;
        let opened = open(scan.source.as_ref().ok()?, scan, options).ok()?;
        let sampled = inference::sample(&opened.volume, model.card(), workers).ok()?;
        let found = inference::segment(model, &sampled, options.flip, workers).ok()?;
        let look = Look {
            coarse: Coarse::of(&sampled.image),
            spacing_mm: opened.volume.grid().spacing_mm(),
            modality: modality(&opened, sampled.is_hu),
            found,
        };
        drop(opened);
        let anatomy = Anatomy::measure(&look.found.labels, &sampled.image, workers);
        let sure = |tissue: Tissue| look.found.confidence[tissue as usize].unwrap_or(0.0);
        let longest_mm = look.spacing_mm.into_iter().fold(0.0, f64::max);
        let rank = Rank {
            fineness: Reverse(FINE_MM.iter().filter(|mm| longest_mm > **mm + 0.05).count()),
            is_face_whole: !anatomy.face_cut,
            confidence: sure(Tissue::Brain) + sure(Tissue::Eyes).max(sure(Tissue::Nose)),
        };
        let is_better = |best: &Best| rank.compare(&best.rank) == Ordering::Greater;
        let has_face = anatomy.absence().is_none();
        self.has_face |= has_face;
        let is_plain = has_face
            && anatomy.concerns(&look.found.confidence).is_empty()
            && self.best.as_ref().is_none_or(is_better);
        if is_plain
            && let Ok(Some(located)) =
                Located::of(look.found.labels.clone(), &sampled.image, sampled.is_hu, workers)
        {
            let head = located.head(workers);
            self.best = Some(Best { n, located, head, rank });
        }
        Some(look)
    }

    /// Whether one of the scans shows a face.
    pub(crate) fn has_face(&self) -> bool {
        self.has_face
    }

    /// What becomes of scan `n`: the face is carried to it from the best scan, where the two fit.
    pub(crate) fn of(&self, n: usize) -> Shared<'_> {
        let look = self.looks[n].as_ref();
        let decision = match (&self.best, look) {
            (Some(best), Some(look)) => self.decide(best, n, look),
            (Some(_), None) => Decision::NotSeen,
            (None, _) => Decision::Alone,
        };
        let n_scans = self.looks.iter().flatten().count();
        Shared { found: look.map(|look| &look.found), n_scans, decision }
    }

    fn decide<'a>(&'a self, best: &'a Best, n: usize, look: &Look) -> Decision<'a> {
        let Some(of) = self.looks[best.n].as_ref().filter(|_| n != best.n) else {
            return Decision::Here;
        };
        let from = From { modality: of.modality, spacing_mm: of.spacing_mm };
        let Some(fit) = register::fit(&of.coarse, &best.head, &look.coarse) else {
            return Decision::Apart { from, fit: None, why: Objection::TooLittle };
        };
        match fit.objection() {
            Some(why) => Decision::Apart { from, fit: Some(fit), why },
            None => {
                let offset = fit.believed();
                Decision::Carried { located: &best.located, from, fit, offset }
            }
        }
    }
}
