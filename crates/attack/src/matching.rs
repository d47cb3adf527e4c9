//! How recovered maps are compared with faces, and what chance would give.

use crate::Fan;
use crate::fan::DepthMap;
use crate::linear;
use crate::statistics::{chance_hits, correlation, mean_and_deviation};

/// Cells count in a comparison of two maps if they are that many at least, as a share of all.
const LEAST_SHARE: f64 = 0.25;
/// No population varies less than this in a cell, which noise does already.
const LEAST_DEVIATION_MM: f64 = 0.3;
/// Cells further off than so many deviations of the population count as if they were just that far.
const MOST_DEVIATIONS: f64 = 3.0;

/// What is known of where heads lie when their maps are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Frames are exact: where a face lies on its skull counts.
    Exact,
    /// Frames are good to some millimetres, and a scan and its defaced copy share their error: what a
    /// small motion of the head would explain is taken out of every map, so that shape alone counts.
    Fitted,
}

/// Maps of a population, made comparable: without the population's mean, each cell in units of its
/// deviation.
#[must_use]
pub fn standardised(maps: &[DepthMap], fan: &Fan, placement: Placement) -> Vec<DepthMap> {
    let n_cells = fan.directions.len();
    let of_cell = |maps: &[DepthMap]| -> Vec<Option<[f64; 2]>> {
        let cell = |at: usize| mean_and_deviation(maps.iter().map(|m| f64::from(m[at])));
        (0..n_cells).map(cell).collect()
    };
    let cells = of_cell(maps);
    let mean: DepthMap = cells.iter().map(|c| c.map_or(f32::NAN, |[m, _]| m as f32)).collect();
    let mut rests: Vec<DepthMap> =
        maps.iter().map(|map| map.iter().zip(&mean).map(|(v, m)| v - m).collect()).collect();
    if placement == Placement::Fitted {
        let motions = fan.motions(&mean);
        rests.iter_mut().for_each(|rest| linear::take_out(rest, &motions));
    }
    let deviations: Vec<f64> = of_cell(&rests)
        .iter()
        .map(|c| c.map_or(f64::NAN, |[_, d]| d.max(LEAST_DEVIATION_MM)))
        .collect();
    for rest in &mut rests {
        for (value, deviation) in rest.iter_mut().zip(&deviations) {
            let scaled = f64::from(*value) / deviation;
            *value = scaled.clamp(-MOST_DEVIATIONS, MOST_DEVIATIONS) as f32;
        }
    }
    rests
}

/// How a recovered map did against its own face and those of decoys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Decoys compared.
    pub n_decoys: usize,
    /// 1 if its own face correlates best; `None` if there was nothing to compare.
    pub rank: Option<usize>,
    /// Its correlation with its own face.
    pub own: f64,
    /// Its mean correlation with decoys.
    pub others: f64,
}

/// Compares a recovered map with its own face and with decoys, all standardised.
#[must_use]
pub fn outcome<'a>(
    probe: &[f32],
    own: &[f32],
    decoys: impl Iterator<Item = &'a DepthMap>,
) -> Outcome {
    let least = (LEAST_SHARE * probe.len() as f64) as usize;
    let (own, n_cells) = correlation(probe, own);
    let others: Vec<f64> = decoys
        .map(|decoy| correlation(probe, decoy))
        .filter(|(_, n)| *n >= least)
        .map(|(r, _)| r)
        .collect();
    let is_known = n_cells >= least && !others.is_empty();
    Outcome {
        n_decoys: others.len(),
        rank: is_known.then(|| 1 + others.iter().filter(|r| **r >= own).count()),
        own: if is_known { own } else { 0.0 },
        others: others.iter().sum::<f64>() / others.len().max(1) as f64,
    }
}

/// How an attack did on a population, and how chance would have done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matched {
    /// Heads attacked.
    pub n: usize,
    /// Heads of which there was nothing to compare: they count as not matched.
    pub n_unknown: usize,
    /// The mean number of decoys of the others.
    pub n_decoys: f64,
    /// Heads whose own face came first, and among the first five.
    pub n_first: [usize; 2],
    /// How many of these chance gives: the ends of its interval of 95 %.
    pub by_chance: [[usize; 2]; 2],
    /// The mean share of decoys that a face's own recovered map leaves behind: 0.5 by chance.
    pub beaten: f64,
    /// How far from 0.5 chance leads on that, at 95 %.
    pub beaten_by_chance: f64,
    /// The mean correlation with the own face and with decoys.
    pub correlations: [f64; 2],
}

impl Matched {
    /// Counts outcomes.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let known: Vec<(&Outcome, usize)> =
            outcomes.iter().filter_map(|o| o.rank.map(|rank| (o, rank))).collect();
        let n = outcomes.len();
        let per = |sum: f64| if known.is_empty() { 0.0 } else { sum / known.len() as f64 };
        let n_decoys = per(known.iter().map(|(o, _)| o.n_decoys as f64).sum());
        let among = |most: usize| known.iter().filter(|(_, rank)| *rank <= most).count();
        let by_chance = [1.0, 5.0]
            .map(|most: f64| chance_hits(known.len(), (most / (n_decoys + 1.0)).min(0.5)));
        let beaten = known
            .iter()
            .map(|(o, rank)| 1.0 - (*rank as f64 - 1.0) / o.n_decoys as f64)
            .sum::<f64>();
        Self {
            n,
            n_unknown: n - known.len(),
            n_decoys,
            n_first: [among(1), among(5)],
            by_chance,
            beaten: if known.is_empty() { 0.5 } else { per(beaten) },
            // A uniform number deviates by the root of 1/12.
            beaten_by_chance: 1.96 * (1.0 / 12.0 / known.len().max(1) as f64).sqrt(),
            correlations: [
                per(known.iter().map(|(o, _)| o.own).sum()),
                per(known.iter().map(|(o, _)| o.others).sum()),
            ],
        }
    }

    /// Whether the attack did better than chance would at 97.5 %, by either measure.
    #[must_use]
    pub fn is_above_chance(&self) -> bool {
        self.n_first[0] > self.by_chance[0][1] || self.beaten > 0.5 + self.beaten_by_chance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(rank: usize) -> Outcome {
        Outcome { n_decoys: 99, rank: Some(rank), own: 0.5, others: 0.0 }
    }

    #[test]
    fn ranks_are_counted_against_chance() {
        let all_first = Matched::of(&[outcome_of(1); 20]);
        assert_eq!((all_first.n_first, all_first.by_chance[0]), ([20, 20], [0, 1]));
        assert!(all_first.is_above_chance() && (all_first.beaten - 1.0).abs() < 1e-9);
        let even: Vec<Outcome> = (0..20).map(|n| outcome_of(3 + 5 * n)).collect();
        let even = Matched::of(&even);
        assert_eq!(even.n_first, [0, 1]);
        assert!(!even.is_above_chance(), "{even:?}");
        let nothing = Outcome { n_decoys: 0, rank: None, own: 0.0, others: 0.0 };
        let nothing = Matched::of(&[nothing; 8]);
        assert!(nothing.n_unknown == 8 && !nothing.is_above_chance());
    }

    #[test]
    fn a_motion_of_the_head_is_taken_out_and_its_shape_is_not() {
        let fan = Fan::face();
        let base: DepthMap = fan
            .directions
            .iter()
            .map(|d| (80.0 + 25.0 * d[1] - 10.0 * d[2] * d[2]) as f32)
            .collect();
        let motions = fan.motions(&base);
        let bump = |at: usize| if at.is_multiple_of(7) { 2.0 } else { 0.0 };
        let map = |motion: f32, shape: f32| -> DepthMap {
            let cells = base.iter().enumerate();
            cells.map(|(at, v)| v + motion * motions[1][at] + shape * bump(at)).collect()
        };
        let maps = [map(3.0, 0.0), map(-3.0, 0.0), map(0.0, 1.0), map(0.0, -1.0)];
        let size = |maps: &[DepthMap], n: usize| {
            maps[n].iter().filter(|v| v.is_finite()).map(|v| v * v).sum::<f32>()
        };
        let exact = standardised(&maps, &fan, Placement::Exact);
        assert!(size(&exact, 0) > 100.0 && size(&exact, 2) > 100.0);
        let fitted = standardised(&maps, &fan, Placement::Fitted);
        assert!(size(&fitted, 0) < 1.0 && size(&fitted, 2) > 100.0);
    }
}
