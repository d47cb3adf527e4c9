use volume::Region;

use crate::anatomy::{LEAST_BRAIN_ML, LEAST_EYES_ML, LEAST_NOSE_ML};
use crate::{Border, Concern, Refined, Residual, SecondLook, SkinLeft, VoxelProof};

/// A limit of something measured: above the first a person must look, above the second nothing is
/// released. Where each comes from is told in `docs/PRIVACY.md`.
struct Limit {
    review: f64,
    fail: f64,
}

const NEVER: f64 = f64::INFINITY;
/// Voxels changed outside the mask, and voxels of the brain removed.
const VOXELS: Limit = Limit { review: 0.0, fail: 0.0 };
/// Share of the brain that a second look does not find again.
const BRAIN_LOST: Limit = Limit { review: 0.05, fail: 0.05 };
/// By how much less than asked for what changed keeps from the brain, mm.
const TOO_NEAR_MM: Limit = Limit { review: 0.5, fail: NEVER };
/// Share of the tissue that the head's own cut removes and that did not change.
const MISSING: Limit = Limit { review: 0.005, fail: NEVER };
/// Share of the surface that faced forwards and is still there.
const FRONT: Limit = Limit { review: 0.05, fail: 0.5 };
/// Share of the skin of a region with tissue left within 2 mm.
const SKIN: Limit = Limit { review: 0.04, fail: NEVER };
/// Share of the facial skin that stays because the brain lies too near.
const GUARDED: Limit = Limit { review: 0.005, fail: NEVER };
/// Brain that only the image shows, ml. Where the image's brain runs out of the skull, on 19 labelled
/// heads, it holds up to 18 ml more.
const UNFOUND: Limit = Limit { review: 30.0, fail: NEVER };
/// Correlation of what was and what is, where voxels changed: noise has less.
const CARRIED: Limit = Limit { review: 0.05, fail: 0.05 };
/// Correlation of the border with the skin's depth, where its relief is more than [`RELIEF_MM`].
const BORDER: Limit = Limit { review: 0.6, fail: NEVER };
/// See [`BORDER`].
const RELIEF_MM: f64 = 1.5;
/// A scan that shows no skin of a face is surely without one if the face ends so far outside: more than an
/// offset between two scans, and a label, can be wrong by.
const SURELY_OUTSIDE_MM: f64 = 10.0;
/// Eyes or nose that a second look finds, as a part of the least that a face has.
const FOUND_AGAIN: Limit = Limit { review: 0.5, fail: 1.0 };

/// What was found of a result, read back from disk.
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
    /// The share of the tissue under the head's own cut that did not change.
    pub missing: f64,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is no pass; empty if it is.
    pub reasons: Vec<String>,
    /// The largest of all measures, each as a part of its limit: above 1 for what is no pass.
    pub doubt: f64,
}

/// What is said of a measure without bounds.
const MOST_DOUBT: f64 = 100.0;

impl Judgement {
    /// Adds a reason, and lowers the verdict to `verdict` if that is worse.
    pub fn add(&mut self, verdict: Verdict, reason: String) {
        self.verdict = self.verdict.max(verdict);
        self.reasons.push(reason);
        self.doubt = self.doubt.max(1.01);
    }

    /// Compares what was measured with its limit; `reason` says what is wrong with it.
    fn measure(&mut self, value: f64, limit: &Limit, reason: impl FnOnce() -> String) {
        let part = if value <= 0.0 { 0.0 } else { value / limit.review };
        self.doubt = self.doubt.max(part.min(MOST_DOUBT));
        if value > limit.fail {
            self.add(Verdict::Fail, reason());
        } else if value > limit.review {
            self.add(Verdict::Review, reason());
        }
    }
}

/// Judges a result from what was found on the way in and what was proven on the file as written.
#[must_use]
pub fn judge(concerns: &[Concern], refined: &Refined, proof: &Proof) -> Judgement {
    let mut judgement = Judgement { verdict: Verdict::Pass, reasons: Vec::new(), doubt: 0.0 };
    let (guard, second) = (&refined.guard, &proof.second);
    let wanted = refined.wanted;
    let n = proof.voxels.n_changed_outside;
    judgement.measure(n as f64, &VOXELS, || format!("{n} voxels outside the mask changed"));
    let n = guard.n_brain_removed.max(second.n_brain_changed);
    judgement.measure(n as f64, &VOXELS, || format!("{n} voxels of the brain were removed"));
    let (before_ml, after_ml) = (refined.brain_ml, second.brain_ml);
    // Less is no brain, so that no look can lose it.
    if before_ml >= LEAST_BRAIN_ML {
        judgement.measure(1.0 - after_ml / before_ml, &BRAIN_LOST, || {
            format!("a second look finds {after_ml:.0} of {before_ml:.0} ml of the brain")
        });
    }
    let nearest_mm = guard.smallest_distance_mm;
    judgement.measure(refined.guard_mm - nearest_mm, &TOO_NEAR_MM, || {
        format!(
            "what changed reaches to {nearest_mm:.1} mm from the brain, nearer than {:.1} mm",
            refined.guard_mm
        )
    });
    judgement.measure(proof.missing, &MISSING, || {
        format!("{:.1} % of the tissue that is to be removed did not change", proof.missing * 100.0)
    });
    // A part of a face may be all that faces forwards.
    if wanted.contains(Region::Nose) && wanted.contains(Region::Brow) {
        match proof.front {
            None if refined.shows_no_face() => {}
            None => judgement.add(
                Verdict::Review,
                "the facial surface could not be told from the image, so its absence is not proven"
                    .to_owned(),
            ),
            Some(front) => judgement.measure(front.share, &FRONT, || {
                format!("{:.0} % of the facial surface is still there", front.share * 100.0)
            }),
        }
    }
    for skin in proof.skin.iter().filter(|s| wanted.contains(s.region)) {
        judgement.measure(skin.within_2mm, &SKIN, || {
            let name = skin.region.name();
            format!("{:.0} % of the skin of the {name} is still there", skin.within_2mm * 100.0)
        });
    }
    for (region, ml, least_ml) in [
        (Region::Eyes, second.eyes_ml, LEAST_EYES_ML),
        (Region::Nose, second.nose_ml, LEAST_NOSE_ML),
    ] {
        if wanted.contains(region) {
            judgement.measure(ml / least_ml, &FOUND_AGAIN, || {
                format!("a second look still finds {ml:.0} ml of {}", region.name())
            });
        }
    }
    judgement.measure(proof.carried, &CARRIED, || {
        let share = proof.carried;
        format!("what was removed still shows through (correlation {share:.2})")
    });
    if let Some(border) = proof.border.filter(|border| border.relief_mm > RELIEF_MM) {
        judgement.measure(border.correlation, &BORDER, || {
            format!(
                "the border of what changed follows the face (correlation {:.2}, relief {:.1} mm)",
                border.correlation, border.relief_mm
            )
        });
    }
    judgement.measure(guard.skin_left, &GUARDED, || {
        let share = guard.skin_left * 100.0;
        format!("{share:.1} % of the facial skin lies too near to the brain and stays")
    });
    judgement.measure(guard.unfound_ml, &UNFOUND, || {
        format!("{:.0} ml look like brain where the model found none", guard.unfound_ml)
    });
    let away_mm = refined.face_away_mm.filter(|_| refined.shows_no_face());
    if let Some(away_mm) = away_mm.filter(|&mm| mm < SURELY_OUTSIDE_MM) {
        let reason = format!(
            "no skin of the face is seen, and the face ends {away_mm:.0} mm outside the scan"
        );
        judgement.add(Verdict::Review, reason);
    }
    if !refined.has_axes() {
        let reason = "the head's axes were not found, so that the cut follows the face";
        judgement.add(Verdict::Review, reason.to_owned());
    }
    for concern in concerns {
        judgement.add(Verdict::Review, concern.to_string());
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::USUAL;
    use crate::{RefineOptions, refine};
    use kernels::Workers;
    use volume::{Regions, Tissue};

    fn refined() -> Refined {
        let (labels, image) = USUAL.head();
        let options = RefineOptions { regions: Regions::STANDARD, guard_mm: 5.0, face_wins: false };
        let grid = labels.grid;
        let refined = refine(&labels, &image, &grid, false, options, Workers::ONE);
        refined.expect("a face")
    }

    fn clean(refined: &Refined) -> Proof {
        let brain_ml = refined.anatomy.ml(Tissue::Brain);
        let skin = |region| SkinLeft { region, n_voxels: 500, within_2mm: 0.0, within_5mm: 0.1 };
        Proof {
            voxels: VoxelProof { n_changed_outside: 0, n_changed_inside: 9 },
            front: Some(Residual { n_columns: 2000, share: 0.01 }),
            skin: Regions::STANDARD.iter().map(skin).collect(),
            border: Some(Border { n_directions: 700, correlation: 0.9, relief_mm: 1.0 }),
            missing: 0.0,
            carried: 0.01,
            second: SecondLook {
                eyes_ml: 3.0,
                nose_ml: 0.0,
                brain_ml,
                n_brain_changed: 0,
                smallest_distance_mm: 4.0,
            },
        }
    }

    #[test]
    fn only_a_whole_proof_passes() {
        let refined = refined();
        let check = |change: &dyn Fn(&mut Proof), expected: Verdict, reason: &str| {
            let mut proof = clean(&refined);
            change(&mut proof);
            let found = judge(&[], &refined, &proof);
            assert_eq!(found.verdict, expected, "{:?}", found.reasons);
            assert!(found.reasons.join(";").contains(reason), "{:?}", found.reasons);
            assert_eq!(found.reasons.is_empty(), expected == Verdict::Pass);
            assert_eq!(found.doubt > 1.0, expected != Verdict::Pass, "{}", found.doubt);
        };
        check(&|_| {}, Verdict::Pass, "");
        check(&|p| p.voxels.n_changed_outside = 1, Verdict::Fail, "outside the mask");
        check(&|p| p.second.n_brain_changed = 1, Verdict::Fail, "of the brain were removed");
        check(&|p| p.second.brain_ml *= 0.9, Verdict::Fail, "ml of the brain");
        check(&|p| p.missing = 0.02, Verdict::Review, "2.0 % of the tissue");
        check(&|p| p.front = None, Verdict::Review, "could not be told");
        check(&|p| p.front = Some(Residual { n_columns: 9, share: 0.1 }), Verdict::Review, "10 %");
        check(&|p| p.front = Some(Residual { n_columns: 9, share: 0.6 }), Verdict::Fail, "60 %");
        check(&|p| p.skin[2].within_2mm = 0.05, Verdict::Review, "skin of the nose");
        check(&|p| p.second.eyes_ml = 20.0, Verdict::Review, "20 ml of eyes");
        check(&|p| p.second.nose_ml = 9.0, Verdict::Fail, "9 ml of nose");
        check(&|p| p.carried = 0.06, Verdict::Fail, "shows through");
        check(
            &|p| p.border = p.border.map(|b| Border { relief_mm: 2.0, ..b }),
            Verdict::Review,
            "follows the face",
        );
        let found = judge(&[Concern::OneEye], &refined, &clean(&refined));
        assert_eq!(found.verdict, Verdict::Review);
    }

    #[test]
    fn what_was_found_on_the_way_in_counts_as_well() {
        let with = |change: &dyn Fn(&mut Refined)| {
            let mut refined = refined();
            change(&mut refined);
            judge(&[], &refined, &clean(&refined)).verdict
        };
        assert_eq!(with(&|_| {}), Verdict::Pass);
        assert_eq!(with(&|r| r.guard.n_brain_removed = 1), Verdict::Fail);
        assert_eq!(with(&|r| r.guard.smallest_distance_mm = 3.0), Verdict::Review);
        assert_eq!(with(&|r| r.guard.skin_left = 0.01), Verdict::Review);
        assert_eq!(with(&|r| r.guard.unfound_ml = 40.0), Verdict::Review);
        assert_eq!(with(&|r| r.cut = None), Verdict::Review);
        assert_eq!(with(&|r| r.brain_ml *= 1.2), Verdict::Fail);
        let mut blind = refined();
        let unseen = SecondLook { brain_ml: 0.0, ..clean(&blind).second };
        let proof = Proof { second: unseen, ..clean(&blind) };
        assert_eq!(judge(&[], &blind, &proof).verdict, Verdict::Fail);
        // Whoever saw no brain before loses none.
        blind.brain_ml = 0.0;
        assert_eq!(judge(&[], &blind, &proof).verdict, Verdict::Pass);
    }

    #[test]
    fn a_scan_without_a_face_passes_only_if_the_face_surely_ends_outside() {
        let verdict = |face_away_mm: Option<f64>, has_face: bool| {
            let mut refined = refined();
            refined.face_away_mm = face_away_mm;
            if !has_face {
                refined.facial_skin.clear();
            }
            let proof = Proof { front: None, ..clean(&refined) };
            judge(&[], &refined, &proof).verdict
        };
        assert_eq!(verdict(Some(25.0), false), Verdict::Pass);
        assert_eq!(verdict(Some(4.0), false), Verdict::Review);
        // A face that is there and of which the image shows no surface; a scan that was located by itself.
        assert_eq!(verdict(Some(0.0), true), Verdict::Review);
        assert_eq!(verdict(None, false), Verdict::Review);
    }
}
