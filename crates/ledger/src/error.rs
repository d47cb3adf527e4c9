use std::io;

use thiserror::Error;

/// Why a ledger is not what it should be, or was not added to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// A line is not as it was written, or not where it was.
    #[error("line {line} {what}")]
    Damaged {
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        what: Damage,
    },
    /// The last line has no end: whoever wrote it was stopped.
    #[error("line {line}, the last, was not written to its end")]
    Torn {
        /// The line, from 1.
        line: u64,
    },
    /// No line has the hash that was noted.
    #[error("no line has the hash `{noted}`")]
    HeadMissing {
        /// The hash that was noted.
        noted: String,
    },
    /// A disclosure does not say something that it must.
    #[error("the disclosure has no {field}")]
    Empty {
        /// What is missing.
        field: &'static str,
    },
    /// The hash of an output is none.
    #[error("the hash of output {n} is not SHA-256 in lower-case hex")]
    NotSha256 {
        /// Which output, from 1.
        n: usize,
    },
    /// The file cannot be read or written.
    #[error("the ledger cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

/// What is wrong with a line of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Damage {
    /// It is not of the form that this version writes.
    #[error("is no entry of a ledger")]
    NotAnEntry,
    /// Its content is not that of its hash.
    #[error("was changed: it does not match its own hash")]
    Changed,
    /// It does not hold the hash of the line before it.
    #[error("does not follow the line before it: one was changed, moved, added or taken away here")]
    OutOfChain,
    /// It holds that hash, but counts otherwise.
    #[error("has the number {found} instead of {wanted}")]
    Number {
        /// Its sequence number.
        found: u64,
        /// One more than that of the line before it.
        wanted: u64,
    },
}

impl LedgerError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Damaged { .. } => {
                "keep the file as it is, and compare it with a copy; nothing is added to it"
            }
            Self::Torn { .. } => {
                "run `efface ledger recover`, and add what it cut off again if it was disclosed"
            }
            Self::HeadMissing { .. } => {
                "lines were cut off or written anew, or the hash is of another ledger; compare with a copy"
            }
            Self::Empty { .. } => {
                "an accounting of disclosures needs subject, recipient, purpose and outputs"
            }
            Self::NotSha256 { .. } => "take the hash from the record of the result",
            Self::Io(_) => "check the path, the rights and the space of the disk",
        }
    }
}
