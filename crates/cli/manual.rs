use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Args;
use crate::exit::{Exit, Refusal};

/// Prints a script that completes commands in a shell.
pub(crate) fn completions(shell: Shell) -> Exit {
    clap_complete::generate(shell, &mut Args::command(), "efface", &mut io::stdout());
    Exit::Passed
}

/// Prints the manual page, with a section for each command's options.
pub(crate) fn manual() -> Result<Exit, Refusal> {
    let mut command = Args::command();
    command.build();
    let mut page = Vec::new();
    let print = |page: &mut Vec<u8>| -> io::Result<()> {
        Man::new(command.clone()).render(page)?;
        for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
            let man = Man::new(sub.clone());
            // A page of its own, without the title that every page has once.
            let mut own = Vec::new();
            man.render_synopsis_section(&mut own)?;
            man.render_description_section(&mut own)?;
            man.render_options_section(&mut own)?;
            let heading = format!(".SH {}\n", sub.get_name().to_uppercase());
            page.extend(heading.as_bytes());
            page.extend(String::from_utf8_lossy(&own).replace(".SH ", ".SS ").as_bytes());
        }
        io::Write::write_all(&mut io::stdout(), page)
    };
    print(&mut page).map_err(|e| Refusal {
        reason: format!("standard output: {e}"),
        hint: "redirect it to a file that can be written",
    })?;
    Ok(Exit::Passed)
}
