use std::fmt;

/// The entities of BIDS 1.11 in the order in which they stand in a name: the key there, and the
/// long name that filters use.
pub(crate) const ENTITIES: [(&str, &str); 35] = [
    ("sub", "subject"),
    ("tpl", "template"),
    ("ses", "session"),
    ("cohort", "cohort"),
    ("sample", "sample"),
    ("task", "task"),
    ("tracksys", "tracksys"),
    ("acq", "acquisition"),
    ("nuc", "nucleus"),
    ("voi", "volume"),
    ("ce", "ceagent"),
    ("trc", "tracer"),
    ("stain", "stain"),
    ("rec", "reconstruction"),
    ("dir", "direction"),
    ("run", "run"),
    ("mod", "modality"),
    ("echo", "echo"),
    ("flip", "flip"),
    ("inv", "inversion"),
    ("mt", "mtransfer"),
    ("part", "part"),
    ("proc", "processing"),
    ("hemi", "hemisphere"),
    ("space", "space"),
    ("split", "split"),
    ("recording", "recording"),
    ("chunk", "chunk"),
    ("atlas", "atlas"),
    ("seg", "segmentation"),
    ("scale", "scale"),
    ("res", "resolution"),
    ("den", "density"),
    ("label", "label"),
    ("desc", "description"),
];

/// The name of a file as BIDS composes it: `sub-01_task-rest_run-2_bold.nii.gz` has the entities
/// `sub`, `task` and `run`, the suffix `bold` and the extension `.nii.gz`.
///
/// Every name that can be parsed is formatted as it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    entities: Vec<(String, String)>,
    suffix: String,
    extension: String,
}

impl Name {
    /// The parts of a file name, or `None` if it is not composed as BIDS asks: keys and suffix of
    /// letters and digits, labels of these and `+`, no key twice, an extension.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, extension) = name.split_at(name.find('.')?);
        let (entities, suffix) = stem.rsplit_once('_').map_or((None, stem), |(a, b)| (Some(a), b));
        let mut parsed: Vec<(String, String)> = Vec::new();
        for entity in entities.iter().flat_map(|all| all.split('_')) {
            let (key, label) = entity.split_once('-')?;
            if !is_plain(key) || !is_label(label) || parsed.iter().any(|(old, _)| old == key) {
                return None;
            }
            parsed.push((key.to_owned(), label.to_owned()));
        }
        let is_extension = extension.len() > 1
            && extension.bytes().all(|c| c == b'.' || c.is_ascii_alphanumeric());
        (is_plain(suffix) && is_extension).then(|| Self {
            entities: parsed,
            suffix: suffix.to_owned(),
            extension: extension.to_owned(),
        })
    }

    /// The label of an entity, by its key in names.
    #[must_use]
    pub fn entity(&self, key: &str) -> Option<&str> {
        self.entities.iter().find(|(own, _)| own == key).map(|(_, label)| label.as_str())
    }

    /// Keys and labels, in their order.
    pub fn entities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entities.iter().map(|(key, label)| (key.as_str(), label.as_str()))
    }

    /// What stands last before the extension: `T1w`, `bold`.
    #[must_use]
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// All from the first dot on: `.nii.gz`.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// Whether it is that of a NIfTI file.
    #[must_use]
    pub fn is_nifti(&self) -> bool {
        [".nii", ".nii.gz"].contains(&self.extension.as_str())
    }

    /// The same name with this label for an entity: in place of its own, or else where the order of
    /// BIDS puts it.
    #[must_use]
    pub fn with_entity(mut self, key: &str, label: &str) -> Self {
        if let Some((_, own)) = self.entities.iter_mut().find(|(own, _)| own == key) {
            label.clone_into(own);
            return self;
        }
        let rank = |key: &str| ENTITIES.iter().position(|(known, _)| *known == key);
        let after = |(own, _): &(String, String)| rank(own) > rank(key);
        let at = self.entities.iter().position(after).unwrap_or(self.entities.len());
        self.entities.insert(at, (key.to_owned(), label.to_owned()));
        self
    }

    /// The same name with another suffix.
    #[must_use]
    pub fn with_suffix(self, suffix: &str) -> Self {
        Self { suffix: suffix.to_owned(), ..self }
    }

    /// The same name with another extension.
    #[must_use]
    pub fn with_extension(self, extension: &str) -> Self {
        Self { extension: extension.to_owned(), ..self }
    }

    /// Whether all entities of this name are those of `other`, but for `recording`, which tells
    /// series that were recorded during one image apart.
    pub(crate) fn is_part_of(&self, other: &Self) -> bool {
        let mut own = self.entities().filter(|(key, _)| *key != "recording");
        own.all(|(key, label)| other.entity(key) == Some(label))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entities.iter().try_for_each(|(key, label)| write!(f, "{key}-{label}_"))?;
        write!(f, "{}{}", self.suffix, self.extension)
    }
}

/// Whether it may be the label of an entity.
pub(crate) fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c == b'+' || c.is_ascii_alphanumeric())
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_the_parts_of_a_name() {
        let name = "sub-01_ses-a+b_task-rest_dir-AP_run-02_echo-1_part-mag_bold.nii.gz";
        let parsed = Name::parse(name).unwrap();
        let of = |key| parsed.entity(key);
        let found = ["sub", "ses", "task", "dir", "run", "echo", "part", "acq"].map(of);
        let [label, none] = [Some, |_| None];
        let expected = ["01", "a+b", "rest", "AP", "02", "1", "mag"].map(label);
        assert_eq!(found[..7], expected);
        assert_eq!(found[7], none(""));
        assert_eq!((parsed.suffix(), parsed.extension()), ("bold", ".nii.gz"));
        assert!(parsed.is_nifti());
        assert_eq!(Name::parse("T1w.json").unwrap().suffix(), "T1w");
    }

    #[test]
    fn refuses_what_is_not_composed_as_bids_asks() {
        for name in [
            "README",
            "sub-01",
            "sub-01_T1w",
            ".nii",
            "sub-01_T1w.",
            "sub-01.nii",
            "sub-_T1w.nii",
            "sub-0 1_T1w.nii",
            "sub-01_T1w\n.nii",
            "sub-01\n_T1w.nii",
            "sub-01_sub-02_T1w.nii",
            "sub-01_acq-0.5_T1w.nii",
            "sub-01__T1w.nii",
            "sub-a-b_T1w.nii",
            "-1_T1w.nii",
            "sub-01_T1w.nii/x",
            "dataset_description.json",
            "sub-\u{e9}_T1w.nii",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }

    #[test]
    fn puts_an_entity_where_it_belongs() {
        let check = |name: &str, key, label, expected: &str| {
            let made = Name::parse(name).unwrap().with_entity(key, label).to_string();
            assert_eq!(made, expected);
        };
        check("sub-1_T1w.nii", "desc", "defaced", "sub-1_desc-defaced_T1w.nii");
        check("sub-1_desc-a_T1w.nii", "desc", "b", "sub-1_desc-b_T1w.nii");
        check("sub-1_run-1_echo-2_bold.nii", "dir", "AP", "sub-1_dir-AP_run-1_echo-2_bold.nii");
        check("sub-1_own-1_bold.nii", "task", "x", "sub-1_own-1_task-x_bold.nii");
        check("T1w.json", "desc", "x", "desc-x_T1w.json");
    }

    proptest! {
        #[test]
        fn what_is_parsed_is_formatted_as_it_was(name in "[a-z0-9+_.-]{0,24}") {
            if let Some(parsed) = Name::parse(&name) {
                prop_assert_eq!(parsed.to_string(), name);
            }
        }

        #[test]
        fn what_is_composed_is_parsed_as_it_was(
            entities in prop::collection::btree_map("[a-z]{1,4}", "[0-9A-Za-z+]{1,4}", 0..5),
            suffix in "[A-Za-z0-9]{1,5}", extension in r"\.[a-z]{1,4}(\.[a-z]{1,3})?",
        ) {
            let name = Name { entities: entities.into_iter().collect(), suffix, extension };
            prop_assert_eq!(Name::parse(&name.to_string()), Some(name));
        }

        #[test]
        fn an_entity_that_was_put_in_is_the_only_change(key in 0..35usize, others in any::<u64>()) {
            let others = (0..35).filter(|n| others >> n & 1 == 1 && *n != key);
            let entities = others.map(|n| (ENTITIES[n].0.to_owned(), "x".to_owned())).collect();
            let name = Name { entities, suffix: "T1w".into(), extension: ".nii".into() };
            let made = name.clone().with_entity(ENTITIES[key].0, "new");
            let rank = |key: &str| ENTITIES.iter().position(|(known, _)| *known == key);
            prop_assert!(made.entities().map(|(key, _)| rank(key)).is_sorted());
            let mut back = made;
            back.entities.retain(|(_, label)| label != "new");
            prop_assert_eq!(back, name);
        }
    }
}
