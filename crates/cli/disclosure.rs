use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use ledger::{Consent, LedgerError, Recovered, Time, read_key};
use pipeline::{ConsentRule, Disclosing};

use crate::args::{LedgerCommand, RunArgs};
use crate::exit::{Exit, Refusal};

/// Whose scans are taken.
pub(crate) fn consent(args: &RunArgs) -> Result<Option<Arc<ConsentRule>>, Refusal> {
    let Some(path) = &args.consent else { return Ok(None) };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_secs());
    let list = Consent::read(path, Time::from_unix_seconds(seconds))
        .map_err(|e| Refusal { reason: told(path, &e), hint: e.hint() })?;
    if let Some(purpose) = &args.purpose {
        let scopes = list.scopes();
        let is_known =
            scopes.is_empty() || scopes.iter().any(|s| s.eq_ignore_ascii_case(purpose.trim()));
        if !is_known {
            return Err(Refusal {
                reason: format!("no row of `{}` is about the purpose `{purpose}`", path.display()),
                hint: "spell the purpose as the list does, or give its scopes as `all`",
            });
        }
    }
    Ok(Some(Arc::new(ConsentRule {
        list,
        purpose: args.purpose.clone(),
        is_required: args.consent_required,
    })))
}

/// To whom results go.
pub(crate) fn disclosing(args: &RunArgs) -> Result<Option<Arc<Disclosing>>, Refusal> {
    let (Some(ledger), Some(key_file), Some(recipient), Some(purpose)) =
        (&args.ledger, &args.ledger_key, &args.recipient, &args.purpose)
    else {
        return Ok(None);
    };
    let key =
        read_key(key_file).map_err(|e| Refusal { reason: told(key_file, &e), hint: e.hint() })?;
    if ledger.exists() {
        // A ledger that does not hold is not added to, and nothing is handed over.
        ledger::verify(ledger, None).map_err(|e| refuse(ledger, &e))?;
    }
    Ok(Some(Arc::new(Disclosing {
        ledger: ledger.clone(),
        key,
        recipient: recipient.clone(),
        purpose: purpose.clone(),
        agreement: args.agreement.clone(),
        program: concat!("efface ", env!("CARGO_PKG_VERSION")).to_owned(),
    })))
}

/// Checks or reads a ledger.
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "this command's data")]
pub(crate) fn ledger(command: &LedgerCommand) -> Result<Exit, Refusal> {
    match command {
        LedgerCommand::Verify { ledger, head } => {
            let found = ledger::verify(ledger, head.as_deref()).map_err(|e| refuse(ledger, &e))?;
            println!("{} entries, head {}", found.n_entries, found.hash);
        }
        LedgerCommand::List { ledger } => {
            for entry in ledger::list(ledger).map_err(|e| refuse(ledger, &e))? {
                let entry = entry.map_err(|e| refuse(ledger, &e))?;
                println!("{}", json(&entry)?);
            }
        }
        LedgerCommand::Export { ledger, subject, ledger_key } => {
            let key = read_key(ledger_key)
                .map_err(|e| Refusal { reason: told(ledger_key, &e), hint: e.hint() })?;
            let found = ledger::export(ledger, &key, subject).map_err(|e| refuse(ledger, &e))?;
            for entry in &found.entries {
                println!("{}", json(entry)?);
            }
            if found.n_other_key > 0 {
                eprintln!(
                    "warning: {} entries were written with another key, and may be of this subject",
                    found.n_other_key
                );
            }
        }
        LedgerCommand::Recover { ledger } => {
            let found = ledger::recover(ledger).map_err(|e| refuse(ledger, &e))?;
            match found {
                Recovered::Whole => println!("nothing was to be done"),
                Recovered::Completed => println!("the last line was whole; its end was written"),
                Recovered::Cut(bytes) => {
                    println!("{} bytes of a line that was not whole were cut off", bytes.len());
                }
            }
        }
    }
    Ok(Exit::Passed)
}

fn json(entry: &ledger::Entry) -> Result<String, Refusal> {
    serde_json::to_string(entry)
        .map_err(|e| Refusal { reason: e.to_string(), hint: "please report this" })
}

fn refuse(ledger: &Path, error: &LedgerError) -> Refusal {
    Refusal { reason: told(ledger, error), hint: error.hint() }
}

/// An error with the path that it is about, unless it names it itself.
fn told(path: &Path, error: &dyn std::error::Error) -> String {
    let (path, text) = (path.display().to_string(), error.to_string());
    if text.contains(&path) { text } else { format!("`{path}`: {text}") }
}
