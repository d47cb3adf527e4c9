use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use bids::{
    BidsError, Dataset, Filter, Image, ImageFilter, Output, OutputRoot, Release, Released, Written,
};
use pipeline::{Listed, Options, Outcome, Plan, Verdict};

use crate::args::{BidsArgs, Form, Stage};
use crate::deface::{options, run_plan, with_run};
use crate::exit::{Exit, Refusal};
use crate::screen::shown;

/// Defaces a BIDS dataset.
pub(crate) fn bids(args: &BidsArgs) -> Result<Exit, Refusal> {
    let dataset = Dataset::open(&args.bids_dir).map_err(told)?;
    let output = match args.output {
        Form::Raw => Output::Raw,
        Form::Derivative => Output::Derivative,
    };
    match args.stage {
        Stage::Participant => participants(args, &dataset, output),
        Stage::Group => group(args, &dataset, output),
    }
}

/// Defaces the images of each participant, and writes what goes with those that passed.
fn participants(args: &BidsArgs, dataset: &Dataset, output: Output) -> Result<Exit, Refusal> {
    let images = args.bids_filter_file.as_deref().map(ImageFilter::read).transpose();
    let filter = Filter {
        participants: args.participant_label.clone(),
        sessions: args.session_label.clone(),
        images: images.map_err(told)?,
    };
    let plan = dataset.plan(&filter).map_err(told)?;
    let targets = plan.targets(output).map_err(told)?;
    let out = OutputRoot::create(&args.out_dir, dataset, args.results.overwrite || args.run.resume)
        .map_err(told)?;
    let listed = targets.iter().map(|(path, image, targets)| Listed {
        input: dataset.root().join(path),
        name: targets.image.clone(),
        mask_name: targets.mask.clone(),
        space: space(image),
    });
    let common = options(
        &args.removal,
        Some((&args.results, out.path())),
        None,
        &args.engine,
        args.run.jobs,
    )?;
    let common = Options { write_mask: args.mask, ..common };
    let options = with_run(common, &args.run, &args.results, out.path())?;
    let scans = || Plan::of(listed.collect(), out.path(), &options);
    let passed: Mutex<BTreeSet<PathBuf>> = Mutex::default();
    let note = |outcome: &Outcome| {
        if outcome.verdict == Verdict::Pass {
            let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
            passed.insert(outcome.name.to_owned());
        }
    };
    let mut exit = run_plan(scans, &args.engine, &options, args.run.progress, &note)?;
    let passed = passed.into_inner().unwrap_or_else(PoisonError::into_inner);
    let released = Released::of(&plan, |path, image| {
        passed.contains(&output.targets(path, image).image)
            // Of another part, which may have come to its end before.
            || options.shard.is_some() && out.path().join(output.targets(path, image).image).is_file()
    });
    let release = Release { dataset, plan: &plan, output, released: &released, version: VERSION };
    let of_released = plan.images().filter(|(path, _)| released.has_image(path));
    let subjects: BTreeSet<&str> = of_released.map(|(_, image)| image.subject.as_str()).collect();
    for subject in subjects {
        exit = worse(exit, report(&release.write_subject(&out, subject)));
    }
    for (path, reason) in plan.skipped() {
        say(&format!("left out: {}: {reason}", shown(path)));
    }
    if args.run.shard.is_none() && args.participant_label.is_empty() {
        exit = worse(exit, group(args, dataset, output)?);
    }
    Ok(exit)
}

/// Stands for the participant and the session, whose images share a space.
fn space(image: &Image) -> String {
    let (subject, session) = image.space();
    format!("{subject} {}", session.unwrap_or_default())
}

/// Writes what belongs to the dataset as a whole, by what was released.
fn group(args: &BidsArgs, dataset: &Dataset, output: Output) -> Result<Exit, Refusal> {
    let plan = dataset.plan(&Filter::default()).map_err(told)?;
    // Made anew from what is there, whenever more was released.
    let out = OutputRoot::create(&args.out_dir, dataset, true).map_err(told)?;
    let released = Released::found_in(&out, &plan, output);
    let release = Release { dataset, plan: &plan, output, released: &released, version: VERSION };
    Ok(report(&release.write_dataset(&out)))
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Tells what could not be written.
fn report(written: &Written) -> Exit {
    for (path, error) in &written.problems {
        say(&format!("error: `{}`: {error}\nhint: {}", shown(path), error.hint()));
    }
    if written.problems.is_empty() { Exit::Passed } else { Exit::NotPassed }
}

fn worse(one: Exit, other: Exit) -> Exit {
    if one == Exit::Passed { other } else { one }
}

#[expect(clippy::print_stderr, reason = "messages go to stderr")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn told(error: BidsError) -> Refusal {
    Refusal { reason: error.to_string(), hint: error.hint() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_once_stays_failed() {
        assert_eq!(worse(Exit::NotPassed, Exit::Passed), Exit::NotPassed);
        assert_eq!(worse(Exit::Passed, Exit::NotPassed), Exit::NotPassed);
        assert_eq!(worse(Exit::Passed, Exit::Passed), Exit::Passed);
    }
}
