use std::process::ExitCode;

/// How the program ends. Usage errors end with 2, which is clap's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every scan passed.
    Passed,
    /// At least one scan did not.
    NotPassed,
    /// The run was refused before anything was written.
    Refused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Passed => Self::SUCCESS,
            Exit::NotPassed => Self::from(1),
            Exit::Refused => Self::from(3),
        }
    }
}

/// Why a run was refused, and what to do about it.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    pub(crate) hint: &'static str,
}

impl Refusal {
    #[expect(clippy::print_stderr, reason = "messages go to stderr, from here alone")]
    pub(crate) fn print(&self) {
        eprintln!("error: {}\nhint: {}", self.reason, self.hint);
    }
}
