use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::Source;
use thiserror::Error;

use crate::hold::{Hold, HoldError};
use crate::places::{beside_image, results};
use crate::{Planned, Shard};

/// A folder for what is not yet proven: beside the output, on the same file system, never under
/// it. Removed with all that is left in it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
    _hold: Hold,
}

/// Why there can be no staging folder.
#[derive(Debug, Error)]
pub(crate) enum StagingError {
    #[error("another run works on the folder")]
    Busy,
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Staging {
    /// Makes the folder of results and, beside it, that for what is not yet proven; keeps other runs off,
    /// and removes what a run that was killed has left. If `file` is all that the run writes there, only
    /// runs on that file are kept off.
    pub(crate) fn create(
        out: &Path,
        file: Option<&OsStr>,
        shard: Option<Shard>,
    ) -> Result<Self, StagingError> {
        fs::create_dir_all(out)?;
        let out = fs::canonicalize(out)?;
        let mut name = out.file_name().unwrap_or_default().to_owned();
        if let Some(file) = file {
            name.push("-");
            name.push(file);
        }
        let beside = out.parent().filter(|parent| same_file_system(&out, parent));
        // The output is a mount point, or its parent is not ours: then inside it, hidden.
        match beside.map(|parent| Self::in_home(parent, &name, shard)) {
            Some(Ok(staging)) => Ok(staging),
            Some(Err(StagingError::Busy)) => Err(StagingError::Busy),
            Some(Err(StagingError::Io(_))) | None => Self::in_home(&out, &name, shard),
        }
    }

    fn in_home(home: &Path, name: &OsString, shard: Option<Shard>) -> Result<Self, StagingError> {
        let hold = Hold::take(home, name, shard).map_err(|e| match e {
            HoldError::Busy => StagingError::Busy,
            HoldError::Io(path, e) => {
                StagingError::Io(io::Error::new(e.kind(), format!("`{}`: {e}", path.display())))
            }
        })?;
        let mut start = OsString::from(".efface-staging-");
        start.push(name);
        let mut own = start.clone();
        own.push(shard.map_or(String::new(), |shard| format!("-{}", shard.in_name())));
        let folder = home.join(own);
        if shard.is_none() {
            // Shards that were killed and not taken up again.
            start.push("-");
            for entry in fs::read_dir(home)?.filter_map(Result::ok) {
                let name = entry.file_name();
                let rest = name.as_encoded_bytes().strip_prefix(start.as_encoded_bytes());
                if rest.and_then(Shard::from_name).is_some() {
                    remove(&entry.path())?;
                }
            }
        }
        remove(&folder)?;
        fs::create_dir(&folder)?;
        Ok(Self { folder, _hold: hold })
    }

    /// A folder for the result of one scan.
    pub(crate) fn for_scan(&self, number: usize) -> ScanStaging {
        ScanStaging { folder: self.folder.join(number.to_string()), is_made: Cell::new(false) }
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where the result of one scan is made. Removed with all that is left in it.
#[derive(Debug)]
pub(crate) struct ScanStaging {
    folder: PathBuf,
    /// Most of what is withheld needs none.
    is_made: Cell<bool>,
}

impl ScanStaging {
    /// The folder, made and empty when it is first asked for.
    pub(crate) fn folder(&self) -> io::Result<&Path> {
        if !self.is_made.get() {
            fs::create_dir(&self.folder)?;
            self.is_made.set(true);
        }
        Ok(&self.folder)
    }

    /// Removes an image that lies in this folder.
    pub(crate) fn discard(&self, image: &Source) -> io::Result<()> {
        if let Source::NiftiPair { image, .. } = image {
            remove(image)?;
        }
        remove(image.path())
    }

    /// Moves what was made to its final names below `folder`, which is `out` or a folder in it:
    /// the record first, so that no image ever lies there without one. What an earlier run left
    /// under the names of this scan is removed.
    pub(crate) fn publish(
        &self,
        out: &Path,
        folder: &Path,
        scan: &Planned,
        image: Option<&Source>,
    ) -> io::Result<()> {
        clear(out, scan)?;
        let name = &scan.name;
        let target = folder.join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let staged = self.folder.join(name.file_name().unwrap_or_default());
        if let (Some(_), Some(mask)) = (image, &scan.mask_name) {
            let from = beside_image(&staged, "_defacemask.nii.gz");
            let to = folder.join(mask);
            if from.exists() {
                to.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::rename(from, to)?;
            }
        }
        let beside: &[&str] = match image {
            Some(_) if scan.mask_name.is_some() => &[".efface.json"],
            Some(_) => &[".efface.json", "_defacemask.json", "_defacemask.nii.gz"],
            None => &[".efface.json"],
        };
        for end in beside {
            let from = beside_image(&staged, end);
            if from.exists() {
                fs::rename(&from, beside_image(&target, end))?;
            }
        }
        match image {
            None => Ok(()),
            Some(Source::NiftiPair { header, image }) => {
                let beside = target.with_file_name(image.file_name().unwrap_or_default());
                fs::rename(image, beside)?;
                fs::rename(header, &target)
            }
            Some(other) => fs::rename(other.path(), &target),
        }
    }
}

impl Drop for ScanStaging {
    fn drop(&mut self) {
        if self.is_made.get() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Removes what an earlier run left under the names of a scan.
pub(crate) fn clear(out: &Path, scan: &Planned) -> io::Result<()> {
    let masks =
        scan.mask_name.iter().flat_map(|mask| [out.join(mask), out.join("review").join(mask)]);
    results(out, &scan.name).into_iter().chain(masks).try_for_each(|old| remove(&old))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    }
}

#[cfg(unix)]
fn same_file_system(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| fs::metadata(path).map(|m| m.dev()).ok();
    device(one).is_some() && device(one) == device(other)
}

#[cfg(not(unix))]
fn same_file_system(_one: &Path, _other: &Path) -> bool {
    true
}
