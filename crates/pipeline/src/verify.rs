use std::path::{Path, PathBuf};

use formats::{FormatError, Scan, Source};
use inference::Model;
use kernels::Workers;
use masking::{RefineOptions, Verdict};
use thiserror::Error;

use crate::Options;
use crate::one::ScanError;
use crate::proof::{Original, compare};
use crate::record::Record;

/// What came of a proof.
#[derive(Debug)]
pub struct Verified {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is no pass.
    pub reasons: Vec<String>,
    /// The record, as JSON.
    pub record: Vec<u8>,
}

/// Why nothing can be proven.
#[derive(Debug, Error)]
#[error("`{}`: {reason}", path.display())]
pub struct VerifyFailure {
    /// The scan.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// What can be done about it.
    pub hint: &'static str,
}

/// Proves a pair of scans, whatever tool made the second from the first: the same proof as that of a
/// run, with all that changed as the mask.
///
/// # Errors
/// [`VerifyFailure`] if one of them is not one scan, cannot be read, or the original shows no face.
pub fn verify(
    original: &Path,
    defaced: &Path,
    model: &Model,
    options: &Options,
) -> Result<Verified, VerifyFailure> {
    let before = open_one(original, options.workers)?;
    let after = open_one(defaced, options.workers)?;
    let fail = |error: ScanError| VerifyFailure {
        path: original.to_owned(),
        reason: error.to_string(),
        hint: error.hint(),
    };
    let workers = options.workers;
    let compared = masking::compare(&before.volume, &after.volume, None, workers);
    let (changed, _) = compared.map_err(|e| VerifyFailure {
        path: defaced.to_owned(),
        reason: e.to_string(),
        hint: "give a result on the grid, and with the number type, of its original",
    })?;
    let mut record = Record::begin(model, options);
    let sampled = inference::sample(&before.volume, model.card(), workers)
        .map_err(|e| fail(ScanError::Sample(e)))?;
    let found = inference::segment(model, &sampled, options.flip, workers)
        .map_err(|e| fail(ScanError::Model(e)))?;
    record.add_confidence(&found.confidence);
    let refining = RefineOptions {
        regions: options.regions,
        guard_mm: options.guard_mm,
        face_wins: options.face_wins,
    };
    let grid = *before.volume.grid();
    let refined =
        masking::refine(&found.labels, &sampled.image, &grid, sampled.is_hu, refining, workers)
            .map_err(|e| fail(ScanError::Absent(e)))?
            .with_changes(changed, workers);
    record.add_refined(&refined, options.guard_mm);
    let pair = Original { scan: &before, sampled: &sampled, refined: &refined };
    let compared = compare(&pair, &after, None, options).map_err(fail)?;
    let proof = compared.look_again(model, workers).map_err(fail)?;
    record.add_proof(refined.mask.n_set(), &proof);
    let concerns = refined.concerns(&found.confidence, None);
    let judgement = masking::judge(&concerns, &refined, &proof);
    record.add_judgement(&judgement);
    Ok(Verified {
        verdict: judgement.verdict,
        reasons: judgement.reasons,
        record: record.to_json(),
    })
}

/// Opens the one scan that a path names.
fn open_one(path: &Path, workers: Workers) -> Result<Scan, VerifyFailure> {
    let fail = |reason: String, hint| VerifyFailure { path: path.to_owned(), reason, hint };
    let told = |e: FormatError| fail(e.to_string(), e.hint());
    let sources: Vec<Source> = formats::discover(path).map_err(told)?.sources;
    match &sources[..] {
        [source] => formats::open_on(source, workers).map_err(told),
        [] => Err(fail("no scan was found".to_owned(), "give a NIfTI file or a DICOM series")),
        all => Err(fail(
            format!("{} scans were found", all.len()),
            "give one scan: a NIfTI file, or the folder of one DICOM series",
        )),
    }
}
