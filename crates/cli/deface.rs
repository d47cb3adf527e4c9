use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pipeline::{
    Deidentify, Filling, Level, Options, Outcome, Plan, PlanError, Release, Sharing, UidMap,
    Verdict, Workers, available_bytes,
};

use crate::args::{
    ApplyArgs, DefaceArgs, DicomArgs, EngineArgs, Fill, MergeArgs, OutputArgs, Profile, Progress,
    RemovalArgs, ResultArgs, Retain, RunArgs, VerifyArgs,
};
use crate::disclosure::{consent, disclosing};
use crate::doctor::{load_model, n_processors};
use crate::exit::{Exit, Refusal};
use crate::screen::{Screen, shown};

/// Defaces every scan of the inputs.
pub(crate) fn deface(args: &DefaceArgs) -> Result<Exit, Refusal> {
    let OutputArgs { out, resample, results, dicom } = &args.output;
    let common =
        options(&args.removal, Some((results, out)), Some(dicom), &args.engine, args.run.jobs)?;
    let common = Options {
        write_mask: args.mask,
        as_nifti: args.format.is_some(),
        resample: *resample,
        pass_through: args.pass_through.clone(),
        ..common
    };
    let mut options = with_run(common, &args.run, results, out)?;
    if args.same_space {
        options.sharing = Sharing::Folders;
    }
    run(&args.inputs, out, &args.engine, &options, args.run.progress)
}

/// `options` of a run on many scans.
pub(crate) fn with_run(
    options: Options,
    args: &RunArgs,
    results: &ResultArgs,
    out: &Path,
) -> Result<Options, Refusal> {
    let free = || available_bytes().map(|bytes| bytes / 10 * 9);
    let log = results.log.clone().unwrap_or_else(|| Plan::default_log(out, args.shard));
    Ok(Options {
        n_jobs: args.jobs,
        resume: args.resume,
        shard: args.shard,
        sharing: if args.each_alone { Sharing::Never } else { Sharing::Known },
        memory_bytes: args.memory.or_else(free),
        consent: consent(args)?,
        disclosing: disclosing(args)?,
        log: Some(log),
        ..options
    })
}

/// Removes what a given mask covers.
pub(crate) fn apply(args: &ApplyArgs) -> Result<Exit, Refusal> {
    let OutputArgs { out, resample, results, dicom } = &args.output;
    let options = Options {
        mask: Some(args.mask.clone()),
        resample: *resample,
        ..options(&args.removal, Some((results, out)), Some(dicom), &args.engine, 1)?
    };
    let input = std::slice::from_ref(&args.input);
    run(input, out, &args.engine, &options, Progress::Auto)
}

/// Proves a pair of scans.
#[expect(clippy::print_stdout, reason = "this command's data")]
pub(crate) fn verify(args: &VerifyArgs) -> Result<Exit, Refusal> {
    let options = options(&args.removal, None, None, &args.engine, 1)?;
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
    if !merged.not_defaced.is_empty() {
        println!("not defaced, and of a head whose face another scan shows:");
    }
    for (name, outcome) in &merged.not_defaced {
        println!("  {outcome:<6} {}", shown(name.as_ref()));
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
pub(crate) fn options(
    removal: &RemovalArgs,
    results: Option<(&ResultArgs, &Path)>,
    dicom: Option<&DicomArgs>,
    engine: &EngineArgs,
    n_jobs: usize,
) -> Result<Options, Refusal> {
    let n_threads = engine.threads.unwrap_or_else(n_processors);
    let log = |(results, out): (&ResultArgs, &Path)| {
        results.log.clone().unwrap_or_else(|| Plan::default_log(out, None))
    };
    Ok(Options {
        n_jobs,
        resume: false,
        shard: None,
        sharing: Sharing::Never,
        memory_bytes: None,
        consent: None,
        disclosing: None,
        has_own_salt: dicom.is_none_or(|dicom| dicom.uid_salt.is_none()),
        workers: Workers::new(n_threads / n_jobs).at(engine.level.unwrap_or_else(Level::best)),
        overwrite: results.is_some_and(|(results, _)| results.overwrite),
        write_mask: false,
        keep_header_text: results.is_some_and(|(results, _)| results.keep_header),
        flip: removal.flip,
        as_nifti: false,
        resample: false,
        pass_through: Vec::new(),
        release: release(dicom)?,
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
        log: results.map(log),
    })
}

/// Takes the scans of the inputs through all stages.
fn run(
    inputs: &[PathBuf],
    out: &Path,
    engine: &EngineArgs,
    options: &Options,
    progress: Progress,
) -> Result<Exit, Refusal> {
    run_plan(|| Plan::make(inputs, out, options), engine, options, progress, &|_| {})
}

/// Takes the scans of a plan through all stages, and tells `note` of each.
pub(crate) fn run_plan(
    make_plan: impl FnOnce() -> Result<Plan, PlanError>,
    engine: &EngineArgs,
    options: &Options,
    progress: Progress,
    note: &(dyn Fn(&Outcome) + Sync),
) -> Result<Exit, Refusal> {
    // With threads to spare the model is loaded while headers are read.
    let n_threads = options.workers.n_threads();
    let (loaded, plan) = options.workers.both(|| load_model(engine, n_threads), make_plan);
    let plan = plan.map_err(refuse)?;
    if plan.scans.is_empty() && plan.n_of_others == 0 {
        return Err(Refusal {
            reason: "no scan was found in the input".to_owned(),
            hint: "give a NIfTI file, a folder of DICOM files, or a folder that holds such",
        });
    }
    let loaded = loaded?;
    let stop = stop_on_signal()?;
    let screen = Screen::new(plan.scans.len(), progress);
    if let Some(reason) = loaded.fallback {
        screen.message(&format!("warning: {reason}\nhint: the embedded engine is used instead"));
    }
    let report = |outcome: &Outcome| {
        note(outcome);
        screen.scan(outcome);
    };
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
fn release(args: Option<&DicomArgs>) -> Result<Release, Refusal> {
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

pub(crate) fn refuse(error: PlanError) -> Refusal {
    Refusal { reason: error.to_string(), hint: error.hint() }
}
