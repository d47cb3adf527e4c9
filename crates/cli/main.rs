//! The command line: arguments, messages, exit code. Nothing about a scan is decided here.

mod args;
mod bids;
mod config;
mod deface;
mod disclosure;
mod doctor;
mod exit;
mod manual;
mod screen;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::exit::{Exit, Refusal};

fn main() -> std::process::ExitCode {
    let exit = config::arguments().and_then(|arguments| run(&Args::parse_from(arguments)));
    exit.unwrap_or_else(|refusal| {
        refusal.print();
        Exit::Refused
    })
    .into()
}

fn run(args: &Args) -> Result<Exit, Refusal> {
    match &args.command {
        Command::Deface(args) => deface::deface(args),
        Command::Apply(args) => deface::apply(args),
        Command::Verify(args) => deface::verify(args),
        Command::Bids(args) => bids::bids(args),
        Command::Merge(args) => deface::merge(args),
        Command::Ledger(args) => disclosure::ledger(&args.command),
        Command::Doctor(args) => doctor::doctor(args),
        Command::Config(args) => config::config(args),
        Command::Completions { shell } => Ok(manual::completions(*shell)),
        Command::Man => manual::manual(),
    }
}
