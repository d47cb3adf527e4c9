//! Tables and pictures of what was found.

use std::fmt::Write as _;

use crate::fan::DepthMap;
use crate::population::Row;
use crate::predict::{Guess, gain_mm};
use crate::verifier::Answers;

/// The rows of a match as Markdown: for each population and defacer the way that read most, then
/// all.
#[must_use]
pub fn match_markdown(rows: &[Row]) -> String {
    let mut text = String::from("# Who is found again\n\nThe strongest way to read each face:\n\n");
    let mut strongest: Vec<&Row> = Vec::new();
    for row in rows {
        match strongest.last_mut().filter(|last| is_same(last, row)) {
            Some(last) if strength(row) > strength(last) => *last = row,
            Some(_) => {}
            None => strongest.push(row),
        }
    }
    table(&mut text, &strongest);
    text += "\nAll ways:\n\n";
    table(&mut text, &rows.iter().collect::<Vec<_>>());
    text
}

fn is_same(a: &Row, b: &Row) -> bool {
    (a.population, a.defacer) == (b.population, b.defacer)
}

/// By whom is found first, then by decoys left behind.
fn strength(row: &Row) -> (usize, f64) {
    (row.matched.n_first[0], row.matched.beaten)
}

fn table(text: &mut String, rows: &[&Row]) {
    *text += "| Heads | Removed | Read by | n | Decoys | Rank 1 (by chance) | Rank 1 to 5 (by \
              chance) | Decoys beaten | r own | r decoys | |\n\
              |---|---|---|---|---|---|---|---|---|---|---|\n";
    for row in rows {
        let m = &row.matched;
        let n_known = m.n - m.n_unknown;
        let [first, five] = [0, 1].map(|n| {
            let share = 100.0 * m.n_first[n] as f64 / m.n.max(1) as f64;
            let [low, high] = m.by_chance[n];
            format!("{} = {share:.0} % ({low} to {high})", m.n_first[n])
        });
        let _ = writeln!(
            text,
            "| {} | {} | {} | {n_known} of {} | {:.0} | {first} | {five} | {:.0} % (50 ± {:.0}) | \
             {:.2} | {:.2} | {} |",
            row.population,
            row.defacer,
            row.recovery.name(),
            m.n,
            m.n_decoys,
            100.0 * m.beaten,
            100.0 * m.beaten_by_chance,
            m.correlations[0],
            m.correlations[1],
            if m.is_above_chance() { "**leaks**" } else { "chance" },
        );
    }
}

/// The rows of a match, tab-separated.
#[must_use]
pub fn match_tsv(rows: &[Row]) -> String {
    let mut text = String::from(
        "heads\tremoved\tread_by\tn\tn_unknown\tdecoys\trank_1\trank_5\tchance_1_low\t\
         chance_1_high\tchance_5_low\tchance_5_high\tdecoys_beaten\tbeaten_by_chance\tr_own\t\
         r_decoys\tabove_chance\n",
    );
    for row in rows {
        let m = &row.matched;
        let [[low, high], [low_5, high_5]] = m.by_chance;
        let _ = writeln!(
            text,
            "{}\t{}\t{}\t{}\t{}\t{:.1}\t{}\t{}\t{low}\t{high}\t{low_5}\t{high_5}\t{:.4}\t{:.4}\t\
             {:.4}\t{:.4}\t{}",
            row.population,
            row.defacer,
            row.recovery.name(),
            m.n,
            m.n_unknown,
            m.n_decoys,
            m.n_first[0],
            m.n_first[1],
            m.beaten,
            m.beaten_by_chance,
            m.correlations[0],
            m.correlations[1],
            m.is_above_chance(),
        );
    }
    text
}

/// Guesses as Markdown, each against the mean face and against the guess from `base`, which is one of
/// them.
#[must_use]
pub fn guess_markdown(guesses: &[Guess], base: &Guess) -> String {
    let mut text = String::from(
        "# How well a face is guessed\n\n\
         | From | n | Mean face, mm | Guess, mm | Better than the mean, mm | Better than from what \
         remains, mm |\n|---|---|---|---|---|---|\n",
    );
    for guess in guesses {
        let [gain, width] = guess.gain_mm;
        let [more, more_width] = gain_mm(guess, base);
        let _ = writeln!(
            text,
            "| {} | {} | {:.3} | {:.3} | {gain:.3} ± {width:.3} | {more:.3} ± {more_width:.3} |",
            guess.from, guess.n, guess.mean_mm, guess.predicted_mm,
        );
    }
    text
}

/// Guesses, tab-separated.
#[must_use]
pub fn guess_tsv(guesses: &[Guess], base: &Guess) -> String {
    let mut text = String::from(
        "from\tn\tmean_mm\tguess_mm\tgain_mm\tgain_interval_mm\tgain_on_remains_mm\t\
         gain_on_remains_interval_mm\n",
    );
    for guess in guesses {
        let [gain, width] = guess.gain_mm;
        let [more, more_width] = gain_mm(guess, base);
        let _ = writeln!(
            text,
            "{}\t{}\t{:.4}\t{:.4}\t{gain:.4}\t{width:.4}\t{more:.4}\t{more_width:.4}",
            guess.from, guess.n, guess.mean_mm, guess.predicted_mm,
        );
    }
    text
}

/// A trial of a verifier as Markdown; the sound results come first.
#[must_use]
pub fn trial_markdown(trial: &[Answers]) -> String {
    let mut text = String::from(
        "# What a verifier notices\n\n| Result | n | Not passed | AUROC | Passed |\n\
         |---|---|---|---|---|\n",
    );
    for answers in trial {
        let name = answers.fault.map_or("sound", |fault| fault.name());
        let area = answers.fault.and_then(|_| answers.auroc(&trial[0]));
        let area = area.map_or(String::new(), |area| format!("{area:.3}"));
        let passed: Vec<&str> = answers
            .answers
            .iter()
            .filter(|(_, answer)| answer.passed && answers.fault.is_some())
            .map(|(head, _)| head.as_str())
            .collect();
        let (n, n_caught) = (answers.answers.len(), answers.n_caught());
        let _ = writeln!(text, "| {name} | {n} | {n_caught} | {area} | {} |", passed.join(", "));
    }
    text
}

/// A trial of a verifier, tab-separated: a row an answer.
#[must_use]
pub fn trial_tsv(trial: &[Answers]) -> String {
    let mut text = String::from("result\thead\tpassed\tscore\n");
    for answers in trial {
        let name = answers.fault.map_or("sound", |fault| fault.name());
        for (head, answer) in &answers.answers {
            let _ = writeln!(text, "{name}\t{head}\t{}\t{}", answer.passed, answer.score);
        }
    }
    text
}

/// A depth map as a grey picture (PGM): near the centre black at 40 mm, white at 140 mm; what is not
/// known is black.
#[must_use]
pub fn picture(map: &DepthMap, width: usize) -> Vec<u8> {
    let mut bytes = format!("P5 {width} {} 255\n", map.len() / width).into_bytes();
    bytes.extend(map.iter().map(|mm| ((mm - 40.0) * 2.55) as u8));
    bytes
}
