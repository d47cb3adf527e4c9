use std::path::PathBuf;

use formats::FormatError;
use ledger::{Consent, Disclosure, Key, LedgerError, Standing, Time, Verdicts};
use masking::Verdict;

use crate::Planned;
use crate::log::unix_seconds;

/// Whose scans are taken.
#[derive(Debug)]
pub struct ConsentRule {
    /// What subjects said.
    pub list: Consent,
    /// What the scans are for; `None` asks for consent to every purpose.
    pub purpose: Option<String>,
    /// Whether who is not on the list is left out as well.
    pub is_required: bool,
}

/// To whom results go, and where that is written down.
#[derive(Debug)]
pub struct Disclosing {
    /// The ledger.
    pub ledger: PathBuf,
    /// The secret by which subjects are told apart in it.
    pub key: Key,
    /// Who gets the results.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// Under which agreement.
    pub agreement: Option<String>,
    /// The program that makes them, with its version.
    pub program: String,
}

impl ConsentRule {
    /// What the subject of a scan said.
    pub(crate) fn standing(&self, subject: Option<&str>) -> Standing {
        let asked = |subject| self.list.of(subject, self.purpose.as_deref());
        subject.map_or(Standing::Unlisted, asked)
    }

    /// Why a scan of that standing is left out; `None` if it is taken.
    pub(crate) fn objection(&self, standing: Standing) -> Option<&'static str> {
        match standing {
            Standing::Refused => Some("the subject did not consent"),
            Standing::Unlisted if self.is_required => {
                Some("the subject is not on the list of consents")
            }
            Standing::Given | Standing::Unlisted => None,
        }
    }
}

impl Disclosing {
    /// Writes down that a scan is about to be handed over.
    pub(crate) fn add(
        &self,
        subject: &str,
        output_sha256: &str,
        verdict: Verdict,
        consent: Option<Standing>,
    ) -> Result<(), LedgerError> {
        let n = |of| u64::from(verdict == of);
        let disclosure = Disclosure {
            time: Time::from_unix_seconds(unix_seconds()),
            subject,
            recipient: &self.recipient,
            purpose: &self.purpose,
            agreement: self.agreement.as_deref(),
            outputs: &[output_sha256.to_owned()],
            verdicts: Verdicts { pass: n(Verdict::Pass), review: n(Verdict::Review), fail: 0 },
            consent,
            program: &self.program,
        };
        ledger::append(&self.ledger, &self.key, &disclosure).map(|_| ())
    }
}

/// Whose scan it is: the `sub-` folder that it lies in, the `sub-` that its name begins with, or else the
/// Patient ID in its DICOM header. No voxel is read.
pub(crate) fn subject(scan: &Planned) -> Result<Option<String>, FormatError> {
    let names = scan.input().iter().rev().filter_map(|name| name.to_str());
    let label = |name: &str| {
        let label = name.strip_prefix("sub-")?;
        let end = label.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(label.len());
        (end > 0).then(|| label[..end].to_owned())
    };
    if let Some(label) = names.filter_map(label).next_back() {
        return Ok(Some(label));
    }
    match scan.file(0) {
        Some(file) => formats::patient_id(file),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_outermost_folder_of_a_subject_tells_whose_scan_it_is() {
        let of = |path: &str| {
            let source = Err((PathBuf::from(path), Arc::new(FormatError::Empty)));
            let scan = Planned {
                source,
                name: PathBuf::new(),
                space: None,
                is_converted: false,
                mask_name: None,
            };
            subject(&scan).expect("a path")
        };
        assert_eq!(of("/data/sub-01/ses-1/anat/sub-01_T1w.nii.gz").as_deref(), Some("01"));
        assert_eq!(of("x/sub-A7_T1w.nii.gz").as_deref(), Some("A7"));
        assert_eq!(of("sub-1/sub-2_T1w.nii.gz").as_deref(), Some("1"));
        for without in ["/data/T1w.nii.gz", "/data/sub-/T1w.nii", "/data/mysub-01/T1w.nii"] {
            assert_eq!(of(without), None, "{without}");
        }
    }
}
