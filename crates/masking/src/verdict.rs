use volume::{Region, Tissue};

use crate::anatomy::{LEAST_EYES_ML, LEAST_NOSE_ML};
use crate::{Border, Concern, Refined, Residual, SecondLook, SkinLeft, VoxelProof};

/// Of the surface that faced forwards, at most this may stay in a scan that passes.
const MOST_FRONT: f64 = 0.05;
/// If more than this stays, nothing is released.
const FAILED_FRONT: f64 = 0.5;
/// Of the skin of each region, at most this may have tissue left within 2 mm in a scan that passes.
const MOST_SKIN: f64 = 0.02;
/// Facial skin left because the brain lies too near: at most this in a scan that passes.
const MOST_GUARDED_SKIN: f64 = 0.005;
/// Brain that only the image shows: at most this in a scan that passes. Where the image's brain runs out
/// of the skull, on 19 labelled heads, it holds up to 18 ml more.
const MOST_UNFOUND_ML: f64 = 30.0;
/// Correlation of what was and what is, where voxels changed: noise has less.
const MOST_CARRIED: f64 = 0.05;
/// A border that has more than this in common with the skin's depth, and more relief than
/// [`MOST_RELIEF_MM`], shows the face.
const MOST_BORDER: f64 = 0.6;
/// See [`MOST_BORDER`].
const MOST_RELIEF_MM: f64 = 1.5;
/// Part of the brain that a second look finds again, closed, at least.
const LEAST_BRAIN_KEPT: f64 = 0.95;
/// Part of the least eyes and nose of a face that a second look may still find in a scan that passes.
const MOST_OF_A_FACE: f64 = 0.5;

/// What was found of a result, both files read from disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// Stored values, one by one.
    pub voxels: VoxelProof,
    /// The surface that faced forwards, from the images alone; `None` where the original has none.
    pub front: Option<Residual>,
    /// The facial skin, region by region.
    pub skin: Vec<SkinLeft>,
    /// The inner border of all that changed; `None` where the head's axes were not found.
    pub border: Option<Border>,
    /// How much of the original shows through where voxels changed, 0 to 1.
    pub carried: f64,
    /// What the model finds in the result.
    pub second: SecondLook,
}

/// What may be done with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The proof holds and nothing speaks against it.
    Pass,
    /// A person must look at it.
    Review,
    /// Nothing is released.
    Fail,
}

impl Verdict {
    /// The name used in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::Fail => "fail",
        }
    }
}

/// A verdict and its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is no pass; empty if it is.
    pub reasons: Vec<String>,
}

impl Judgement {
    /// Adds a reason, and lowers the verdict to `verdict` if that is worse.
    pub fn add(&mut self, verdict: Verdict, reason: String) {
        self.verdict = self.verdict.max(verdict);
        self.reasons.push(reason);
    }
}

/// Judges a result from what was found on the way in and what was proven on the file as written.
#[must_use]
pub fn judge(concerns: &[Concern], refined: &Refined, proof: &Proof) -> Judgement {
    let mut judgement = Judgement { verdict: Verdict::Pass, reasons: Vec::new() };
    let (guard, second) = (&refined.guard, &proof.second);
    let wanted = refined.wanted;
    let n = proof.voxels.n_changed_outside;
    if n > 0 {
        judgement.add(Verdict::Fail, format!("{n} voxels outside the mask changed"));
    }
    let n = guard.n_brain_removed.max(second.n_brain_changed);
    if n > 0 {
        judgement.add(Verdict::Fail, format!("{n} voxels of the brain were removed"));
    }
    let before_ml = refined.anatomy.ml(Tissue::Brain);
    if second.brain_ml < LEAST_BRAIN_KEPT * before_ml {
        let ml = second.brain_ml;
        let reason = format!("a second look finds {ml:.0} of {before_ml:.0} ml of the brain");
        judgement.add(Verdict::Fail, reason);
    }
    match proof.front {
        // A part of a face may be all that faces forwards.
        _ if !wanted.contains(Region::Nose) || !wanted.contains(Region::Brow) => {}
        None => judgement.add(
            Verdict::Review,
            "the facial surface could not be told from the image, so its absence is not proven"
                .to_owned(),
        ),
        Some(front) if front.share > MOST_FRONT => {
            let verdict = if front.share > FAILED_FRONT { Verdict::Fail } else { Verdict::Review };
            let share = front.share * 100.0;
            judgement.add(verdict, format!("{share:.0} % of the facial surface is still there"));
        }
        Some(_) => {}
    }
    for skin in proof.skin.iter().filter(|s| wanted.contains(s.region)) {
        if skin.within_2mm > MOST_SKIN {
            let (share, name) = (skin.within_2mm * 100.0, skin.region.name());
            judgement.add(
                Verdict::Review,
                format!("{share:.0} % of the skin of the {name} is still there"),
            );
        }
    }
    for (region, tissue, ml, least) in [
        (Region::Eyes, Tissue::Eyes, second.eyes_ml, LEAST_EYES_ML),
        (Region::Nose, Tissue::Nose, second.nose_ml, LEAST_NOSE_ML),
    ] {
        if wanted.contains(region) && ml > MOST_OF_A_FACE * least {
            let verdict = if ml > least { Verdict::Fail } else { Verdict::Review };
            let name = tissue.name();
            judgement.add(verdict, format!("a second look still finds {ml:.0} ml of {name}"));
        }
    }
    if proof.carried > MOST_CARRIED {
        let share = proof.carried;
        let reason = format!("what was removed still shows through (correlation {share:.2})");
        judgement.add(Verdict::Fail, reason);
    }
    if let Some(border) = proof.border
        && border.correlation > MOST_BORDER
        && border.relief_mm > MOST_RELIEF_MM
    {
        let reason = format!(
            "the border of what changed follows the face (correlation {:.2}, relief {:.1} mm)",
            border.correlation, border.relief_mm
        );
        judgement.add(Verdict::Review, reason);
    }
    if guard.skin_left > MOST_GUARDED_SKIN {
        let share = guard.skin_left * 100.0;
        let reason =
            format!("{share:.1} % of the facial skin lies too near to the brain and stays");
        judgement.add(Verdict::Review, reason);
    }
    if guard.unfound_ml > MOST_UNFOUND_ML {
        let ml = guard.unfound_ml;
        judgement
            .add(Verdict::Review, format!("{ml:.0} ml look like brain where the model found none"));
    }
    if !refined.has_axes() {
        judgement.add(
            Verdict::Review,
            "the head's axes were not found, so that the cut follows the face".to_owned(),
        );
    }
    for concern in concerns {
        judgement.add(Verdict::Review, concern.to_string());
    }
    judgement
}
