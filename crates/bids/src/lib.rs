//! What lies where in a BIDS dataset, what of it is defaced, and what the result says of itself.
//!
//! [`Dataset::open`] reads the description, [`Dataset::plan`] says of each file what becomes of it. No
//! voxel is read here.

mod dataset;
mod error;
mod filter;
mod json;
mod kind;
mod name;
mod plan;

pub use dataset::{Dataset, Participant};
pub use error::BidsError;
pub use filter::{Filter, ImageFilter};
pub use name::Name;
pub use plan::{Action, Copied, Image, Plan, Planned, Reason, Released};
