//! Attacks on defaced heads: what can still be read of a face, and what a proof overlooks.
//!
//! Three questions, each a subcommand of `efface-attack`:
//!
//! - [`population`]: is a person found again by what is left? A depth map of the face is recovered
//!   from the defaced scan in several ways ([`recover()`]) and compared with the person's own face
//!   among decoys.
//! - [`predict`]: how well does a linear predictor guess the face from what remains?
//! - [`verifier`]: does a verifier notice seeded failures ([`Fault`])?
//!
//! An attack that finds nothing may be a weak attack. So it is run as well on ways to deface that are
//! known to leak ([`Cut`]), where it must find nearly everybody. Attackers are given more than they
//! would have: the exact place of eyes and ears, and the whole population's mean face.
//!
//! Nothing of the product depends on this crate, and it uses neither masks nor proofs of `masking`.

mod cut;
mod depth;
mod efface;
mod error;
mod fan;
mod fault;
mod frame;
mod heads;
mod image;
mod linear;
pub mod matching;
pub mod population;
pub mod predict;
mod recover;
pub mod report;
pub mod statistics;
pub mod verifier;

pub use cut::Cut;
pub use efface::{Defaced, Efface};
pub use error::AttackError;
pub use fan::{DepthMap, Fan};
pub use fault::{Fault, plant, removed_shares};
pub use frame::{Frame, Landmarks};
pub use heads::{Head, posed};
pub use image::{Image, Lattice, open_labels, open_scan};
pub use matching::{Matched, Placement};
pub use recover::{Recovery, recover};
