use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, Command, CommandFactory as _};
use toml::{Table, Value};

use crate::args::{Args, ConfigArgs};
use crate::exit::{Exit, Refusal};

/// The variable that names a file of options.
const VARIABLE: &str = "EFFACE_CONFIG";
const HINT: &str = "`efface config` shows every option as such a file has it";

/// The arguments of this process, with those of the file of options, if one is given, before the user's
/// own. Options that the user gives count.
pub(crate) fn arguments() -> Result<Vec<OsString>, Refusal> {
    let given: Vec<OsString> = env::args_os().collect();
    match file_of(&given) {
        Some(path) => with_file(given, &read(&path)?, &path),
        None => Ok(given),
    }
}

/// The file of options that arguments, or the environment, name.
fn file_of(given: &[OsString]) -> Option<PathBuf> {
    let after = |pair: &[OsString]| (pair[0] == "--config").then(|| pair[1].clone());
    let joined = |arg: &OsString| {
        let rest = arg.to_str()?.strip_prefix("--config=")?;
        Some(OsString::from(rest))
    };
    let named = given.windows(2).find_map(after).or_else(|| given.iter().find_map(joined));
    let named = named.or_else(|| env::var_os(VARIABLE).filter(|path| !path.is_empty()));
    named.map(PathBuf::from)
}

fn read(path: &Path) -> Result<Table, Refusal> {
    let refuse =
        |reason: String| Refusal { reason: format!("`{}`: {reason}", path.display()), hint: HINT };
    let text = fs::read_to_string(path).map_err(|e| refuse(e.to_string()))?;
    text.parse().map_err(|e: toml::de::Error| refuse(e.message().to_owned()))
}

/// `given` with the options that `file` has for its command put behind the command's name.
fn with_file(given: Vec<OsString>, file: &Table, path: &Path) -> Result<Vec<OsString>, Refusal> {
    let refuse =
        |reason: String| Refusal { reason: format!("`{}`: {reason}", path.display()), hint: HINT };
    let all = Args::command();
    let is_option = |key: &str| all.get_subcommands().any(|command| option(command, key).is_some());
    let at = given.iter().skip(1).position(|arg| !arg.as_encoded_bytes().starts_with(b"-"));
    let command = at.and_then(|at| all.find_subcommand(given.get(at + 1)?));
    let mut own = Table::new();
    for (key, value) in file {
        match (all.find_subcommand(key), value) {
            (Some(named), Value::Table(options)) => {
                if let Some(key) = options.keys().find(|key| option(named, key).is_none()) {
                    return Err(refuse(format!("`{key}` is no option of this command")));
                }
                if command.is_some_and(|command| command.get_name() == key) {
                    own.extend(options.clone());
                }
            }
            _ if !is_option(key) => return Err(refuse(format!("`{key}` is no option"))),
            _ => {}
        }
    }
    // What is said for this command counts before what is said for all.
    for (key, value) in file.iter().filter(|(_, value)| !value.is_table()) {
        own.entry(key).or_insert_with(|| value.clone());
    }
    let mut more = Vec::new();
    for (key, value) in &own {
        if let Some(option) = command.and_then(|command| option(command, key)) {
            more.extend(words(option, key, value, &given).map_err(&refuse)?);
        }
    }
    let mut all = given;
    let behind = at.map_or(all.len(), |at| at + 2);
    all.splice(behind..behind, more);
    Ok(all)
}

/// The option of a command that a key of a file names.
fn option<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(key) && key != "config")
}

/// An option of a file as words of a command line; none if the user gives it.
fn words(
    option: &Arg,
    key: &str,
    value: &Value,
    given: &[OsString],
) -> Result<Vec<OsString>, String> {
    let long = format!("--{key}");
    let short = option.get_short().map(|c| format!("-{c}"));
    let is_given = |arg: &OsString| {
        let arg = arg.as_encoded_bytes();
        let is_long = arg
            .strip_prefix(long.as_bytes())
            .is_some_and(|rest| rest.is_empty() || rest[0] == b'=');
        let is_short = short
            .as_ref()
            .is_some_and(|short| arg.starts_with(short.as_bytes()) && !arg.starts_with(b"--"));
        is_long || is_short
    };
    if given.iter().any(is_given) {
        return Ok(Vec::new());
    }
    let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(n) => Some(n.to_string()),
        Value::Float(n) => Some(n.to_string()),
        _ => None,
    };
    match value {
        Value::Boolean(is_set) if is_flag => Ok(is_set.then(|| long.into()).into_iter().collect()),
        _ if is_flag => Err(format!("`{key}` is true or false")),
        Value::Array(values) => {
            let values: Option<Vec<String>> = values.iter().map(text).collect();
            let values = values.ok_or(format!("`{key}` takes texts or numbers"))?;
            Ok(values.into_iter().map(|value| format!("{long}={value}").into()).collect())
        }
        _ => {
            let value = text(value).ok_or(format!("`{key}` takes a text or a number"))?;
            Ok(vec![format!("{long}={value}").into()])
        }
    }
}

/// Shows every option of `efface deface` as a file of options has it, and where its value comes from.
#[expect(clippy::print_stdout, reason = "this command's data")]
pub(crate) fn config(args: &ConfigArgs) -> Result<Exit, Refusal> {
    let mut given: Vec<OsString> = vec!["efface".into(), "deface".into()];
    let path = args.config.clone().or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
    if let Some(path) = &path {
        given = with_file(given, &read(path)?, path)?;
    }
    let all = Args::command();
    let Some(command) = all.find_subcommand("deface") else { return Ok(Exit::Refused) };
    // What a command needs and a file need not say.
    let command = command.clone().mut_args(|arg| arg.required(false));
    let matches = command.clone().try_get_matches_from(&given[1..]).map_err(|e| Refusal {
        reason: e.to_string().lines().next().unwrap_or_default().replace("error: ", ""),
        hint: HINT,
    })?;
    match &path {
        Some(path) => println!("# Options of `efface deface`, with those of {}.", path.display()),
        None => println!(
            "# Options of `efface deface`. `--config FILE` or {VARIABLE} takes such a file."
        ),
    }
    for arg in command.get_arguments() {
        let Some(key) = arg.get_long().filter(|key| !["config", "help", "version"].contains(key))
        else {
            continue;
        };
        let id = arg.get_id().as_str();
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        println!("\n# {}", help.lines().collect::<Vec<_>>().join(" "));
        let source = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => "  # of the file",
            Some(ValueSource::EnvVariable) => "  # of the environment",
            _ => "",
        };
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            println!("{key} = {}{source}", matches.get_flag(id));
            continue;
        }
        let values: Vec<String> = match matches.get_raw(id) {
            Some(values) => values.map(quoted).collect(),
            None => Vec::new(),
        };
        let is_secret = arg.is_hide_env_values_set()
            && matches.value_source(id) == Some(ValueSource::EnvVariable)
            || key == "uid-salt";
        match &values[..] {
            [] => println!("# {key} ="),
            _ if is_secret => println!("# {key} = a secret, not shown{source}"),
            [one] => println!("{key} = {one}{source}"),
            many => println!("{key} = [{}]{source}", many.join(", ")),
        }
    }
    Ok(Exit::Passed)
}

/// A value as TOML has it: a number as it is, all else as a text.
fn quoted(value: &OsStr) -> String {
    let text = value.to_string_lossy().into_owned();
    if text.parse::<f64>().is_ok_and(f64::is_finite) && !text.starts_with('+') {
        text
    } else {
        Value::String(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Command as Given;

    fn expanded(given: &[&str], file: &str) -> Result<Vec<OsString>, Refusal> {
        let given = given.iter().map(OsString::from).collect();
        with_file(given, &file.parse().expect("TOML"), Path::new("efface.toml"))
    }

    #[test]
    fn what_the_user_gives_counts_before_what_the_file_says() {
        let file = "jobs = 4\nremove = [\"eyes\", \"nose\"]\nmask = true\nflip = false\n\
                    [deface]\nbrain-guard = 7.5\n[verify]\njson = true\n";
        let given = ["efface", "deface", "-j2", "a.nii", "-o", "out"];
        let args =
            Args::try_parse_from(expanded(&given, file).expect("options")).expect("a command");
        let Given::Deface(args) = args.command else { panic!("another command") };
        assert_eq!((args.run.jobs, args.mask, args.removal.flip), (2, true, false));
        assert_eq!((args.removal.remove.len(), args.removal.brain_guard), (2, 7.5));
        let given = ["efface", "deface", "--remove=strict", "a.nii", "-o", "out"];
        let args =
            Args::try_parse_from(expanded(&given, file).expect("options")).expect("a command");
        let Given::Deface(args) = args.command else { panic!("another command") };
        assert_eq!((args.removal.remove.len(), args.run.jobs), (1, 4));
        let given = ["efface", "verify", "a.nii", "b.nii"];
        let args =
            Args::try_parse_from(expanded(&given, file).expect("options")).expect("a command");
        let Given::Verify(args) = args.command else { panic!("another command") };
        assert!(args.json);
    }

    #[test]
    fn what_is_no_option_is_refused() {
        let given = ["efface", "deface", "a.nii", "-o", "out"];
        for (file, part) in [
            ("job = 4", "`job` is no option"),
            ("[deface]\njson = true", "`json` is no option of this command"),
            ("mask = 1", "`mask` is true or false"),
            ("jobs = 2026-01-01", "`jobs` takes a text or a number"),
        ] {
            let refused = expanded(&given, file).expect_err(file);
            assert!(refused.reason.contains(part), "{}", refused.reason);
        }
    }
}
