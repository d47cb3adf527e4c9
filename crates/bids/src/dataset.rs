use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::json::Object;
use crate::name::is_label;
use crate::plan::{Plan, Walk};
use crate::{BidsError, Filter};

/// A BIDS dataset on disk, of which only the description, `.bidsignore` and the names of folders have
/// been read.
#[derive(Debug)]
pub struct Dataset {
    root: PathBuf,
    description: Object,
    ignored: Ignored,
    participants: Vec<Participant>,
}

/// A participant of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The label, without `sub-`.
    pub label: String,
    /// The labels of the sessions, without `ses-`, in order.
    pub sessions: Vec<String>,
}

impl Dataset {
    /// Opens the dataset whose root is `path`.
    ///
    /// # Errors
    /// [`BidsError`] if the description is missing or does not tell name and version, if
    /// `.bidsignore` cannot be understood, or if there is no participant.
    pub fn open(path: &Path) -> Result<Self, BidsError> {
        let file = path.join(DESCRIPTION);
        let root = fs::canonicalize(path).map_err(unreadable(path))?;
        let description = match fs::read(&file) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(BidsError::NoDescription(path.to_owned()));
            }
            read => read.map_err(unreadable(&file))?,
        };
        let bad = |source| BidsError::BadJson { path: file, source };
        let description = Object::parse(&description).map_err(bad)?;
        for field in ["Name", "BIDSVersion"] {
            if description.get::<String>(field).is_none_or(|text| text.trim().is_empty()) {
                return Err(BidsError::NoField { field });
            }
        }
        let ignored = Ignored::read(&root)?;
        let mut participants = Vec::new();
        for label in labels(&root, "sub-")? {
            let sessions = labels(&root.join(format!("sub-{label}")), "ses-")?;
            participants.push(Participant { label, sessions });
        }
        if participants.is_empty() {
            return Err(BidsError::NoParticipants(path.to_owned()));
        }
        Ok(Self { root, description, ignored, participants })
    }

    /// The root of the dataset, without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The participants, in order of their labels.
    #[must_use]
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// Says of each file what becomes of it. No file is opened, and no link to a folder followed.
    ///
    /// # Errors
    /// [`BidsError::NotThere`] if the filter names a participant or a session that is not there,
    /// [`BidsError::Unreadable`] if the root cannot be listed. A folder below it that cannot be is
    /// one of the things that are left out.
    pub fn plan(&self, filter: &Filter) -> Result<Plan, BidsError> {
        let subjects = self.participants.iter().map(|participant| &participant.label);
        let sessions = self.participants.iter().flat_map(|participant| &participant.sessions);
        all_there(&filter.participants, "sub-", &subjects.collect())?;
        all_there(&filter.sessions, "ses-", &sessions.collect())?;
        Walk::new(self, filter).plan()
    }

    pub(crate) fn description(&self) -> &Object {
        &self.description
    }

    pub(crate) fn ignores(&self, below: &Path, is_folder: bool) -> bool {
        self.ignored.0.matched_path_or_any_parents(below, is_folder).is_ignore()
    }
}

/// The file that makes a folder a dataset.
pub(crate) const DESCRIPTION: &str = "dataset_description.json";

/// The patterns of `.bidsignore`, which are those of `.gitignore`.
#[derive(Debug)]
struct Ignored(Gitignore);

impl Ignored {
    fn read(root: &Path) -> Result<Self, BidsError> {
        let path = root.join(".bidsignore");
        let text = match fs::read(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(unreadable(&path))?,
        };
        // Paths are given below the root.
        let mut builder = GitignoreBuilder::new("");
        for (n, line) in
            String::from_utf8_lossy(&text).trim_start_matches('\u{feff}').lines().enumerate()
        {
            let bad = |source| BidsError::BadIgnore { line: n + 1, source };
            builder.add_line(None, line).map_err(bad)?;
        }
        builder.build().map(Self).map_err(|source| BidsError::BadIgnore { line: 1, source })
    }
}

/// The labels of the folders of this prefix, in order. Links are none.
fn labels(folder: &Path, prefix: &str) -> Result<Vec<String>, BidsError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let name = entry.file_name();
        let label = name.to_str().and_then(|name| name.strip_prefix(prefix));
        if let Some(label) = label.filter(|label| is_label(label))
            && entry.file_type().map_err(unreadable(&entry.path()))?.is_dir()
        {
            found.push(label.to_owned());
        }
    }
    found.sort();
    Ok(found)
}

fn all_there(asked: &[String], prefix: &str, there: &BTreeSet<&String>) -> Result<(), BidsError> {
    for label in asked.iter().map(|asked| asked.strip_prefix(prefix).unwrap_or(asked)) {
        if !there.iter().any(|own| *own == label) {
            return Err(BidsError::NotThere(format!("{prefix}{label}")));
        }
    }
    Ok(())
}

pub(crate) fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> BidsError + use<> {
    let path = path.to_owned();
    move |source| BidsError::Unreadable { path, source }
}
