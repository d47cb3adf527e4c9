use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use formats::Source;
use formats::dicom::DicomError;
use inference::Model;
use ledger::Standing;
use masking::Verdict;

use crate::consent::subject;
use crate::earlier::Earlier;
use crate::log::{Line, Log, unix_seconds};
use crate::memory::{Budget, Share};
use crate::one::{ScanError, deface, open};
use crate::places::beside_image;
use crate::record::Record;
use crate::space::{Shared, Space};
use crate::staging::{ScanStaging, Staging, StagingError, clear};
use crate::{Options, Plan, PlanError, Planned, digest, memory};

/// What became of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was taken through all stages, and judged.
    Judged,
    /// It is sound and no volume, and is not released.
    Withheld,
    /// It is no volume, and was released all the same, as the user asked.
    PassedThrough,
    /// Its subject did not consent. No voxel was read.
    Excluded,
    /// An earlier run did it, as was proven.
    Done,
}

impl Kind {
    /// What is told of it where there is no verdict of this run.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Judged => None,
            Self::Withheld => Some("withheld"),
            Self::PassedThrough => Some("passed through"),
            Self::Excluded => Some("excluded"),
            Self::Done => Some("done"),
        }
    }
}

/// What came of one scan, for the user to read.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// What became of it.
    pub kind: Kind,
    /// The verdict; that of the earlier run if it is done.
    pub verdict: Verdict,
    /// The name of the result below the output.
    pub name: &'a Path,
    /// The path of the input, or of the file in it that is to blame.
    pub input: &'a Path,
    /// Wall-clock time.
    pub seconds: f64,
    /// Whether it shares its space with a scan in which a face was located: then it shows a head, and may
    /// show that face.
    pub in_head_space: bool,
    /// Why it did not pass.
    pub reasons: Vec<String>,
    /// What the user can do, where there is no result.
    pub hint: Option<&'static str>,
}

impl Outcome<'_> {
    /// What is told of it, in a word: a verdict, or what else became of it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.kind.name().unwrap_or(self.verdict.name())
    }

    /// Whether nobody needs to ask what became of the face in it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        is_settled(self.word())
    }
}

/// [`Outcome::is_settled`] of its word: a result was made, or its subject is left out.
pub(crate) fn is_settled(word: &str) -> bool {
    matches!(word, "pass" | "review" | "done" | "excluded")
}

/// What came of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Scans that passed, in this run or before.
    pub n_pass: usize,
    /// Scans that a person must look at, of this run or before.
    pub n_review: usize,
    /// Scans without a result.
    pub n_fail: usize,
    /// Files that are sound and no volume, by series: they are not released.
    pub n_withheld: usize,
    /// Those of them that were released as the user asked.
    pub n_passed_through: usize,
    /// Scans of subjects who did not consent.
    pub n_excluded: usize,
    /// Scans, among those that passed or are to be reviewed, that an earlier run did.
    pub n_done: usize,
    /// Scans that were not begun, since the run was stopped.
    pub n_not_begun: usize,
}

impl Summary {
    fn add(&mut self, outcome: &Outcome) {
        match (outcome.kind, outcome.verdict) {
            (Kind::Withheld, _) => self.n_withheld += 1,
            (Kind::PassedThrough, _) => self.n_passed_through += 1,
            (Kind::Excluded, _) => self.n_excluded += 1,
            (_, Verdict::Pass) => self.n_pass += 1,
            (_, Verdict::Review) => self.n_review += 1,
            (_, Verdict::Fail) => self.n_fail += 1,
        }
        self.n_done += usize::from(outcome.kind == Kind::Done);
    }

    fn plus(self, other: Self) -> Self {
        Self {
            n_pass: self.n_pass + other.n_pass,
            n_review: self.n_review + other.n_review,
            n_fail: self.n_fail + other.n_fail,
            n_withheld: self.n_withheld + other.n_withheld,
            n_passed_through: self.n_passed_through + other.n_passed_through,
            n_excluded: self.n_excluded + other.n_excluded,
            n_done: self.n_done + other.n_done,
            n_not_begun: self.n_not_begun + other.n_not_begun,
        }
    }
}

/// Takes every scan of a plan through all stages, `options.n_jobs` at a time, and tells `report`
/// of each as it is done. A scan that fails, even by a panic, does not stop the others. Scans that share a
/// space are taken one after the other.
///
/// Once `stop` is set no scan is begun; those at work are taken to their end.
///
/// # Errors
/// [`PlanError::Busy`] if another run works on the folder of results, and [`PlanError::Unwritable`] if
/// that folder or the log cannot be made; nothing is written then.
pub fn run(
    plan: &Plan,
    model: &Model,
    options: &Options,
    stop: &AtomicBool,
    report: &(dyn Fn(&Outcome) + Sync),
) -> Result<Summary, PlanError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |source| PlanError::Unwritable { path, source }
    };
    let is_new = !plan.out.exists();
    let staging =
        Staging::create(&plan.out, plan.file.as_deref(), options.shard).map_err(|e| match e {
            StagingError::Busy => PlanError::Busy { out: plan.out.clone() },
            StagingError::Io(e) => unwritable(&plan.out)(e),
        })?;
    let key = digest::of_options(options, model).map_err(unwritable(&plan.out))?;
    let read = |path: &PathBuf| Earlier::read(path, &key).map_err(unwritable(path));
    let earlier = options.log.as_ref().filter(|_| options.resume).map(read).transpose()?;
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
    let (staging, log) = (&staging, log.as_ref());
    let context = Context {
        plan,
        model,
        options,
        staging,
        log,
        earlier: earlier.as_ref(),
        key: &key,
        budget: options.memory_bytes.map(Budget::new),
        stop,
    };
    let spaces = plan.spaces();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut summary = Summary::default();
        while let Some(numbers) = spaces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut told = 0;
            context.take_space(numbers, &mut |outcome| {
                told += 1;
                summary.add(&outcome);
                report(&outcome);
            });
            summary.n_not_begun += numbers.len() - told;
        }
        summary
    };
    let n_jobs = options.n_jobs.clamp(1, spaces.len().max(1));
    let parts: Vec<Summary> = thread::scope(|scope| {
        let others: Vec<_> = (1..n_jobs).map(|_| scope.spawn(work)).collect();
        let own = work();
        let joined =
            others.into_iter().map(|t| t.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.chain([own]).collect()
    });
    let summary = parts.into_iter().fold(Summary::default(), Summary::plus);
    if let (Some(log), Some(path), 0) = (log, &options.log, summary.n_not_begun) {
        log.end(plan.scans.len()).map_err(unwritable(path))?;
    }
    Ok(summary)
}

struct Context<'a> {
    plan: &'a Plan,
    model: &'a Model,
    options: &'a Options,
    staging: &'a Staging,
    log: Option<&'a Log>,
    earlier: Option<&'a Earlier>,
    /// Stands for options, model and program.
    key: &'a str,
    /// Memory for the scans at work.
    budget: Option<Budget>,
    /// Set when no further scan is to be begun.
    stop: &'a AtomicBool,
}

/// What is known of a scan before it is opened.
struct Known {
    subject: Option<String>,
    consent: Option<Standing>,
    input_sha256: Option<String>,
    /// Stands for the inputs of all scans of its space, if there are several.
    space_sha256: Option<String>,
    in_head_space: bool,
}

/// A scan that is not opened yet.
struct Begun<'a> {
    number: usize,
    scan: &'a Planned,
    known: Known,
    record: Record,
    /// Why it is not to be opened, if it is not.
    left: Result<Option<Kind>, ScanError>,
    /// Its place among the scans of its space that may be opened.
    place: Option<usize>,
}

/// The run was stopped.
struct Stopped;

impl Begun<'_> {
    fn is_left(&self) -> bool {
        !matches!(self.left, Ok(None))
    }

    fn is_done(&self) -> bool {
        matches!(self.left, Ok(Some(Kind::Done)))
    }
}

impl Context<'_> {
    /// Takes the scans of a space, by their numbers, from their files to their final names; none is begun
    /// once the run was stopped. A scan that stands alone is a space of one.
    fn take_space<'a>(&'a self, numbers: &[usize], tell: &mut dyn FnMut(Outcome<'a>)) {
        if self.is_stopped() {
            return;
        }
        let mut begun: Vec<Begun> = numbers.iter().map(|&number| self.begin(number)).collect();
        // Those of who did not consent are not even read.
        let mut members: Vec<&mut Begun> = begun.iter_mut().filter(|b| !b.is_left()).collect();
        if self.earlier.is_some() || self.log.is_some() && members.len() > 1 {
            hash(&mut members);
        }
        members.iter_mut().for_each(|begun| self.recognise(begun));
        let Ok(space) = self.look(&members) else { return };
        let has_face = space.as_ref().is_some_and(Space::has_face)
            || members.len() > 1 && members.iter().any(|b| b.is_done());
        for (n, begun) in members.into_iter().enumerate() {
            begun.known.in_head_space = has_face;
            begun.place = Some(n);
        }
        for begun in begun {
            if self.is_stopped() {
                return;
            }
            let asked = space.as_ref().zip(begun.place).filter(|_| !begun.is_left());
            // One that cannot be fitted stands alone.
            let shared =
                asked.and_then(|(space, n)| catch_unwind(AssertUnwindSafe(|| space.of(n))).ok());
            let _memory = self.take_memory(begun.scan);
            tell(self.take(begun, shared.as_ref()));
        }
    }

    /// Looks at the scans of a space together, if there are several and one of them is to be made. Whatever
    /// an earlier run did, all of them have their say.
    fn look(&self, members: &[&mut Begun]) -> Result<Option<Space>, Stopped> {
        // What is withheld is never done, and asks for nothing to be looked at.
        let has_more = self.earlier.is_none()
            || members.iter().any(|b| !b.is_done() && self.is_volume(b.scan));
        if members.len() < 2 || !has_more {
            return Ok(None);
        }
        let scans: Vec<&Planned> = members.iter().map(|begun| begun.scan).collect();
        let is_stopped = || self.is_stopped();
        let take_memory = |scan: &Planned| self.take_memory(scan);
        let space = Space::look(&scans, self.model, self.options, &is_stopped, &take_memory);
        space.map(Some).ok_or(Stopped)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether the files of a scan can be read as a volume.
    fn is_volume(&self, scan: &Planned) -> bool {
        let _memory = self.take_memory(scan);
        let Ok(source) = &scan.source else { return false };
        let opened = || open(source, scan, self.options).is_ok();
        catch_unwind(AssertUnwindSafe(opened)).unwrap_or(true)
    }

    /// Waits for the memory that a scan takes.
    fn take_memory(&self, scan: &Planned) -> Option<Share<'_>> {
        let decoded = || scan.source.as_ref().map_or(0, formats::decoded_bytes);
        // How much larger an orthogonal grid is only positions tell, which are not read yet.
        let times = if self.options.resample && scan.is_converted { 2 } else { 1 };
        self.budget.as_ref().map(|budget| budget.take(decoded().saturating_mul(times)))
    }

    /// Asks whether a scan may be opened at all.
    fn begin(&self, number: usize) -> Begun<'_> {
        let scan = &self.plan.scans[number];
        let mut record = Record::begin(self.model, self.options);
        let mut known = Known {
            subject: None,
            consent: None,
            input_sha256: None,
            space_sha256: None,
            in_head_space: false,
        };
        let left = self.objection(scan, &mut known, &mut record);
        Begun { number, scan, known, record, left, place: None }
    }

    /// Takes one scan from its file to its final name.
    fn take<'a>(&self, begun: Begun<'a>, shared: Option<&Shared>) -> Outcome<'a> {
        let start = Instant::now();
        let Begun { number, scan, mut known, mut record, left, .. } = begun;
        let in_head_space = known.in_head_space;
        let outcome = |kind: Kind, input: &'a Path, record: &Record, hint| Outcome {
            kind,
            verdict: record.verdict,
            name: &scan.name,
            input,
            seconds: start.elapsed().as_secs_f64(),
            in_head_space,
            reasons: record.reasons.clone(),
            hint,
        };
        match left {
            Ok(None) => {}
            Ok(Some(kind)) => {
                if kind == Kind::Excluded {
                    // Who took consent back is not released by what was made before.
                    if let Err(e) = clear(&self.plan.out, scan) {
                        record.reasons.push(format!("an earlier result cannot be removed: {e}"));
                    }
                }
                let mut outcome = outcome(kind, scan.input(), &record, None);
                if kind == Kind::Excluded {
                    self.log(number, scan, &known, None, &record, &mut outcome);
                }
                return outcome;
            }
            Err(e) => {
                record.fail(e.to_string());
                let mut outcome = outcome(Kind::Judged, scan.input(), &record, Some(e.hint()));
                self.log(number, scan, &known, None, &record, &mut outcome);
                return outcome;
            }
        }
        let staging = self.staging.for_scan(number);
        let made = catch_unwind(AssertUnwindSafe(|| {
            self.make(scan, shared, &staging, &mut record, &mut known)
        }));
        let made = made.unwrap_or_else(|panic| Err(ScanError::Panic(panic_message(&*panic))));
        let result = self.publish(scan, &staging, made, &known, &mut record);
        drop(staging);
        let (mut input, mut kind) = (scan.input(), Kind::Judged);
        let (image, hint) = match result {
            Ok(image) => (image, None),
            Err(e) => {
                record.fail(e.to_string());
                if e.dicom().is_some_and(DicomError::is_no_volume) {
                    kind = match self.passes_through(number, scan, &mut record) {
                        true => Kind::PassedThrough,
                        false => Kind::Withheld,
                    };
                }
                let file = e.dicom().and_then(DicomError::file);
                input = file.and_then(|n| scan.file(n)).unwrap_or(input);
                (None, Some(e.hint()))
            }
        };
        let mut outcome = outcome(kind, input, &record, hint);
        self.log(number, scan, &known, image.as_deref(), &record, &mut outcome);
        outcome
    }

    /// Why a scan may not be opened, if it may not: its subject did not consent. Fills in what is `known` of
    /// it.
    fn objection(
        &self,
        scan: &Planned,
        known: &mut Known,
        record: &mut Record,
    ) -> Result<Option<Kind>, ScanError> {
        let Options { consent, disclosing, .. } = self.options;
        if consent.is_some() || disclosing.is_some() {
            known.subject = subject(scan)?;
        }
        if let Some(rule) = consent {
            let standing = rule.standing(known.subject.as_deref());
            known.consent = Some(standing);
            if let Some(objection) = rule.objection(standing) {
                record.fail(objection.to_owned());
                return Ok(Some(Kind::Excluded));
            }
        }
        if disclosing.is_some() && known.subject.is_none() && scan.source.is_ok() {
            return Err(ScanError::NoSubject);
        }
        Ok(None)
    }

    /// Recognises a scan that an earlier run did.
    fn recognise(&self, begun: &mut Begun) {
        let Begun { scan, known, record, left, .. } = begun;
        let (Some(earlier), Some(sha256)) = (self.earlier, &known.input_sha256) else { return };
        let place = |verdict| self.folder(verdict, scan).join(&scan.name);
        let of_space = known.space_sha256.as_deref();
        let name = scan.name.to_string_lossy();
        if let Some(verdict) = earlier.verdict(&name, sha256, of_space, place) {
            record.verdict = verdict;
            record.reasons.clear();
            *left = Ok(Some(Kind::Done));
        }
    }

    /// Adds a scan to the log, if there is one.
    fn log(
        &self,
        number: usize,
        scan: &Planned,
        known: &Known,
        image: Option<&Path>,
        record: &Record,
        outcome: &mut Outcome,
    ) {
        let Some(log) = self.log else { return };
        let hash = || scan.source.as_ref().ok().and_then(|s| digest::of_source(s).ok());
        // Where names are removed, paths are not told: the hash says which scan it was.
        let is_told = self.options.release.deidentify.is_none();
        let line = Line {
            unix_seconds: unix_seconds(),
            key: self.key,
            shard: self.options.shard.map(|shard| shard.to_string()),
            scan: [number + 1, self.plan.scans.len()],
            name: scan.name.to_string_lossy().into_owned(),
            input: is_told.then(|| scan.input().display().to_string()),
            input_sha256: match outcome.kind {
                // No byte of it is read.
                Kind::Excluded => None,
                _ => known.input_sha256.clone().or_else(hash),
            },
            space_sha256: known.space_sha256.clone(),
            in_head_space: known.in_head_space,
            result: image.map(|path| path.display().to_string()),
            outcome: outcome.word(),
            consent: known.consent,
            record,
        };
        if let Err(e) = log.add(&line) {
            outcome.reasons.push(format!("the log cannot be written: {e}"));
            outcome.verdict = outcome.verdict.max(Verdict::Review);
        }
    }

    /// The folder of results of that verdict. Where results have names that others gave, as in a BIDS
    /// dataset, nothing but what passed lies among them.
    fn folder(&self, verdict: Verdict, scan: &Planned) -> PathBuf {
        match verdict {
            Verdict::Fail if scan.mask_name.is_none() => self.plan.out.clone(),
            Verdict::Fail | Verdict::Review => self.plan.out.join("review"),
            Verdict::Pass => self.plan.out.clone(),
        }
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
            let staging = self.staging.for_scan(number);
            let folder = staging.folder().map_err(ScanError::Publish)?;
            let image = formats::pass_through(source, folder, name, release)?;
            record.passed_through = true;
            let staged = beside_image(&folder.join(name), ".efface.json");
            formats::write_file(&staged, &record.to_json(), false)?;
            let out = &self.plan.out;
            staging.publish(out, out, scan, Some(&image)).map_err(ScanError::Publish)
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
        shared: Option<&Shared>,
        staging: &ScanStaging,
        record: &mut Record,
        known: &mut Known,
    ) -> Result<Source, ScanError> {
        let is_hashed = self.log.is_some() && known.input_sha256.is_none();
        let made = deface(scan, shared, staging, self.model, self.options, is_hashed, record)?;
        if is_hashed {
            known.input_sha256 = made.input_sha256;
        }
        record.add_judgement(&made.judgement);
        Ok(made.image)
    }

    /// Moves record and image to their final names; of a scan that failed, its record alone.
    /// Returns where the image lies.
    fn publish(
        &self,
        scan: &Planned,
        staging: &ScanStaging,
        made: Result<Source, ScanError>,
        known: &Known,
        record: &mut Record,
    ) -> Result<Option<PathBuf>, ScanError> {
        if let Err(e) = &made {
            record.fail(e.to_string());
            if e.dicom().is_some_and(DicomError::is_no_volume) {
                clear(&self.plan.out, scan).map_err(ScanError::Publish)?;
                return made.map(|_| None);
            }
        }
        record.peak_memory_bytes = memory::peak_bytes();
        let name = &scan.name;
        let out = &self.plan.out;
        let folder = self.folder(record.verdict, scan);
        let image = made.as_ref().ok().filter(|_| record.verdict != Verdict::Fail);
        if image.is_none() {
            record.output = None;
        }
        let staged = staging.folder().map_err(ScanError::Publish)?;
        let staged = staged.join(name.file_name().unwrap_or_default());
        formats::write_file(&beside_image(&staged, ".efface.json"), &record.to_json(), false)?;
        if let (Some(disclosing), Some(output), Some(subject)) =
            (&self.options.disclosing, &record.output, &known.subject)
        {
            // Before it lies there: what is handed over is always written down.
            disclosing
                .add(subject, &output.sha256, record.verdict, known.consent)
                .map_err(ScanError::Ledger)?;
        }
        staging.publish(out, &folder, scan, image).map_err(ScanError::Publish)?;
        let image = image.map(|_| folder.join(name));
        made.map(|_| image)
    }
}

/// Hashes the inputs of the scans of a space.
fn hash(members: &mut [&mut Begun]) {
    for begun in members.iter_mut() {
        let source = begun.scan.source.as_ref().ok();
        begun.known.input_sha256 = source.and_then(|source| digest::of_source(source).ok());
    }
    if members.len() > 1 {
        let hashes = members.iter().filter_map(|begun| begun.known.input_sha256.clone()).collect();
        let of_space = digest::of_inputs(hashes);
        for begun in members {
            begun.known.space_sha256 = Some(of_space.clone());
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}
