use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pipeline::{Kind, Outcome, Plan, Summary, Verdict};
use serde_json::json;

use crate::args::Progress;

/// Names that are listed at the end; the others are counted.
const MOST_LISTED: usize = 20;

/// Standard output, one line a scan; standard error, messages and, on a terminal, a bar.
pub(crate) struct Screen {
    bar: ProgressBar,
    is_json: bool,
    n_scans: usize,
    start: Instant,
    told: Mutex<Told>,
}

/// What was told so far.
#[derive(Default)]
struct Told {
    n: usize,
    /// What a person must look at.
    to_look_at: Vec<String>,
    /// What shows a head that shows its face elsewhere, and was not defaced.
    not_defaced: Vec<String>,
}

impl Screen {
    pub(crate) fn new(n_scans: usize, progress: Progress) -> Self {
        let is_bar = progress == Progress::Auto && n_scans > 1 && std::io::stderr().is_terminal();
        let target = match is_bar {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(n_scans as u64), target);
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len} scans, {per_sec}, {eta} left");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        let screen = Self {
            bar,
            is_json: progress == Progress::Json,
            n_scans,
            start: Instant::now(),
            told: Mutex::default(),
        };
        if screen.is_json {
            screen.line(&json!({"event": "start", "scans": n_scans}).to_string());
        }
        screen
    }

    /// One line: what came of it, name, seconds, and the reasons if it is no pass.
    pub(crate) fn scan(&self, outcome: &Outcome) {
        let name = shown(outcome.name);
        let word = outcome.word();
        let n = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.n += 1;
            let needs_person = matches!(outcome.kind, Kind::Judged | Kind::Done)
                && outcome.verdict != Verdict::Pass;
            if needs_person {
                told.to_look_at.push(format!("{:<6} {name}", outcome.verdict.name()));
            }
            if outcome.in_head_space && !outcome.is_settled() {
                told.not_defaced.push(format!("{word:<6} {name}"));
            }
            told.n
        };
        let line = if self.is_json {
            let taken = self.start.elapsed().as_secs_f64();
            let left = taken / n as f64 * self.n_scans.saturating_sub(n) as f64;
            json!({
                "event": "scan", "outcome": word, "verdict": outcome.verdict.name(),
                "name": outcome.name.to_string_lossy(), "seconds": tenths(outcome.seconds),
                "reasons": outcome.reasons, "in_head_space": outcome.in_head_space, "told": n, "scans": self.n_scans,
                "seconds_left": tenths(left),
            })
            .to_string()
        } else {
            let mut line = format!("{word:<6} {name} {:.2} s", outcome.seconds);
            if outcome.kind == Kind::Done {
                line = format!("{word:<6} {name}: {} before", outcome.verdict.name());
            } else if outcome.verdict != Verdict::Pass {
                line.push_str(": ");
                line.push_str(&outcome.reasons.join("; "));
            }
            line
        };
        self.line(&line);
        let is_told = matches!(outcome.kind, Kind::Judged);
        if let Some(hint) = outcome.hint.filter(|_| is_told) {
            let (input, reasons) = (shown(outcome.input), outcome.reasons.join("; "));
            self.message(&format!("error: `{input}`: {reasons}\nhint: {hint}"));
        }
        self.bar.inc(1);
    }

    /// The counts, and what a person must look at.
    pub(crate) fn end(&self, plan: &Plan, summary: &Summary) {
        self.bar.finish_and_clear();
        let Summary { n_pass, n_review, n_fail, .. } = *summary;
        if self.is_json {
            let counts = json!({
                "event": "end", "pass": n_pass, "review": n_review, "fail": n_fail,
                "withheld": summary.n_withheld, "passed_through": summary.n_passed_through,
                "excluded": summary.n_excluded, "done_before": summary.n_done,
                "not_begun": summary.n_not_begun, "other_files": plan.n_other,
                "copies": plan.n_copies,
                "seconds": tenths(self.start.elapsed().as_secs_f64()),
            });
            self.line(&counts.to_string());
        }
        let some = |n: usize, before: &str, after: &str| match n {
            0 => String::new(),
            n => format!("{before}{n}{after}"),
        };
        if plan.scans.len() > 1 || plan.n_other + plan.n_copies > 0 {
            self.message(&format!(
                "{n_pass} passed, {n_review} to review, {n_fail} failed{}{}{}{}{}{}",
                some(summary.n_withheld, ", ", " withheld"),
                some(summary.n_passed_through, ", ", " passed through"),
                some(summary.n_excluded, ", ", " excluded"),
                some(summary.n_done, "; ", " of them done before"),
                some(plan.n_other, "; ", " other files passed over"),
                some(plan.n_copies, "; ", " copies of other files passed over"),
            ));
            self.list();
        }
        if summary.n_not_begun > 0 {
            self.message(&format!(
                "stopped: {} not begun\nhint: the same command with `--resume` goes on",
                summary.n_not_begun
            ));
        }
    }

    /// What a person must look at, and what was not defaced though it shows a head.
    fn list(&self) {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let list = |what: &str, names: &[String]| {
            let mut names = names.to_vec();
            if names.is_empty() {
                return;
            }
            names.sort();
            let n_more = names.len().saturating_sub(MOST_LISTED);
            names.truncate(MOST_LISTED);
            if n_more > 0 {
                names.push(format!("and {n_more} more, in the log"));
            }
            self.message(&format!("{what}:\n  {}", names.join("\n  ")));
        };
        list("a person must look at", &told.to_look_at);
        list("not defaced, and of a head whose face another scan shows", &told.not_defaced);
    }

    pub(crate) fn message(&self, text: &str) {
        self.bar.suspend(|| {
            let _ = writeln!(std::io::stderr(), "{text}");
        });
    }

    fn line(&self, line: &str) {
        self.bar.suspend(|| {
            // A reader that has gone away must not stop the batch.
            let _ = writeln!(std::io::stdout(), "{line}");
        });
    }
}

fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

/// A path on one line: control characters are written as escapes.
pub(crate) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for c in path.to_string_lossy().chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_on_its_line() {
        assert_eq!(shown(Path::new("a b\nc\u{1b}[2J/é.nii")), "a b\\nc\\u{1b}[2J/é.nii");
    }
}
