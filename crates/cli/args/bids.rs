use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use super::{EngineArgs, RemovalArgs, ResultArgs, RunArgs};

#[derive(Debug, Parser)]
#[command(after_help = "\
Images of heads are defaced, what tells of them goes with them, and what is not known is left out and
reported. Results for review lie in OUT_DIR/review, apart from the dataset. `participant` also writes what
belongs to the dataset as a whole, unless it is one of several (`--shard`, `--participant-label`): then
`group` does, at the end.")]
pub(crate) struct BidsArgs {
    /// The dataset
    pub(crate) bids_dir: PathBuf,

    /// Folder of the defaced dataset
    pub(crate) out_dir: PathBuf,

    /// What is done: each participant's images, or what belongs to the dataset as a whole
    pub(crate) stage: Stage,

    /// Participants to take, with or without `sub-` [default: all]
    #[arg(long, value_name = "LABEL", num_args = 1.., alias = "participant_label")]
    pub(crate) participant_label: Vec<String>,

    /// Sessions to take, with or without `ses-` [default: all]
    #[arg(long, value_name = "LABEL", num_args = 1.., alias = "session_label")]
    pub(crate) session_label: Vec<String>,

    /// Which images to take: JSON, as fMRIPrep reads it
    #[arg(long, value_name = "FILE")]
    pub(crate) bids_filter_file: Option<PathBuf>,

    /// What the output is: a raw dataset under the same names, or a derivative (`desc-defaced`)
    #[arg(long, value_name = "FORM", default_value = "raw")]
    pub(crate) output: Form,

    /// Also write what was removed
    #[arg(long)]
    pub(crate) mask: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,

    #[command(flatten)]
    pub(crate) removal: RemovalArgs,

    #[command(flatten)]
    pub(crate) results: ResultArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// The level of analysis of a BIDS app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Each participant's images, and what goes with them
    Participant,
    /// What belongs to the dataset as a whole
    Group,
}

/// What the output of a BIDS app is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A raw dataset
    Raw,
    /// A derivative
    Derivative,
}
