use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use masking::Verdict;
use serde::Deserialize;

use crate::digest;

/// What earlier runs with the same options did, by their private log.
#[derive(Debug, Default)]
pub(crate) struct Earlier(HashMap<Of, Done>);

/// The name of a scan, and the hashes of its input and of those that share its space.
type Of = (String, String, Option<String>);

/// A scan that was taken to its end.
#[derive(Debug, Clone)]
struct Done {
    verdict: Verdict,
    output_sha256: String,
}

/// What is read of a line of the log.
#[derive(Deserialize)]
struct Line {
    key: Option<String>,
    name: Option<String>,
    input_sha256: Option<String>,
    space_sha256: Option<String>,
    record: LineRecord,
}

#[derive(Deserialize)]
struct LineRecord {
    verdict: String,
    output: Option<LineOutput>,
}

#[derive(Deserialize)]
struct LineOutput {
    sha256: String,
}

impl Earlier {
    /// Reads the log at `path`, of runs with the options that `key` stands for. Lines that are no lines of
    /// a log, such as one that was being written when its run was killed, tell nothing.
    pub(crate) fn read(path: &Path, key: &str) -> io::Result<Self> {
        let file = match File::open(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            opened => opened?,
        };
        let mut done = HashMap::new();
        for line in BufReader::new(file).split(b'\n') {
            let Ok(line) = serde_json::from_slice::<Line>(&line?) else { continue };
            let verdict = match line.record.verdict.as_str() {
                "pass" => Verdict::Pass,
                "review" => Verdict::Review,
                _ => continue,
            };
            let all = (line.key, line.name, line.input_sha256, line.record.output);
            if let (Some(of), Some(name), Some(input), Some(output)) = all
                && of == key
            {
                let of = (name, input, line.space_sha256);
                done.insert(of, Done { verdict, output_sha256: output.sha256 });
            }
        }
        Ok(Self(done))
    }

    /// The verdict on the scan called `name`, if it is done: its source, and all that share its space, have
    /// the bytes that they had, and its
    /// result, where `place` says that one of this verdict lies, those that were proven.
    pub(crate) fn verdict(
        &self,
        name: &str,
        input_sha256: &str,
        space_sha256: Option<&str>,
        place: impl Fn(Verdict) -> PathBuf,
    ) -> Option<Verdict> {
        let of = (name.to_owned(), input_sha256.to_owned(), space_sha256.map(str::to_owned));
        let done = self.0.get(&of)?;
        let found = formats::discover(&place(done.verdict)).ok()?;
        let [source] = &found.sources[..] else { return None };
        let sha256 = digest::of_source(source).ok()?;
        (found.n_other == 0 && sha256 == done.output_sha256).then_some(done.verdict)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_scan_is_done_only_with_the_scans_that_it_shared_its_space_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let mut header = vec![0; 352];
        header[..4].copy_from_slice(&348i32.to_le_bytes());
        header[344..348].copy_from_slice(b"n+1\0");
        fs::write(path("x.nii"), &header).expect("written");
        let found = formats::discover(&path("x.nii")).expect("a file");
        let sha256 = digest::of_source(&found.sources[0]).expect("a hash");
        let line = |space: &str| {
            format!(
                "{{\"key\":\"k\",\"name\":\"x.nii\",\"input_sha256\":\"i\"{space},\
                 \"record\":{{\"verdict\":\"pass\",\"output\":{{\"sha256\":\"{sha256}\"}}}}}}\n"
            )
        };
        let is_done = |logged: &str, space: Option<&str>| {
            fs::write(path("log"), line(logged)).expect("written");
            let earlier = Earlier::read(&path("log"), "k").expect("a log");
            earlier.verdict("x.nii", "i", space, |_| path("x.nii")) == Some(Verdict::Pass)
        };
        assert!(is_done("", None));
        assert!(is_done(",\"space_sha256\":\"s\"", Some("s")));
        assert!(
            !is_done(",\"space_sha256\":\"s\"", Some("t")),
            "another scan of the space changed"
        );
        assert!(!is_done(",\"space_sha256\":\"s\"", None), "it shares its space no longer");
        assert!(!is_done("", Some("s")), "it did not share its space");
        let of = |hashes: [&str; 2]| digest::of_inputs(hashes.map(str::to_owned).to_vec());
        assert_eq!(of(["a", "b"]), of(["b", "a"]));
        assert_ne!(of(["a", "b"]), of(["a", "c"]));
    }
}
