use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{BidsError, Image, Plan};

/// The two forms of a defaced dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// A dataset like the source, every file under its own name; the masks lie apart in [`MASKS`].
    Raw,
    /// A derivative: names of images say `desc-defaced`, and the masks lie beside them.
    Derivative,
}

/// The folder of masks in a raw dataset, a derivative of its own.
pub const MASKS: &str = "derivatives/efface";

/// Where what is made of an image goes, below the root of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// The defaced image.
    pub image: PathBuf,
    /// The JSON file beside it.
    pub sidecar: PathBuf,
    /// The mask of what was removed.
    pub mask: PathBuf,
    /// The JSON file beside that.
    pub mask_sidecar: PathBuf,
}

impl Output {
    /// Where what is made of the image at `path`, below the root of the dataset, goes.
    ///
    /// In a derivative `desc-defaced` is put in, and a `desc` that there is gets `Defaced` at its
    /// end. The `desc` of a mask is `deface`, the image's `desc` and its suffix, so that the masks
    /// of a T1w and a T2w image differ: `sub-01_desc-defaceT1w_mask.nii.gz`.
    #[must_use]
    pub fn targets(self, path: &Path, image: &Image) -> Targets {
        let desc = image.name.entity("desc");
        let own = match (self, desc) {
            (Self::Raw, _) => image.name.clone(),
            (Self::Derivative, None) => image.name.clone().with_entity("desc", "defaced"),
            (Self::Derivative, Some(desc)) => {
                image.name.clone().with_entity("desc", &format!("{desc}Defaced"))
            }
        };
        let parts = ["deface", &capital(desc.unwrap_or("")), &capital(image.name.suffix())];
        let mask = image.name.clone().with_entity("desc", &parts.concat()).with_suffix("mask");
        let beside = path.parent().unwrap_or(Path::new(""));
        let masks = match self {
            Self::Raw => Path::new(MASKS).join(beside),
            Self::Derivative => beside.to_owned(),
        };
        Targets {
            image: beside.join(own.to_string()),
            sidecar: beside.join(own.with_extension(".json").to_string()),
            mask: masks.join(mask.clone().with_extension(".nii.gz").to_string()),
            mask_sidecar: masks.join(mask.with_extension(".json").to_string()),
        }
    }
}

impl Plan {
    /// Where what is made of each image goes.
    ///
    /// # Errors
    /// [`BidsError::SameName`] if two would be written to one path.
    pub fn targets(&self, output: Output) -> Result<Vec<(&Path, &Image, Targets)>, BidsError> {
        let mut taken = BTreeSet::new();
        let mut all = Vec::new();
        for (path, image) in self.images() {
            let targets = output.targets(path, image);
            for name in [&targets.image, &targets.mask] {
                if !taken.insert(name.clone()) {
                    return Err(BidsError::SameName(name.clone()));
                }
            }
            all.push((path, image, targets));
        }
        Ok(all)
    }
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(text.len().min(1));
    first.to_ascii_uppercase() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    fn check(path: &str, output: Output, expected: [&str; 2]) {
        let path = Path::new(path);
        let name = Name::parse(path.file_name().unwrap().to_str().unwrap()).unwrap();
        let image =
            Image { name, datatype: "anat", subject: "1".into(), session: Some("a".into()) };
        let targets = output.targets(path, &image);
        assert_eq!([&targets.image, &targets.mask], expected.map(Path::new));
        let json = |path: &Path| {
            PathBuf::from(path.to_str().unwrap().split('.').next().unwrap().to_owned() + ".json")
        };
        assert_eq!(targets.sidecar, json(&targets.image));
        assert_eq!(targets.mask_sidecar, json(&targets.mask));
    }

    #[test]
    fn names_results_of_a_raw_dataset() {
        check(
            "sub-1/anat/sub-1_T1w.nii",
            Output::Raw,
            [
                "sub-1/anat/sub-1_T1w.nii",
                "derivatives/efface/sub-1/anat/sub-1_desc-defaceT1w_mask.nii.gz",
            ],
        );
        check(
            "sub-1/ses-a/func/sub-1_ses-a_task-x_echo-1_part-mag_bold.nii.gz",
            Output::Raw,
            [
                "sub-1/ses-a/func/sub-1_ses-a_task-x_echo-1_part-mag_bold.nii.gz",
                "derivatives/efface/sub-1/ses-a/func/sub-1_ses-a_task-x_echo-1_part-mag_desc-defaceBold_mask.nii.gz",
            ],
        );
    }

    #[test]
    fn names_results_of_a_derivative() {
        check(
            "sub-1/anat/sub-1_run-1_T1w.nii",
            Output::Derivative,
            [
                "sub-1/anat/sub-1_run-1_desc-defaced_T1w.nii",
                "sub-1/anat/sub-1_run-1_desc-defaceT1w_mask.nii.gz",
            ],
        );
        check(
            "sub-1/anat/sub-1_space-x_desc-preproc_T1w.nii.gz",
            Output::Derivative,
            [
                "sub-1/anat/sub-1_space-x_desc-preprocDefaced_T1w.nii.gz",
                "sub-1/anat/sub-1_space-x_desc-defacePreprocT1w_mask.nii.gz",
            ],
        );
    }
}
