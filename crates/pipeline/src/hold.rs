use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::Shard;

/// That this run, and no other, works on a folder of results: a lock on a file beside it, which the
/// system lets go of if the run dies.
///
/// A run on all scans holds the folder alone. Shards hold it together, each its own part alone.
#[derive(Debug)]
pub(crate) struct Hold {
    _whole: Locked,
    _part: Option<Locked>,
}

/// A shard that ends has the common file for itself for a moment, to see whether it may remove it: who begins
/// just then tries again.
const MOST_TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(25);

/// Why a folder cannot be held.
#[derive(Debug)]
pub(crate) enum HoldError {
    /// Another run works on it.
    Busy,
    /// The file cannot be made or locked.
    Io(PathBuf, io::Error),
}

impl Hold {
    /// Holds what is called `name`, by files in `home`.
    pub(crate) fn take(
        home: &Path,
        name: &OsString,
        shard: Option<Shard>,
    ) -> Result<Self, HoldError> {
        let path = |end: &str| {
            let mut file = OsString::from(".efface-lock-");
            file.push(name);
            file.push(end);
            home.join(file)
        };
        let whole = Locked::take(path(""), shard.is_some())?;
        let part = match shard {
            Some(shard) => Some(Locked::take(path(&format!("-{}", shard.in_name())), false)?),
            None => None,
        };
        Ok(Self { _whole: whole, _part: part })
    }
}

/// A locked file, removed when it is let go and nobody else has it.
#[derive(Debug)]
struct Locked {
    path: PathBuf,
    file: File,
}

impl Locked {
    fn take(path: PathBuf, is_shared: bool) -> Result<Self, HoldError> {
        let mut n_tries = 0;
        loop {
            let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let file = opened.map_err(|e| HoldError::Io(path.clone(), e))?;
            let locked = if is_shared { file.try_lock_shared() } else { file.try_lock() };
            match locked {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if n_tries < MOST_TRIES => {
                    n_tries += 1;
                    thread::sleep(BETWEEN_TRIES);
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Err(HoldError::Busy),
                Err(TryLockError::Error(e)) => return Err(HoldError::Io(path, e)),
            }
            // Who had it before may have removed it just now: then another file has this name.
            if is_at(&file, &path) {
                return Ok(Self { path, file });
            }
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if self.file.try_lock().is_ok() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |meta: fs::Metadata| (meta.dev(), meta.ino());
    matches!((file.metadata().map(id), fs::metadata(path).map(id)), (Ok(a), Ok(b)) if a == b)
}

/// A file that is open cannot be removed there.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_whole_run_or_several_parts_hold_a_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let take = |shard: Option<&str>| {
            let shard = shard.map(|text| text.parse().expect("a shard"));
            Hold::take(home.path(), &OsString::from("out"), shard)
        };
        let is_busy = |taken: Result<Hold, HoldError>| matches!(taken, Err(HoldError::Busy));
        let whole = take(None).expect("free");
        assert!(is_busy(take(None)) && is_busy(take(Some("1/2"))));
        drop(whole);
        let one = take(Some("1/2")).expect("free");
        let two = take(Some("2/2")).expect("free");
        assert!(is_busy(take(Some("1/2"))) && is_busy(take(None)));
        drop(two);
        assert!(is_busy(take(None)));
        drop(one);
        let left: Vec<_> = fs::read_dir(home.path()).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(take(None).is_ok());
    }

    #[test]
    fn parts_that_begin_and_end_at_once_do_not_keep_each_other_off() {
        let home = tempfile::tempdir().expect("a folder");
        thread::scope(|scope| {
            for number in 1..=8 {
                let home = home.path();
                scope.spawn(move || {
                    let shard = format!("{number}/8").parse().expect("a shard");
                    for _ in 0..50 {
                        Hold::take(home, &OsString::from("out"), Some(shard)).expect("free");
                    }
                });
            }
        });
        let left: Vec<_> = fs::read_dir(home.path()).expect("a folder").collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
