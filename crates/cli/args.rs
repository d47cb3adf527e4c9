mod bids;
mod run;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use pipeline::{Level, Region, Regions};

pub(crate) use bids::{BidsArgs, Form, Stage};
pub(crate) use run::{Progress, RunArgs};

/// Removes the face from head CT and MRI scans, and proves that it did.
///
/// Eyes, forehead, nose, cheeks, mouth, chin and ears are removed, with all that lies in front of
/// them. Every other voxel stays exactly as it was, in a file of the same kind.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Remove the face from one or more scans
    Deface(Box<DefaceArgs>),
    /// Remove what a mask drawn by hand covers, with the same proof
    Apply(ApplyArgs),
    /// Prove a pair of scans, original and defaced, by whatever tool
    Verify(VerifyArgs),
    /// Deface a BIDS dataset, as a BIDS app
    Bids(Box<BidsArgs>),
    /// Join the logs of runs with `--shard`, and tell which are not done
    Merge(MergeArgs),
    /// Check or read a ledger of disclosures
    Ledger(LedgerArgs),
    /// Show what this installation has: model, engine, threads
    Doctor(EngineArgs),
    /// Show every option of `deface`, as a file of options has it
    Config(ConfigArgs),
    /// Print a script that completes commands in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Debug, Parser)]
pub(crate) struct ConfigArgs {
    /// A file of options, whose values are shown
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Parser)]
pub(crate) struct MergeArgs {
    /// The folder of results
    pub(crate) out: PathBuf,

    /// The log to write; those of the shards lie beside it [default: beside OUT, OUT.efface.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,

    /// Replace the log of an earlier merge
    #[arg(long)]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Parser)]
pub(crate) struct LedgerArgs {
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check that no line was changed, added or taken out
    Verify {
        /// The ledger
        ledger: PathBuf,
        /// A head noted earlier, which the ledger must still hold
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Show every disclosure
    List {
        /// The ledger
        ledger: PathBuf,
    },
    /// Account for the disclosures of one subject, as JSON
    Export {
        /// The ledger
        ledger: PathBuf,
        /// The subject's label
        #[arg(long, value_name = "LABEL")]
        subject: String,
        /// File with the secret that the ledger was written with
        #[arg(long, value_name = "FILE")]
        ledger_key: PathBuf,
    },
    /// Cut off a last line that was being written when the machine stopped
    Recover {
        /// The ledger
        ledger: PathBuf,
    },
}

#[derive(Debug, Parser)]
#[command(after_help = "\
Each scan ends with one of three verdicts:
  pass     the face is gone and nothing else changed; the result is in OUT
  review   there is doubt: a person must look at the result, in OUT/review
  fail     there is no result; the reason is told
DICOM that is no volume (localizers, captures, reports) is told as `withheld`:
it may show a face, and is not released.

Scans that share a patient space (DICOM of one patient and Frame of Reference) share one decision: the
face is located in the best of them, carried to the others, and each result proven on its own. What shows
that head and was not defaced is listed at the end.

Beside each result lies a record, NAME.efface.json, that may be released with it.
The private log names the originals and must not be released.

Exit code: 0 every scan passed and there was one, 1 at least one did not, 2 the command was not
understood, 3 the run was refused before anything was written.

Defacing lowers the chance that a person is recognised. It does not make a scan
anonymous: teeth, bone, sinuses, vessels and brain remain.")]
pub(crate) struct DefaceArgs {
    /// NIfTI files, DICOM files, or folders that hold such, many series mixed or not
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Also write what was removed, as NAME_defacemask.nii.gz (1 = removed)
    #[arg(long)]
    pub(crate) mask: bool,

    /// The NIfTI files that lie in one folder are scans of one head that share a patient space: the face is
    /// located in the best of them and carried to the others
    #[arg(long, conflicts_with = "each_alone")]
    pub(crate) same_space: bool,

    /// Write DICOM as NIfTI, one .nii.gz a volume
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// Release DICOM of this modality or SOP class although it is no volume and may show a face
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) pass_through: Vec<String>,

    #[command(flatten)]
    pub(crate) run: RunArgs,

    #[command(flatten)]
    pub(crate) removal: RemovalArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, Parser)]
#[command(after_help = "\
The mask lies on the grid of the scan, as `efface deface --mask` writes it; what is not 0 is removed.
The result goes through the same proof, and to the same places, as that of `efface deface`.")]
pub(crate) struct ApplyArgs {
    /// The original scan: a NIfTI file or a folder of one DICOM series
    pub(crate) input: PathBuf,

    /// What to remove: a NIfTI file on the scan's grid, 0 = kept
    #[arg(long, value_name = "FILE")]
    pub(crate) mask: PathBuf,

    #[command(flatten)]
    pub(crate) removal: RemovalArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

#[derive(Debug, Parser)]
#[command(after_help = "\
The second scan may come from any tool that keeps the grid and the number type of the first. All that
changed counts as removed. Give `--fill average` for a pair that was filled so, or the face of no one is
found, and `--remove` for one of which other parts were removed. Exit code: 0 pass, 1 review or fail, 2 the command was not understood,
3 there is nothing to prove.")]
pub(crate) struct VerifyArgs {
    /// The original scan: a NIfTI file or a folder of one DICOM series
    pub(crate) original: PathBuf,

    /// What was made of it
    pub(crate) defaced: PathBuf,

    /// Print the whole record, as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) removal: RemovalArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,
}

/// What is removed, and what is written there.
#[derive(Debug, Parser)]
pub(crate) struct RemovalArgs {
    /// What to remove: standard (eyes, brow, nose, cheeks, mouth, chin, ears), minimal (eyes to
    /// chin, no brow, no ears), strict (standard with teeth, facial-bone, sinuses and scalp), or any
    /// of these and neck by name
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_value = "standard",
        value_parser = regions)]
    pub(crate) remove: Vec<Regions>,

    /// What to write there: air, noise (the scan's own air), average (a head of no one), or
    /// constant:VALUE (HU in CT)
    #[arg(long, value_name = "FILL", default_value = "air", value_parser = fill)]
    pub(crate) fill: Fill,

    /// Seed of `--fill noise`
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Remove the face where it lies too near to the brain as well, up to the brain itself
    #[arg(long)]
    pub(crate) face_wins: bool,

    /// Millimetres around the brain in which nothing is removed
    #[arg(long, value_name = "MM", default_value_t = 5.0, value_parser = millimetres)]
    pub(crate) brain_guard: f64,

    /// Let the model look at the mirrored scan as well: twice its time, for doubtful scans
    #[arg(long)]
    pub(crate) flip: bool,
}

/// Where results go, and what their headers keep.
#[derive(Debug, Parser)]
pub(crate) struct OutputArgs {
    /// Folder for the results; for a single scan also a file name ending in .nii or .nii.gz
    #[arg(short, long, value_name = "OUT")]
    pub(crate) out: PathBuf,

    /// Set slices of a tilted gantry upright and fill unequal distances in, where DICOM is written as NIfTI:
    /// values become mixtures of their neighbours, and the record says so
    #[arg(long)]
    pub(crate) resample: bool,

    #[command(flatten)]
    pub(crate) results: ResultArgs,

    #[command(flatten)]
    pub(crate) dicom: DicomArgs,
}

/// What holds for results of any kind.
#[derive(Debug, Parser)]
pub(crate) struct ResultArgs {
    /// Replace results of an earlier run
    #[arg(long)]
    pub(crate) overwrite: bool,

    /// Keep free text, extensions and trailing bytes of NIfTI headers, which may name the patient
    #[arg(long)]
    pub(crate) keep_header: bool,

    /// Private log, one JSON object a line [default: beside OUT, OUT.efface.jsonl]
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,

    /// File of options, TOML; what is given here counts before it [env: EFFACE_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// What becomes of DICOM headers.
#[derive(Debug, Parser)]
pub(crate) struct DicomArgs {
    /// Secret from which new DICOM UIDs are derived; the same secret gives the same UIDs
    /// [default: another one each run]
    #[arg(long, value_name = "SECRET", env = "EFFACE_UID_SALT", hide_env_values = true)]
    pub(crate) uid_salt: Option<String>,

    /// Also remove from DICOM headers what names the patient
    #[arg(long, value_name = "PROFILE")]
    pub(crate) deidentify: Option<Profile>,

    /// What `--deidentify` leaves: dates, moved alike for all of a patient, or sex, age and size
    #[arg(long, value_name = "WHAT", requires = "deidentify", value_delimiter = ',')]
    pub(crate) retain: Vec<Retain>,
}

#[derive(Debug, Parser)]
pub(crate) struct EngineArgs {
    /// Threads for all jobs together [default: one per processor]
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) threads: Option<usize>,

    /// Instructions that the voxel kernels use [default: the best of this processor]
    #[arg(long, value_name = "LEVEL", env = "EFFACE_LEVEL", hide_env_values = true)]
    pub(crate) level: Option<Level>,

    /// Another face model (.onnx), with its card (.toml) beside it
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,

    /// ONNX Runtime's shared library, a faster engine than the built-in one
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH")]
    pub(crate) onnxruntime: Option<PathBuf>,
}

/// What DICOM can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// NIfTI-1, compressed
    Nifti,
}

/// Profiles of PS3.15 annex E.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// Basic Application Level Confidentiality Profile
    Basic,
}

/// Options of those profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Retain {
    /// Retain Longitudinal Temporal Information with Modified Dates
    ShiftedDates,
    /// Retain Patient Characteristics
    Characteristics,
}

/// What is written where a face was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fill {
    Air,
    Noise,
    Average,
    Constant(f64),
}

fn fill(text: &str) -> Result<Fill, String> {
    let value = |text: &str| text.parse().ok().filter(|v: &f64| v.is_finite());
    match (text, text.strip_prefix("constant:").and_then(value)) {
        ("air", _) => Ok(Fill::Air),
        ("noise", _) => Ok(Fill::Noise),
        ("average", _) => Ok(Fill::Average),
        (_, Some(value)) => Ok(Fill::Constant(value)),
        _ => Err("give `air`, `noise`, `average` or `constant:VALUE`".to_owned()),
    }
}

fn regions(text: &str) -> Result<Regions, String> {
    let named = match text {
        "standard" => Some(Regions::STANDARD),
        "minimal" => Some(Regions::MINIMAL),
        "strict" => Some(Regions::STRICT),
        name => Region::from_name(name).map(|region| [region].into_iter().collect()),
    };
    named.ok_or_else(|| {
        let names: Vec<_> = Region::ALL.into_iter().map(Region::name).collect();
        format!("give standard, minimal, strict, or some of: {}", names.join(", "))
    })
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("give a whole number from 1 to 1024".to_owned()),
    }
}

fn millimetres(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(mm) if (0.0..=30.0).contains(&mm) => Ok(mm),
        _ => Err("give a length from 0 to 30 mm".to_owned()),
    }
}
