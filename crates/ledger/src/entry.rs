use std::fmt::Write as _;
use std::io;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Damage, LedgerError};
use crate::key::{Key, hex};
use crate::{Standing, Time};

/// What is handed over, as it is told to [`append`](crate::append).
///
/// The label of the subject goes no further than its keyed hash. The other texts are written as
/// they are, and must not name the subject.
#[derive(Clone)]
pub struct Disclosure<'a> {
    /// When.
    pub time: Time,
    /// The label of whose scans they are, with or without BIDS' prefix `sub-`.
    pub subject: &'a str,
    /// Who receives them: a name, and the address if it is known.
    pub recipient: &'a str,
    /// What for.
    pub purpose: &'a str,
    /// The agreement under which they are handed over, for instance its number.
    pub agreement: Option<&'a str>,
    /// SHA-256 of each scan as it is handed over, in lower-case hex, at least one.
    pub outputs: &'a [String],
    /// How all scans of the subject ended.
    pub verdicts: Verdicts,
    /// Where the subject stood; `None` if no list of consents was asked.
    pub consent: Option<Standing>,
    /// The program and its version.
    pub program: &'a str,
}

/// How many scans ended with each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdicts {
    /// The face is gone.
    pub pass: u64,
    /// A person had to look.
    pub review: u64,
    /// There is no result.
    pub fail: u64,
}

/// One line of a ledger, without its own hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How many lines lie before it.
    pub sequence: u64,
    /// SHA-256 of the line before it, its end of line included; zeros in the first.
    pub previous: String,
    /// When the disclosure was made, by the clock of whoever made it.
    pub time: Time,
    /// Tells entries made with one key from those made with another.
    pub key: String,
    /// HMAC-SHA-256 of the subject's label.
    pub subject: String,
    /// Who received the scans.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// The agreement under which they were handed over.
    pub agreement: Option<String>,
    /// SHA-256 of each scan that was handed over.
    pub outputs: Vec<String>,
    /// How all scans of the subject ended.
    pub verdicts: Verdicts,
    /// Where the subject stood; `None` if no list of consents was asked.
    pub consent: Option<Standing>,
    /// The program and its version.
    pub program: String,
}

impl Entry {
    /// What was disclosed, in a few words, for an accounting of disclosures.
    #[must_use]
    pub fn description(&self) -> String {
        let n = self.outputs.len();
        let mut text = format!("{n} head scan{}, face removed", if n == 1 { "" } else { "s" });
        let Verdicts { pass, review, fail } = self.verdicts;
        let parts = [(pass, "passed"), (review, "to review"), (fail, "failed")];
        let told = parts.iter().filter(|(n, _)| *n > 0);
        for (at, (n, what)) in told.enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(text, "{} {n} {what}", if at == 0 { " (of all:" } else { "," });
        }
        if !text.ends_with("removed") {
            text.push(')');
        }
        text
    }

    /// The entry of `disclosure` as the next of a chain.
    pub(crate) fn new(
        disclosure: &Disclosure<'_>,
        key: &Key,
        sequence: u64,
        previous: &str,
    ) -> Result<Self, LedgerError> {
        let told = |field, text: &str| match text.trim() {
            "" => Err(LedgerError::Empty { field }),
            text => Ok(text.to_owned()),
        };
        if disclosure.outputs.is_empty() {
            return Err(LedgerError::Empty { field: "outputs" });
        }
        if let Some(n) = disclosure.outputs.iter().position(|hash| !is_sha256(hash)) {
            return Err(LedgerError::NotSha256 { n: n + 1 });
        }
        Ok(Self {
            sequence,
            previous: previous.to_owned(),
            time: disclosure.time,
            key: key.mark(),
            subject: key.name(disclosure.subject).ok_or(LedgerError::Empty { field: "subject" })?,
            recipient: told("recipient", disclosure.recipient)?,
            purpose: told("purpose", disclosure.purpose)?,
            agreement: disclosure.agreement.and_then(|text| told("agreement", text).ok()),
            outputs: disclosure.outputs.to_vec(),
            verdicts: disclosure.verdicts,
            consent: disclosure.consent,
            program: disclosure.program.to_owned(),
        })
    }

    /// The line of this entry: its object with the SHA-256 of all before as last member, `hash`.
    pub(crate) fn to_line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.pop();
        let hash = sha256(&line);
        line.extend([HASH.as_bytes(), hash.as_bytes(), END].concat());
        Ok(line)
    }

    /// The entry of a line that is as it was written.
    pub(crate) fn from_line(line: &[u8]) -> Result<Self, Damage> {
        let rest = line.strip_suffix(END).ok_or(Damage::NotAnEntry)?;
        let (rest, hash) = rest.split_last_chunk::<64>().ok_or(Damage::NotAnEntry)?;
        let body = rest.strip_suffix(HASH.as_bytes()).ok_or(Damage::NotAnEntry)?;
        if sha256(body).as_bytes() != hash {
            return Err(Damage::Changed);
        }
        serde_json::from_slice(&[body, b"}"].concat()).map_err(|_| Damage::NotAnEntry)
    }
}

const HASH: &str = r#","hash":""#;
const END: &[u8] = b"\"}\n";

/// SHA-256 in lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether this is how [`sha256`] writes.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
