use std::fmt;

use kernels::Workers;
use volume::{Grid, Labels, Mask, RealVolume, Tissue};

/// Less brain than this is none: the smallest of a newborn is above it.
pub(crate) const LEAST_BRAIN_ML: f64 = 250.0;
/// More brain than this is a model's error: the largest on record lie near 2.3 litres, and
/// blurred averages are read up to this.
const MOST_BRAIN_ML: f64 = 2400.0;
/// Eyes below this and a nose below [`LEAST_NOSE_ML`] are no face. Heads with a face have at
/// least 44 ml of eyes and 10 ml of nose by the model's labels, scans without one at most 9.4 and 0.
pub(crate) const LEAST_EYES_ML: f64 = 25.0;
/// See [`LEAST_EYES_ML`].
pub(crate) const LEAST_NOSE_ML: f64 = 8.0;
/// Brain and all else together: less is a brain without skull and skin.
const LEAST_HEAD_ML: f64 = 1500.0;
/// So is less than this many times the brain: whole heads have 1.85 to 6.9 times as much, a defaced
/// one 1.76 times, a brain alone once.
const LEAST_HEAD_SHARE: f64 = 1.5;
/// As much brain as only a head has: with it, and no face, the face was taken away before.
const HEAD_BRAIN_ML: f64 = 900.0;
/// Two eyes lie about 31 mm to both sides of their middle, one spreads over less than half of it.
const LEAST_EYE_SPREAD_MM: f64 = 20.0;
/// The middle of the face lies 55 to 85 mm in front of that of the brain.
const LEAST_FORWARD_MM: f64 = 30.0;
/// The middle of the face lies 15 to 80 mm below that of the brain, unless the head is tipped.
const MOST_UPWARD_MM: f64 = 15.0;
/// Left part of a face: beyond this share, or below its complement, the halves are not balanced.
const MOST_ONE_SIDED: f64 = 0.66;

/// Forehead within two voxels of the brain: bone lies between the two, so that more than this much
/// means that brain may be labelled as forehead. Heads read well have at most 3.7 ml, two read
/// with doubt 5.0 and 6.4, and the one that loses most of its brain 18.
const MOST_FOREHEAD_AT_BRAIN_ML: f64 = 4.5;

/// The model is at least this sure of the brain (labelled heads 0.88 and more, such stood on their
/// heads 0.58 to 0.84), and of eyes or nose, whichever it is surer of (0.79 and more; heads whose
/// face is gone at most 0.69, stood on their heads 0.51).
const LEAST_SURE_OF_BRAIN: f32 = 0.86;
/// See [`LEAST_SURE_OF_BRAIN`].
const LEAST_SURE_OF_FACE: f32 = 0.74;

/// What the labels say of the head as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Anatomy {
    /// The volume of each tissue, in the order of [`Tissue::ALL`].
    pub volume_ml: [f64; Tissue::ALL.len()],
    /// From the middle of the brain to the middle of the face, RAS millimetres.
    pub brain_to_face_mm: [f64; 3],
    /// Root mean square distance of the eyes' voxels from their middle, along their longest axis.
    pub eye_spread_mm: f64,
    /// The share of the face to the left of the middle of the brain.
    pub left_share: f64,
    /// Forehead that lies within two voxels of the brain.
    pub forehead_at_brain_ml: f64,
    /// Whether the brain reaches the lower end of the scan.
    pub brain_cut_below: bool,
    /// Whether the brain reaches the upper end of the scan.
    pub brain_cut_above: bool,
    /// Whether the face reaches an end of the scan.
    pub face_cut: bool,
}

/// Why there is nothing to remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// No brain, so no head.
    Head,
    /// A brain without skull and skin.
    SkullAndSkin,
    /// A head whose face has been taken away.
    AlreadyDefaced,
    /// The scan ends above the face.
    FaceOutsideTheScan,
    /// A head-like thing without a face.
    Face,
    /// Every voxel has the same value.
    Contrast,
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "no head found: there is no brain in this scan",
            Self::SkullAndSkin => "no face found: a brain without skull and skin (skull-stripped)",
            Self::AlreadyDefaced => "no face found: this head looks already defaced",
            Self::FaceOutsideTheScan => {
                "no face found: only part of a head, and the scan ends above the eyes"
            }
            Self::Face => "no head found: what is here has neither eyes nor nose",
            Self::Contrast => "no head found: every voxel has the same value",
        })
    }
}

/// Something about the head that a person must look at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Concern {
    /// The face lies above the brain.
    UpsideDown,
    /// The face does not lie in front of the brain.
    NotInFront {
        /// How far in front it lies.
        forward_mm: f64,
    },
    /// More or less brain than a person has.
    BrainSize {
        /// Its volume.
        volume_ml: f64,
    },
    /// Only one eye was found.
    OneEye,
    /// Eyes or nose were not found.
    PartOfAFace {
        /// Volume of the eyes.
        eyes_ml: f64,
        /// Volume of the nose.
        nose_ml: f64,
    },
    /// The scan ends inside the brain.
    PartOfAHead,
    /// No bone was found between brain and forehead.
    ForeheadAtBrain {
        /// How much of the forehead touches the brain.
        volume_ml: f64,
    },
    /// The model is less sure of the brain, or of eyes and nose, than it is of a head.
    Unsure {
        /// Of what.
        of: &'static str,
        /// How sure it is, 0 to 1.
        sure: f32,
    },
    /// The face found lies on one side.
    OneSided {
        /// Its left share.
        left_share: f64,
    },
    /// What the model calls brain in a scan, far from the brain that was carried to it, is removed.
    BrainDisputed {
        /// How much of it.
        volume_ml: f64,
    },
    /// The cut comes near to a brain that was carried, and the scan itself does not tell where it lies.
    BrainUntold,
    /// Alone, the scan would be told to have no face to remove.
    Bare(Absence),
    /// The model's brain in a scan is not where that of another scan of the same head lies.
    BrainElsewhere {
        /// The share of it that is, 0 to 1.
        agreed: f64,
    },
    /// The model finds a face where that of another scan of the same head does not lie.
    FaceElsewhere {
        /// How much of it.
        volume_ml: f64,
    },
}

impl Concern {
    /// Whether a part of a head gives no cause for it.
    pub(crate) fn holds_for_a_part(&self) -> bool {
        matches!(self, Self::BrainSize { .. } | Self::ForeheadAtBrain { .. })
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpsideDown => f.write_str(
                "the face lies above the brain: the scan is upside down or its header is wrong",
            ),
            Self::NotInFront { forward_mm } => {
                write!(f, "the face lies {forward_mm:.0} mm in front of the brain, too little")
            }
            Self::BrainSize { volume_ml } => {
                write!(f, "the brain found has {volume_ml:.0} ml, no human size")
            }
            Self::OneEye => f.write_str("only one eye was found"),
            Self::PartOfAFace { eyes_ml, nose_ml } => write!(
                f,
                "only part of a face was found (eyes {eyes_ml:.0} ml, nose {nose_ml:.0} ml)"
            ),
            Self::PartOfAHead => f.write_str("only part of a head: the scan ends inside the brain"),
            Self::ForeheadAtBrain { volume_ml } => write!(
                f,
                "{volume_ml:.1} ml of the forehead found lie against the brain, without bone \
                 between them: brain may be taken for forehead"
            ),
            Self::Unsure { of, sure } => {
                write!(f, "the model is not sure of the {of} it found ({:.0} %)", sure * 100.0)
            }
            Self::OneSided { left_share } => write!(
                f,
                "the face found is not balanced: {:.0} % of it lies to the left",
                left_share * 100.0
            ),
            Self::BrainDisputed { volume_ml } => write!(
                f,
                "{volume_ml:.2} ml of what looks like brain in this scan, far from the brain that was \
                 carried to it, were removed"
            ),
            Self::BrainUntold => f.write_str(
                "the cut comes near to the brain that was carried to this scan, which itself shows too \
                 little of it",
            ),
            Self::Bare(absence) => write!(f, "alone, {absence}"),
            Self::BrainElsewhere { agreed } => write!(
                f,
                "only {:.0} % of the brain found here lie where that of another scan of the head does",
                agreed * 100.0
            ),
            Self::FaceElsewhere { volume_ml } => write!(
                f,
                "{volume_ml:.0} ml of eyes and nose are found here where the face located in another \
                 scan does not lie"
            ),
        }
    }
}

impl Anatomy {
    /// Measures labels that lie on the grid of `image`.
    #[must_use]
    pub fn measure(labels: &Labels, image: &RealVolume, workers: Workers) -> Self {
        let grid = labels.grid;
        let volume_ml =
            Tissue::ALL.map(|tissue| ml(&bits(labels, |t| t == tissue, workers), &grid));
        let places = |is: fn(Tissue) -> bool| {
            let bits = Mask::from_words(grid, bits(labels, is, workers));
            let mut moments = Moments::default();
            set_voxels(&bits)
                .for_each(|index| moments.add(grid.affine.apply(index.map(|v| v as f64))));
            (moments, bits)
        };
        let (brain, brain_bits) = places(|t| t == Tissue::Brain);
        let (eyes, _) = places(|t| t == Tissue::Eyes);
        let (face, face_bits) = places(is_face);
        let middle = brain.mean();
        let is_left =
            |[i, ..]: &[usize; 3]| grid.affine.apply([*i as f64, 0.0, 0.0])[0] < middle[0];
        let n_left = set_voxels(&face_bits).filter(is_left).count();
        let face_mean = face.mean();
        let inside = &image.inside;
        let far = far_from_ends(inside, workers);
        Self {
            volume_ml,
            brain_to_face_mm: [0, 1, 2].map(|a| face_mean[a] - middle[a]),
            eye_spread_mm: eyes.largest_deviation(),
            left_share: if face.n > 0.0 { n_left as f64 / face.n } else { 0.5 },
            forehead_at_brain_ml: forehead_at_brain_ml(labels, brain_bits.words(), workers),
            brain_cut_below: brain_reaches(End::Lower, &brain_bits, inside),
            brain_cut_above: brain_reaches(End::Upper, &brain_bits, inside),
            face_cut: face_bits.words().iter().zip(far.words()).any(|(face, far)| face & !far != 0),
        }
    }

    /// The volume of one tissue.
    #[must_use]
    pub fn ml(&self, tissue: Tissue) -> f64 {
        self.volume_ml[tissue as usize]
    }

    /// Why there is no face to remove, if there is none.
    #[must_use]
    pub fn absence(&self) -> Option<Absence> {
        let brain = self.ml(Tissue::Brain);
        if brain < LEAST_BRAIN_ML {
            return Some(Absence::Head);
        }
        if self.ml(Tissue::Eyes) >= LEAST_EYES_ML || self.ml(Tissue::Nose) >= LEAST_NOSE_ML {
            return None;
        }
        let all: f64 = self.volume_ml[1..].iter().sum();
        Some(if self.brain_cut_below {
            Absence::FaceOutsideTheScan
        } else if all < LEAST_HEAD_ML.max(LEAST_HEAD_SHARE * brain) {
            Absence::SkullAndSkin
        } else if brain >= HEAD_BRAIN_ML {
            Absence::AlreadyDefaced
        } else {
            Absence::Face
        })
    }

    /// What a person must look at. `confidence` is the model's of each tissue, 0 to 1, in the order
    /// of [`Tissue::ALL`].
    #[must_use]
    pub fn concerns(&self, confidence: &[Option<f32>; Tissue::ALL.len()]) -> Vec<Concern> {
        let mut concerns = Vec::new();
        let sure = |tissue: Tissue| confidence[tissue as usize].unwrap_or(0.0);
        let brain = sure(Tissue::Brain);
        if brain < LEAST_SURE_OF_BRAIN {
            concerns.push(Concern::Unsure { of: "brain", sure: brain });
        }
        let face = sure(Tissue::Eyes).max(sure(Tissue::Nose));
        if face < LEAST_SURE_OF_FACE {
            concerns.push(Concern::Unsure { of: "face", sure: face });
        }
        let [_, forward_mm, upward_mm] = self.brain_to_face_mm;
        if upward_mm > MOST_UPWARD_MM {
            concerns.push(Concern::UpsideDown);
        }
        if forward_mm < LEAST_FORWARD_MM {
            concerns.push(Concern::NotInFront { forward_mm });
        }
        let volume_ml = self.ml(Tissue::Brain);
        if volume_ml > MOST_BRAIN_ML {
            concerns.push(Concern::BrainSize { volume_ml });
        }
        let (eyes_ml, nose_ml) = (self.ml(Tissue::Eyes), self.ml(Tissue::Nose));
        if eyes_ml < LEAST_EYES_ML || nose_ml < LEAST_NOSE_ML {
            concerns.push(Concern::PartOfAFace { eyes_ml, nose_ml });
        } else if self.eye_spread_mm < LEAST_EYE_SPREAD_MM {
            concerns.push(Concern::OneEye);
        }
        if self.brain_cut_above || self.brain_cut_below {
            concerns.push(Concern::PartOfAHead);
        }
        let volume_ml = self.forehead_at_brain_ml;
        if volume_ml > MOST_FOREHEAD_AT_BRAIN_ML {
            concerns.push(Concern::ForeheadAtBrain { volume_ml });
        }
        if !(1.0 - MOST_ONE_SIDED..=MOST_ONE_SIDED).contains(&self.left_share) {
            concerns.push(Concern::OneSided { left_share: self.left_share });
        }
        concerns
    }
}

/// Whether a tissue belongs to the face, ears apart.
pub(crate) fn is_face(tissue: Tissue) -> bool {
    matches!(
        tissue,
        Tissue::Eyes | Tissue::Brow | Tissue::Nose | Tissue::Cheeks | Tissue::Mouth | Tissue::Chin
    )
}

/// The voxels of some tissues.
pub(crate) fn bits(labels: &Labels, is: impl Fn(Tissue) -> bool, workers: Workers) -> Vec<u64> {
    let bytes: Vec<u8> = labels.tissues.iter().map(|&t| u8::from(is(t))).collect();
    kernels::bits_of(&bytes, labels.grid.extent, workers)
}

/// The lowest and the highest index, along each axis, of what a mask holds; the other way round if it is empty.
pub(crate) fn bounds(mask: &[u64], [ni, nj, _]: [usize; 3]) -> [[usize; 3]; 2] {
    let row_words = kernels::row_words(ni);
    let mut bounds = [[usize::MAX; 3], [0; 3]];
    for (at, &word) in mask.iter().enumerate().filter(|(_, word)| **word != 0) {
        let (first, row) = (at % row_words * 64, at / row_words);
        let last = first + 63 - word.leading_zeros() as usize;
        let own = [[first + word.trailing_zeros() as usize, last], [row % nj; 2], [row / nj; 2]];
        for (a, [least, most]) in own.into_iter().enumerate() {
            bounds[0][a] = bounds[0][a].min(least);
            bounds[1][a] = bounds[1][a].max(most);
        }
    }
    bounds
}

/// The volume of what a mask on `grid` holds.
fn ml(mask: &[u64], grid: &Grid) -> f64 {
    let n: u64 = mask.iter().map(|word| u64::from(word.count_ones())).sum();
    n as f64 * grid.voxel_mm3() / 1000.0
}

/// The volume of forehead within two steps of the brain.
fn forehead_at_brain_ml(labels: &Labels, brain: &[u64], workers: Workers) -> f64 {
    let extent = labels.grid.extent;
    let spacing = labels.grid.spacing_mm();
    let near = kernels::dilate(brain, extent, spacing, 2.0 * spacing[0], workers);
    let brow = bits(labels, |t| t == Tissue::Brow, workers);
    ml(&kernels::meet(&brow, &near), &labels.grid)
}

/// The voxels of a scan of which all six neighbours lie in it.
pub(crate) fn far_from_ends(inside: &Mask, workers: Workers) -> Mask {
    let grid = *inside.grid();
    let ends = kernels::surface(inside.words(), grid.extent, workers);
    Mask::from_words(grid, kernels::and_not(inside.words(), &ends))
}

/// An end of the scan along the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Lower,
    Upper,
}

/// Whether at least a tenth of the brain's columns end at an end of the scan.
fn brain_reaches(end: End, brain: &Mask, inside: &Mask) -> bool {
    let nk = brain.grid().extent[2];
    // Columns of which no brain was met yet, 64 a word.
    let mut open = vec![!0u64; brain.words().len() / nk.max(1)];
    let (mut n_columns, mut n_cut) = (0, 0);
    for n in 0..nk {
        let (k, beyond) = match end {
            End::Lower => (n, n.checked_sub(1)),
            End::Upper => (nk - 1 - n, (nk - n < nk).then(|| nk - n)),
        };
        for (at, (open, brain)) in open.iter_mut().zip(brain.plane(k)).enumerate() {
            let met = *open & brain;
            let goes_on = beyond.map_or(0, |k| inside.plane(k)[at]);
            n_columns += met.count_ones();
            n_cut += (met & !goes_on).count_ones();
            *open &= !brain;
        }
    }
    n_cut * 10 > n_columns
}

/// The voxels of a mask, in their order.
pub(crate) fn set_voxels(mask: &Mask) -> impl Iterator<Item = [usize; 3]> {
    let [ni, nj, _] = mask.grid().extent;
    let row_words = kernels::row_words(ni);
    let words = mask.words().iter().enumerate().filter(|(_, word)| **word != 0);
    words.flat_map(move |(at, &word)| {
        let (first, row) = (at % row_words * 64, at / row_words);
        let lowest = |rest: &u64| Some(rest & (rest - 1)).filter(|rest| *rest != 0);
        let rests = std::iter::successors(Some(word), lowest);
        rests.map(move |rest| [first + rest.trailing_zeros() as usize, row % nj, row / nj])
    })
}

/// Sums of places, to find their mean and spread.
#[derive(Default)]
struct Moments {
    n: f64,
    sum: [f64; 3],
    square: [[f64; 3]; 3],
}

impl Moments {
    fn add(&mut self, place: [f64; 3]) {
        self.n += 1.0;
        for a in 0..3 {
            self.sum[a] += place[a];
            for b in 0..3 {
                self.square[a][b] += place[a] * place[b];
            }
        }
    }

    fn mean(&self) -> [f64; 3] {
        self.sum.map(|s| s / self.n.max(1.0))
    }

    /// The standard deviation along the axis in which it is largest: the root of the largest
    /// eigenvalue of the covariance, by power iteration.
    fn largest_deviation(&self) -> f64 {
        if self.n < 2.0 {
            return 0.0;
        }
        let mean = self.mean();
        let covariance: [[f64; 3]; 3] = std::array::from_fn(|a| {
            std::array::from_fn(|b| self.square[a][b] / self.n - mean[a] * mean[b])
        });
        let mut axis = [1.0, 0.3, 0.2];
        let mut variance = 0.0;
        for _ in 0..64 {
            let turned: [f64; 3] =
                std::array::from_fn(|a| (0..3).map(|b| covariance[a][b] * axis[b]).sum());
            variance = turned.iter().map(|v| v * v).sum::<f64>().sqrt();
            if variance <= 0.0 {
                return 0.0;
            }
            axis = turned.map(|v| v / variance);
        }
        variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_of_two_heaps_is_half_their_distance() {
        let mut moments = Moments::default();
        for n in 0..100 {
            let side = if n % 2 == 0 { 1.0 } else { -1.0 };
            // Turned by 45 degrees in the plane.
            moments.add([50.0 + side * 31.0 * 0.707, 20.0 + side * 31.0 * 0.707, 5.0]);
        }
        assert!((moments.largest_deviation() - 31.0).abs() < 0.1);
    }

    fn anatomy(brain: f64, eyes: f64, nose: f64, rest: f64) -> Anatomy {
        Anatomy {
            volume_ml: [0.0, brain, eyes, 90.0, nose, 0.0, 0.0, 0.0, 0.0, 0.0, rest, 0.0],
            brain_to_face_mm: [0.0, 70.0, -60.0],
            eye_spread_mm: 31.0,
            left_share: 0.5,
            forehead_at_brain_ml: 1.0,
            brain_cut_below: false,
            brain_cut_above: false,
            face_cut: false,
        }
    }

    #[test]
    fn a_brain_that_the_scan_cuts_is_noticed_at_either_end() {
        let extent = [8, 8, 8];
        let grid = Grid { extent, affine: volume::Affine::axis_aligned([2.0; 3], [0.0; 3]) };
        let all = kernels::complement(Mask::empty(grid).words(), extent);
        let inside = Mask::from_words(grid, all);
        for (planes, below, above) in
            [(2..6, false, false), (0..6, true, false), (2..8, false, true), (0..8, true, true)]
        {
            let tissue = |at: usize| match planes.contains(&(at / 64)) {
                true => Tissue::Brain,
                false => Tissue::Other,
            };
            let labels = Labels { grid, tissues: (0..512).map(tissue).collect() };
            let brain = bits(&labels, |t| t == Tissue::Brain, Workers::ONE);
            let brain = Mask::from_words(grid, brain);
            assert_eq!(brain_reaches(End::Lower, &brain, &inside), below, "{planes:?}");
            assert_eq!(brain_reaches(End::Upper, &brain, &inside), above, "{planes:?}");
        }
    }

    #[test]
    fn what_has_no_face_is_named() {
        assert_eq!(anatomy(9.0, 4.0, 18.0, 800.0).absence(), Some(Absence::Head));
        assert_eq!(anatomy(600.0, 2.0, 0.0, 400.0).absence(), Some(Absence::SkullAndSkin));
        assert_eq!(anatomy(1374.0, 18.0, 0.0, 900.0).absence(), Some(Absence::AlreadyDefaced));
        assert_eq!(anatomy(1300.0, 0.0, 0.0, 500.0).absence(), Some(Absence::SkullAndSkin));
        assert_eq!(anatomy(650.0, 0.0, 0.0, 1200.0).absence(), Some(Absence::Face));
        let above = Anatomy { brain_cut_below: true, ..anatomy(1000.0, 0.0, 0.0, 500.0) };
        assert_eq!(above.absence(), Some(Absence::FaceOutsideTheScan));
        assert_eq!(anatomy(1400.0, 60.0, 20.0, 2000.0).absence(), None);
    }

    #[test]
    fn what_is_implausible_is_a_concern() {
        let whole = anatomy(1400.0, 60.0, 20.0, 2000.0);
        let sure = [Some(0.95); Tissue::ALL.len()];
        assert_eq!(whole.concerns(&sure), []);
        let turned = Anatomy { brain_to_face_mm: [0.0, 70.0, 60.0], ..whole.clone() };
        assert_eq!(turned.concerns(&sure), [Concern::UpsideDown]);
        let behind = Anatomy { brain_to_face_mm: [0.0, -70.0, -60.0], ..whole.clone() };
        assert_eq!(behind.concerns(&sure), [Concern::NotInFront { forward_mm: -70.0 }]);
        let one_eye = Anatomy { eye_spread_mm: 11.0, ..whole.clone() };
        assert_eq!(one_eye.concerns(&sure), [Concern::OneEye]);
        let one_sided = Anatomy { left_share: 0.9, ..whole.clone() };
        assert_eq!(one_sided.concerns(&sure), [Concern::OneSided { left_share: 0.9 }]);
        let touching = Anatomy { forehead_at_brain_ml: 6.8, ..whole.clone() };
        assert_eq!(touching.concerns(&sure), [Concern::ForeheadAtBrain { volume_ml: 6.8 }]);
        let cut = Anatomy { brain_cut_above: true, ..whole.clone() };
        assert_eq!(cut.concerns(&sure), [Concern::PartOfAHead]);
        let huge = anatomy(2600.0, 60.0, 20.0, 2000.0);
        assert_eq!(huge.concerns(&sure), [Concern::BrainSize { volume_ml: 2600.0 }]);
        let doubtful = |tissue: Tissue| {
            let mut confidence = sure;
            confidence[tissue as usize] = Some(0.6);
            whole.concerns(&confidence)
        };
        assert_eq!(doubtful(Tissue::Brain), [Concern::Unsure { of: "brain", sure: 0.6 }]);
        assert_eq!(doubtful(Tissue::Nose), []);
        let nothing = whole.concerns(&[None; Tissue::ALL.len()]);
        assert_eq!(nothing.len(), 2, "{nothing:?}");
        let part = anatomy(1400.0, 60.0, 1.0, 2000.0);
        assert_eq!(part.concerns(&sure), [Concern::PartOfAFace { eyes_ml: 60.0, nose_ml: 1.0 }]);
    }
}
