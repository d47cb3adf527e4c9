use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use formats::discover;

use crate::AttackError;

/// A built `efface` command.
#[derive(Debug, Clone)]
pub struct Efface {
    /// The program.
    pub binary: PathBuf,
    /// Further arguments of `efface deface`, such as `--brain-guard 5`.
    pub arguments: Vec<String>,
}

/// What `efface` made of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaced {
    /// The result: a file, or a folder of DICOM files.
    pub path: PathBuf,
    /// The mask file, 1 = removed.
    pub mask: PathBuf,
}

impl Efface {
    /// Defaces the scan at `input` into the new folder `out`; `None` if there is no result.
    ///
    /// # Errors
    /// [`AttackError`] if the program does not start or its results cannot be listed.
    pub fn deface(&self, input: &Path, out: &Path) -> Result<Option<Defaced>, AttackError> {
        Command::new(&self.binary)
            .arg("deface")
            .arg(input)
            .arg("--out")
            .arg(out)
            .args(["--mask", "--threads", "1"])
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|reason| AttackError::Command { command: self.binary.clone(), reason })?;
        if !out.is_dir() {
            return Ok(None);
        }
        let found =
            discover(out).map_err(|reason| AttackError::Scan { path: out.to_owned(), reason })?;
        let is_mask = |path: &Path| path.to_string_lossy().contains("_defacemask.nii");
        let paths = || found.sources.iter().map(|source| source.path().to_owned());
        let defaced = paths().find(|path| !is_mask(path));
        let mask = paths().find(|path| is_mask(path));
        Ok(defaced.zip(mask).map(|(path, mask)| Defaced { path, mask }))
    }
}
