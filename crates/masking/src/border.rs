use volume::{Mask, Tissue};

use crate::Refined;
use crate::on_labels::{OnLabels, to_voxels};

/// Directions that are looked into, degrees: to the side, and in height, up to the brow: above it the
/// border is the brain's.
const SIDEWAYS_DEGREES: [i32; 2] = [-54, 54];
/// See [`SIDEWAYS_DEGREES`].
const HEIGHT_DEGREES: [i32; 2] = [-48, 6];
/// See [`SIDEWAYS_DEGREES`].
const STEP_DEGREES: usize = 3;
/// Along each direction, millimetres.
const REACH_MM: [usize; 2] = [20, 150];
/// Fewer directions than this are no map.
const LEAST_DIRECTIONS: usize = 60;

/// What the inner border of all that changed tells of the face that was there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Border {
    /// Directions in which both skin and border were found.
    pub n_directions: u32,
    /// The correlation of both depth maps, each without its quadratic trend, -1 to 1.
    pub correlation: f64,
    /// Root mean square of the border's own relief, its trend taken away, millimetres.
    pub relief_mm: f64,
}

/// Compares the depth of the border with that of the original skin, seen from behind the eyes.
///
/// A border that runs parallel to the skin shows the face as well as the skin did; one that does not know
/// it has no more in common with it than a head's form at large, which is taken away as a quadratic
/// trend in both angles. `None` where the head's axes were not found or too few directions are in the scan.
#[must_use]
pub fn border(refined: &Refined, changed: &Mask) -> Option<Border> {
    let sight = refined.sight()?;
    let labels = &refined.labels;
    let extent = labels.grid.extent;
    let to_labels = to_voxels(&labels.grid);
    let changed = OnLabels::of(changed, &labels.grid);
    let size = sight.size();
    let degrees = |[first, last]: [i32; 2]| (first..=last).step_by(STEP_DEGREES);
    let mut maps: [Vec<f64>; 2] = Default::default();
    let mut basis = Vec::new();
    for height in degrees(HEIGHT_DEGREES) {
        for sideways in degrees(SIDEWAYS_DEGREES) {
            let angles = [sideways, height].map(f64::from);
            let index = |mm: usize| {
                let place = to_labels.apply(sight.place(angles, mm as f64 * size));
                let index = place.map(|v| v + 0.5);
                (0..3)
                    .all(|a| index[a] >= 0.0 && index[a] < extent[a] as f64)
                    .then(|| index.map(|v| v as usize))
            };
            let is_head = |[i, j, k]: [usize; 3]| {
                labels.tissues[i + extent[0] * (j + extent[1] * k)] != Tissue::Background
            };
            let reach = || REACH_MM[0]..REACH_MM[1];
            let skin = reach().rev().find(|&mm| index(mm).is_some_and(is_head));
            // Beyond the skin the scan must go on, or the skin is its end.
            let skin = skin.filter(|mm| index(mm + 6).is_some());
            let border = reach().find(|&mm| index(mm).is_some_and(|at| changed.get(at)));
            if let (Some(skin), Some(border)) = (skin, border) {
                maps[0].push(skin as f64);
                maps[1].push(border as f64);
                let [x, y] = angles.map(|v| v / 50.0);
                basis.push([1.0, x, y, x * x, x * y, y * y]);
            }
        }
    }
    if basis.len() < LEAST_DIRECTIONS {
        return None;
    }
    let [skin, border] = maps.map(|map| without_trend(map, &basis));
    let n = basis.len() as f64;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / n;
    let [own, other] = [&border, &skin].map(|map| product(map, map).sqrt());
    let correlation =
        if own * other > 1e-9 { product(&skin, &border) / (own * other) } else { 0.0 };
    Some(Border { n_directions: basis.len() as u32, correlation, relief_mm: own })
}

/// `values` less their least squares fit to the basis.
fn without_trend<const N: usize>(mut values: Vec<f64>, basis: &[[f64; N]]) -> Vec<f64> {
    // Modified Gram-Schmidt: numerically safe for a handful of vectors.
    let mut columns: Vec<Vec<f64>> =
        (0..N).map(|c| basis.iter().map(|row| row[c]).collect()).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for c in 0..N {
        let (done, rest) = columns.split_at_mut(c + 1);
        let own = &done[c];
        let square = dot(own, own);
        if square < 1e-9 {
            continue;
        }
        for other in rest.iter_mut().chain([&mut values]) {
            let share = dot(own, other) / square;
            other.iter_mut().zip(own).for_each(|(other, own)| *other -= share * own);
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quadratic_leaves_nothing_and_a_wave_stays() {
        let places: Vec<[f64; 2]> = (0..400)
            .map(|n| [f64::from(n % 20) / 10.0 - 1.0, f64::from(n / 20) / 10.0 - 1.0])
            .collect();
        let basis: Vec<[f64; 6]> =
            places.iter().map(|&[x, y]| [1.0, x, y, x * x, x * y, y * y]).collect();
        let of = |value: &dyn Fn(f64, f64) -> f64| {
            let values = places.iter().map(|&[x, y]| value(x, y)).collect();
            let left = without_trend(values, &basis);
            (left.iter().map(|v| v * v).sum::<f64>() / 400.0).sqrt()
        };
        assert!(of(&|x, y| 3.0 - x + 2.0 * y + x * x - 4.0 * x * y + y * y) < 1e-9);
        let wave = of(&|x, _| 3.0 + x + (12.0 * x).sin());
        assert!((0.5..0.75).contains(&wave), "{wave}");
    }
}
