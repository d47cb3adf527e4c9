use std::collections::BTreeMap;

use formats::HeaderText;
use inference::Model;
use masking::{Carried, GuardReport, Judgement, Refined, RegionReport, Verdict};
use register::Fit;
use serde::{Serialize, Serializer};
use volume::{Grid, Tissue};

use crate::Options;
use crate::space::{Decision, Shared};

/// What is said of one scan beside its result, fit to be released with it: no name, number, date
/// or path, and no hash of the original.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    #[serde(serialize_with = "verdict_name")]
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<String>,
    /// The largest of all measures, each as a part of its limit: above 1 in what is no pass.
    doubt: Option<f64>,
    /// Whether it is no volume and was released all the same: nothing was removed from it.
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) passed_through: bool,
    pub(crate) notes: Vec<String>,
    /// What other scans of the same patient space had to do with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) space: Option<SpaceFacts>,
    pub(crate) regions: BTreeMap<&'static str, Region>,
    /// How sure the model is of each tissue that it found, 0 to 1.
    pub(crate) confidence: BTreeMap<&'static str, f64>,
    pub(crate) brain: Option<Brain>,
    pub(crate) proof: Option<Proof>,
    pub(crate) output: Option<Output>,
    pub(crate) header: Header,
    pub(crate) model: ModelFacts,
    pub(crate) runtime: String,
    pub(crate) options: OptionFacts,
    pub(crate) version: &'static str,
    pub(crate) seconds: BTreeMap<&'static str, f64>,
    pub(crate) peak_memory_bytes: Option<u64>,
    pub(crate) remaining: [&'static str; 5],
}

/// What remains in every result of this version and can identify a person.
pub(crate) const REMAINING: [&str; 5] = ["teeth", "facial bone", "sinuses", "vessels", "brain"];

#[derive(Debug, Serialize)]
pub(crate) struct SpaceFacts {
    scans: usize,
    face_located: &'static str,
    /// Why not in another scan.
    why: Option<String>,
    from: Option<FromFacts>,
    offset: Option<OffsetFacts>,
    brain_agreed: Option<f64>,
    face_elsewhere_ml: Option<f64>,
    face_ends_outside_mm: Option<f64>,
}

#[derive(Debug, Serialize)]
struct FromFacts {
    modality: &'static str,
    spacing_mm: [f64; 3],
}

/// How the head lies in this scan, beside where it lies in the other.
#[derive(Debug, Serialize)]
struct OffsetFacts {
    largest_mm: f64,
    degrees: f64,
    turned_degrees: [f64; 3],
    moved_mm: [f64; 3],
    /// Whether it is no larger than a voxel of the labels, and counts as none.
    taken_as_none: bool,
    mutual_information: f64,
    times_chance: f64,
    head_in_both: f64,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Region {
    Removed { voxels: u64, mm3: f64 },
    Absent { absent: &'static str },
}

#[derive(Debug, Serialize)]
pub(crate) struct Brain {
    voxels_changed: u64,
    smallest_distance_mm: Option<f64>,
    guard_mm: f64,
    facial_skin_left_by_guard: f64,
    seen_by_the_image_alone_ml: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Proof {
    voxels_removed: u64,
    voxels_changed: u64,
    voxels_changed_outside_the_mask: u64,
    facial_surface_columns: Option<u32>,
    facial_surface_left: Option<f64>,
    /// Of each region's skin, the share with tissue left within 2 and 5 mm.
    skin_left: BTreeMap<&'static str, [f64; 2]>,
    border: Option<BorderFacts>,
    tissue_not_removed: f64,
    shows_through: f64,
    second_look: SecondFacts,
}

#[derive(Debug, Serialize)]
struct BorderFacts {
    directions: u32,
    correlation_with_skin: f64,
    relief_mm: f64,
}

#[derive(Debug, Serialize)]
struct SecondFacts {
    eyes_ml: f64,
    nose_ml: f64,
    brain_ml: f64,
    brain_voxels_changed: u64,
    smallest_distance_mm: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    pub(crate) sha256: String,
    extent: [usize; 3],
    frames: usize,
    spacing_mm: [f64; 3],
    orientation: String,
    stored_type: &'static str,
    modality: &'static str,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Header {
    cleared: Vec<&'static str>,
    kept: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ModelFacts {
    name: String,
    sha256: String,
    training: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct OptionFacts {
    guard_mm: f64,
    face_wins: bool,
    regions: Vec<&'static str>,
    pub(crate) fill: String,
    flip: bool,
    keep_header_text: bool,
    deidentify: Vec<&'static str>,
    mask: bool,
}

impl Record {
    /// A record of which only what holds for the whole run is known.
    pub(crate) fn begin(model: &Model, options: &Options) -> Self {
        let card = model.card();
        Self {
            verdict: Verdict::Fail,
            reasons: Vec::new(),
            doubt: None,
            passed_through: false,
            notes: Vec::new(),
            space: None,
            regions: BTreeMap::new(),
            confidence: BTreeMap::new(),
            brain: None,
            proof: None,
            output: None,
            header: Header::default(),
            model: ModelFacts {
                name: format!("{} {}", card.name, card.version),
                sha256: model.sha256().to_owned(),
                training: card.training_summary(),
            },
            runtime: model.engine_name().to_owned(),
            options: OptionFacts {
                guard_mm: options.guard_mm,
                face_wins: options.face_wins,
                regions: options.regions.iter().map(volume::Region::name).collect(),
                fill: String::new(),
                flip: options.flip,
                keep_header_text: options.keep_header_text,
                deidentify: options.release.profiles(),
                mask: options.write_mask,
            },
            version: env!("CARGO_PKG_VERSION"),
            seconds: BTreeMap::new(),
            peak_memory_bytes: None,
            remaining: REMAINING,
        }
    }

    /// Adds how sure the model is of the brain and of what is removed.
    pub(crate) fn add_confidence(&mut self, confidence: &[Option<f32>; Tissue::ALL.len()]) {
        let told = Tissue::ALL.into_iter().zip(confidence);
        let told =
            told.filter(|(t, _)| *t == Tissue::Brain || volume::Region::of_face(*t).is_some());
        let part = |(tissue, sure): (Tissue, &Option<f32>)| {
            sure.map(|sure| (tissue.name(), round(f64::from(sure), 1e3)))
        };
        self.confidence = told.filter_map(part).collect();
    }

    /// Adds where the face was located, if the scan shares its space with others.
    pub(crate) fn add_space(&mut self, shared: Option<&Shared>, carried: Option<&Carried>) {
        let Some(Shared { n_scans, decision, .. }) = shared else { return };
        let (face_located, why, from, fit) = match decision {
            Decision::Alone => (
                "in this scan",
                Some("no scan of the space shows a head beyond doubt".to_owned()),
                None,
                None,
            ),
            Decision::NotSeen => (
                "in this scan",
                Some("it could not be looked at with the others".to_owned()),
                None,
                None,
            ),
            Decision::Here => ("in this scan, to be carried to others", None, None, None),
            Decision::Apart { from, fit, why } => {
                ("in this scan", Some(why.to_string()), Some(from), fit.as_ref())
            }
            Decision::Carried { from, fit, .. } => ("in another scan", None, Some(from), Some(fit)),
        };
        self.space = Some(SpaceFacts {
            scans: *n_scans,
            face_located,
            why,
            from: from.map(|from| FromFacts {
                modality: from.modality,
                spacing_mm: from.spacing_mm.map(|mm| round(mm, 100.0)),
            }),
            offset: fit.map(OffsetFacts::of),
            brain_agreed: carried.and_then(|c| c.brain_agreed).map(|share| round(share, 1e3)),
            face_elsewhere_ml: carried.map(|c| round(c.face_elsewhere_ml, 10.0)),
            face_ends_outside_mm: carried
                .map(|c| c.face_away_mm)
                .filter(|mm| mm.is_finite())
                .map(|mm| round(mm, 10.0)),
        });
    }

    /// Adds what was found and removed.
    pub(crate) fn add_refined(&mut self, refined: &Refined, guard_mm: f64) {
        let voxel_mm3 = refined.mask.grid().voxel_mm3();
        let facts = |r: &RegionReport| match r.absent {
            Some(absent) => Region::Absent { absent },
            None => Region::Removed {
                voxels: r.n_removed,
                mm3: round(r.n_removed as f64 * voxel_mm3, 1.0),
            },
        };
        self.regions = refined.regions.iter().map(|r| (r.region.name(), facts(r))).collect();
        let GuardReport { n_brain_removed, smallest_distance_mm, skin_left, unfound_ml } =
            refined.guard;
        self.brain = Some(Brain {
            voxels_changed: n_brain_removed,
            smallest_distance_mm: smallest_distance_mm
                .is_finite()
                .then(|| round(smallest_distance_mm, 100.0)),
            guard_mm,
            facial_skin_left_by_guard: round(skin_left, 1e4),
            seen_by_the_image_alone_ml: round(unfound_ml, 10.0),
        });
    }

    /// Adds what was proven on the file as written.
    pub(crate) fn add_proof(&mut self, n_removed: u64, proof: &masking::Proof) {
        let masking::Proof { voxels, front, skin, border, missing, carried, second } = proof;
        let finite = |mm: f64| mm.is_finite().then(|| round(mm, 100.0));
        self.proof = Some(Proof {
            voxels_removed: n_removed,
            voxels_changed: voxels.n_changed_inside,
            voxels_changed_outside_the_mask: voxels.n_changed_outside,
            facial_surface_columns: front.map(|r| r.n_columns),
            facial_surface_left: front.map(|r| round(r.share, 1e4)),
            skin_left: skin
                .iter()
                .map(|s| (s.region.name(), [s.within_2mm, s.within_5mm].map(|v| round(v, 1e4))))
                .collect(),
            border: border.map(|b| BorderFacts {
                directions: b.n_directions,
                correlation_with_skin: round(b.correlation, 1e3),
                relief_mm: round(b.relief_mm, 100.0),
            }),
            tissue_not_removed: round(*missing, 1e4),
            shows_through: round(*carried, 1e4),
            second_look: SecondFacts {
                eyes_ml: round(second.eyes_ml, 10.0),
                nose_ml: round(second.nose_ml, 10.0),
                brain_ml: round(second.brain_ml, 1.0),
                brain_voxels_changed: second.n_brain_changed,
                smallest_distance_mm: finite(second.smallest_distance_mm),
            },
        });
    }

    /// Adds what became of the header's free text.
    pub(crate) fn add_header(&mut self, text: &HeaderText) {
        self.header = Header { cleared: text.cleared.clone(), kept: text.kept.clone() };
    }

    /// Adds the verdict.
    pub(crate) fn add_judgement(&mut self, judgement: &Judgement) {
        self.verdict = judgement.verdict;
        self.reasons = judgement.reasons.clone();
        self.doubt = Some(round(judgement.doubt, 1e3));
    }

    /// Makes this the record of a scan without a result.
    pub(crate) fn fail(&mut self, reason: String) {
        self.verdict = Verdict::Fail;
        self.reasons = vec![reason];
        self.output = None;
    }

    /// The record as it is written: JSON, two spaces to a level.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // The record is made of numbers and strings: nothing in it can fail to be written.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }
}

impl OffsetFacts {
    fn of(fit: &Fit) -> Self {
        Self {
            largest_mm: round(fit.largest_mm, 100.0),
            degrees: round(fit.offset.degrees(), 100.0),
            turned_degrees: fit.offset.turn_degrees.map(|v| round(v, 100.0)),
            moved_mm: fit.offset.shift_mm.map(|v| round(v, 100.0)),
            taken_as_none: fit.is_within_a_voxel(),
            mutual_information: round(fit.information, 1e4),
            times_chance: round(fit.gain(), 100.0),
            head_in_both: round(fit.overlap, 1e3),
        }
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn verdict_name<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(verdict.name())
}

impl Output {
    /// What the output is, as written.
    pub(crate) fn of(
        sha256: String,
        grid: &Grid,
        n_frames: usize,
        stored_type: &'static str,
        modality: &'static str,
    ) -> Self {
        Self {
            sha256,
            extent: grid.extent,
            frames: n_frames,
            spacing_mm: grid.spacing_mm().map(|s| round(s, 1e6)),
            orientation: grid.orientation().to_string(),
            stored_type,
            modality,
        }
    }
}

/// `value` to the nearest part of one, `parts` of them.
pub(crate) fn round(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
