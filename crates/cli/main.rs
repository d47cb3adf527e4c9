//! The command line: arguments, messages, exit code. Nothing about a scan is decided here.

mod args;
mod deface;
mod doctor;
mod exit;

use clap::Parser as _;

use crate::args::{Args, Command};
use crate::exit::Exit;

fn main() -> std::process::ExitCode {
    let exit = match Args::parse().command {
        Command::Deface(args) => deface::deface(&args),
        Command::Apply(args) => deface::apply(&args),
        Command::Verify(args) => deface::verify(&args),
        Command::Doctor(args) => doctor::doctor(&args),
    };
    exit.unwrap_or_else(|refusal| {
        refusal.print();
        Exit::Refused
    })
    .into()
}
