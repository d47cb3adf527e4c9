use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use crate::subject;

/// The secret under which subjects are named in a ledger.
///
/// Labels are few and easily guessed: whoever has the key can try them all. Without it the hashes
/// tell nothing but which entries are of one subject.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

impl Key {
    /// The fewest bytes of a key.
    pub const MIN_BYTES: usize = 16;

    /// A key of these bytes, all of them.
    ///
    /// # Errors
    /// [`KeyError::Short`] below [`Key::MIN_BYTES`].
    pub fn new(bytes: &[u8]) -> Result<Self, KeyError> {
        let short = KeyError::Short { n_bytes: bytes.len() };
        if bytes.len() < Self::MIN_BYTES {
            return Err(short);
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| short)
    }

    /// How a ledger names a subject: HMAC-SHA-256 of `subject:` and the label without BIDS' prefix
    /// `sub-`, in hex. `None` for an empty label.
    pub(crate) fn name(&self, label: &str) -> Option<String> {
        subject::bare(label).map(|bare| self.hash(&[b"subject:", bare.as_bytes()]))
    }

    /// What tells entries of this key from those of another: the first 16 hex digits of the
    /// HMAC-SHA-256 of `key`.
    pub(crate) fn mark(&self) -> String {
        let mut mark = self.hash(&[b"key"]);
        mark.truncate(16);
        mark
    }

    fn hash(&self, parts: &[&[u8]]) -> String {
        let mut hash = self.0.clone();
        parts.iter().for_each(|part| hash.update(part));
        hex(&hash.finalize().into_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").finish_non_exhaustive()
    }
}

/// Why there is no key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// It could be found by trying.
    #[error("the key has {n_bytes} bytes, fewer than {}", Key::MIN_BYTES)]
    Short {
        /// How many it has.
        n_bytes: usize,
    },
    /// This is some other file.
    #[error("the key has more than {MAX_BYTES} bytes")]
    Long,
    /// Others can read the file.
    #[error("the key can be read or written by others: its mode is {mode:03o}")]
    Open {
        /// The rights of owner, group and all.
        mode: u32,
    },
    /// The file cannot be read.
    #[error("the key cannot be read: {0}")]
    Io(#[from] io::Error),
}

impl KeyError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Short { .. } => "make one with `openssl rand -hex 32`, and keep a copy of it",
            Self::Long => "give the file of the key; `openssl rand -hex 32` makes one",
            Self::Open { .. } => "take the rights of others away: `chmod 600` the file",
            Self::Io(_) => "check the path and the rights of the key's file",
        }
    }
}

/// The most bytes of a key's file.
const MAX_BYTES: u64 = 4096;

/// Reads a key from a file: all its bytes but one end of line after them.
///
/// # Errors
/// [`KeyError`]: if the file cannot be read, is shorter than [`Key::MIN_BYTES`] or longer than
/// 4096 bytes, or, on Unix, if group or others have any right on it.
pub fn read_key(path: &Path) -> Result<Key, KeyError> {
    let file = File::open(path)?;
    refuse_open(&file)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(KeyError::Long);
    }
    let key = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Key::new(key.strip_suffix(b"\r").unwrap_or(key))
}

#[cfg(unix)]
fn refuse_open(file: &File) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::Open { mode }) }
}

#[cfg(not(unix))]
fn refuse_open(_file: &File) -> Result<(), KeyError> {
    Ok(())
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file(content: &[u8], mode: u32) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        }
        #[cfg(not(unix))]
        let _ = mode;
        file
    }

    #[test]
    fn hashes_are_those_of_openssl() {
        // printf subject:07 | openssl dgst -sha256 -hmac 0123456789abcdef, and printf key likewise.
        let key = Key::new(b"0123456789abcdef").unwrap();
        let expected = "082197398ffae8cd05f68cee17d28976f3f97e3ea6164768b8b96597eecfce71";
        assert_eq!(key.name("sub-07").unwrap(), expected);
        assert_eq!(key.name("07").unwrap(), expected);
        assert_eq!(key.mark(), "20a9171a03070f79");
    }

    #[test]
    fn an_end_of_line_is_no_part_of_the_key() {
        let mark = |content: &[u8]| read_key(file(content, 0o600).path()).unwrap().mark();
        let expected = mark(b"0123456789abcdef");
        assert_eq!(mark(b"0123456789abcdef\n"), expected);
        assert_eq!(mark(b"0123456789abcdef\r\n"), expected);
        assert_ne!(mark(b"0123456789abcdef\n\n"), expected);
        assert_ne!(mark(b" 0123456789abcdef"), expected);
    }

    #[test]
    fn refuses_a_short_key_and_a_file_that_is_none() {
        let read = |content: &[u8]| read_key(file(content, 0o600).path());
        assert!(matches!(read(b""), Err(KeyError::Short { n_bytes: 0 })));
        assert!(matches!(read(b"0123456789abcde\n"), Err(KeyError::Short { n_bytes: 15 })));
        assert!(read(&[7; 4096]).is_ok());
        assert!(matches!(read(&[7; 4097]), Err(KeyError::Long)));
    }

    #[test]
    #[cfg(unix)]
    fn refuses_a_key_that_others_can_read() {
        for mode in [0o640, 0o604, 0o620, 0o644] {
            let error = read_key(file(b"0123456789abcdef", mode).path()).unwrap_err();
            assert!(matches!(error, KeyError::Open { mode: found } if found == mode));
            assert!(error.hint().contains("chmod 600"));
        }
        assert!(read_key(file(b"0123456789abcdef", 0o400).path()).is_ok());
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", Key::new(b"0123456789abcdef").unwrap()), "Key(..)");
    }
}
