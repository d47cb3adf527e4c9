//! What is removed ([`refine`]), removing it ([`remove`]), and the proof that it is gone
//! ([`verify_voxels`], [`residual_face`], [`judge`]). Nothing here opens a file.

mod anatomy;
mod average;
mod background;
mod brain;
mod cut;
mod drawn;
mod field;
mod fill;
mod parts;
mod refine;
mod remove;
mod residual;
mod sight;
mod verdict;
mod verify;
mod wrap;

pub use anatomy::{Absence, Anatomy, Concern};
pub use refine::{GuardReport, RefineOptions, Refined, RegionReport, refine};
pub use fill::{Fill, Filling};
pub use remove::{Removal, remove};
pub use residual::{Residual, residual_face};
pub use verdict::{Judgement, Verdict, judge};
pub use verify::{VerifyError, VoxelProof, verify_voxels};
