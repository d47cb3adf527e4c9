//! Whether a verifier tells seeded failures from sound results.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use kernels::Workers;
use serde_json::Value;
use volume::Mask;

use crate::image::open_scan;
use crate::statistics::auroc;
use crate::{AttackError, Efface, Fault, Head, Image, plant, removed_shares};

/// A command that judges a pair: `COMMAND ... ORIGINAL DEFACED`.
#[derive(Debug, Clone)]
pub struct Verifier {
    /// The program.
    pub program: PathBuf,
    /// What comes before the two paths.
    pub arguments: Vec<String>,
    /// Where in the JSON that it writes lies its score, as a JSON pointer (RFC 6901); the higher, the
    /// worse. Without it 1 is the score of what it does not pass, 0 of what it passes.
    pub score_at: Option<String>,
}

/// What a verifier said of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Whether it ended with exit code 0.
    pub passed: bool,
    /// How bad the result is.
    pub score: f64,
}

impl Verifier {
    /// Asks about a pair.
    ///
    /// # Errors
    /// [`AttackError`] if the program does not start, or promised a score and gave none.
    pub fn ask(&self, original: &Path, defaced: &Path) -> Result<Answer, AttackError> {
        let output = Command::new(&self.program)
            .args(&self.arguments)
            .args([original, defaced])
            .output()
            .map_err(|reason| AttackError::Command { command: self.program.clone(), reason })?;
        let passed = output.status.success();
        let Some(pointer) = &self.score_at else {
            return Ok(Answer { passed, score: f64::from(u8::from(!passed)) });
        };
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let record: Option<Value> = serde_json::from_str(&answer).ok();
        let score = record.as_ref().and_then(|r| r.pointer(pointer)).and_then(Value::as_f64);
        let Some(score) = score else {
            return Err(AttackError::NoScore { pointer: pointer.clone(), answer });
        };
        Ok(Answer { passed, score })
    }
}

/// Answers on one kind of results.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The fault that was seeded; `None` for sound results.
    pub fault: Option<Fault>,
    /// For each head its name and the answer.
    pub answers: Vec<(String, Answer)>,
}

impl Answers {
    fn scores(&self) -> Vec<f64> {
        self.answers.iter().map(|(_, answer)| answer.score).collect()
    }

    /// How well its scores are told from those of sound results; `None` if there are none of either.
    #[must_use]
    pub fn auroc(&self, sound: &Self) -> Option<f64> {
        auroc(&self.scores(), &sound.scores())
    }

    /// Results that the verifier did not pass.
    #[must_use]
    pub fn n_caught(&self) -> usize {
        self.answers.iter().filter(|(_, answer)| !answer.passed).count()
    }
}

/// Defaces each head, seeds each fault in the result, and asks `ask` about the sound result and each
/// faulty one; the sound ones come first. Heads without a result are passed over.
///
/// # Errors
/// [`AttackError`] if a file cannot be read or written, or a command does not start.
pub fn trial<'a>(
    heads: impl Iterator<Item = &'a Head>,
    efface: &Efface,
    ask: impl Fn(&Path, &Path) -> Result<Answer, AttackError>,
    workers: Workers,
) -> Result<Vec<Answers>, AttackError> {
    let faults = std::iter::once(None).chain(Fault::ALL.map(Some));
    let mut trial: Vec<Answers> =
        faults.map(|fault| Answers { fault, answers: Vec::new() }).collect();
    for head in heads {
        let folder = tempfile::tempdir().map_err(AttackError::file("a temporary folder"))?;
        let Some(result) = efface.deface(&head.path, &folder.path().join("out"))? else { continue };
        let mask = open_mask(&result.mask)?;
        for answers in &mut trial {
            let path = match answers.fault {
                None => result.path.clone(),
                Some(fault) => {
                    let Some(shares) = removed_shares(&mask, &head.labels, fault, workers) else {
                        continue;
                    };
                    let place = folder.path().join(fault.name());
                    write_faulty(&head.path, &result.path, &mask, &shares, &place)?
                }
            };
            answers.answers.push((head.name.clone(), ask(&head.path, &path)?));
        }
    }
    Ok(trial)
}

/// Writes what a faulty run would have written, into the new folder `place`; returns where it lies.
fn write_faulty(
    original: &Path,
    sound: &Path,
    mask: &Mask,
    shares: &[f32],
    place: &Path,
) -> Result<PathBuf, AttackError> {
    let original = open_scan(original)?;
    let mut faulty = open_scan(sound)?;
    plant(&original.volume, &mut faulty.volume, mask, shares);
    std::fs::create_dir(place).map_err(AttackError::file(place))?;
    let name = sound.file_name().unwrap_or(OsStr::new("faulty"));
    let written = formats::write(&faulty, place, name)
        .map_err(|reason| AttackError::Scan { path: place.to_owned(), reason })?;
    Ok(written.path().to_owned())
}

/// The mask in a file that efface wrote.
fn open_mask(path: &Path) -> Result<Mask, AttackError> {
    let image = Image::open(path)?;
    let extent = image.lattice.grid.extent;
    let words = kernels::threshold(&image.values, extent, 0.5, Workers::ONE);
    Ok(Mask::from_words(image.lattice.grid, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_sound_ones_by_score() {
        let answers = |fault, scores: &[f64]| Answers {
            fault,
            answers: scores
                .iter()
                .map(|&score| (String::new(), Answer { passed: score < 0.5, score }))
                .collect(),
        };
        let sound = answers(None, &[0.1, 0.2, 0.3]);
        let faint = answers(Some(Fault::Faint), &[0.4, 0.9]);
        assert_eq!((faint.auroc(&sound), faint.n_caught()), (Some(1.0), 1));
        assert_eq!(answers(Some(Fault::Empty), &[]).auroc(&sound), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_verifier_is_asked_with_both_paths_and_answers_with_code_and_score() {
        let verifier = |score_at: Option<&str>| Verifier {
            program: "/bin/sh".into(),
            arguments: ["-c", "echo '{\"proof\": {\"left\": 0.25}}'; [ \"$1\" = \"$2\" ]", "sh"]
                .map(str::to_owned)
                .to_vec(),
            score_at: score_at.map(str::to_owned),
        };
        let ask =
            |verifier: Verifier, defaced: &str| verifier.ask(Path::new("a"), Path::new(defaced));
        let by_code = ask(verifier(None), "b").expect("an answer");
        assert_eq!(by_code, Answer { passed: false, score: 1.0 });
        let by_score = ask(verifier(Some("/proof/left")), "a").expect("an answer");
        assert_eq!(by_score, Answer { passed: true, score: 0.25 });
        let missing = ask(verifier(Some("/proof/right")), "a");
        assert!(matches!(missing, Err(AttackError::NoScore { .. })));
    }
}
