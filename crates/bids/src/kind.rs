/// A folder of images, and what in it shows a head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Datatype {
    /// The name of the folder.
    pub(crate) folder: &'static str,
    /// The suffixes of images to be defaced, parted by spaces; empty: every suffix but [`NOT_HEADS`].
    heads: &'static str,
}

/// Which images are defaced, by folder and suffix.
///
/// What a scanner derives of an image (`ADC`, `T1map`, a field map) shows its outline as well.
/// `ct` is not in the standard yet, but in use.
const DATATYPES: [Datatype; 7] = [
    Datatype { folder: "anat", heads: "" },
    Datatype { folder: "func", heads: "bold sbref cbv phase noRF" },
    Datatype { folder: "dwi", heads: "dwi sbref ADC FA S0map colFA expADC trace" },
    Datatype {
        folder: "fmap",
        heads: "phasediff phase1 phase2 magnitude1 magnitude2 magnitude fieldmap epi m0scan \
                TB1DAM TB1EPI TB1AFI TB1TFL TB1RFM TB1SRGE TB1map RB1COR RB1map",
    },
    Datatype { folder: "perf", heads: "asl m0scan sbref noRF" },
    Datatype { folder: "pet", heads: "pet" },
    Datatype { folder: "ct", heads: "ct" },
];

/// Suffixes of anatomical images, for filters: in lower case, parted by spaces.
const ANATOMICAL: &str = "t1w t2w pdw t2starw flair inplanet1 inplanet2 pdt2 angio t2star flash pd \
    t1map t2map t2starmap r1map r2map r2starmap pdmap mtrmap mtsat unit1 t1rho mwfmap mtvmap chimap \
    s0map m0map megre mese vfa irt1 mp2rage mpm mts mtr swi roi";

/// Suffixes of images that hold no head, or hold the face that went: they are left out, not copied.
const NOT_HEADS: [&str; 9] =
    ["mask", "defacemask", "dseg", "probseg", "roi", "xfm", "warp", "timeseries", "morph"];

/// Folders of recordings, of which nothing is taken over: they are no images of heads, and
/// photographs may lie in them.
const RECORDINGS: [&str; 8] = ["meg", "eeg", "ieeg", "emg", "nirs", "motion", "mrs", "micr"];

/// Suffixes of files that do not tell of images, but of what went on meanwhile.
const TABLES: [&str; 6] = ["events", "physio", "physioevents", "stim", "aslcontext", "blood"];

/// What a NIfTI file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    Head,
    NoHead,
    Unknown,
}

impl Datatype {
    /// The folder of images of this name.
    pub(crate) fn of(folder: &str) -> Option<&'static Self> {
        DATATYPES.iter().find(|datatype| datatype.folder == folder)
    }

    /// What an image in this folder shows, by its suffix and its `desc`.
    pub(crate) fn shows(&self, suffix: &str, desc: Option<&str>) -> Shows {
        let is_brain = desc.is_some_and(|desc| desc.to_ascii_lowercase().starts_with("brain"));
        if is_brain || NOT_HEADS.contains(&suffix) {
            Shows::NoHead
        } else if self.heads.is_empty() || self.heads.split(' ').any(|head| head == suffix) {
            Shows::Head
        } else {
            Shows::Unknown
        }
    }
}

/// Whether a folder is one of recordings.
pub(crate) fn is_recording(name: &str) -> bool {
    RECORDINGS.contains(&name)
}

/// Whether a file of this suffix goes with an image of whatever suffix, and has no image of its own.
pub(crate) fn is_table(suffix: &str) -> bool {
    TABLES.contains(&suffix)
}

/// Whether a filter may name a kind of images so: by a suffix in lower case.
pub(crate) fn is_known_kind(lower: &str) -> bool {
    let mut heads = DATATYPES.iter().flat_map(|datatype| datatype.heads.split(' '));
    ANATOMICAL.split(' ').any(|suffix| suffix == lower)
        || heads.any(|suffix| !suffix.is_empty() && suffix.eq_ignore_ascii_case(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_heads_from_others() {
        let check = |folder: &str, suffix, desc, expected| {
            assert_eq!(Datatype::of(folder).unwrap().shows(suffix, desc), expected, "{suffix}");
        };
        check("anat", "T1w", None, Shows::Head);
        check("anat", "anything", None, Shows::Head);
        check("anat", "T1w", Some("preproc"), Shows::Head);
        check("anat", "T1w", Some("brain"), Shows::NoHead);
        check("anat", "T1w", Some("Brainmask"), Shows::NoHead);
        check("anat", "defacemask", None, Shows::NoHead);
        check("func", "bold", None, Shows::Head);
        check("func", "anything", None, Shows::Unknown);
        check("perf", "asl", None, Shows::Head);
        check("fmap", "phasediff", None, Shows::Head);
        assert_eq!(Datatype::of("meg"), None);
    }
}
