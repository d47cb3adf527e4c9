//! Which files of a folder tree belong together, from their headers alone.
//!
//! Files are grouped by Series Instance UID, wherever they lie and whatever they are called. A
//! series falls into parts where its planes differ in size, orientation or spacing, or where only
//! some of them make a volume; parts too small for one are left out and say so.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash as _, Hasher as _};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::contents::Contents;
use super::error::{FileError, Shared};
use super::geometry::Plane;
use super::image::{key_of, places};
use super::mosaic;
use super::stack::{FEWEST_POSITIONS, Spacing, n_positions, stack};
use super::syntax::{Form, ImageClass};
use super::tag::{
    BITS_ALLOCATED, COLUMNS, FRAME_OF_REFERENCE, MODALITY, NUMBER_OF_FRAMES, PATIENT_ID, ROWS,
    SERIES_INSTANCE, SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX, Tag, VOLUME_KEYS,
};
use super::unpack::unpack;

/// Most headers end within this many bytes; only of the others the whole file is read.
const START_BYTES: u64 = 64 * 1024;

/// Files that are opened together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Series Instance UID; empty if there is none.
    pub(crate) series: String,
    /// The files, in the order in which they were given.
    pub(crate) files: Vec<PathBuf>,
    /// In what they differ from the rest of their series, if they are too few for a volume.
    pub(crate) left_out: Option<Shared>,
}

/// What the header of a file says that tells where it belongs.
#[derive(Debug)]
pub(crate) struct Heading {
    pub(crate) series: Option<String>,
    instance: String,
    image: Result<Image, FileError>,
}

/// What the planes of a file are.
#[derive(Debug)]
struct Image {
    /// Rows and columns of a plane.
    matrix: [usize; 2],
    planes: Vec<Plane>,
    /// A hash for each of [`VOLUME_KEYS`] of each plane; `None` where the file does not say.
    keys: Vec<Vec<Option<[u8; 8]>>>,
}

/// The directory of a file set (DICOMDIR), which holds no image.
const DIRECTORY: &str = "1.2.840.10008.1.3.10";

impl Heading {
    /// Reads the header of the file at `path`, whose first bytes are `start`; `None` for the
    /// directory of a file set.
    ///
    /// # Errors
    /// [`io::Error`] if the file cannot be read.
    pub(crate) fn read(path: &Path, start: &[u8]) -> io::Result<Option<Self>> {
        let is_whole = (start.len() as u64) < START_BYTES;
        let heading = Self::of(start);
        let needs_more = match &heading {
            Err(FileError::Truncated { .. } | FileError::Malformed { .. }) => !is_whole,
            Err(FileError::Deflated { .. }) => true,
            _ => false,
        };
        let heading = if needs_more {
            let bytes = fs::read(path)?;
            match Contents::read_meta(&bytes)
                .and_then(|(m, _)| Form::of(m.need_uid(TRANSFER_SYNTAX)?))
            {
                Ok(Form::Deflated) => unpack(bytes).and_then(|(native, _)| Self::of(&native)),
                _ => Self::of(&bytes),
            }
        } else {
            heading
        };
        Ok(heading.unwrap_or_else(|e| {
            Some(Self { series: None, instance: String::new(), image: Err(e) })
        }))
    }

    fn of(start: &[u8]) -> Result<Option<Self>, FileError> {
        let contents = Contents::read_start(start)?;
        let top = &contents.top;
        if top.uid(SOP_CLASS).unwrap_or_default().or(contents.media_class()) == Some(DIRECTORY) {
            return Ok(None);
        }
        let series = top.uid(SERIES_INSTANCE)?.map(str::to_owned);
        let instance = top.uid(SOP_INSTANCE)?.unwrap_or_default().to_owned();
        Ok(Some(Self { series, instance, image: Image::read(&contents) }))
    }
}

impl Image {
    fn read(contents: &Contents<'_>) -> Result<Self, FileError> {
        let top = &contents.top;
        let class = ImageClass::of(top.need_uid(SOP_CLASS)?)?;
        let order = contents.encoding.byte_order();
        let matrix = [top.need_u16(ROWS, order)?, top.need_u16(COLUMNS, order)?];
        let tiles = mosaic::tiles(contents, class)?;
        let n_across = tiles.map_or(1, |tiles| tiles.n_across);
        let matrix = matrix.map(|pixels| usize::from(pixels) / n_across);
        let places = places(contents, class, tiles)?;
        let planes: Vec<_> = places.into_iter().map(|(plane, _)| plane).collect();
        let keys = |frame: usize| {
            let key = |&tag: &Tag| key_of(contents, frame, tag).map(hash);
            VOLUME_KEYS.iter().map(key).collect()
        };
        let keys = (0..planes.len()).map(keys).collect();
        Ok(Self { matrix, planes, keys })
    }
}

fn hash(value: &[u8]) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().to_be_bytes()
}

/// The first bytes of a file, as [`Heading::read`] takes them.
pub(crate) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    File::open(path)?.take(START_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

/// Modality and SOP class of the file at `path`, as far as it tells them.
pub(crate) fn kinds(path: &Path) -> io::Result<Vec<String>> {
    let kinds = of_header(path, |contents| {
        let modality = contents.top.text(MODALITY).map(|m| String::from_utf8_lossy(m).into_owned());
        let class = contents.top.uid(SOP_CLASS).ok().flatten().map(str::to_owned);
        Some(modality.into_iter().chain(class).collect())
    });
    Ok(kinds?.unwrap_or_default())
}

/// What `value` says of the header of the file at `path`; `None` if it cannot be read as DICOM.
fn of_header<T>(path: &Path, value: impl Fn(&Contents<'_>) -> Option<T>) -> io::Result<Option<T>> {
    let of = |bytes: &[u8]| Contents::read_start(bytes).ok().map(|contents| value(&contents));
    let start = read_start(path)?;
    if let Some(value) = of(&start) {
        return Ok(value);
    }
    let bytes = if start.len() as u64 == START_BYTES { fs::read(path)? } else { start };
    if let Some(value) = of(&bytes) {
        return Ok(value);
    }
    let native = unpack(bytes).ok();
    Ok(native.and_then(|(native, _)| of(&native)).flatten())
}

/// The Patient ID of the file at `path`.
pub(crate) fn patient_id(path: &Path) -> io::Result<Option<String>> {
    of_header(path, own_patient_id)
}

/// The patient and the Frame of Reference UID of the file at `path`; `None` if it does not tell both: where
/// patients have no names, frames that are alike may be those of two.
pub(crate) fn space(path: &Path) -> io::Result<Option<String>> {
    of_header(path, |contents| {
        let frame = contents.top.uid(FRAME_OF_REFERENCE).ok().flatten()?;
        Some(format!("{frame} {}", own_patient_id(contents)?))
    })
}

fn own_patient_id(contents: &Contents) -> Option<String> {
    let id = String::from_utf8_lossy(contents.top.text(PATIENT_ID)?).trim().to_owned();
    (!id.is_empty()).then_some(id)
}

/// Bytes of the pixels of the file at `path` when they are decoded, by its header.
pub(crate) fn decoded_bytes(path: &Path) -> io::Result<Option<u64>> {
    of_header(path, |contents| {
        let (top, order) = (&contents.top, contents.encoding.byte_order());
        let whole = |attribute| top.need_u16(attribute, order).ok().map(u64::from);
        let n_frames = top.whole(NUMBER_OF_FRAMES).ok().flatten().unwrap_or(1);
        let plane = whole(ROWS)? * whole(COLUMNS)? * whole(BITS_ALLOCATED)?.div_ceil(8);
        Some(plane.saturating_mul(n_frames))
    })
}

/// Puts files that belong together into parts, and says which files are copies of others.
pub(crate) fn assemble(files: Vec<(PathBuf, Heading)>) -> (Vec<Part>, Vec<PathBuf>) {
    let mut series: BTreeMap<String, Vec<(PathBuf, Heading)>> = BTreeMap::new();
    let mut parts = Vec::new();
    for (path, heading) in files {
        match heading.series.clone() {
            Some(uid) => series.entry(uid).or_default().push((path, heading)),
            None => parts.push(whole("", [path])),
        }
    }
    let mut copies = Vec::new();
    for (uid, files) in series {
        let files = without_copies(files, &mut copies);
        split(&uid, files, &mut parts);
    }
    (parts, copies)
}

/// Drops files with the bytes of another one of the same instance.
fn without_copies(
    files: Vec<(PathBuf, Heading)>,
    copies: &mut Vec<PathBuf>,
) -> Vec<(PathBuf, Heading)> {
    let mut first: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut kept = Vec::with_capacity(files.len());
    for (path, heading) in files {
        let is_copy =
            first.get(&heading.instance).is_some_and(|other| has_same_bytes(&path, other));
        if is_copy {
            copies.push(path);
            continue;
        }
        first.entry(heading.instance.clone()).or_insert_with(|| path.clone());
        kept.push((path, heading));
    }
    kept
}

fn has_same_bytes(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map(|m| m.len()).ok();
    length(one) == length(other)
        && matches!((fs::read(one), fs::read(other)), (Ok(a), Ok(b)) if a == b)
}

/// Adds the parts of one series.
fn split(uid: &str, files: Vec<(PathBuf, Heading)>, parts: &mut Vec<Part>) {
    let n_sound = files.iter().filter(|(_, heading)| heading.image.is_ok()).count();
    if n_sound == 0 {
        parts.push(whole(uid, files.into_iter().map(|(path, _)| path)));
        return;
    }
    let mut images = Vec::with_capacity(n_sound);
    for (path, heading) in files {
        match heading.image {
            Ok(image) => images.push((path, image)),
            // Opening it says what is wrong with it.
            Err(_) => parts.push(whole(uid, [path])),
        }
    }
    let groups = alike(&images);
    let is_volume = |group: &&Group| {
        let planes: Vec<_> = group.files.iter().flat_map(|&n| &images[n].1.planes).collect();
        n_positions(&planes) >= FEWEST_POSITIONS
    };
    let n_volumes = groups.iter().filter(is_volume).count();
    if groups.len() == 1 || n_volumes == 0 {
        add_volumes(uid, &images, (0..images.len()).collect(), parts);
        return;
    }
    for group in groups {
        if is_volume(&&group) {
            add_volumes(uid, &images, group.files, parts);
        } else {
            let files = group.files.iter().map(|&n| images[n].0.clone()).collect();
            let left_out = Some(group.differs_in);
            parts.push(Part { series: uid.to_owned(), files, left_out });
        }
    }
}

fn whole(uid: &str, files: impl IntoIterator<Item = PathBuf>) -> Part {
    Part { series: uid.to_owned(), files: files.into_iter().collect(), left_out: None }
}

/// Files whose planes have one size, orientation and spacing.
struct Group {
    files: Vec<usize>,
    /// In what they differ from the largest group.
    differs_in: Shared,
}

fn alike(images: &[(PathBuf, Image)]) -> Vec<Group> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (n, (_, image)) in images.iter().enumerate() {
        let known = groups.iter_mut().find(|g| difference(&images[g[0]].1, image).is_none());
        match known {
            Some(group) => group.push(n),
            None => groups.push(vec![n]),
        }
    }
    let largest = groups.iter().max_by_key(|group| group.len()).map_or(0, |group| group[0]);
    let differs_in = |n: usize| difference(&images[largest].1, &images[n].1);
    let group = |files: Vec<usize>| Group {
        differs_in: differs_in(files[0]).unwrap_or(Shared::Series),
        files,
    };
    groups.into_iter().map(group).collect()
}

/// The first thing in which two files' planes differ.
fn difference(one: &Image, other: &Image) -> Option<Shared> {
    let (a, b) = (one.planes.first()?, other.planes.first()?);
    match () {
        () if one.matrix != other.matrix => Some(Shared::Matrix),
        () if !a.has_orientation_of(b) => Some(Shared::Orientation),
        () if !a.has_spacing_of(b) => Some(Shared::PixelSpacing),
        () => None,
    }
}

/// Adds `files` as one part, or as several if only they are stacks: two acquisitions with a gap
/// between them, or images of two kinds at positions of their own.
fn add_volumes(uid: &str, images: &[(PathBuf, Image)], files: Vec<usize>, parts: &mut Vec<Part>) {
    const SEPARATING: [Tag; 5] = [
        Tag(0x0020, 0x0012), // Acquisition Number
        Tag(0x0008, 0x0008), // Image Type
        Tag(0x0018, 0x0086), // Echo Number(s)
        Tag(0x0018, 0x0081), // Echo Time
        Tag(0x0020, 0x0100), // Temporal Position Identifier
    ];
    let part = |files: &[usize]| whole(uid, files.iter().map(|&n| images[n].0.clone()));
    if !is_stack(images, &files) {
        for tag in SEPARATING {
            let mut by_value: BTreeMap<_, Vec<usize>> = BTreeMap::new();
            let place = VOLUME_KEYS.iter().position(|key| *key == tag).unwrap_or_default();
            for &n in &files {
                let key = images[n].1.keys.first().and_then(|keys| keys[place]);
                by_value.entry(key).or_default().push(n);
            }
            if by_value.len() > 1 && by_value.values().all(|files| is_stack(images, files)) {
                parts.extend(by_value.values().map(|files| part(files)));
                return;
            }
        }
    }
    parts.push(part(&files));
}

fn is_stack(images: &[(PathBuf, Image)], files: &[usize]) -> bool {
    let frames = files.iter().flat_map(|&n| {
        let image = &images[n].1;
        image.planes.iter().zip(&image.keys)
    });
    let (planes, keys): (Vec<_>, Vec<_>) = frames.map(|(plane, keys)| (*plane, keys)).unzip();
    let key = |p: usize, tag: Tag| {
        let place = VOLUME_KEYS.iter().position(|key| *key == tag)?;
        keys[p][place].as_ref().map(<[u8; 8]>::as_slice)
    };
    stack(&planes, Spacing::Even, key).is_ok()
}
