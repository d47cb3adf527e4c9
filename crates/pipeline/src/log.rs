use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use formats::Source;
use serde::Serialize;

use crate::digest;
use crate::record::Record;

/// The private log of a run: one JSON object a line. Unlike records it names inputs and their
/// hashes, and is not to be released.
pub(crate) struct Log(Mutex<File>);

#[derive(Serialize)]
struct Line<'a> {
    unix_seconds: u64,
    input: Option<String>,
    input_sha256: Option<String>,
    result: Option<String>,
    record: &'a Record,
}

impl Log {
    pub(crate) fn append_to(path: &Path) -> io::Result<Self> {
        OpenOptions::new().create(true).append(true).open(path).map(|file| Self(Mutex::new(file)))
    }

    /// Adds one scan; `input` is its path, unless it may not be told, and `result` is where its
    /// image lies.
    pub(crate) fn add(
        &self,
        input: Option<&Path>,
        source: Option<&Source>,
        result: Option<&Path>,
        record: &Record,
    ) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs());
        let line = Line {
            unix_seconds: now,
            input: input.map(|path| path.display().to_string()),
            input_sha256: source.and_then(|s| digest::of_source(s).ok()),
            result: result.map(|p| p.display().to_string()),
            record,
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text)
    }
}
