//! What is removed ([`refine`]), carrying that to other scans of one head ([`Located`]), removing it ([`remove`]), and the proof that it is gone
//! ([`compare`], [`residual_face`], [`judge`]). Nothing here opens a file.

mod anatomy;
mod average;
mod background;
mod border;
mod brain;
mod carried;
mod counts;
mod cut;
mod drawn;
mod field;
mod fill;
mod located;
mod missing;
mod nearest;
mod on_labels;
mod parts;
mod refine;
mod remove;
mod residual;
mod rows;
mod second;
mod sight;
mod surface;
#[cfg(test)]
mod testing;
mod verdict;
mod verify;
mod wrap;

pub use anatomy::{Absence, Anatomy, Concern};
pub use border::{Border, border};
pub use carried::carried;
pub use fill::{Fill, Filling};
pub use located::{Carried, Located};
pub use missing::missing;
pub use on_labels::fill_on_labels;
pub use refine::{GuardReport, RefineOptions, Refined, RegionReport, refine, refine_carried};
pub use remove::{Removal, remove};
pub use residual::{Residual, residual_face};
pub use second::SecondLook;
pub use surface::{SkinLeft, skin_left};
pub use verdict::{Judgement, Proof, Verdict, judge};
pub use verify::{VerifyError, VoxelProof, compare};
