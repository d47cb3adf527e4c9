//! What lies where in a BIDS dataset, what of it is defaced, and what the result says of itself.
//!
//! [`Dataset::open`] reads the description, [`Dataset::plan`] says of each file what becomes of it,
//! [`Plan::targets`] where the results go. Whoever makes the results tells which were released, and a
//! [`Release`] writes what goes with them. No voxel is read here. The rules are told in `docs/BIDS.md`.

mod dataset;
mod error;
mod filter;
mod json;
mod kind;
mod name;
mod output;
mod plan;
mod release;
mod table;
#[cfg(test)]
mod tests;
mod write;

pub use dataset::{Dataset, Participant};
pub use error::BidsError;
pub use filter::{Filter, ImageFilter};
pub use name::Name;
pub use output::{MASKS, Output, Targets};
pub use plan::{Action, Copied, Image, Plan, Planned, Reason, Released};
pub use release::{Release, Written};
pub use write::OutputRoot;
