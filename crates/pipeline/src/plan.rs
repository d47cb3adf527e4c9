mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use formats::{FormatError, Source};
use thiserror::Error;

use crate::places::{beside_image, is_nifti_name, last_name, name_below, real_path, results, stem};
use crate::{Options, Shard};

/// The scans of a run, and where each result goes.
#[derive(Debug)]
pub struct Plan {
    /// The folder of results.
    pub(crate) out: PathBuf,
    /// The one file in it that the run writes, if it was named: other runs may write others.
    pub(crate) file: Option<OsString>,
    /// The scans, in order.
    pub scans: Vec<Planned>,
    /// Files that were passed over: neither scans nor named as such.
    pub n_other: usize,
    /// DICOM files that were passed over: copies of others.
    pub n_copies: usize,
    /// Scans of the input that other shards take.
    pub n_of_others: usize,
}

/// One scan of a plan.
#[derive(Debug)]
pub struct Planned {
    /// The scan, or why it could not be found.
    pub(crate) source: Result<Source, (PathBuf, Arc<FormatError>)>,
    /// Where its result goes, below the folder of results.
    pub name: PathBuf,
    /// Stands for the patient space that it shares with other scans; `None` if it stands alone.
    pub(crate) space: Option<String>,
    /// Whether it is DICOM that becomes a NIfTI file.
    pub(crate) is_converted: bool,
    /// Where its mask goes, below the folder of results; `None` for beside the result, with a file that
    /// tells what it is.
    pub(crate) mask_name: Option<PathBuf>,
}

/// A scan whose result has a name of its own.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The scan.
    pub input: PathBuf,
    /// Where its result goes, below the folder of results.
    pub name: PathBuf,
    /// Where its mask goes, if masks are written.
    pub mask_name: PathBuf,
    /// Stands for the patient space that it shares with others of the same.
    pub space: String,
}

/// Which scans share one decision on where the face is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// None: each is looked at alone.
    Never,
    /// Those that say so: DICOM of one patient and Frame of Reference, NIfTI that was listed with its space.
    Known,
    /// Those, and the NIfTI files that lie in one folder.
    Folders,
}

impl Planned {
    /// Whether the result is a folder of DICOM files.
    fn is_folder(&self) -> bool {
        match &self.source {
            Ok(Source::DicomSeries { path, files, .. } | Source::LeftOut { path, files, .. }) => {
                files.len() != 1 || files[0] != *path
            }
            _ => false,
        }
    }

    /// The path of DICOM file `n` of the scan.
    pub(crate) fn file(&self, n: usize) -> Option<&Path> {
        match &self.source {
            Ok(Source::DicomSeries { files, .. } | Source::LeftOut { files, .. }) => {
                files.get(n).map(PathBuf::as_path)
            }
            _ => None,
        }
    }

    /// The path of the input.
    #[must_use]
    pub fn input(&self) -> &Path {
        match &self.source {
            Ok(source) => source.path(),
            Err((path, _)) => path,
        }
    }
}

/// Why a run was refused before anything was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Results would mix with what they are made from.
    #[error("the output `{}` and the input `{}` lie inside each other", out.display(), input.display())]
    Overlap {
        /// The output.
        out: PathBuf,
        /// The input.
        input: PathBuf,
    },
    /// Something would be replaced.
    #[error("`{}` exists{}", first.display(), more(*.n_more))]
    Exists {
        /// The first of them.
        first: PathBuf,
        /// How many others.
        n_more: usize,
    },
    /// Two scans have one name.
    #[error("two inputs would both be written to `{}`", name.display())]
    SameName {
        /// The name.
        name: PathBuf,
    },
    /// A file name was given for several scans, or for one that is not a single NIfTI file.
    #[error("`{}` is a file name, and the input is {found}", out.display())]
    FileForMany {
        /// The file name.
        out: PathBuf,
        /// What the input is.
        found: &'static str,
    },
    /// The private log would lie among what is released.
    #[error("the log `{}` lies inside the output", log.display())]
    LogInside {
        /// The log.
        log: PathBuf,
    },
    /// Nothing is read as DICOM and written as NIfTI.
    #[error("only DICOM that is written as NIfTI can be resampled, and {found}")]
    NotResampled {
        /// What there is instead.
        found: &'static str,
    },
    /// Other runs than this one cannot give the same new UIDs.
    #[error("a run that {} gives DICOM other new UIDs than the others", if *is_shard { "is one of several" } else { "goes on" })]
    OwnSalt {
        /// Whether it is one of several; else it goes on with an earlier one.
        is_shard: bool,
    },
    /// Another run works on the folder of results.
    #[error("another run works on `{}`", out.display())]
    Busy {
        /// The folder.
        out: PathBuf,
    },
    /// There is no log to tell what an earlier run did.
    #[error("without a log nothing tells what an earlier run did")]
    NoLog,
    /// The folder of results, or the log, cannot be written.
    #[error("`{}` cannot be written: {source}", path.display())]
    Unwritable {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn more(n: usize) -> String {
    if n == 0 { String::new() } else { format!(", and {n} more") }
}

impl PlanError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Overlap { .. } => "choose an output folder apart from the scans",
            Self::Exists { .. } => "choose another output folder, or add `--overwrite`",
            Self::SameName { .. } => "run the inputs one by one, into different folders",
            Self::FileForMany { .. } => "give a folder after `-o`",
            Self::NotResampled { .. } => {
                "add `--format nifti`, or leave `--resample` out: DICOM and NIfTI files keep their grid"
            }
            Self::OwnSalt { .. } => "give all of them the same secret with `--uid-salt`",
            Self::Busy { .. } => "wait for it, or choose another output folder",
            Self::NoLog => "give the log of the earlier run with `--log`",
            Self::LogInside { .. } => "the log names the originals; keep it apart with `--log`",
            Self::Unwritable { .. } => "check the rights and the space of the disk",
        }
    }
}

impl Plan {
    /// Finds the scans of `inputs` and where their results go, and refuses a run that would
    /// replace or mix anything. Nothing is written.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn make(inputs: &[PathBuf], out: &Path, options: &Options) -> Result<Self, PlanError> {
        let mut scans = Vec::new();
        let (mut n_other, mut n_copies) = (0, 0);
        for input in inputs {
            let (one, other) = (real_path(out), real_path(input));
            if one.starts_with(&other) || other.starts_with(&one) {
                return Err(PlanError::Overlap { out: out.to_owned(), input: input.clone() });
            }
            match formats::discover(input) {
                Ok(found) => {
                    n_other += found.n_other;
                    n_copies += found.copies.len();
                    scans.extend(found.sources.into_iter().map(|source| Planned {
                        name: name_below(input, source.path()),
                        space: space(&source, options.sharing),
                        source: Ok(source),
                        is_converted: false,
                        mask_name: None,
                    }));
                }
                Err(e) => scans.push(Planned {
                    name: PathBuf::from(last_name(input)),
                    source: Err((input.clone(), Arc::new(e))),
                    space: None,
                    is_converted: false,
                    mask_name: None,
                }),
            }
        }
        let mut plan =
            Self { out: out.to_owned(), file: None, scans, n_other, n_copies, n_of_others: 0 };
        plan.name_all(out, options)?;
        plan.check(out, options)?;
        Ok(plan)
    }

    /// A plan of scans that were found and named by somebody else, each a single file.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub fn of(listed: Vec<Listed>, out: &Path, options: &Options) -> Result<Self, PlanError> {
        let planned = |Listed { input, name, mask_name, space }| {
            let found = formats::discover(&input).map(|mut found| found.sources.pop());
            let source = match found {
                Ok(Some(source)) => Ok(source),
                Ok(None) => Err((input, Arc::new(FormatError::NotAScan))),
                Err(e) => Err((input, Arc::new(e))),
            };
            let space = (options.sharing != Sharing::Never).then_some(space);
            Planned { source, name, space, is_converted: false, mask_name: Some(mask_name) }
        };
        let scans = listed.into_iter().map(planned).collect();
        let mut plan = Self {
            out: out.to_owned(),
            file: None,
            scans,
            n_other: 0,
            n_copies: 0,
            n_of_others: 0,
        };
        plan.check(out, options)?;
        Ok(plan)
    }

    /// Takes this run's part of the scans, and refuses what must not be written.
    fn check(&mut self, out: &Path, options: &Options) -> Result<(), PlanError> {
        self.refuse_same_names()?;
        self.refuse_to_resample(options)?;
        let is_dicom = |scan: &Planned| {
            matches!(scan.source, Ok(Source::DicomSeries { .. } | Source::LeftOut { .. }))
        };
        let is_shard = options.shard.is_some();
        if options.has_own_salt && (options.resume || is_shard) && !options.as_nifti {
            let has_dicom = self.scans.iter().any(is_dicom);
            if has_dicom {
                return Err(PlanError::OwnSalt { is_shard });
            }
        }
        if let Some(shard) = options.shard {
            self.keep_part(shard);
        }
        if options.resume && options.log.is_none() {
            return Err(PlanError::NoLog);
        }
        if !options.overwrite {
            self.refuse_existing(options.resume)?;
        }
        if let Some(log) = &options.log
            && real_path(log).starts_with(real_path(&self.out))
            && !is_nifti_name(out)
        {
            return Err(PlanError::LogInside { log: log.clone() });
        }
        Ok(())
    }

    /// Where the log lies unless the user says otherwise: beside the output, named after it.
    #[must_use]
    pub fn default_log(out: &Path, shard: Option<Shard>) -> PathBuf {
        let mut name = stem(&real_path(out));
        if let Some(shard) = shard {
            name.push(format!(".{}", shard.in_name()));
        }
        name.push(".efface.jsonl");
        real_path(out).with_file_name(name)
    }

    /// Leaves the scans of the other shards. Scans that share a space stay together.
    fn keep_part(&mut self, shard: Shard) {
        let spaces = self.spaces();
        let size = |&n: &usize| self.scans[n].source.as_ref().map_or(0, formats::decoded_bytes);
        let sizes: Vec<u64> = spaces.iter().map(|space| space.iter().map(size).sum()).collect();
        let own = spaces.iter().zip(shard.part(&sizes)).filter(|(_, is_own)| *is_own);
        let own: BTreeSet<usize> = own.flat_map(|(space, _)| space.iter().copied()).collect();
        let n_all = self.scans.len();
        let mut number = 0..;
        self.scans.retain(|_| number.next().is_some_and(|n| own.contains(&n)));
        self.n_of_others = n_all - self.scans.len();
    }

    /// The numbers of the scans that share a space, those of each in the order of their names; a scan that
    /// stands alone is by itself. In the order of their first scans.
    pub(crate) fn spaces(&self) -> Vec<Vec<usize>> {
        let mut spaces: Vec<Vec<usize>> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (n, scan) in self.scans.iter().enumerate() {
            let next = spaces.len();
            let at =
                scan.space.as_deref().map_or(next, |space| *known.entry(space).or_insert(next));
            match spaces.get_mut(at) {
                Some(others) => others.push(n),
                None => spaces.push(vec![n]),
            }
        }
        for space in &mut spaces {
            space.sort_by(|&a, &b| self.scans[a].name.cmp(&self.scans[b].name));
        }
        spaces
    }

    fn refuse_same_names(&self) -> Result<(), PlanError> {
        let mut taken = BTreeSet::new();
        for name in self.scans.iter().map(|s| &s.name) {
            // Results beside each other share their stem: a record must not be written twice.
            if !taken.insert(name.with_file_name(stem(name))) {
                return Err(PlanError::SameName { name: name.clone() });
            }
        }
        Ok(())
    }

    /// Refuses to resample what would keep its grid.
    fn refuse_to_resample(&self, options: &Options) -> Result<(), PlanError> {
        let is_nifti = |scan: &Planned| {
            matches!(scan.source, Ok(Source::NiftiFile(_) | Source::NiftiPair { .. }))
        };
        let found = match &self.scans[..] {
            [] => return Ok(()),
            _ if !options.resample || self.scans.iter().any(|scan| scan.is_converted) => {
                return Ok(());
            }
            scans if scans.iter().all(is_nifti) => "the input is NIfTI",
            _ => "the output is not",
        };
        Err(PlanError::NotResampled { found })
    }

    /// Refuses to replace anything; if a run goes on, anything but what it wrote itself, which it never
    /// does without a record.
    fn refuse_existing(&self, goes_on: bool) -> Result<(), PlanError> {
        let exists = |path: &PathBuf| path.symlink_metadata().is_ok();
        let is_own = |name: &Path| {
            let records = [self.out.join(name), self.out.join("review").join(name)];
            goes_on && records.iter().any(|image| exists(&beside_image(image, ".efface.json")))
        };
        let others = self.scans.iter().filter(|scan| !is_own(&scan.name));
        let all = others.flat_map(|scan| results(&self.out, &scan.name));
        let existing: Vec<PathBuf> = all.filter(exists).collect();
        match &existing[..] {
            [] => Ok(()),
            [first, others @ ..] => {
                Err(PlanError::Exists { first: first.clone(), n_more: others.len() })
            }
        }
    }
}

/// What stands for the space of a scan that was found.
fn space(source: &Source, sharing: Sharing) -> Option<String> {
    match (source, sharing) {
        (_, Sharing::Never) => None,
        (Source::NiftiFile(path) | Source::NiftiPair { header: path, .. }, Sharing::Folders) => {
            let folder = real_path(path).parent()?.to_owned();
            Some(folder.to_string_lossy().into_owned())
        }
        _ => formats::space(source),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A plan of files, each of so many bytes, by name and space.
    fn plan(folder: &Path, scans: &[(&str, Option<&str>, usize)]) -> Plan {
        let planned = |&(name, space, n_bytes): &(&str, Option<&str>, usize)| {
            let path = folder.join(name);
            fs::write(&path, vec![0; n_bytes]).expect("written");
            Planned {
                source: Ok(Source::NiftiFile(path)),
                name: PathBuf::from(name),
                space: space.map(str::to_owned),
                is_converted: false,
                mask_name: None,
            }
        };
        let scans = scans.iter().map(planned).collect();
        Plan { out: folder.join("out"), file: None, scans, n_other: 0, n_copies: 0, n_of_others: 0 }
    }

    const SCANS: [(&str, Option<&str>, usize); 6] = [
        ("c", Some("one"), 900),
        ("b", None, 500),
        ("a", Some("one"), 900),
        ("f", Some("two"), 100),
        ("d", None, 500),
        ("e", Some("two"), 100),
    ];

    #[test]
    fn scans_of_a_space_are_taken_together_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let spaces = |scans: &[(&str, Option<&str>, usize)]| -> Vec<Vec<String>> {
            let plan = plan(folder.path(), scans);
            let name = |n: &usize| plan.scans[*n].name.to_string_lossy().into_owned();
            plan.spaces().iter().map(|space| space.iter().map(name).collect()).collect()
        };
        assert_eq!(spaces(&SCANS), [vec!["a", "c"], vec!["b"], vec!["e", "f"], vec!["d"]]);
        // Whatever the order of the inputs, a space is the same.
        let mut turned = SCANS;
        turned.reverse();
        assert_eq!(spaces(&turned), [vec!["e", "f"], vec!["d"], vec!["a", "c"], vec!["b"]]);
    }

    #[test]
    fn a_shard_takes_a_space_as_a_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = |number: usize| -> Vec<String> {
            let mut plan = plan(folder.path(), &SCANS);
            plan.keep_part(format!("{number}/2").parse().expect("a shard"));
            assert_eq!(plan.scans.len() + plan.n_of_others, SCANS.len());
            plan.scans.iter().map(|scan| scan.name.to_string_lossy().into_owned()).collect()
        };
        // 1800 bytes are more than all the others together.
        assert_eq!(names(1), ["c", "a"]);
        assert_eq!(names(2), ["b", "f", "d", "e"]);
    }

    #[test]
    fn nifti_files_share_a_space_only_if_they_lie_in_one_folder_and_that_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |name: &str, sharing| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(&path, b"").expect("written");
            space(&Source::NiftiFile(path), sharing)
        };
        let one = of("a/1.nii", Sharing::Folders);
        assert!(one.is_some() && of("a/2.nii", Sharing::Folders) == one);
        assert!(of("a/b/1.nii", Sharing::Folders) != one && of("3.nii", Sharing::Folders) != one);
        for sharing in [Sharing::Known, Sharing::Never] {
            assert_eq!(of("a/1.nii", sharing), None);
        }
    }
}
