use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use pipeline::Shard;

use super::count;

/// How a run on many scans goes.
#[derive(Debug, Parser)]
pub(crate) struct RunArgs {
    /// Scans worked on at the same time
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = count,
        visible_alias = "n-procs", aliases = ["n_procs", "nprocs"])]
    pub(crate) jobs: usize,

    /// Memory for all scans at work, such as 8G; a scan waits until there is room for it
    /// [default: nine tenths of what is free]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<u64>,

    /// Go on with an earlier run: leave what its log and the files prove to be done, do the rest
    #[arg(long)]
    pub(crate) resume: bool,

    /// Take part I of N of the scans, divided by their size: the same parts wherever it runs
    #[arg(long, value_name = "I/N")]
    pub(crate) shard: Option<Shard>,

    /// Locate the face in each scan alone, also where scans share a patient space
    #[arg(long)]
    pub(crate) each_alone: bool,

    /// How progress is told: a bar where standard error is a terminal, plain lines, or JSON lines on
    /// standard output
    #[arg(long, value_name = "HOW", default_value = "auto")]
    pub(crate) progress: Progress,

    /// Leave out subjects who did not consent: CSV with subject, consent, scope and date
    #[arg(long, value_name = "FILE", help_heading = "Consent and disclosure")]
    pub(crate) consent: Option<PathBuf>,

    /// Leave out subjects who are not on the list, too
    #[arg(long, requires = "consent", help_heading = "Consent and disclosure")]
    pub(crate) consent_required: bool,

    /// What the scans are for: asked of the list of consents, written to the ledger
    #[arg(long, value_name = "TEXT", help_heading = "Consent and disclosure")]
    pub(crate) purpose: Option<String>,

    /// Who gets the results
    #[arg(long, value_name = "TEXT", requires = "ledger", help_heading = "Consent and disclosure")]
    pub(crate) recipient: Option<String>,

    /// Under which agreement
    #[arg(long, value_name = "TEXT", requires = "ledger", help_heading = "Consent and disclosure")]
    pub(crate) agreement: Option<String>,

    /// Ledger to which every disclosure is added
    #[arg(long, value_name = "FILE", requires_all = ["ledger_key", "recipient", "purpose"],
        help_heading = "Consent and disclosure")]
    pub(crate) ledger: Option<PathBuf>,

    /// File with the secret that stands for subjects in the ledger
    #[arg(long, value_name = "FILE", help_heading = "Consent and disclosure")]
    pub(crate) ledger_key: Option<PathBuf>,
}

/// How progress is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// A bar on a terminal, else plain lines
    Auto,
    /// A line a scan
    Plain,
    /// A JSON object a line
    Json,
}

/// A number of bytes, with K, M, G or T for powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || "give a size such as 512M or 8G".to_owned();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let shift = match text[digits.len()..]
        .to_ascii_uppercase()
        .trim_end_matches("IB")
        .trim_end_matches('B')
    {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(1 << shift).filter(|&bytes| bytes > 0);
    bytes.ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        let sizes =
            [("512M", 512 << 20), ("8G", 8 << 30), ("8GiB", 8 << 30), ("2tb", 2 << 40), ("7", 7)];
        for (text, bytes) in sizes {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in ["", "G", "-1G", "1.5G", "8X", "0", "99999999999T", "8G8"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
