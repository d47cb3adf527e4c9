use std::path::PathBuf;

use formats::FormatError;
use thiserror::Error;

/// Why an attack could not be run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttackError {
    /// A file could not be read or written.
    #[error("`{}`: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A scan could not be opened or written.
    #[error("`{}`: {reason}", path.display())]
    Scan {
        /// The file or folder.
        path: PathBuf,
        /// What its reader says.
        reason: FormatError,
    },
    /// A file holds no scan, or more than one.
    #[error("`{}`: one scan was expected, {found} found", path.display())]
    NotOneScan {
        /// The file or folder.
        path: PathBuf,
        /// How many lie there.
        found: usize,
    },
    /// A scan's axes do not span space.
    #[error("`{}`: its axes do not span space", path.display())]
    Flat {
        /// The file or folder.
        path: PathBuf,
    },
    /// A command could not be started.
    #[error("`{}` does not start: {reason}", command.display())]
    Command {
        /// The program.
        command: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A verifier's answer has no number where one was promised.
    #[error("no number at `{pointer}` in the verifier's answer `{answer}`")]
    NoScore {
        /// The JSON pointer.
        pointer: String,
        /// What it wrote.
        answer: String,
    },
}

impl AttackError {
    /// Turns a system's error about `path` into one of these.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |reason| Self::File { path, reason }
    }
}
