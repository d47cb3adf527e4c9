use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::Shard;
use crate::batch::is_settled;

/// What the logs of shards tell together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged {
    /// How many scans ended in each way: a verdict, `withheld` and so on.
    pub n_of: BTreeMap<String, usize>,
    /// Scans that a person must look at: name and outcome.
    pub to_look_at: Vec<(String, String)>,
    /// What was not defaced and is of a head whose face another scan shows: name and outcome.
    pub not_defaced: Vec<(String, String)>,
    /// The shards that have not come to their end, as `2/4`.
    pub unfinished: Vec<String>,
}

/// Why logs cannot be merged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There is none.
    #[error("no log of a shard lies beside `{}`", out.display())]
    NoLog {
        /// The folder of results.
        out: PathBuf,
    },
    /// They are of runs that divided the scans in different ways.
    #[error("the logs are of runs in {one} and in {other} parts")]
    Parts {
        /// Parts of one.
        one: usize,
        /// Parts of another.
        other: usize,
    },
    /// There is a merged log already.
    #[error("`{}` exists", log.display())]
    Exists {
        /// The log.
        log: PathBuf,
    },
    /// A log cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The log.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl MergeError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoLog { .. } => "give the output of runs with `--shard`",
            Self::Parts { .. } => "move the logs of one of them away",
            Self::Exists { .. } => "move it away, or add `--overwrite`",
            Self::Io { .. } => "check the rights and the space of the disk",
        }
    }
}

#[derive(Deserialize)]
struct Line {
    name: String,
    outcome: String,
    #[serde(default)]
    in_head_space: bool,
}

/// The line that a run ends with.
#[derive(Deserialize)]
struct End {
    #[serde(rename = "ended")]
    _n_scans: usize,
}

/// Joins the logs that shards left beside `out` into the one that a run on all scans would have left, and
/// says which shards are not done. Of a scan that was taken more than once the last line stays.
///
/// # Errors
/// [`MergeError`]; no log is changed then.
pub fn merge(out: &Path, log: &Path, overwrite: bool) -> Result<Merged, MergeError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| MergeError::Io { path, source }
    };
    let shards = shard_logs(log).map_err(failed(log))?;
    let Some((&(_, of), _)) = shards.first_key_value() else {
        return Err(MergeError::NoLog { out: out.to_owned() });
    };
    if let Some(&(_, other)) = shards.keys().find(|(_, n)| *n != of) {
        return Err(MergeError::Parts { one: of, other });
    }
    if log.exists() && !overwrite {
        return Err(MergeError::Exists { log: log.to_owned() });
    }
    let mut merged = Merged::default();
    let mut text = Vec::new();
    for number in 1..=of {
        let Some(path) = shards.get(&(number, of)) else {
            merged.unfinished.push(format!("{number}/{of}"));
            continue;
        };
        let bytes = fs::read(path).map_err(failed(path))?;
        let mut last: BTreeMap<String, (Line, &[u8])> = BTreeMap::new();
        for bytes in bytes.split(|b| *b == b'\n') {
            if let Ok(line) = serde_json::from_slice::<Line>(bytes) {
                last.insert(line.name.clone(), (line, bytes));
            }
        }
        let end = bytes.split(|b| *b == b'\n').rfind(|line| !line.is_empty());
        if end.is_none_or(|line| serde_json::from_slice::<End>(line).is_err()) {
            merged.unfinished.push(format!("{number}/{of}"));
        }
        for (name, (line, bytes)) in last {
            *merged.n_of.entry(line.outcome.clone()).or_default() += 1;
            let (outcome, in_head_space) = (line.outcome, line.in_head_space);
            if in_head_space && !is_settled(&outcome) {
                merged.not_defaced.push((name.clone(), outcome.clone()));
            }
            if matches!(outcome.as_str(), "review" | "fail") {
                merged.to_look_at.push((name, outcome));
            }
            text.extend(bytes);
            text.push(b'\n');
        }
    }
    merged.to_look_at.sort();
    merged.not_defaced.sort();
    let mut staged = log.as_os_str().to_owned();
    staged.push(".part");
    let staged = PathBuf::from(staged);
    let write = || -> io::Result<()> {
        fs::File::create(&staged)?.write_all(&text)?;
        fs::rename(&staged, log)
    };
    write().inspect_err(|_| drop(fs::remove_file(&staged))).map_err(failed(log))?;
    Ok(merged)
}

/// The logs of shards beside the log of a whole run, by number and how many there are.
fn shard_logs(log: &Path) -> io::Result<BTreeMap<(usize, usize), PathBuf>> {
    let folder = log.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = log.file_name().unwrap_or_default().as_encoded_bytes();
    let start = name.strip_suffix(b".efface.jsonl").unwrap_or(name);
    let mut logs = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        let shard = name
            .strip_prefix(start)
            .and_then(|rest| rest.strip_prefix(b"."))
            .and_then(|rest| rest.strip_suffix(b".efface.jsonl"))
            .and_then(Shard::from_name);
        if let Some(shard) = shard {
            logs.insert((shard.number(), shard.of()), path);
        }
    }
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const END: &str = "{\"ended\":2}\n";
    const SCOUT: &str = "{\"name\":\"s\",\"outcome\":\"withheld\",\"in_head_space\":true}\n";

    fn line(name: &str, outcome: &str) -> String {
        format!("{{\"name\":\"{name}\",\"outcome\":\"{outcome}\"}}\n")
    }

    #[test]
    fn the_last_word_on_each_scan_stays_and_what_is_missing_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let put =
            |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
        let (out, log) = (folder.path().join("out"), folder.path().join("out.efface.jsonl"));
        let merge = |overwrite| merge(&out, &log, overwrite);
        assert!(matches!(merge(false), Err(MergeError::NoLog { .. })));
        put(
            "out.1-of-3.efface.jsonl",
            &(line("b", "fail") + &line("a", "pass") + &line("b", "review") + SCOUT + END),
        );
        // Killed while it wrote its second line.
        put("out.3-of-3.efface.jsonl", &(line("c", "pass") + "{\"name\":\"d"));
        put("outer.1-of-2.efface.jsonl", "another run's");
        let merged = merge(false).expect("merged");
        assert_eq!(merged.unfinished, ["2/3", "3/3"]);
        let n_of = [("pass", 2), ("review", 1), ("withheld", 1)];
        assert_eq!(merged.n_of, n_of.map(|(outcome, n)| (outcome.to_owned(), n)).into());
        assert_eq!(merged.not_defaced, [("s".to_owned(), "withheld".to_owned())]);
        assert_eq!(merged.to_look_at, [("b".to_owned(), "review".to_owned())]);
        let text = fs::read_to_string(&log).expect("the log");
        let b = line("b", "review") + SCOUT;
        assert_eq!(text, line("a", "pass") + &b + &line("c", "pass"));
        assert!(matches!(merge(false), Err(MergeError::Exists { .. })));
        put("out.3-of-3.efface.jsonl", &(line("c", "pass") + &line("d", "pass") + END));
        put("out.2-of-3.efface.jsonl", END);
        assert!(merge(true).expect("merged").unfinished.is_empty());
        put("out.1-of-2.efface.jsonl", "");
        assert!(matches!(merge(true), Err(MergeError::Parts { .. })));
        let names: BTreeSet<_> = fs::read_dir(folder.path())
            .expect("a folder")
            .map(|e| e.expect("a file").file_name())
            .collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
    }
}
