use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use tempfile::{Builder, NamedTempFile};

use crate::dataset::unreadable;
use crate::{BidsError, Dataset};

/// The folder that a dataset is written into.
///
/// A file gets its name only when it is whole. None is written outside the folder, nor through a
/// link in it, and none is replaced unless that was asked for.
#[derive(Debug)]
pub struct OutputRoot {
    root: PathBuf,
    overwrite: bool,
}

impl OutputRoot {
    /// Makes the folder, if there is none.
    ///
    /// # Errors
    /// [`BidsError::Overlap`] if it and the dataset lie inside each other, nothing is made then;
    /// [`BidsError::Unwritable`].
    pub fn create(path: &Path, dataset: &Dataset, overwrite: bool) -> Result<Self, BidsError> {
        let root = real_path(path).map_err(unwritable(path))?;
        if root.starts_with(dataset.root()) || dataset.root().starts_with(&root) {
            let input = dataset.root().to_owned();
            return Err(BidsError::Overlap { out: path.to_owned(), input });
        }
        fs::create_dir_all(&root).map_err(unwritable(path))?;
        Ok(Self { root, overwrite })
    }

    /// The folder, without links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file at a path below the folder.
    ///
    /// # Errors
    /// [`BidsError::Outside`], [`BidsError::Exists`], [`BidsError::Unwritable`]; what was there
    /// before is then untouched.
    pub fn write(&self, below: &Path, bytes: &[u8]) -> Result<(), BidsError> {
        self.make(below, |file| file.write_all(bytes).map_err(unwritable(below)))
    }

    /// Copies a text file to a path below the folder. What holds a byte that is 0 is no text: an
    /// image is not released because it has the name of a text.
    ///
    /// # Errors
    /// As of [`OutputRoot::write`]; [`BidsError::NotText`], [`BidsError::Unreadable`].
    pub fn copy_text(&self, source: &Path, below: &Path) -> Result<(), BidsError> {
        let text = File::open(source).map_err(unreadable(source))?;
        self.make(below, |file| copy_text(source, text, file, below))
    }

    /// Copies what was compressed in a `.gz` file, if it is text, and compresses it anew, with neither
    /// name nor time in the header.
    ///
    /// # Errors
    /// As of [`OutputRoot::copy_text`].
    pub fn copy_compressed(&self, source: &Path, below: &Path) -> Result<(), BidsError> {
        let text = File::open(source).map_err(unreadable(source))?;
        let text = MultiGzDecoder::new(BufReader::new(text));
        self.make(below, |file| {
            let mut packed = GzBuilder::new().mtime(0).write(file, Compression::default());
            copy_text(source, text, &mut packed, below)?;
            packed.finish().map(drop).map_err(unwritable(below))
        })
    }

    /// Makes a file under another name, and gives it its own.
    fn make(
        &self,
        below: &Path,
        fill: impl FnOnce(&mut File) -> Result<(), BidsError>,
    ) -> Result<(), BidsError> {
        let folder = self.folder_of(below)?;
        let target = folder.join(below.file_name().unwrap_or_default());
        if !self.overwrite && target.symlink_metadata().is_ok() {
            return Err(BidsError::Exists(below.to_owned()));
        }
        let mut made = new_file(&folder).map_err(unwritable(below))?;
        fill(made.as_file_mut())?;
        made.as_file().sync_all().map_err(unwritable(below))?;
        made.persist(&target).map(drop).map_err(|e| unwritable(below)(e.error))
    }

    /// The folder that a file lies in, made if there is none.
    fn folder_of(&self, below: &Path) -> Result<PathBuf, BidsError> {
        let outside = || BidsError::Outside(below.to_owned());
        let is_plain = |part: Component| matches!(part, Component::Normal(_));
        if below.file_name().is_none() || !below.components().all(is_plain) {
            return Err(outside());
        }
        let mut folder = self.root.clone();
        for part in below.parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            match fs::create_dir(&folder) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(unwritable(below)(e));
                }
                _ => {}
            }
            if folder.symlink_metadata().map_err(unwritable(below))?.is_symlink() {
                return Err(outside());
            }
        }
        Ok(folder)
    }
}

/// The absolute path without links, also of what does not exist yet.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    let mut real = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        if part == Component::ParentDir {
            real.pop();
            continue;
        }
        real.push(part);
        real = fs::canonicalize(&real).unwrap_or(real);
    }
    Ok(real)
}

/// A file of no name yet, with the rights that a new file has.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".efface-").suffix(".tmp");
    #[cfg(unix)]
    let rights = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(rights);
    builder.tempfile_in(folder)
}

fn copy_text(
    source: &Path,
    mut text: impl Read,
    file: &mut impl Write,
    below: &Path,
) -> Result<(), BidsError> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        match text.read(&mut bytes).map_err(unreadable(source))? {
            0 => return Ok(()),
            n if bytes[..n].contains(&0) => return Err(BidsError::NotText(source.to_owned())),
            n => file.write_all(&bytes[..n]).map_err(unwritable(below))?,
        }
    }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> BidsError + use<> {
    let path = path.to_owned();
    move |source| BidsError::Unwritable { path, source }
}
