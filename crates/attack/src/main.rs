//! `efface-attack`: the attack suite as a command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use attack::population::{Defacer, Face, Group, Setting, Source, face_of, rows};
use attack::predict::Block;
use attack::verifier::Verifier;
use attack::{AttackError, Cut, DepthMap, Efface, Fan, Head, posed, predict, report, verifier};
use clap::{Args, Parser, Subcommand};
use kernels::Workers;
use phantom::Person;

/// Attacks defaced heads: what can still be read of a face, and what a proof overlooks.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    attack: Attack,
}

#[derive(Debug, Subcommand)]
enum Attack {
    /// Is a person found again by what is left of the face?
    Match(MatchArgs),
    /// How well does a linear predictor guess the face from what remains?
    Predict(PredictArgs),
    /// Does a verifier notice seeded failures?
    Verifier(VerifierArgs),
}

#[derive(Debug, Args)]
struct Common {
    /// The program under test; without it the built-in cuts alone are attacked
    #[arg(long, value_name = "BINARY")]
    efface: Option<PathBuf>,
    /// Further arguments of `efface deface`, separated by spaces
    #[arg(long, value_name = "ARGUMENTS", default_value = "", allow_hyphen_values = true)]
    efface_arguments: String,
    /// Folder for tables and pictures
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Spacing of the scans of generated heads, in mm
    #[arg(long, value_name = "MM", default_value_t = 2.0)]
    spacing: f64,
}

#[derive(Debug, Args)]
struct MatchArgs {
    #[command(flatten)]
    common: Common,
    /// The shared heads; without it generated heads alone are attacked
    #[arg(long, env = "EFFACE_SHARED", value_name = "FOLDER")]
    shared: Option<PathBuf>,
    /// Generated people: decoys for all
    #[arg(long, value_name = "N", default_value_t = 500)]
    people: usize,
    /// How many of them are scanned and defaced
    #[arg(long, value_name = "N", default_value_t = 60)]
    scanned: usize,
    /// Skulls that each carry several faces
    #[arg(long, value_name = "N", default_value_t = 4)]
    skulls: u64,
    /// Faces on each of these skulls
    #[arg(long, value_name = "N", default_value_t = 60)]
    faces: u64,
    /// How many of these are scanned and defaced
    #[arg(long, value_name = "N", default_value_t = 15)]
    faces_scanned: usize,
}

#[derive(Debug, Args)]
struct PredictArgs {
    #[command(flatten)]
    common: Common,
    /// Generated people whose remains alone are looked at
    #[arg(long, value_name = "N", default_value_t = 500)]
    people: usize,
    /// How many of them are scanned and defaced
    #[arg(long, value_name = "N", default_value_t = 120)]
    scanned: usize,
}

#[derive(Debug, Args)]
struct VerifierArgs {
    #[command(flatten)]
    common: Common,
    /// The shared heads; without it generated heads alone are tried
    #[arg(long, env = "EFFACE_SHARED", value_name = "FOLDER")]
    shared: Option<PathBuf>,
    /// Generated people
    #[arg(long, value_name = "N", default_value_t = 10)]
    people: u64,
    /// The verifier, called with ORIGINAL and DEFACED [default: BINARY verify]
    #[arg(long, value_name = "COMMAND")]
    verifier: Option<String>,
    /// JSON pointer to the verifier's score, higher for worse [default: by exit code]
    #[arg(long, value_name = "POINTER")]
    score: Option<String>,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().attack {
        Attack::Match(args) => match_faces(&args),
        Attack::Predict(args) => predict_faces(&args),
        Attack::Verifier(args) => try_verifier(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

impl Common {
    fn efface(&self) -> Option<Efface> {
        let arguments = words(&self.efface_arguments);
        self.efface.clone().map(|binary| Efface { binary, arguments })
    }

    fn defacers(&self) -> Vec<Defacer> {
        let efface = self.efface().map(Defacer::Efface);
        Cut::ALL.map(Defacer::Cut).into_iter().chain(efface).collect()
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), AttackError> {
        let path = self.out.join(name);
        let folder = path.parent().unwrap_or(&self.out);
        let fault = |reason| AttackError::File { path: path.clone(), reason };
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, content)).map_err(fault)
    }
}

fn match_faces(args: &MatchArgs) -> Result<(), AttackError> {
    let (defacers, fan) = (args.common.defacers(), Fan::face());
    let spacing_mm = args.common.spacing;
    let setting = Setting { defacers: &defacers, fan: &fan, spacing_mm, workers: all_threads() };
    let people: Vec<Person> = (0..args.people as u64).map(Person::from_seed).collect();

    say("generated people: skull and face differ");
    let strangers = [setting.generated(&people, args.scanned)?];
    let mut all = rows("generated", &strangers, &setting);
    pictures(args, "generated", &strangers[0], &setting)?;

    say("generated people: faces on the same skull");
    let on_skull = |skull: u64| {
        let faces = (0..args.faces).map(|face| {
            Person::from_seed(1_000_000 + skull).with_face_of(2_000_000 + 1000 * skull + face)
        });
        setting.generated(&faces.collect::<Vec<_>>(), args.faces_scanned)
    };
    let same_skull = (0..args.skulls).map(on_skull).collect::<Result<Vec<_>, _>>()?;
    all.extend(rows("generated, one skull", &same_skull, &setting));

    if let Some(shared) = &args.shared {
        say("real heads");
        let decoys: Vec<Face> = people
            .iter()
            .enumerate()
            .map(|(n, person)| Face {
                person: n.to_string(),
                source: Source::Generated,
                map: face_of(person, &fan),
            })
            .collect();
        let real = [setting.shared(shared, &decoys)?];
        all.extend(rows("real", &real, &setting));
        pictures(args, "real", &real[0], &setting)?;
    }
    let markdown = report::match_markdown(&all);
    args.common.write("match.md", markdown.as_bytes())?;
    args.common.write("match.tsv", report::match_tsv(&all).as_bytes())?;
    print(&markdown);
    Ok(())
}

fn predict_faces(args: &PredictArgs) -> Result<(), AttackError> {
    let (defacers, fan) = (args.common.defacers(), Fan::face());
    let spacing_mm = args.common.spacing;
    let setting = Setting { defacers: &defacers, fan: &fan, spacing_mm, workers: all_threads() };
    let people: Vec<Person> = (0..args.people as u64).map(Person::from_seed).collect();
    say("scans");
    let group = setting.generated(&people, args.scanned)?;
    say("remains");
    let remains = predict::remains(&people, &setting);
    let faces: Vec<&DepthMap> = group.gallery.iter().map(|face| &face.map).collect();
    let all = predict::guess("what remains".to_owned(), &faces, &remains.each_ref());

    let n = group.subjects.len();
    let few = remains.map(|block| block[..n].to_vec());
    let faces = &faces[..n];
    let base = predict::guess("what remains".to_owned(), faces, &few.each_ref());
    let mut guesses = vec![base.clone()];
    for (d, defacer) in defacers.iter().enumerate() {
        let borders = predict::borders(&group, d, &fan);
        let blocks: Vec<&Block> = few.iter().chain(&borders).collect();
        let from = format!("that and the border, {}", defacer.name());
        guesses.push(predict::guess(from, faces, &blocks));
    }
    let mut markdown = report::guess_markdown(&guesses, &base);
    markdown += "\nFrom more people:\n\n";
    markdown += &report::guess_markdown(std::slice::from_ref(&all), &all);
    args.common.write("predict.md", markdown.as_bytes())?;
    args.common.write("predict.tsv", report::guess_tsv(&guesses, &base).as_bytes())?;
    print(&markdown);
    Ok(())
}

fn try_verifier(args: &VerifierArgs) -> Result<(), AttackError> {
    let efface = args.common.efface().unwrap_or_else(|| Efface {
        binary: PathBuf::from("efface"),
        arguments: words(&args.common.efface_arguments),
    });
    let command = args.verifier.as_deref().map_or_else(Vec::new, words);
    let verifier = match command.split_first() {
        Some((program, arguments)) => Verifier {
            program: program.into(),
            arguments: arguments.to_vec(),
            score_at: args.score.clone(),
        },
        None => Verifier {
            program: efface.binary.clone(),
            arguments: vec!["verify".to_owned()],
            score_at: args.score.clone(),
        },
    };
    let folder = tempfile::tempdir()
        .map_err(|reason| AttackError::File { path: "a temporary folder".into(), reason })?;
    let scan = |seed: u64| {
        let person = posed(Person::from_seed(seed), seed);
        let name = format!("generated {seed}");
        Head::scanned(&person, name, seed, args.common.spacing, folder.path())
    };
    let mut heads = (0..args.people).map(scan).collect::<Result<Vec<_>, _>>()?;
    if let Some(shared) = &args.shared {
        heads.extend(Head::shared(shared)?);
    }
    let ask = |original: &Path, defaced: &Path| verifier.ask(original, defaced);
    let trial = verifier::trial(heads.iter(), &efface, ask, all_threads())?;
    let markdown = report::trial_markdown(&trial);
    args.common.write("verifier.md", markdown.as_bytes())?;
    args.common.write("verifier.tsv", report::trial_tsv(&trial).as_bytes())?;
    print(&markdown);
    Ok(())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn all_threads() -> Workers<'static> {
    Workers::new(std::thread::available_parallelism().map_or(1, usize::from))
}

/// Writes the maps of the first subjects as pictures.
fn pictures(
    args: &MatchArgs,
    population: &str,
    group: &Group,
    setting: &Setting,
) -> Result<(), AttackError> {
    for subject in group.subjects.iter().take(20) {
        let own = &group.gallery[subject.own].map;
        let folder = format!("maps/{population}/{}", subject.name);
        let write = |name: &str, map| {
            let content = report::picture(map, setting.fan.width);
            args.common.write(&format!("{folder}/{name}.pgm"), &content)
        };
        write("face", own)?;
        for (defacer, maps) in setting.defacers.iter().zip(&subject.recovered) {
            for (recovery, map) in attack::Recovery::ALL.iter().zip(maps) {
                write(&format!("{} - {}", defacer.name(), recovery.name()), map)?;
            }
        }
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "messages go to stderr, from here alone")]
fn say(message: &str) {
    eprintln!("{message}");
}

#[expect(clippy::print_stdout, reason = "tables go to stdout, from here alone")]
fn print(table: &str) {
    print!("{table}");
}
