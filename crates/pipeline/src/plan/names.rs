use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use formats::Source;
use formats::dicom::UidMap;

use super::{Plan, PlanError, Planned};
use crate::Options;
use crate::places::{is_nifti_name, last_name, stem};

impl Plan {
    /// Gives every scan the name that its result has.
    pub(super) fn name_all(&mut self, out: &Path, options: &Options) -> Result<(), PlanError> {
        match options.release.deidentify {
            Some(_) => self.name_by_uid(&options.release.uids),
            None => self.part_folders(),
        }
        if options.as_nifti || is_nifti_name(out) {
            self.name_as_nifti();
        }
        if is_nifti_name(out) {
            self.name_the_one(out)?;
        }
        Ok(())
    }

    /// Gives the one scan of the plan the name of the output file.
    fn name_the_one(&mut self, out: &Path) -> Result<(), PlanError> {
        let found = match &self.scans[..] {
            [
                Planned {
                    source:
                        Ok(
                            Source::NiftiFile(_)
                            | Source::Unreadable(_)
                            | Source::DicomSeries { .. },
                        )
                        | Err(_),
                    ..
                },
            ] => None,
            [] => Some("no scan"),
            [_] => Some("neither a single NIfTI file nor one volume of DICOM"),
            _ => Some("several scans"),
        };
        if let Some(found) = found {
            return Err(PlanError::FileForMany { out: out.to_owned(), found });
        }
        self.scans[0].name = PathBuf::from(last_name(out));
        self.file = Some(last_name(out));
        self.out = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        Ok(())
    }

    /// Gives series that would be written into or around each other folders of their own.
    fn part_folders(&mut self) {
        let names: BTreeSet<PathBuf> = self.scans.iter().map(|scan| scan.name.clone()).collect();
        let mut n_of: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for scan in &self.scans {
            *n_of.entry(scan.name.clone()).or_default() += 1;
        }
        let mut numbers: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for scan in self.scans.iter_mut().filter(|scan| scan.is_folder()) {
            let folder = scan.name.clone();
            let mut below = names.range(folder.clone()..).skip(1);
            let holds_others = below.next().is_some_and(|name| name.starts_with(&folder));
            if n_of[&folder] == 1 && !holds_others {
                continue;
            }
            let number = numbers.entry(folder.clone()).or_default();
            loop {
                *number += 1;
                scan.name = folder.join(format!("series-{number}"));
                if !names.contains(&scan.name) {
                    break;
                }
            }
        }
    }

    /// Gives DICOM that becomes NIfTI the name of such a file.
    fn name_as_nifti(&mut self) {
        for scan in &mut self.scans {
            if let Ok(Source::DicomSeries { .. } | Source::LeftOut { .. }) = &scan.source {
                let mut name = stem(&scan.name);
                name.push(".nii.gz");
                scan.is_converted = true;
                scan.name = scan.name.with_file_name(name);
            }
        }
    }

    /// Names results of DICOM by their new series UID, and what cannot be read by a number: names
    /// of files and folders may be those of patients.
    fn name_by_uid(&mut self, uids: &UidMap) {
        let mut n_of: BTreeMap<String, usize> = BTreeMap::new();
        for scan in &mut self.scans {
            let name = match &scan.source {
                Ok(Source::DicomSeries { series, .. } | Source::LeftOut { series, .. })
                    if !series.is_empty() =>
                {
                    uids.uid(series)
                }
                Ok(Source::NiftiFile(_) | Source::NiftiPair { .. }) => continue,
                _ => "unreadable".to_owned(),
            };
            let number = n_of.entry(name.clone()).or_default();
            *number += 1;
            let numbered = if *number == 1 { name } else { format!("{name}-{number}") };
            let end = if scan.is_folder() { "" } else { ".dcm" };
            scan.name = PathBuf::from(numbered + end);
        }
    }
}
