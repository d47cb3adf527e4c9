//! The rigid offset between two scans of one head, whatever their contrasts.
//!
//! Both scans are brought down to 4 mm ([`Coarse`]); [`fit`] turns and moves one against the other until
//! their values tell most of each other. Nothing here knows a face: what is carried along with an offset is
//! decided elsewhere.

mod coarse;
mod fit;
mod information;
mod rigid;

pub use coarse::Coarse;
pub use fit::{Fit, Objection, fit};
pub use rigid::Rigid;
