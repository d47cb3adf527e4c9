use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::record::Record;

/// The private log of a run: one JSON object a line. Unlike records it names inputs and their
/// hashes, and is not to be released.
pub(crate) struct Log(Mutex<File>);

/// What is told of one scan.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    pub(crate) unix_seconds: u64,
    /// Stands for the options, the model and the program.
    pub(crate) key: &'a str,
    /// Which part of the input the run took, as `1/4`.
    pub(crate) shard: Option<String>,
    /// The scan's number among those of the run, from 1, and how many there are.
    pub(crate) scan: [usize; 2],
    /// The name of the result below the output.
    pub(crate) name: String,
    /// The path of the input, unless it may not be told.
    pub(crate) input: Option<String>,
    pub(crate) input_sha256: Option<String>,
    /// Stands for the inputs of all scans that share the space of this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) space_sha256: Option<String>,
    /// Whether a face was located in that space.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) in_head_space: bool,
    /// Where the result lies.
    pub(crate) result: Option<String>,
    /// What came of it: a verdict, `withheld`, `passed through` or `excluded`.
    pub(crate) outcome: &'static str,
    /// What the subject said, where a list of consents was asked.
    pub(crate) consent: Option<ledger::Standing>,
    pub(crate) record: &'a Record,
}

impl Log {
    /// Opens the log at `path`, to add to it. A line that a killed run has left half written is ended.
    pub(crate) fn append_to(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        if file.metadata()?.len() > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self(Mutex::new(file)))
    }

    /// Adds one scan.
    pub(crate) fn add(&self, line: &Line) -> io::Result<()> {
        self.add_line(line)
    }

    /// Adds that the run of so many scans came to its end.
    pub(crate) fn end(&self, n_scans: usize) -> io::Result<()> {
        self.add_line(&End { unix_seconds: unix_seconds(), ended: n_scans })
    }

    fn add_line(&self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text)
    }
}

/// Tells that a run came to its end.
#[derive(Serialize)]
struct End {
    unix_seconds: u64,
    /// How many scans the run had.
    ended: usize,
}

/// Seconds since 1970, UTC.
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs())
}
