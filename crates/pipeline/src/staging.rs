use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use formats::Source;

use crate::plan::{beside_image, results};

/// A folder for what is not yet proven: beside the output, on the same file system, never under
/// it. Removed with all that is left in it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
}

impl Staging {
    /// Makes the folder of results and, beside it, that for what is not yet proven.
    pub(crate) fn create(out: &Path) -> io::Result<Self> {
        fs::create_dir_all(out)?;
        let out = fs::canonicalize(out)?;
        let beside = out.parent().filter(|parent| same_file_system(&out, parent));
        // The output is a mount point, or its parent is not ours: then inside it, hidden.
        let made = beside.and_then(|parent| make(parent).ok());
        Ok(Self { folder: made.map_or_else(|| make(&out), Ok)? })
    }

    /// A new empty folder for the result of one scan.
    pub(crate) fn for_scan(&self, number: usize) -> io::Result<ScanStaging> {
        let folder = self.folder.join(number.to_string());
        fs::create_dir(&folder)?;
        Ok(ScanStaging { folder })
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
    pub(crate) folder: PathBuf,
}

impl ScanStaging {
    /// Removes an image that lies in this folder.
    pub(crate) fn discard(&self, image: &Source) -> io::Result<()> {
        if let Source::NiftiPair { image, .. } = image {
            remove(image)?;
        }
        remove(image.path())
    }

    /// Removes what an earlier run left under the names of a scan.
    pub(crate) fn clear(&self, out: &Path, name: &Path) -> io::Result<()> {
        results(out, name).iter().try_for_each(|old| remove(old))
    }

    /// Moves what was made to its final names below `folder`, which is `out` or a folder in it:
    /// the record first, so that no image ever lies there without one. What an earlier run left
    /// under the names of this scan is removed.
    pub(crate) fn publish(
        &self,
        out: &Path,
        folder: &Path,
        name: &Path,
        image: Option<&Source>,
    ) -> io::Result<()> {
        self.clear(out, name)?;
        let target = folder.join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let staged = self.folder.join(name.file_name().unwrap_or_default());
        let beside: &[&str] = match image {
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
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Makes a new folder of this run in `parent`.
fn make(parent: &Path) -> io::Result<PathBuf> {
    let process = std::process::id();
    let mut number = 0;
    loop {
        let folder = parent.join(format!(".efface-staging-{process}-{number}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(e),
        }
    }
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
