//! Who consented, and to whom what was disclosed.
//!
//! [`Consent`] reads a list of consents and objections.
//!
//! The crate reads no clock: whoever calls it says what time it is. No message tells a subject's
//! label.

mod consent;
mod subject;
mod time;

pub use consent::{CellFault, Consent, ConsentError, Standing};
pub use time::Time;
