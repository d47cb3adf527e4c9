//! Who consented, and to whom what was disclosed.
//!
//! [`Consent`] reads a list of consents and objections. [`append`] adds one disclosure to a ledger,
//! a file of JSON Lines in which each line holds the hash of the one before it; [`verify`],
//! [`list`], [`export`] and [`recover`] read it. Both formats, and what the ledger cannot show, are
//! told in `docs/LEDGER.md`.
//!
//! The crate reads no clock: whoever calls it says what time it is. A subject's label is neither
//! written to the ledger nor told in a message.

mod append;
mod chain;
mod consent;
mod entry;
mod error;
mod key;
mod subject;
#[cfg(test)]
mod tests;
mod time;

pub use append::{Recovered, append, recover};
pub use chain::{Accounting, Head, export, list, verify};
pub use consent::{CellFault, Consent, ConsentError, Standing};
pub use entry::{Disclosure, Entry, Verdicts};
pub use error::{Damage, LedgerError};
pub use key::{Key, KeyError, read_key};
pub use time::Time;
