use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use formats::dicom::DicomError;
use formats::{FormatError, HeaderText, Layout, Modality, Scan, Source};
use inference::{Model, ModelError, SampleError, Sampled};
use ledger::LedgerError;
use masking::{Absence, Fill, Judgement, RefineOptions, Refined, Verdict, VerifyError};
use thiserror::Error;
use volume::{Grid, Mask};

use crate::places::beside_image;
use crate::proof::{Original, compare};
use crate::record::{Output, Record, round};
use crate::space::{Decision, Shared};
use crate::staging::ScanStaging;
use crate::{Options, Planned, digest};

/// Why a scan has no result.
#[derive(Debug, Error)]
pub(crate) enum ScanError {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    NotFound(Arc<FormatError>),
    #[error(transparent)]
    Sample(#[from] SampleError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{0}")]
    Absent(Absence),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("the written file differs from the original outside the voxels")]
    HeaderChanged,
    #[error("the mask has an axis longer than NIfTI-1 can say")]
    MaskTooLong,
    #[error("the mask cannot be read: {0}")]
    Mask(Box<FormatError>),
    #[error("the mask is no NIfTI file on the grid of the scan")]
    NoMask,
    #[error("it is not handed over, since the ledger cannot be written: {0}")]
    Ledger(LedgerError),
    #[error("it is not handed over, since nothing tells whose it is")]
    NoSubject,
    #[error("the result cannot be moved to its place: {0}")]
    Publish(std::io::Error),
    #[error("an internal error: {0}")]
    Panic(String),
}

impl ScanError {
    /// Why the files are no DICOM volume, if that is the reason.
    pub(crate) fn dicom(&self) -> Option<&DicomError> {
        match self {
            Self::Format(FormatError::Dicom(e)) => Some(e),
            _ => None,
        }
    }

    /// What the user can do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Format(e) => e.hint(),
            Self::NotFound(e) => e.hint(),
            Self::Sample(_) => "check the voxel sizes and their unit in the header",
            Self::Model(_) => "run `efface doctor`",
            Self::Absent(Absence::AlreadyDefaced) => "look at it; efface removes nothing twice",
            Self::Absent(_) => "efface takes scans of heads; leave this one out, or look at it",
            Self::Verify(_) | Self::HeaderChanged | Self::Panic(_) => {
                "nothing was written; please report this"
            }
            Self::Mask(e) => e.hint(),
            Self::NoMask => "edit the `_defacemask.nii.gz` of an earlier run; 0 = kept",
            Self::MaskTooLong => "run without `--mask`",
            Self::Ledger(e) => e.hint(),
            Self::NoSubject => "name the folder or the file after its subject, as `sub-01`",
            Self::Publish(_) => "check the rights and the space of the output folder",
        }
    }
}

/// What came of one scan, its record filled in; image, mask and record lie in the staging folder.
pub(crate) struct Made {
    pub(crate) judgement: Judgement,
    pub(crate) image: Source,
    /// The hash of the original, where one was wanted.
    pub(crate) input_sha256: Option<String>,
}

/// Takes one scan through all stages; `shared` tells what was seen of it and of others of its space,
/// `is_hashed` asks for the hash of the original too.
pub(crate) fn deface(
    planned: &Planned,
    shared: Option<&Shared>,
    staging: &ScanStaging,
    model: &Model,
    options: &Options,
    is_hashed: bool,
    record: &mut Record,
) -> Result<Made, ScanError> {
    let source = planned.source.as_ref().map_err(|(_, e)| ScanError::NotFound(Arc::clone(e)))?;
    let name = &planned.name;
    let workers = options.workers;
    let mut clock = Clock::start();
    let scan = open(source, planned, options)?;
    record.notes = scan.notes.iter().map(|n| n.text.clone()).collect();
    // A result of another kind does not say all that the scan says of itself.
    let mut doubts = doubts(&scan);
    clock.stage(record, "open");

    let sampled = inference::sample(&scan.volume, model.card(), workers)?;
    clock.stage(record, "sample");
    let found = match shared.and_then(|shared| shared.found) {
        Some(found) => Cow::Borrowed(found),
        None => Cow::Owned(inference::segment(model, &sampled, options.flip, workers)?),
    };
    record.add_confidence(&found.confidence);
    clock.stage(record, "infer");

    let refining = RefineOptions {
        regions: options.regions,
        guard_mm: options.guard_mm,
        face_wins: options.face_wins,
    };
    let grid = *scan.volume.grid();
    let Sampled { image, is_hu, .. } = &sampled;
    let carried = shared.and_then(|shared| match &shared.decision {
        Decision::Carried { located, offset, .. } => {
            Some(located.carried(offset, &found.labels, image, &grid, workers))
        }
        _ => None,
    });
    record.add_space(shared, carried.as_ref());
    let refined = match &carried {
        Some(carried) => masking::refine_carried(carried, image, &grid, *is_hu, refining, workers),
        None => masking::refine(&found.labels, image, &grid, *is_hu, refining, workers),
    };
    let mut refined = refined.map_err(ScanError::Absent)?;
    if let Some(path) = &options.mask {
        refined = refined.with_mask(given_mask(path, &grid)?, workers);
    }
    let concerns = refined.concerns(&found.confidence, carried.as_ref());
    drop((found, carried));
    record.add_refined(&refined, options.guard_mm);
    clock.stage(record, "refine");

    // What was read stays as it is, to be compared with what is written.
    let mut changed = scan.copy_on(workers).map_err(FormatError::Io)?;
    clock.stage(record, "keep");
    let fill = Fill::of(options.filling, &scan.volume, &refined, sampled.is_hu);
    record.options.fill = fill_name(&fill);
    let removal = masking::remove(&mut changed.volume, &refined.mask, &fill, workers);
    drop(fill);
    record.add_header(&clean(&mut changed, options)?);
    clock.stage(record, "remove");

    let file_name = name.file_name().unwrap_or_default();
    let folder = staging.folder().map_err(ScanError::Publish)?;
    let mut image = formats::write_on(&changed, folder, file_name, workers)?;
    if options.write_mask {
        write_mask(&refined, &folder.join(file_name))?;
    }
    clock.stage(record, "write");

    let mut after = formats::reopen_on(&image, changed, workers)?;
    clock.stage(record, "reopen");
    let original = Original { scan: &scan, sampled: &sampled, refined: &refined };
    let compared = compare(&original, &after, Some(&refined.mask), options)?;
    clock.stage(record, "verify");
    let (sha256, input_sha256) = workers.both(
        || digest::of_opened(&image, &after),
        || is_hashed.then(|| digest::of_opened(source, &scan)),
    );
    let (mut sha256, input_sha256) =
        (sha256.map_err(FormatError::Io)?, input_sha256.and_then(Result::ok));
    clock.stage(record, "hash");
    if !has_expected_header(scan, &after, options)? || formats::second_picture(&after)?.is_some() {
        return Err(ScanError::HeaderChanged);
    }
    clock.stage(record, "verify");
    let proof = compared.look_again(model, workers)?;
    clock.stage(record, "look_again");
    record.add_proof(removal.n_voxels, &proof);

    let mut judgement = masking::judge(&concerns, &refined, &proof);
    doubts.append(&mut self::doubts(&after));
    doubts.into_iter().for_each(|doubt| judgement.add(Verdict::Review, doubt));
    if judgement.verdict != Verdict::Pass {
        // What a person must look at does not say of itself that it is done.
        formats::withdraw_claim(&mut after)?;
        staging.discard(&image).map_err(ScanError::Publish)?;
        image = formats::write_on(&after, folder, file_name, workers)?;
        sha256 = digest::of_source(&image).map_err(FormatError::Io)?;
    }
    let modality = modality(&after, sampled.is_hu);
    let of = after.volume.stored_type().name();
    record.output = Some(Output::of(sha256, &grid, after.volume.n_frames(), of, modality));
    clock.stage(record, "verify");
    Ok(Made { judgement, image, input_sha256 })
}

/// What a person must look at, as the file itself says.
fn doubts(scan: &Scan) -> BTreeSet<String> {
    scan.notes.iter().filter(|note| note.needs_review).map(|note| note.text.clone()).collect()
}

/// Whether all that is no voxel in a result is what it was to become. A header that speaks of the voxels, as
/// DICOM's do, speaks of those that were written.
fn has_expected_header(
    mut before: Scan,
    after: &Scan,
    options: &Options,
) -> Result<bool, FormatError> {
    if matches!(after.layout, Layout::DicomFile | Layout::DicomSeries) {
        return formats::is_released(&before, after, &options.release, options.workers);
    }
    clean(&mut before, options)?;
    Ok(formats::same_around_voxels(&before, after))
}

/// Loads a scan, DICOM as the NIfTI file that it is to become where that is wanted.
pub(crate) fn open(
    source: &Source,
    planned: &Planned,
    options: &Options,
) -> Result<Scan, FormatError> {
    let name = planned.name.file_name().unwrap_or_default();
    if options.resample && planned.is_converted && matches!(source, Source::DicomSeries { .. }) {
        return formats::open_resampled(source, name, options.workers);
    }
    let scan = formats::open_on(source, options.workers)?;
    match scan.layout {
        Layout::DicomFile | Layout::DicomSeries if planned.is_converted => {
            formats::as_nifti(scan, name)
        }
        _ => Ok(scan),
    }
}

/// Makes a DICOM header fit for release; clears a NIfTI header's free text, or says what of it is
/// kept.
fn clean(scan: &mut Scan, options: &Options) -> Result<HeaderText, FormatError> {
    if matches!(scan.layout, Layout::DicomFile | Layout::DicomSeries) {
        return formats::release_headers_on(scan, &options.release, options.workers);
    }
    if options.keep_header_text {
        return Ok(formats::held_header_text(scan));
    }
    let description = concat!("efface ", env!("CARGO_PKG_VERSION"), ": face removed");
    Ok(formats::clear_header_text(scan, description))
}

/// What was written where the face was: noise and an average head need air and axes to be found.
fn fill_name(fill: &Fill) -> String {
    match fill {
        Fill::Even(value) => format!("even, {value}"),
        Fill::Drawn { seed, .. } => format!("noise of the scan's own air, seed {seed}"),
        Fill::Head { flesh, air, .. } => format!("average head of {flesh} in {air}"),
    }
}

/// The mask that a user gives, on the grid of a scan.
fn given_mask(path: &Path, grid: &Grid) -> Result<Mask, ScanError> {
    let opened = formats::discover(path).and_then(|found| match &found.sources[..] {
        [source] => formats::open(source).map(Some),
        _ => Ok(None),
    });
    let scan = opened.map_err(|e| ScanError::Mask(Box::new(e)))?.ok_or(ScanError::NoMask)?;
    formats::mask_of(&scan, grid).ok_or(ScanError::NoMask)
}

/// What made the scan: what it says itself, or else what its values say.
pub(crate) fn modality(scan: &Scan, is_hu: bool) -> &'static str {
    match scan.modality {
        Some(modality) => modality.name(),
        None if is_hu => Modality::Ct.name(),
        None => Modality::Mr.name(),
    }
}

fn write_mask(refined: &Refined, staged: &Path) -> Result<(), ScanError> {
    const SIDECAR: &[u8] = br#"{
  "Description": "Voxels that efface removed, on the grid of the scan",
  "Polarity": "1 = removed, 0 = kept"
}
"#;
    let bytes = formats::mask_file(&refined.mask).ok_or(ScanError::MaskTooLong)?;
    formats::write_file(&beside_image(staged, "_defacemask.nii.gz"), &bytes, true)?;
    formats::write_file(&beside_image(staged, "_defacemask.json"), SIDECAR, false)?;
    Ok(())
}

/// Times the stages.
struct Clock(Instant);

impl Clock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn stage(&mut self, record: &mut Record, name: &'static str) {
        let seconds = record.seconds.entry(name).or_default();
        *seconds = round(*seconds + self.0.elapsed().as_secs_f64(), 1e4);
        self.0 = Instant::now();
    }
}
