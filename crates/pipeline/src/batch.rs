use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use formats::Source;
use formats::dicom::DicomError;
use inference::Model;
use masking::Verdict;

use crate::log::Log;
use crate::one::{ScanError, deface};
use crate::plan::beside_image;
use crate::record::Record;
use crate::staging::{ScanStaging, Staging};
use crate::{Options, Plan, PlanError, Planned, memory};

/// What came of one scan, for the user to read.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// The name of the result below the output.
    pub name: &'a Path,
    /// Whether the verdict is that of something sound that is no volume: it is not released.
    pub is_withheld: bool,
    /// Whether it is no volume, and was released all the same, as the user asked.
    pub is_passed_through: bool,
    /// The path of the input, or of the file in it that is to blame.
    pub input: &'a Path,
    /// Wall-clock time.
    pub seconds: f64,
    /// Why it did not pass.
    pub reasons: Vec<String>,
    /// What the user can do, where there is no result.
    pub hint: Option<&'static str>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Scans that passed.
    pub n_pass: usize,
    /// Scans that a person must look at.
    pub n_review: usize,
    /// Scans without a result.
    pub n_fail: usize,
    /// Files that are sound and no volume, by series: they are not released.
    pub n_withheld: usize,
    /// Those of them that were released as the user asked.
    pub n_passed_through: usize,
}

/// Takes every scan of a plan through all stages, `options.n_jobs` at a time, and tells `report`
/// of each as it is done. A scan that fails, even by a panic, does not stop the others.
///
/// # Errors
/// [`PlanError::Unwritable`] if the folder of results or the log cannot be made; nothing is
/// written then.
pub fn run(
    plan: &Plan,
    model: &Model,
    options: &Options,
    report: &(dyn Fn(&Outcome) + Sync),
) -> Result<Summary, PlanError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| PlanError::Unwritable { path, source }
    };
    let is_new = !plan.out.exists();
    let staging = Staging::create(&plan.out).map_err(unwritable(&plan.out))?;
    let open_log = |path| Log::append_to(path).map_err(unwritable(path));
    let log = match options.log.as_deref().map(open_log).transpose() {
        Ok(log) => log,
        Err(e) => {
            drop(staging);
            if is_new {
                // Only if empty, as it was made.
                let _ = fs::remove_dir(&plan.out);
            }
            return Err(e);
        }
    };
    let context = Context { plan, model, options, staging: &staging, log: log.as_ref() };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut summary = Summary::default();
        while let Some((number, scan)) = {
            let number = next.fetch_add(1, Ordering::Relaxed);
            plan.scans.get(number).map(|scan| (number, scan))
        } {
            let outcome = context.take(number, scan);
            match outcome.verdict {
                Verdict::Pass => summary.n_pass += 1,
                Verdict::Review => summary.n_review += 1,
                Verdict::Fail if outcome.is_withheld => summary.n_withheld += 1,
                Verdict::Fail if outcome.is_passed_through => summary.n_passed_through += 1,
                Verdict::Fail => summary.n_fail += 1,
            }
            report(&outcome);
        }
        summary
    };
    let n_jobs = options.n_jobs.clamp(1, plan.scans.len().max(1));
    let parts: Vec<Summary> = thread::scope(|scope| {
        let others: Vec<_> = (1..n_jobs).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined = others.into_iter().map(|t| t.join().unwrap_or_default());
        joined.chain([own]).collect()
    });
    Ok(parts.into_iter().fold(Summary::default(), |a, b| Summary {
        n_pass: a.n_pass + b.n_pass,
        n_review: a.n_review + b.n_review,
        n_fail: a.n_fail + b.n_fail,
        n_withheld: a.n_withheld + b.n_withheld,
        n_passed_through: a.n_passed_through + b.n_passed_through,
    }))
}

struct Context<'a> {
    plan: &'a Plan,
    model: &'a Model,
    options: &'a Options,
    staging: &'a Staging,
    log: Option<&'a Log>,
}

impl Context<'_> {
    /// Takes one scan from its file to its final name.
    fn take<'a>(&self, number: usize, scan: &'a Planned) -> Outcome<'a> {
        let start = Instant::now();
        let mut record = Record::begin(self.model, self.options);
        let result =
            self.staging.for_scan(number).map_err(ScanError::Publish).and_then(|staging| {
                let made =
                    catch_unwind(AssertUnwindSafe(|| self.make(scan, &staging, &mut record)));
                let made =
                    made.unwrap_or_else(|panic| Err(ScanError::Panic(panic_message(&*panic))));
                self.publish(&scan.name, &staging, made, &mut record)
            });
        let mut input = scan.input();
        let (mut is_withheld, mut is_passed_through) = (false, false);
        let (image, hint) = match result {
            Ok(image) => (image, None),
            Err(e) => {
                record.fail(e.to_string());
                is_withheld = e.dicom().is_some_and(DicomError::is_no_volume);
                is_passed_through = is_withheld && self.passes_through(number, scan, &mut record);
                is_withheld &= !is_passed_through;
                let file = e.dicom().and_then(DicomError::file);
                input = file.and_then(|n| scan.file(n)).unwrap_or(input);
                (None, Some(e.hint()))
            }
        };
        let mut outcome = Outcome {
            verdict: record.verdict,
            name: &scan.name,
            is_withheld,
            is_passed_through,
            input,
            seconds: start.elapsed().as_secs_f64(),
            reasons: record.reasons.clone(),
            hint,
        };
        if let Some(log) = self.log {
            let source = scan.source.as_ref().ok();
            // Where names are removed, paths are not told: the hash says which scan it was.
            let is_told = self.options.release.deidentify.is_none();
            if let Err(e) =
                log.add(is_told.then_some(scan.input()), source, image.as_deref(), &record)
            {
                outcome.reasons.push(format!("the log cannot be written: {e}"));
                outcome.verdict = outcome.verdict.max(Verdict::Review);
            }
        }
        outcome
    }

    /// Releases what is no volume, if the user asked for its kind, and says so in its record.
    fn passes_through(&self, number: usize, scan: &Planned, record: &mut Record) -> bool {
        let Options { pass_through: kinds, release, .. } = self.options;
        let Ok(source) = &scan.source else { return false };
        if kinds.is_empty() || !formats::is_of_kind(source, kinds).unwrap_or(false) {
            return false;
        }
        let name = scan.name.file_name().unwrap_or_default();
        let mut pass = || -> Result<(), ScanError> {
            let staging = self.staging.for_scan(number).map_err(ScanError::Publish)?;
            let image = formats::pass_through(source, &staging.folder, name, release)?;
            record.passed_through = true;
            let staged = beside_image(&staging.folder.join(name), ".efface.json");
            formats::write_file(&staged, &record.to_json(), false)?;
            let out = &self.plan.out;
            staging.publish(out, out, &scan.name, Some(&image)).map_err(ScanError::Publish)
        };
        if let Err(e) = pass() {
            record.passed_through = false;
            record.reasons.push(format!("it could not be passed through: {e}"));
            return false;
        }
        true
    }

    /// Makes the result of one scan in its staging folder, and judges it.
    fn make(
        &self,
        scan: &Planned,
        staging: &ScanStaging,
        record: &mut Record,
    ) -> Result<Source, ScanError> {
        let source = scan.source.as_ref().map_err(|(_, e)| ScanError::NotFound(Arc::clone(e)))?;
        let made = deface(source, &scan.name, staging, self.model, self.options, record)?;
        record.add_judgement(&made.judgement);
        Ok(made.image)
    }

    /// Moves record and image to their final names; of a scan that failed, its record alone.
    /// Returns where the image lies.
    fn publish(
        &self,
        name: &Path,
        staging: &ScanStaging,
        made: Result<Source, ScanError>,
        record: &mut Record,
    ) -> Result<Option<PathBuf>, ScanError> {
        if let Err(e) = &made {
            record.fail(e.to_string());
            if e.dicom().is_some_and(DicomError::is_no_volume) {
                staging.clear(&self.plan.out, name).map_err(ScanError::Publish)?;
                return made.map(|_| None);
            }
        }
        record.peak_memory_bytes = memory::peak_bytes();
        let out = &self.plan.out;
        let folder = match record.verdict {
            Verdict::Review => out.join("review"),
            Verdict::Pass | Verdict::Fail => out.clone(),
        };
        let image = made.as_ref().ok().filter(|_| record.verdict != Verdict::Fail);
        if image.is_none() {
            record.output = None;
        }
        let staged = staging.folder.join(name.file_name().unwrap_or_default());
        formats::write_file(&beside_image(&staged, ".efface.json"), &record.to_json(), false)?;
        staging.publish(out, &folder, name, image).map_err(ScanError::Publish)?;
        let image = image.map(|_| folder.join(name));
        made.map(|_| image)
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}
