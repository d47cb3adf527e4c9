use std::path::PathBuf;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipeline::{
    Deidentify, Filling, Level, Options, Outcome, Plan, PlanError, Release, UidMap, Verdict,
    Workers, available_bytes,
};

use crate::args::{
    ApplyArgs, DefaceArgs, EngineArgs, Fill, MergeArgs, OutputArgs, Profile, Progress, RemovalArgs,
    Retain, VerifyArgs,
};
use crate::disclosure::{consent, disclosing};
use crate::doctor::{load_model, n_processors};
use crate::exit::{Exit, Refusal};
use crate::screen::{Screen, shown};

/// Defaces every scan of the inputs.
pub(crate) fn deface(args: &DefaceArgs) -> Result<Exit, Refusal> {
    let run_args = &args.run;
    let free = || available_bytes().map(|bytes| bytes / 10 * 9);
    let log = &args.output.log;
    let options = Options {
        n_jobs: run_args.jobs,
        resume: run_args.resume,
        shard: run_args.shard,
        memory_bytes: run_args.memory.or_else(free),
        consent: consent(run_args)?,
        disclosing: disclosing(run_args)?,
        write_mask: args.mask,
        as_nifti: args.format.is_some(),
        pass_through: args.pass_through.clone(),
        log: Some(
            log.clone().unwrap_or_else(|| Plan::default_log(&args.output.out, run_args.shard)),
        ),
        ..options(&args.removal, Some(&args.output), &args.engine, run_args.jobs)?
    };
    run(&args.inputs, &args.output, &args.engine, &options, run_args.progress)
}

/// Removes what a given mask covers.
pub(crate) fn apply(args: &ApplyArgs) -> Result<Exit, Refusal> {
    let options = Options {
        mask: Some(args.mask.clone()),
        ..options(&args.removal, Some(&args.output), &args.engine, 1)?
    };
    let input = std::slice::from_ref(&args.input);
    run(input, &args.output, &args.engine, &options, Progress::Auto)
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

/// Joins the logs of shards.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this command's data")]
pub(crate) fn merge(args: &MergeArgs) -> Result<Exit, Refusal> {
    let log = args.log.clone().unwrap_or_else(|| Plan::default_log(&args.out, None));
    let merged = pipeline::merge(&args.out, &log, args.overwrite)
        .map_err(|e| Refusal { reason: e.to_string(), hint: e.hint() })?;
    let counts: Vec<_> = merged.n_of.iter().map(|(what, n)| format!("{n} {what}")).collect();
    println!("{}", if counts.is_empty() { "no scan".to_owned() } else { counts.join(", ") });
    for (name, outcome) in &merged.to_look_at {
        println!("{outcome:<6} {}", shown(name.as_ref()));
    }
    for shard in &merged.unfinished {
        eprintln!(
            "error: shard {shard} is not done\nhint: run it again with `--shard {shard} --resume`"
        );
    }
    let is_whole = merged.unfinished.is_empty() && merged.to_look_at.is_empty();
    Ok(if is_whole { Exit::Passed } else { Exit::NotPassed })
}

/// The options that commands share.
fn options(
    removal: &RemovalArgs,
    output: Option<&OutputArgs>,
    engine: &EngineArgs,
    n_jobs: usize,
) -> Result<Options, Refusal> {
    let n_threads = engine.threads.unwrap_or_else(n_processors);
    let log = |output: &OutputArgs| {
        output.log.clone().unwrap_or_else(|| Plan::default_log(&output.out, None))
    };
    Ok(Options {
        n_jobs,
        resume: false,
        shard: None,
        memory_bytes: None,
        consent: None,
        disclosing: None,
        has_own_salt: output.is_none_or(|output| output.uid_salt.is_none()),
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
    progress: Progress,
) -> Result<Exit, Refusal> {
    let plan = Plan::make(inputs, &output.out, options).map_err(refuse)?;
    if plan.scans.is_empty() && plan.n_of_others == 0 {
        return Err(Refusal {
            reason: "no scan was found in the input".to_owned(),
            hint: "give a NIfTI file, a folder of DICOM files, or a folder that holds such",
        });
    }
    let loaded = load_model(engine, options.workers.n_threads())?;
    let stop = stop_on_signal()?;
    let screen = Screen::new(plan.scans.len(), progress);
    if let Some(reason) = loaded.fallback {
        screen.message(&format!("warning: {reason}\nhint: the embedded engine is used instead"));
    }
    let report = |outcome: &Outcome| screen.scan(outcome);
    let summary = pipeline::run(&plan, &loaded.model, options, &stop, &report).map_err(refuse)?;
    screen.end(&plan, &summary);
    let n_not_passed = summary.n_review + summary.n_fail + summary.n_not_begun;
    let is_empty_part = plan.scans.is_empty();
    let all_passed = n_not_passed == 0 && (summary.n_pass > 0 || is_empty_part);
    Ok(if all_passed { Exit::Passed } else { Exit::NotPassed })
}

/// What is set at the first signal to end; at the second the program ends at once.
#[expect(clippy::print_stderr, clippy::exit, reason = "the user wants it to end")]
fn stop_on_signal() -> Result<Arc<AtomicBool>, Refusal> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            process::exit(1);
        }
        eprintln!("stopping: the scans at work are taken to their end; once more ends at once");
    })
    .map_err(|e| Refusal {
        reason: format!("signals cannot be caught: {e}"),
        hint: "please report this",
    })?;
    Ok(stop)
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
