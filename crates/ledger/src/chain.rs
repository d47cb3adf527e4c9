use std::fs::File;
use std::io::{BufRead, BufReader};
use std::iter;
use std::path::Path;

use crate::entry::{Entry, sha256};
use crate::error::{Damage, LedgerError};
use crate::key::Key;

/// How far a ledger goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// How many entries there are.
    pub n_entries: u64,
    /// SHA-256 of the last line, its end of line included; zeros if there is none.
    pub hash: String,
}

/// The disclosures of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounting {
    /// Its entries, in the order of the ledger.
    pub entries: Vec<Entry>,
    /// How many entries were made with another key: whether they are of this subject cannot be told.
    pub n_other_key: u64,
}

/// Goes through a whole ledger, and finds what was changed, moved, added or taken away.
///
/// What was cut off at the end is found only with `noted`, the hash of any earlier
/// [`Head`]: a line with that hash must still be there.
///
/// # Errors
/// [`LedgerError`]: the first line that is not as it was written; [`LedgerError::HeadMissing`].
pub fn verify(path: &Path, noted: Option<&str>) -> Result<Head, LedgerError> {
    let mut walk = Walk::over(locked(path)?);
    let noted = noted.map(|hash| hash.trim().to_ascii_lowercase());
    let mut is_found = noted.as_ref().is_none_or(|noted| *noted == walk.head.hash);
    while let Some(entry) = walk.next() {
        entry?;
        is_found |= noted.as_ref() == Some(&walk.head.hash);
    }
    match noted {
        Some(noted) if !is_found => Err(LedgerError::HeadMissing { noted }),
        _ => Ok(walk.head),
    }
}

/// The entries of a ledger, each verified as by [`verify`] before it is told. The first error is
/// the last item. Nobody can add to the ledger until the iterator is dropped.
///
/// # Errors
/// [`LedgerError::Io`] if there is no such file.
pub fn list(
    path: &Path,
) -> Result<impl Iterator<Item = Result<Entry, LedgerError>> + use<>, LedgerError> {
    let mut walk = Walk::over(locked(path)?);
    let mut is_sound = true;
    Ok(iter::from_fn(move || {
        let next = if is_sound { walk.next() } else { None };
        is_sound = matches!(next, Some(Ok(_)));
        next
    }))
}

/// The disclosures of one subject, for the answer to a request under 45 CFR 164.528: when, to
/// whom, what for, and [what](Entry::description).
///
/// # Errors
/// [`LedgerError`] if the ledger does not [`verify`]: an accounting is whole or there is none.
pub fn export(path: &Path, key: &Key, subject: &str) -> Result<Accounting, LedgerError> {
    let name = key.name(subject).ok_or(LedgerError::Empty { field: "subject" })?;
    let mark = key.mark();
    let mut found = Accounting { entries: Vec::new(), n_other_key: 0 };
    for entry in list(path)? {
        let entry = entry?;
        found.n_other_key += u64::from(entry.key != mark);
        if entry.subject == name {
            found.entries.push(entry);
        }
    }
    Ok(found)
}

/// Opens a ledger to be read while nobody writes to it.
fn locked(path: &Path) -> Result<BufReader<File>, LedgerError> {
    let file = File::open(path)?;
    file.lock_shared()?;
    Ok(BufReader::new(file))
}

impl Head {
    /// That of a ledger without entries.
    pub(crate) fn start() -> Self {
        Self { n_entries: 0, hash: "0".repeat(64) }
    }

    /// That of a ledger which ends with this line, as long as it is sound in itself.
    pub(crate) fn at(line: &[u8]) -> Result<Self, Damage> {
        let entry = Entry::from_line(line)?;
        let n_entries = entry.sequence.checked_add(1).ok_or(Damage::NotAnEntry)?;
        Ok(Self { n_entries, hash: sha256(line) })
    }

    /// Goes on to the next line, if it is the one that follows.
    pub(crate) fn follow(&mut self, line: &[u8]) -> Result<Entry, Damage> {
        let entry = Entry::from_line(line)?;
        if entry.previous != self.hash {
            return Err(Damage::OutOfChain);
        }
        if entry.sequence != self.n_entries {
            return Err(Damage::Number { found: entry.sequence, wanted: self.n_entries });
        }
        *self = Self { n_entries: self.n_entries + 1, hash: sha256(line) };
        Ok(entry)
    }
}

/// A way through a ledger from its first line.
pub(crate) struct Walk<R> {
    from: R,
    line: Vec<u8>,
    pub(crate) head: Head,
}

impl<R: BufRead> Walk<R> {
    pub(crate) fn over(from: R) -> Self {
        Self { from, line: Vec::new(), head: Head::start() }
    }
}

impl<R: BufRead> Iterator for Walk<R> {
    type Item = Result<Entry, LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.line.clear();
        let line = self.head.n_entries + 1;
        match self.from.read_until(b'\n', &mut self.line) {
            Err(e) => Some(Err(e.into())),
            Ok(0) => None,
            Ok(_) if !self.line.ends_with(b"\n") => Some(Err(LedgerError::Torn { line })),
            Ok(_) => Some(
                self.head.follow(&self.line).map_err(|what| LedgerError::Damaged { line, what }),
            ),
        }
    }
}
