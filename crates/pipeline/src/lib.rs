//! Runs the stages on a scan or a batch, times them, and writes the record.
//!
//! [`Plan::make`] finds the scans and refuses what must not be written; [`run`] takes them one by
//! one through `formats`, `inference` and `masking`, so many at a time; those that share a patient space are
//! looked at together first. No voxel is touched here.

mod batch;
mod consent;
mod digest;
mod earlier;
mod hold;
mod log;
mod memory;
mod merge;
mod one;
mod places;
mod plan;
mod proof;
mod record;
mod shard;
mod space;
mod staging;
mod verify;

pub use batch::{Kind, Outcome, Summary, run};
pub use consent::{ConsentRule, Disclosing};
pub use formats::dicom::{Deidentify, Release, UidMap};
pub use kernels::{Level, Workers};
pub use masking::{Filling, Verdict};
pub use memory::available_bytes;
pub use merge::{MergeError, Merged, merge};
pub use plan::{Listed, Plan, PlanError, Planned, Sharing};
pub use shard::Shard;
pub use verify::{Verified, VerifyFailure, verify};
pub use volume::{Region, Regions};

use std::path::PathBuf;
use std::sync::Arc;

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Scans at a time.
    pub n_jobs: usize,
    /// Threads and instructions for each scan.
    pub workers: Workers<'static>,
    /// Whether results of an earlier run may be replaced.
    pub overwrite: bool,
    /// Whether what an earlier run with the same options has done, as its log and the results prove, is
    /// left as it is.
    pub resume: bool,
    /// Which part of the scans is taken; `None` for all.
    pub shard: Option<Shard>,
    /// Memory that the scans at work may take together, in bytes; `None` for no limit.
    pub memory_bytes: Option<u64>,
    /// Which scans share one decision on where the face is.
    pub sharing: Sharing,
    /// Whose scans are taken; `None` for everybody's.
    pub consent: Option<Arc<ConsentRule>>,
    /// To whom results go, if that is to be written down.
    pub disclosing: Option<Arc<Disclosing>>,
    /// Whether the mask is written too.
    pub write_mask: bool,
    /// Whether free text in NIfTI headers is kept.
    pub keep_header_text: bool,
    /// Whether the model also looks at the mirrored scan.
    pub flip: bool,
    /// Whether DICOM is written as NIfTI.
    pub as_nifti: bool,
    /// Whether DICOM that is written as NIfTI is resampled to an orthogonal grid with equal spacing.
    pub resample: bool,
    /// Modalities and SOP classes of what is no volume and released all the same.
    pub pass_through: Vec<String>,
    /// What is done to DICOM headers.
    pub release: Release,
    /// Whether the secret of `release` is this run's own, and unknown to any other.
    pub has_own_salt: bool,
    /// What is removed.
    pub regions: Regions,
    /// No voxel nearer to the brain than this is removed.
    pub guard_mm: f64,
    /// Whether a face that lies nearer than that is removed all the same, up to the brain itself.
    pub face_wins: bool,
    /// A mask drawn by hand that is removed instead: a NIfTI file on the scan's grid, not 0 = removed.
    pub mask: Option<PathBuf>,
    /// What is written where a face was.
    pub filling: Filling,
    /// The private log; `None` for no log.
    pub log: Option<PathBuf>,
}
