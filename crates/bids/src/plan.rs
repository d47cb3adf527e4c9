use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dataset::{DESCRIPTION, unreadable};
use crate::kind::{Datatype, Shows, is_recording, is_table};
use crate::name::{Name, is_label};
use crate::{BidsError, Dataset, Filter};

/// What becomes of each file of a dataset.
#[derive(Debug)]
pub struct Plan {
    /// The files, by path; a folder that is left out as a whole is one entry.
    pub files: Vec<Planned>,
}

/// A file of a dataset.
#[derive(Debug)]
pub struct Planned {
    /// Where it lies below the root.
    pub path: PathBuf,
    /// What becomes of it.
    pub action: Action,
}

/// What becomes of a file.
#[derive(Debug)]
pub enum Action {
    /// The face is removed from it.
    Deface(Image),
    /// It is taken over, if something that it belongs to is released.
    Copy(Copied),
    /// It is left out.
    Skip(Reason),
}

/// An image of a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The name of the file.
    pub name: Name,
    /// The folder it lies in: `anat`, `func`.
    pub datatype: &'static str,
    /// The label of the participant.
    pub subject: String,
    /// The label of the session.
    pub session: Option<String>,
}

impl Image {
    /// The participant and the session: images of one of these show one head in one place, and may
    /// share one decision on where its face is.
    #[must_use]
    pub fn space(&self) -> (&str, Option<&str>) {
        (&self.subject, self.session.as_deref())
    }
}

/// A file that is taken over.
#[derive(Debug)]
pub struct Copied {
    pub(crate) content: Content,
    /// The participant and the session it belongs to.
    pub(crate) subject: Option<String>,
    pub(crate) session: Option<String>,
    /// The images it tells of, if it tells of images.
    pub(crate) of: Option<Vec<PathBuf>>,
    /// Its name, where it is one of BIDS.
    pub(crate) name: Option<Name>,
}

impl Copied {
    pub(crate) fn tells_of(&self, image: &Path) -> bool {
        self.of.as_ref().is_some_and(|of| of.iter().any(|path| path == image))
    }
}

/// How a file is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// As it is, if it is text.
    Text,
    /// As it is, if what was compressed is text.
    Compressed,
    /// Not by itself: its content goes into the sidecar of each image that it applies to.
    Sidecar,
    /// The rows of who is released.
    Rows(Column),
    /// `dataset_description.json`.
    Description,
    /// `.bidsignore`.
    Ignore,
}

/// The column that tells what a row of a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Participant,
    Session,
    File,
}

/// Why a file or a folder is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Reason {
    /// Its name starts with a dot.
    #[error("hidden")]
    Hidden,
    /// `.bidsignore` has a pattern for it.
    #[error("named by `.bidsignore`")]
    Ignored,
    /// `sourcedata`, `derivatives`, `code` and other folders that may hold anything.
    #[error("a folder that is no part of the dataset itself")]
    Apart,
    /// The filter does not ask for it.
    #[error("not asked for")]
    NotAsked,
    /// A recording, as of MEG or EEG, or what goes with it.
    #[error("a recording, not an image of a head")]
    Recording,
    /// An image that does not show a head, or shows the face that went.
    #[error("an image that is not of a head")]
    NoHead,
    /// A NIfTI file of a kind that the folder does not hold.
    #[error("an image of an unknown kind")]
    UnknownImage,
    /// A name that BIDS does not give.
    #[error("unknown")]
    Unknown,
    /// A name that belongs into another folder.
    #[error("in a folder that its name does not belong into")]
    Misplaced,
    /// `x.nii` beside `x.nii.gz`: some readers open one when asked for the other.
    #[error("one of two images that differ in `.gz` alone")]
    TwoForms,
    /// A file that tells of images, none of which is defaced.
    #[error("it tells of no image that is defaced")]
    NoImage,
    /// A link to a folder.
    #[error("a link to a folder")]
    LinkToFolder,
    /// A link to a file outside the dataset.
    #[error("a link out of the dataset")]
    LinkOut,
    /// A link to nothing, as to a file of DataLad that was not fetched.
    #[error("a link to a file that is not there")]
    LinkBroken,
    /// Neither a file nor a folder.
    #[error("neither a file nor a folder")]
    Special,
    /// A folder that cannot be listed, or a file of which nothing can be told.
    #[error("it cannot be read")]
    Unreadable,
}

impl Plan {
    /// The images to be defaced, with their paths below the root.
    pub fn images(&self) -> impl Iterator<Item = (&Path, &Image)> {
        self.files.iter().filter_map(|file| Some((file.path.as_path(), file.as_image()?)))
    }

    /// What is left out, and why.
    pub fn skipped(&self) -> impl Iterator<Item = (&Path, Reason)> {
        self.files.iter().filter_map(|file| match file.action {
            Action::Skip(reason) => Some((file.path.as_path(), reason)),
            _ => None,
        })
    }

    /// The file at a path below the root.
    pub(crate) fn file(&self, path: &Path) -> Option<&Planned> {
        let at = self.files.binary_search_by(|file| file.path.as_path().cmp(path)).ok()?;
        self.files.get(at)
    }

    /// The files of a participant, or those of none.
    pub(crate) fn of_subject(&self, label: Option<&str>) -> impl Iterator<Item = &Planned> {
        let folder = label.map(|label| PathBuf::from(format!("sub-{label}")));
        let start =
            folder.as_ref().map_or(0, |f| self.files.partition_point(|file| file.path < *f));
        self.files[start..].iter().take_while(move |file| {
            folder.as_ref().is_none_or(|folder| file.path.starts_with(folder))
        })
    }
}

impl Planned {
    pub(crate) fn as_image(&self) -> Option<&Image> {
        if let Action::Deface(image) = &self.action { Some(image) } else { None }
    }

    pub(crate) fn as_copied(&self) -> Option<&Copied> {
        if let Action::Copy(copied) = &self.action { Some(copied) } else { None }
    }
}

/// A walk through a dataset.
pub(crate) struct Walk<'a> {
    dataset: &'a Dataset,
    filter: &'a Filter,
    files: Vec<Planned>,
}

/// Where in a dataset a folder lies.
#[derive(Debug, Clone, Copy, Default)]
struct Place<'a> {
    subject: Option<&'a str>,
    session: Option<&'a str>,
    datatype: Option<&'static str>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(dataset: &'a Dataset, filter: &'a Filter) -> Self {
        Self { dataset, filter, files: Vec::new() }
    }

    pub(crate) fn plan(mut self) -> Result<Plan, BidsError> {
        let root = self.dataset.root();
        fs::read_dir(root).map_err(unreadable(root))?;
        self.folder(Path::new(""), Place::default());
        self.refuse_two_forms();
        self.bind();
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Plan { files: self.files })
    }

    fn add(&mut self, path: PathBuf, action: Action) {
        self.files.push(Planned { path, action });
    }

    /// Goes through what lies in a folder.
    fn folder(&mut self, below: &Path, place: Place) {
        let Ok(entries) = fs::read_dir(self.dataset.root().join(below)) else {
            return self.add(below.to_owned(), Action::Skip(Reason::Unreadable));
        };
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(below, place, &entry),
                Err(_) => self.add(below.to_owned(), Action::Skip(Reason::Unreadable)),
            }
        }
    }

    fn entry(&mut self, below: &Path, place: Place, entry: &DirEntry) {
        let name = entry.file_name();
        let path = below.join(&name);
        let found = match self.look(&path) {
            Ok(found) => found,
            Err(reason) => return self.add(path, Action::Skip(reason)),
        };
        let is_folder = found == Found::Folder;
        let is_own = !is_folder && below.as_os_str().is_empty() && name == ".bidsignore";
        if name.as_encoded_bytes().starts_with(b".") && !is_own {
            return self.add(path, Action::Skip(Reason::Hidden));
        }
        if self.dataset.ignores(&path, is_folder) {
            return self.add(path, Action::Skip(Reason::Ignored));
        }
        if !is_folder {
            let action = self.file(place, &name);
            return self.add(path, action);
        }
        match self.place_of(place, &name) {
            Ok(place) => self.folder(&path, place),
            Err(reason) => self.add(path, Action::Skip(reason)),
        }
    }

    /// What lies at a path; a link counts as the file that it leads to.
    fn look(&self, path: &Path) -> Result<Found, Reason> {
        let whole = self.dataset.root().join(path);
        let unreadable = |_| Reason::Unreadable;
        let kind = fs::symlink_metadata(&whole).map_err(unreadable)?.file_type();
        if !kind.is_symlink() {
            return match kind {
                kind if kind.is_dir() => Ok(Found::Folder),
                kind if kind.is_file() => Ok(Found::File),
                _ => Err(Reason::Special),
            };
        }
        let target = fs::canonicalize(&whole).map_err(|_| Reason::LinkBroken)?;
        let kind = fs::metadata(&target).map_err(unreadable)?.file_type();
        match kind {
            kind if kind.is_dir() => Err(Reason::LinkToFolder),
            kind if !kind.is_file() => Err(Reason::Special),
            _ if !target.starts_with(self.dataset.root()) => Err(Reason::LinkOut),
            _ => Ok(Found::File),
        }
    }

    /// The place of a folder in a place, or why it is left out.
    fn place_of<'b>(&self, place: Place<'b>, name: &'b OsStr) -> Result<Place<'b>, Reason> {
        let name = name.to_str().ok_or(Reason::Unknown)?;
        let label = |prefix| name.strip_prefix(prefix).filter(|label| is_label(label));
        match place {
            Place { subject: None, datatype: None, .. } => match label("sub-") {
                Some(label) if self.filter.has_participant(label) => {
                    Ok(Place { subject: Some(label), ..place })
                }
                Some(_) => Err(Reason::NotAsked),
                None if name == PHENOTYPE => Ok(Place { datatype: Some(PHENOTYPE), ..place }),
                None => Err(Reason::Apart),
            },
            Place { subject: Some(_), datatype: None, .. } => {
                if place.session.is_none()
                    && let Some(label) = label("ses-")
                {
                    let is_asked = self.filter.has_session(Some(label));
                    let place = Place { session: Some(label), ..place };
                    return if is_asked { Ok(place) } else { Err(Reason::NotAsked) };
                }
                if is_recording(name) {
                    return Err(Reason::Recording);
                }
                let images = Datatype::of(name).map(|datatype| datatype.folder);
                let datatype =
                    images.or((name == "beh").then_some("beh")).ok_or(Reason::Unknown)?;
                match self.filter.has_session(place.session) {
                    true => Ok(Place { datatype: Some(datatype), ..place }),
                    false => Err(Reason::NotAsked),
                }
            }
            _ => Err(Reason::Unknown),
        }
    }

    /// What becomes of a file in a place, as far as it can be told from its name alone.
    fn file(&self, place: Place, name: &OsStr) -> Action {
        let Some(text) = name.to_str() else { return Action::Skip(Reason::Unknown) };
        let copy = |content, name| {
            let [subject, session] = [place.subject, place.session].map(|l| l.map(str::to_owned));
            Action::Copy(Copied { content, subject, session, of: None, name })
        };
        if place.datatype == Some(PHENOTYPE) {
            return match text.rsplit_once('.') {
                Some((_, "tsv")) => copy(Content::Rows(Column::Participant), None),
                Some((_, "json")) => copy(Content::Text, None),
                _ => Action::Skip(Reason::Unknown),
            };
        }
        if place.subject.is_none()
            && let Some(content) = top_level(text)
        {
            return copy(content, None);
        }
        let Some(name) = Name::parse(text) else { return Action::Skip(Reason::Unknown) };
        let is_misplaced =
            name.entity("sub") != place.subject || name.entity("ses") != place.session;
        if is_misplaced {
            return Action::Skip(Reason::Misplaced);
        }
        if is_recording(name.suffix()) || RECORDED.contains(&name.suffix()) {
            return Action::Skip(Reason::Recording);
        }
        if name.is_nifti() {
            return self.image(place, name);
        }
        let content = match (name.extension(), name.suffix()) {
            (".tsv", "scans") => Content::Rows(Column::File),
            (".tsv", "sessions") => Content::Rows(Column::Session),
            (".json", suffix)
                if place.datatype.is_some() && !is_table(suffix) && suffix != "beh" =>
            {
                Content::Sidecar
            }
            (".json" | ".tsv" | ".bval" | ".bvec", _) => Content::Text,
            (".tsv.gz", _) => Content::Compressed,
            _ => return Action::Skip(Reason::Unknown),
        };
        copy(content, Some(name))
    }

    fn image(&self, place: Place, name: Name) -> Action {
        let (Some(subject), Some(datatype)) = (place.subject, place.datatype) else {
            return Action::Skip(Reason::Misplaced);
        };
        let shows = Datatype::of(datatype).map(|d| d.shows(name.suffix(), name.entity("desc")));
        match shows.unwrap_or(Shows::Unknown) {
            Shows::NoHead => return Action::Skip(Reason::NoHead),
            Shows::Unknown => return Action::Skip(Reason::UnknownImage),
            Shows::Head => {}
        }
        let session = place.session.map(str::to_owned);
        let image = Image { name, datatype, subject: subject.to_owned(), session };
        match self.filter.has_image(&image) {
            true => Action::Deface(image),
            false => Action::Skip(Reason::NotAsked),
        }
    }

    fn refuse_two_forms(&mut self) {
        let mut n_of: BTreeMap<PathBuf, usize> = BTreeMap::new();
        let stem = |path: &Path, image: &Image| {
            path.with_file_name(image.name.clone().with_extension("").to_string())
        };
        for file in &self.files {
            if let Some(image) = file.as_image() {
                *n_of.entry(stem(&file.path, image)).or_default() += 1;
            }
        }
        for file in &mut self.files {
            if let Some(image) = file.as_image()
                && n_of[&stem(&file.path, image)] > 1
            {
                file.action = Action::Skip(Reason::TwoForms);
            }
        }
    }

    /// Finds the images that each other file tells of.
    fn bind(&mut self) {
        let mut images: BTreeMap<&str, Vec<(&Path, &Image)>> = BTreeMap::new();
        for file in &self.files {
            if let Some(image) = file.as_image() {
                images.entry(&image.subject).or_default().push((&file.path, image));
            }
        }
        let bound: Vec<Option<Vec<PathBuf>>> = self
            .files
            .iter()
            .map(|file| {
                let Action::Copy(Copied { name: Some(name), subject, .. }) = &file.action else {
                    return None;
                };
                let whose = subject.as_deref();
                let near =
                    images.iter().filter(|(own, _)| whose.is_none_or(|whose| whose == **own));
                let told = near.flat_map(|(_, images)| images).filter(|(path, image)| {
                    file.path.parent().is_some_and(|folder| path.starts_with(folder))
                        && (is_table(name.suffix()) || name.suffix() == image.name.suffix())
                        && name.is_part_of(&image.name)
                });
                Some(told.map(|(path, _)| (*path).to_owned()).collect())
            })
            .collect();
        for (file, bound) in self.files.iter_mut().zip(bound) {
            let is_of_images = |name: &Name| {
                let is_beh = file.path.parent().is_some_and(|folder| folder.ends_with("beh"));
                !is_beh && !OF_PEOPLE.contains(&name.suffix())
            };
            if let (Action::Copy(copied), Some(bound)) = (&mut file.action, bound)
                && copied.name.as_ref().is_some_and(is_of_images)
            {
                match bound.is_empty() {
                    true => file.action = Action::Skip(Reason::NoImage),
                    false => copied.of = Some(bound),
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    File,
    Folder,
}

/// The folder of what was measured otherwise than by images.
const PHENOTYPE: &str = "phenotype";

/// Suffixes of what goes with recordings.
const RECORDED: [&str; 6] =
    ["channels", "electrodes", "optodes", "coordsystem", "headshape", "markers"];

/// Suffixes of files that tell of a person or of a session, not of an image.
const OF_PEOPLE: [&str; 3] = ["scans", "sessions", "beh"];

/// How a file at the root that has no entities is taken over.
fn top_level(name: &str) -> Option<Content> {
    let texts = ["README", "CHANGES", "LICENSE", "CITATION.cff", "genetic_info.json"];
    let is_text = texts.contains(&name)
        || [".md", ".rst", ".txt"].iter().any(|end| {
            let stem = name.strip_suffix(end);
            stem.is_some_and(|stem| ["README", "LICENSE", "CHANGES"].contains(&stem))
        });
    match name {
        DESCRIPTION => Some(Content::Description),
        ".bidsignore" => Some(Content::Ignore),
        "participants.tsv" | "samples.tsv" => Some(Content::Rows(Column::Participant)),
        "participants.json" | "samples.json" => Some(Content::Text),
        _ => is_text.then_some(Content::Text),
    }
}

/// What of a plan was released.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Released {
    images: BTreeSet<PathBuf>,
    subjects: BTreeSet<String>,
    sessions: BTreeSet<(String, Option<String>)>,
}

impl Released {
    /// These images of a plan, of which `is_released` is asked with their paths below the root.
    pub fn of(plan: &Plan, is_released: impl Fn(&Path, &Image) -> bool) -> Self {
        let mut released = Self::default();
        for (path, image) in plan.images().filter(|(path, image)| is_released(path, image)) {
            released.images.insert(path.to_owned());
            released.subjects.insert(image.subject.clone());
            released.sessions.insert((image.subject.clone(), image.session.clone()));
        }
        released
    }

    /// Whether the image at a path below the root was released.
    #[must_use]
    pub fn has_image(&self, path: &Path) -> bool {
        self.images.contains(path)
    }

    /// Whether an image of a participant was released.
    #[must_use]
    pub fn has_subject(&self, label: &str) -> bool {
        self.subjects.contains(label)
    }

    pub(crate) fn has_session(&self, subject: &str, session: Option<&str>) -> bool {
        self.sessions.contains(&(subject.to_owned(), session.map(str::to_owned)))
    }

    /// Whether a file that is taken over belongs to something that was released.
    pub(crate) fn has(&self, copied: &Copied) -> bool {
        let is_told =
            copied.of.as_ref().is_none_or(|of| of.iter().any(|path| self.has_image(path)));
        let subject = copied.subject.as_deref();
        let of_session = |subject| match copied.session.as_deref() {
            None => self.has_subject(subject),
            session => self.has_session(subject, session),
        };
        is_told && subject.is_none_or(of_session)
    }
}
