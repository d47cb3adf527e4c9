use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::chain::{Head, Walk};
use crate::entry::{Disclosure, Entry};
use crate::error::LedgerError;
use crate::key::Key;

/// What [`recover`] found at the end of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovered {
    /// Nothing to do.
    Whole,
    /// A last entry that lacked nothing but its end of line, which it has now.
    Completed,
    /// A part of an entry, these bytes, which is cut off now.
    Cut(Vec<u8>),
}

/// Adds a disclosure to the ledger at `path`, which is made if there is none.
///
/// It waits until nobody else reads or writes the ledger, verifies the last two lines, writes the
/// new one behind them, and returns when the disk has it. If that fails, what was written of it is
/// taken back as far as the system allows. Hand the scans over only after this has returned.
///
/// # Errors
/// [`LedgerError`]: if the disclosure says too little; if the end of the ledger is damaged or torn,
/// the ledger is then untouched; if it cannot be written.
pub fn append(path: &Path, key: &Key, disclosure: &Disclosure<'_>) -> Result<Head, LedgerError> {
    // Refused before a file is made.
    Entry::new(disclosure, key, 0, "")?;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.lock()?;
    let n_bytes = file.metadata()?.len();
    if n_bytes == 0 {
        sync_folder(path)?;
    }
    let mut head = end(&mut file, n_bytes)?;
    let entry = Entry::new(disclosure, key, head.n_entries, &head.hash)?;
    let line = entry.to_line()?;
    if let Err(error) = file.write_all(&line).and_then(|()| file.sync_all()) {
        let _ = file.set_len(n_bytes).and_then(|()| file.sync_all());
        return Err(error.into());
    }
    let line_number = head.n_entries + 1;
    head.follow(&line).map_err(|what| LedgerError::Damaged { line: line_number, what })?;
    Ok(head)
}

/// Mends a ledger whose last line was not written to its end: completes it if only the end of the
/// line is missing, and else cuts it off. All lines before it are verified first, and never changed.
///
/// # Errors
/// [`LedgerError`]: if a line before is damaged, the ledger is then untouched; if it cannot be
/// read or written.
pub fn recover(path: &Path) -> Result<Recovered, LedgerError> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let n_whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut torn = bytes.split_off(n_whole);
    let mut walk = Walk::over(&bytes[..]);
    walk.try_for_each(|entry| entry.map(drop))?;
    if torn.is_empty() {
        return Ok(Recovered::Whole);
    }
    torn.push(b'\n');
    let found = if walk.head.follow(&torn).is_ok() {
        file.write_all(b"\n")?;
        Recovered::Completed
    } else {
        file.set_len(n_whole as u64)?;
        torn.pop();
        Recovered::Cut(torn)
    };
    file.sync_all()?;
    Ok(found)
}

/// The head of a ledger of so many bytes, by its last two lines; where they do not fit, all of it
/// is gone through to tell the first that is wrong.
fn end(file: &mut File, n_bytes: u64) -> Result<Head, LedgerError> {
    if let Some(head) = head_of(&last_lines(file, n_bytes)?) {
        return Ok(head);
    }
    file.seek(SeekFrom::Start(0))?;
    let mut walk = Walk::over(BufReader::new(file));
    walk.try_for_each(|entry| entry.map(drop))?;
    Ok(walk.head)
}

/// The head of a ledger that ends with these lines, if they fit.
fn head_of(lines: &[u8]) -> Option<Head> {
    let mut lines = lines.split_inclusive(|byte| *byte == b'\n').rev();
    let Some(last) = lines.next() else { return Some(Head::start()) };
    let mut head = match lines.next() {
        Some(before) => Head::at(before).ok()?,
        None => Head::start(),
    };
    head.follow(last).ok()?;
    Some(head)
}

/// At least the last two lines, or all there are.
fn last_lines(file: &mut File, n_bytes: u64) -> io::Result<Vec<u8>> {
    let mut n_read = 1 << 14;
    loop {
        let start = n_bytes.saturating_sub(n_read);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(n_bytes - start).read_to_end(&mut bytes)?;
        if start == 0 {
            return Ok(bytes);
        }
        // What lies before the first end of line is a part of a line.
        if let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            let lines = bytes.split_off(at + 1);
            if lines.iter().filter(|byte| **byte == b'\n').count() >= 2 {
                return Ok(lines);
            }
        }
        n_read *= 2;
    }
}

/// Makes sure that the disk knows the name of a new file.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
