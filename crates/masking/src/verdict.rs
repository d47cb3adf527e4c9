use crate::{Concern, GuardReport, Residual, VoxelProof};

/// Of the facial surface, at most this may stay in a scan that passes.
const MOST_RESIDUAL: f64 = 0.05;
/// If more than this stays, nothing is released.
const FAILED_RESIDUAL: f64 = 0.5;
/// Facial skin left because the brain lies too near: at most this in a scan that passes.
const MOST_GUARDED_SKIN: f64 = 0.005;

/// Brain that only the image shows: at most this in a scan that passes. Where the image's brain runs out
/// of the skull, on 19 labelled heads, it holds up to 18 ml more.
const MOST_UNFOUND_ML: f64 = 30.0;

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
pub fn judge(
    concerns: &[Concern],
    guard: &GuardReport,
    voxels: &VoxelProof,
    residual: Option<&Residual>,
) -> Judgement {
    let mut judgement = Judgement { verdict: Verdict::Pass, reasons: Vec::new() };
    if voxels.n_changed_outside > 0 {
        let n = voxels.n_changed_outside;
        judgement.add(Verdict::Fail, format!("{n} voxels outside the mask changed"));
    }
    if guard.n_brain_removed > 0 {
        let n = guard.n_brain_removed;
        judgement.add(Verdict::Fail, format!("{n} voxels of the brain were removed"));
    }
    match residual {
        None => judgement.add(
            Verdict::Review,
            "the facial surface could not be told from the image, so its absence is not proven"
                .to_owned(),
        ),
        Some(residual) if residual.share > MOST_RESIDUAL => {
            let verdict =
                if residual.share > FAILED_RESIDUAL { Verdict::Fail } else { Verdict::Review };
            let share = residual.share * 100.0;
            judgement.add(verdict, format!("{share:.0} % of the facial surface is still there"));
        }
        Some(_) => {}
    }
    if guard.skin_left > MOST_GUARDED_SKIN {
        let share = guard.skin_left * 100.0;
        let reason =
            format!("{share:.1} % of the facial skin lies too near to the brain and stays");
        judgement.add(Verdict::Review, reason);
    }
    if guard.unfound_ml > MOST_UNFOUND_ML {
        let ml = guard.unfound_ml;
        judgement.add(
            Verdict::Review,
            format!("{ml:.0} ml look like brain where the model found none"),
        );
    }
    for concern in concerns {
        judgement.add(Verdict::Review, concern.to_string());
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: GuardReport =
        GuardReport { n_brain_removed: 0, smallest_distance_mm: 6.0, skin_left: 0.0, unfound_ml: 0.0 };
    const VOXELS: VoxelProof = VoxelProof { n_changed_outside: 0, n_changed_inside: 9 };
    const CLEAN: Residual = Residual { n_columns: 2000, share: 0.01 };

    fn check(
        concerns: &[Concern],
        guard: GuardReport,
        voxels: VoxelProof,
        residual: Option<Residual>,
        expected: Verdict,
    ) {
        let judgement = judge(concerns, &guard, &voxels, residual.as_ref());
        assert_eq!(judgement.verdict, expected, "{:?}", judgement.reasons);
        assert_eq!(judgement.reasons.is_empty(), expected == Verdict::Pass);
    }

    #[test]
    fn only_a_whole_proof_passes() {
        check(&[], GUARD, VOXELS, Some(CLEAN), Verdict::Pass);
        check(&[Concern::OneEye], GUARD, VOXELS, Some(CLEAN), Verdict::Review);
        check(&[], GUARD, VOXELS, None, Verdict::Review);
        check(&[], GUARD, VOXELS, Some(Residual { share: 0.1, ..CLEAN }), Verdict::Review);
        check(&[], GUARD, VOXELS, Some(Residual { share: 0.9, ..CLEAN }), Verdict::Fail);
        check(&[], GuardReport { skin_left: 0.1, ..GUARD }, VOXELS, Some(CLEAN), Verdict::Review);
        check(&[], GuardReport { unfound_ml: 50.0, ..GUARD }, VOXELS, Some(CLEAN), Verdict::Review);
        check(&[], GuardReport { n_brain_removed: 1, ..GUARD }, VOXELS, Some(CLEAN), Verdict::Fail);
        check(
            &[],
            GUARD,
            VoxelProof { n_changed_outside: 1, ..VOXELS },
            Some(CLEAN),
            Verdict::Fail,
        );
    }
}
