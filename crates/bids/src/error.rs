use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a dataset cannot be read, planned or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BidsError {
    /// There is no `dataset_description.json`.
    #[error("`{}` holds no `dataset_description.json`", .0.display())]
    NoDescription(PathBuf),
    /// A file or folder cannot be read.
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not JSON, or no object.
    #[error("`{}` is not a JSON object: {source}", path.display())]
    BadJson {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The description of the dataset lacks what it must say.
    #[error("`dataset_description.json` has no text `{field}`")]
    NoField {
        /// The member.
        field: &'static str,
    },
    /// There is no folder of a participant.
    #[error("`{}` holds no folder `sub-*`", .0.display())]
    NoParticipants(PathBuf),
    /// A line of `.bidsignore` is no pattern.
    #[error("line {line} of `.bidsignore` is not a pattern: {source}")]
    BadIgnore {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        source: ignore::Error,
    },
    /// A participant or a session was asked for that the dataset does not have.
    #[error("there is no `{0}` in the dataset")]
    NotThere(String),
    /// A filter names a kind of images that is not known.
    #[error("the filter names `{key}`, which is no kind of images")]
    FilterKind {
        /// The name.
        key: String,
    },
    /// A filter asks for an entity that is not known.
    #[error("the filter asks for `{entity}` of `{key}`, which is no entity")]
    FilterEntity {
        /// The kind of images.
        key: String,
        /// The entity.
        entity: String,
    },
    /// A filter asks for something that is no label.
    #[error(
        "the filter asks for a `{entity}` of `{key}` that is neither text, number, null nor a list of these"
    )]
    FilterValue {
        /// The kind of images.
        key: String,
        /// The entity.
        entity: String,
    },
    /// Two files would have one name.
    #[error("two images would both be written to `{}`", .0.display())]
    SameName(PathBuf),
    /// Results would mix with what they are made from.
    #[error("the output `{}` and the dataset `{}` lie inside each other", out.display(), input.display())]
    Overlap {
        /// The output.
        out: PathBuf,
        /// The dataset.
        input: PathBuf,
    },
    /// A file would be replaced.
    #[error("`{}` exists", .0.display())]
    Exists(PathBuf),
    /// A file would lie outside the output.
    #[error("`{}` leads out of the output", .0.display())]
    Outside(PathBuf),
    /// A file that should hold text holds something else.
    #[error("`{}` is not text", .0.display())]
    NotText(PathBuf),
    /// A table lacks the column by which its rows are chosen.
    #[error("`{}` has no column `{column}`", path.display())]
    NoColumn {
        /// The table.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A file cannot be written.
    #[error("`{}` cannot be written: {source}", path.display())]
    Unwritable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl BidsError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoDescription(_) => {
                "give the root of a BIDS dataset, or use `efface deface` for other folders"
            }
            Self::Unreadable { .. } => "check the path and the rights",
            Self::BadJson { .. } => "correct the file; a JSON editor shows the place",
            Self::NoField { .. } => "add it: BIDS demands `Name` and `BIDSVersion`",
            Self::NoParticipants(_) => "give the root of a BIDS dataset, not a folder in it",
            Self::BadIgnore { .. } => "correct the line; patterns are those of `.gitignore`",
            Self::NotThere(_) => {
                "labels are the names of folders, with or without `sub-` or `ses-`"
            }
            Self::FilterKind { .. } => "name kinds by their suffix in lower case, `t1w`, or `fmap`",
            Self::FilterEntity { .. } => "name entities as in `{\"t1w\": {\"acquisition\": null}}`",
            Self::FilterValue { .. } => "null: without the entity; \"*\": with any label",
            Self::SameName(_) => "rename one of them in the dataset",
            Self::Overlap { .. } => "choose an output folder apart from the dataset",
            Self::Exists(_) => "choose another output folder, or add `--overwrite`",
            Self::Outside(_) => "remove the link in the output folder",
            Self::NotText(_) => "it is not copied, since it might show a face; see what it is",
            Self::NoColumn { .. } => {
                "it is not copied, since whose rows it holds is unknown; add the column"
            }
            Self::Unwritable { .. } => "check the rights and the space of the disk",
        }
    }
}
