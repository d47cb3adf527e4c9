use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::{
    Deidentify, Filling, Level, Options, Outcome, Plan, PlanError, Release, UidMap, Verdict,
    Workers,
};

use crate::args::{
    ApplyArgs, DefaceArgs, EngineArgs, Fill, OutputArgs, Profile, RemovalArgs, Retain, VerifyArgs,
};
use crate::doctor::{load_model, n_processors};
use crate::exit::{Exit, Refusal};

/// Defaces every scan of the inputs.
pub(crate) fn deface(args: &DefaceArgs) -> Result<Exit, Refusal> {
    let options = Options {
        n_jobs: args.jobs,
        write_mask: args.mask,
        as_nifti: args.format.is_some(),
        pass_through: args.pass_through.clone(),
        ..options(&args.removal, Some(&args.output), &args.engine, args.jobs)?
    };
    run(&args.inputs, &args.output, &args.engine, &options)
}

/// Removes what a given mask covers.
pub(crate) fn apply(args: &ApplyArgs) -> Result<Exit, Refusal> {
    let options = Options {
        mask: Some(args.mask.clone()),
        ..options(&args.removal, Some(&args.output), &args.engine, 1)?
    };
    run(std::slice::from_ref(&args.input), &args.output, &args.engine, &options)
}

/// Proves a pair of scans.
#[expect(clippy::print_stdout, reason = "this command's data")]
pub(crate) fn verify(args: &VerifyArgs) -> Result<Exit, Refusal> {
    let options = options(&args.removal, None, &args.engine, 1)?;
    let loaded = load_model(&args.engine, options.workers.n_threads())?;
    let found = pipeline::verify(&args.original, &args.defaced, &loaded.model, &options)
        .map_err(|e| Refusal { reason: e.to_string(), hint: e.hint })?;
    if args.json {
        print!("{}", String::from_utf8_lossy(&found.record));
    } else {
        let reasons = found.reasons.join("; ");
        let colon = if reasons.is_empty() { "" } else { ": " };
        println!("{:<6} {}{colon}{reasons}", found.verdict.name(), args.defaced.display());
    }
    Ok(if found.verdict == Verdict::Pass { Exit::Passed } else { Exit::NotPassed })
}

/// The options that commands share.
fn options(
    removal: &RemovalArgs,
    output: Option<&OutputArgs>,
    engine: &EngineArgs,
    n_jobs: usize,
) -> Result<Options, Refusal> {
    let n_threads = engine.threads.unwrap_or_else(n_processors);
    let log =
        |output: &OutputArgs| output.log.clone().unwrap_or_else(|| Plan::default_log(&output.out));
    Ok(Options {
        n_jobs,
        workers: Workers::new(n_threads / n_jobs).at(engine.level.unwrap_or_else(Level::best)),
        overwrite: output.is_some_and(|output| output.overwrite),
        write_mask: false,
        keep_header_text: output.is_some_and(|output| output.keep_header),
        flip: removal.flip,
        as_nifti: false,
        pass_through: Vec::new(),
        release: release(output)?,
        regions: removal.remove.iter().flat_map(|r| r.iter()).collect(),
        mask: None,
        filling: match removal.fill {
            Fill::Air => Filling::Air,
            Fill::Noise => Filling::Noise { seed: removal.seed },
            Fill::Average => Filling::Average,
            Fill::Constant(value) => Filling::Constant(value),
        },
        face_wins: removal.face_wins,
        guard_mm: removal.brain_guard,
        log: output.map(log),
    })
}

/// Takes the scans of the inputs through all stages.
fn run(
    inputs: &[PathBuf],
    output: &OutputArgs,
    engine: &EngineArgs,
    options: &Options,
) -> Result<Exit, Refusal> {
    let plan = Plan::make(inputs, &output.out, options).map_err(refuse)?;
    if plan.scans.is_empty() {
        return Err(Refusal {
            reason: "no scan was found in the input".to_owned(),
            hint: "give a NIfTI file, a folder of DICOM files, or a folder that holds such",
        });
    }
    let loaded = load_model(engine, options.workers.n_threads())?;
    let screen = Screen::new(plan.scans.len());
    if let Some(reason) = loaded.fallback {
        screen.message(&format!("warning: {reason}\nhint: the embedded engine is used instead"));
    }
    let report = |outcome: &Outcome| screen.scan(outcome);
    let summary = pipeline::run(&plan, &loaded.model, options, &report).map_err(refuse)?;
    screen.finish();
    if plan.scans.len() > 1 || plan.n_other + plan.n_copies > 0 {
        let some = |n: usize, before: &str, after: &str| match n {
            0 => String::new(),
            n => format!("{before}{n}{after}"),
        };
        screen.message(&format!(
            "{} passed, {} to review, {} failed{}{}{}{}",
            summary.n_pass,
            summary.n_review,
            summary.n_fail,
            some(summary.n_withheld, ", ", " withheld"),
            some(summary.n_passed_through, ", ", " passed through"),
            some(plan.n_other, "; ", " other files passed over"),
            some(plan.n_copies, "; ", " copies of other files passed over"),
        ));
    }
    let all_passed = summary.n_review + summary.n_fail == 0 && summary.n_pass > 0;
    Ok(if all_passed { Exit::Passed } else { Exit::NotPassed })
}

/// What is done to DICOM headers, with a salt of this run's own unless one is given.
fn release(args: Option<&OutputArgs>) -> Result<Release, Refusal> {
    let mut random = [0; 32];
    let salt = match args.and_then(|args| args.uid_salt.as_ref()) {
        Some(salt) => salt.as_bytes(),
        None => {
            getrandom::fill(&mut random).map_err(|e| Refusal {
                reason: format!("the system gives no random numbers: {e}"),
                hint: "give a secret with `--uid-salt`",
            })?;
            &random
        }
    };
    let deidentify = args.and_then(|args| {
        let retains = |what| args.retain.contains(&what);
        args.deidentify.map(|Profile::Basic| Deidentify {
            keep_shifted_dates: retains(Retain::ShiftedDates),
            keep_characteristics: retains(Retain::Characteristics),
        })
    });
    let program = concat!("efface ", env!("CARGO_PKG_VERSION")).to_owned();
    Ok(Release { uids: UidMap::new(salt), deidentify, program })
}

fn refuse(error: PlanError) -> Refusal {
    Refusal { reason: error.to_string(), hint: error.hint() }
}

/// Standard output, one line a scan; standard error, messages and, on a terminal, a bar.
struct Screen {
    bar: ProgressBar,
}

impl Screen {
    fn new(n_scans: usize) -> Self {
        let shown = n_scans > 1 && std::io::stderr().is_terminal();
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(n_scans as u64), target);
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len} scans, {per_sec}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// One line: verdict, name, seconds, and the reasons if it is no pass.
    fn scan(&self, outcome: &Outcome) {
        let verdict = match outcome.verdict {
            _ if outcome.is_withheld => "withheld",
            _ if outcome.is_passed_through => "passed through",
            verdict => verdict.name(),
        };
        let mut line =
            format!("{:<6} {} {:.2} s", verdict, outcome.name.display(), outcome.seconds);
        if outcome.verdict != Verdict::Pass {
            line.push_str(": ");
            line.push_str(&outcome.reasons.join("; "));
        }
        self.bar.suspend(|| {
            // A reader that has gone away must not stop the batch.
            let _ = writeln!(std::io::stdout(), "{line}");
            if let Some(hint) =
                outcome.hint.filter(|_| !(outcome.is_withheld || outcome.is_passed_through))
            {
                let reasons = outcome.reasons.join("; ");
                let _ = writeln!(
                    std::io::stderr(),
                    "error: `{}`: {reasons}\nhint: {hint}",
                    outcome.input.display()
                );
            }
        });
        self.bar.inc(1);
    }

    fn message(&self, text: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
