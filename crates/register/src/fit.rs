use std::fmt;

use volume::{Affine, Mask};

use crate::information::information;
use crate::rigid::length;
use crate::{Coarse, Rigid};

/// First and last steps at 8 mm, millimetres; a turn's step in degrees is [`DEGREES_A_MM`] of it.
const COARSE_MM: [f64; 2] = [8.0, 1.0];
/// See [`COARSE_MM`], at 4 mm.
const FINE_MM: [f64; 2] = [2.0, 0.12];
/// A degree moves the skin of a head by about 1.5 mm.
const DEGREES_A_MM: f64 = 0.65;
/// Other starts than the common space itself: so far away along each axis, and so far turned about it.
const START_MM: f64 = 16.0;
/// See [`START_MM`].
const START_DEGREES: f64 = 10.0;
/// Two heads so far apart do not lie on each other.
const APART_MM: f64 = 40.0;
/// Fewer samples than this at 4 mm (a quarter litre) tell no place.
const FEWEST_SAMPLES: usize = 2_000;

/// A fit that is not so many times better than chance is none.
const LEAST_GAIN: f64 = 2.0;
/// Chance counts as telling at least this much, beyond nothing.
const LEAST_CHANCE: f64 = 1e-3;
/// What moved further is no longer one space: it is more than a head moves in a coil.
const MOST_MM: f64 = 30.0;
/// See [`MOST_MM`].
const MOST_DEGREES: f64 = 15.0;
/// The labels' spacing.
const VOXEL_MM: f64 = 2.0;

/// How two scans of one head lie to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Takes a place in the space of the first scan to the same place of the head in that of the second.
    pub offset: Rigid,
    /// How far it moves what it moves most of the head.
    pub largest_mm: f64,
    /// Normalised mutual information of both scans with that offset, 1 to 2.
    pub information: f64,
    /// The same where the two surely do not lie on each other.
    pub by_chance: f64,
    /// The share of the head in the first scan that the second shows.
    pub overlap: f64,
}

/// Why an offset is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// The two have too little of the head in common.
    TooLittle,
    /// They tell hardly more of each other than they would anywhere.
    NoBetterThanChance,
    /// The head lies so far away that it is no longer one space.
    TooFar,
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLittle => "the two show too little of the head in common",
            Self::NoBetterThanChance => "the two fit hardly better than by chance",
            Self::TooFar => "the head moved too far between the two",
        })
    }
}

impl Fit {
    /// Why the offset is not to be believed, if it is not.
    #[must_use]
    pub fn objection(&self) -> Option<Objection> {
        if self.gain() < LEAST_GAIN {
            Some(Objection::NoBetterThanChance)
        } else if self.largest_mm > MOST_MM || self.offset.degrees() > MOST_DEGREES {
            Some(Objection::TooFar)
        } else {
            None
        }
    }

    /// Whether it moves no place of the head by as much as a voxel of the labels.
    #[must_use]
    pub fn is_within_a_voxel(&self) -> bool {
        self.largest_mm < VOXEL_MM
    }

    /// The offset as it is used: none where it is smaller than a voxel of the labels, since then the scanner's
    /// own word on where the scan lies is the better one.
    #[must_use]
    pub fn believed(&self) -> Affine {
        let identity = Rigid::identity(self.offset.center_mm);
        if self.is_within_a_voxel() { identity.affine() } else { self.offset.affine() }
    }

    /// How many times as much the scans tell of each other as they would by chance.
    #[must_use]
    pub fn gain(&self) -> f64 {
        (self.information - 1.0) / (self.by_chance - 1.0).max(LEAST_CHANCE)
    }
}

/// The rigid offset between the scan `of`, in which `head` covers the head, and another `scan` in which it is
/// thought to lie at the same place, or nearly so. `None` if the two have too little in common.
///
/// The offset is the one at which the two tell most of each other (normalised mutual information), looked for along one
/// axis after the other in ever smaller steps (Hooke and Jeeves 1961, doi:10.1145/321062.321069), at 8 mm
/// from the common space itself and from the best of twelve places around it, then at 4 mm. The same two
/// scans always give the same offset.
#[must_use]
pub fn fit(of: &Coarse, head: &Mask, scan: &Coarse) -> Option<Fit> {
    let samples = of.samples(head);
    let center = middle(&samples)?;
    let identity = Rigid::identity(center);
    let coarse = Pair { samples: of.halved().samples(head), scan: &scan.halved() };
    let fine = Pair { samples, scan };
    let from_identity = coarse.best_from(identity, COARSE_MM);
    let around = starts().map(|by| identity.plus(by));
    let start = around.into_iter().map(|start| (coarse.worth(&start), start));
    let (_, start) = start.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let from_around = coarse.best_from(start, COARSE_MM);
    // The common space is believed unless another place is clearly better.
    let (worth, start) = from_identity;
    let start = if from_around.0 > 1.0 + 1.05 * (worth - 1.0) { from_around.1 } else { start };
    let (_, offset) = fine.best_from(start, FINE_MM);

    let (found, n) = information(&fine.samples, scan, &offset.affine());
    if n < FEWEST_SAMPLES {
        return None;
    }
    let apart = (0..6).map(|n| {
        let mut by = [0.0; 6];
        by[3 + n % 3] = if n < 3 { APART_MM } else { -APART_MM };
        fine.worth(&offset.plus(by))
    });
    // A place where too little of the head lies in the scan tells nothing.
    let apart: Vec<f64> = apart.filter(|worth| *worth > 0.0).collect();
    let by_chance = match apart.len() {
        0 => found,
        n => apart.iter().sum::<f64>() / n as f64,
    };
    Some(Fit {
        offset,
        largest_mm: fine.largest_mm(&offset.affine()),
        information: found,
        by_chance,
        overlap: n as f64 / fine.samples.len() as f64,
    })
}

fn middle(samples: &[([f64; 3], f32)]) -> Option<[f64; 3]> {
    let n = samples.len() as f64;
    let sum = |a: usize| samples.iter().map(|(place, _)| place[a]).sum::<f64>();
    (!samples.is_empty()).then(|| [0, 1, 2].map(|a| sum(a) / n))
}

/// Places around the common space.
fn starts() -> [[f64; 6]; 12] {
    std::array::from_fn(|n| {
        let size = if n % 6 < 3 { START_DEGREES } else { START_MM };
        let mut by = [0.0; 6];
        by[n % 6] = if n < 6 { size } else { -size };
        by
    })
}

/// Two scans at one spacing.
struct Pair<'a> {
    samples: Vec<([f64; 3], f32)>,
    scan: &'a Coarse,
}

impl Pair<'_> {
    /// What an offset is worth: the information, nothing where too little of the head is in the scan.
    fn worth(&self, offset: &Rigid) -> f64 {
        let (worth, n) = information(&self.samples, self.scan, &offset.affine());
        if n * 100 < self.samples.len() { 0.0 } else { worth }
    }

    /// The best offset near `start`, and what it is worth, with steps of `first` to `last` millimetres.
    fn best_from(&self, start: Rigid, [first, last]: [f64; 2]) -> (f64, Rigid) {
        let mut best = (self.worth(&start), start);
        let mut mm = first;
        while mm >= last {
            let before = best.1;
            if !self.step_along_each_axis(&mut best, mm) {
                mm /= 2.0;
                continue;
            }
            // What was good along all axes together may be good again.
            let by = difference(&best.1, &before);
            let further = best.1.plus(by);
            let worth = self.worth(&further);
            if worth > best.0 {
                best = (worth, further);
            }
        }
        best
    }

    /// Takes every step of `mm` that is worth more; whether there was one.
    fn step_along_each_axis(&self, best: &mut (f64, Rigid), mm: f64) -> bool {
        let mut is_better = false;
        for axis in 0..6 {
            let size = if axis < 3 { mm * DEGREES_A_MM } else { mm };
            for size in [size, -size] {
                let mut by = [0.0; 6];
                by[axis] = size;
                let next = best.1.plus(by);
                let worth = self.worth(&next);
                if worth > best.0 {
                    *best = (worth, next);
                    is_better = true;
                    break;
                }
            }
        }
        is_better
    }

    fn largest_mm(&self, offset: &Affine) -> f64 {
        let moved = self.samples.iter().map(|(place, _)| {
            let to = offset.apply(*place);
            length([0, 1, 2].map(|a| to[a] - place[a]))
        });
        moved.fold(0.0, f64::max)
    }
}

fn difference(one: &Rigid, other: &Rigid) -> [f64; 6] {
    std::array::from_fn(|n| match n {
        0..3 => one.turn_degrees[n] - other.turn_degrees[n],
        _ => one.shift_mm[n - 3] - other.shift_mm[n - 3],
    })
}

#[cfg(test)]
mod tests;
