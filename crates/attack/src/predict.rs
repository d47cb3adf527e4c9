//! How well a linear predictor guesses a face from what remains of the head.

use phantom::Person;
use volume::Tissue;

use crate::fan::DepthMap;
use crate::linear::{Components, Ridge};
use crate::population::{Group, Setting};
use crate::recover::Recovery;
use crate::{Fan, Frame, Landmarks};

/// Principal components of each block of what remains.
const N_COMPONENTS: usize = 12;
/// Principal components of the face: all but some tenths of a millimetre of it.
const N_FACE_COMPONENTS: usize = 20;
/// People are held out in so many parts in turn.
const N_FOLDS: usize = 5;
/// Strengths of the ridge that are tried, the last as good as none of the predictor.
const STRENGTHS: [f64; 6] = [0.01, 0.05, 0.2, 1.0, 5.0, 1e6];
/// What of a defaced scan tells where it was cut.
const BORDERS: [Recovery; 3] = [Recovery::Skin, Recovery::Noise, Recovery::FillBack];

/// Something known of each person, in the order of persons: a row of numbers each.
pub type Block = Vec<DepthMap>;

/// How well a face was guessed.
#[derive(Debug, Clone)]
pub struct Guess {
    /// From what.
    pub from: String,
    /// Persons guessed, none of whom the predictor was fitted to.
    pub n: usize,
    /// Root mean square error of the mean face of the others, in mm.
    pub mean_mm: f64,
    /// That of the predictor.
    pub predicted_mm: f64,
    /// By how much a person's error is smaller with the predictor, on average, and the half-width of
    /// that number's interval of 95 %, in mm.
    pub gain_mm: [f64; 2],
    /// For each person the error of the predictor.
    pub errors_mm: Vec<f64>,
}

/// What no defacing takes: the skull as brain and scalp show it, and where eyes and ears lie. Exact,
/// from the anatomy.
#[must_use]
pub fn remains(people: &[Person], setting: &Setting) -> [Block; 3] {
    let fan = Fan::head();
    let behind: Vec<[f64; 3]> =
        fan.directions.iter().copied().filter(|d| !Fan::is_facial(*d)).collect();
    let scalp = Fan { width: behind.len(), directions: behind };
    let mut blocks = setting.each_plain(people, |person| {
        let marks = Landmarks::of_person(person);
        let frame = Frame::of(&marks);
        let tissue = |point_mm| person.tissue_at(point_mm);
        let brain = fan.surface(&frame, |p| tissue(p) == Tissue::Brain);
        let skin = scalp.surface(&frame, |p| tissue(p) != Tissue::Background);
        [brain, skin, marks.distances_mm().map(|mm| mm as f32).to_vec()]
    });
    [0, 1, 2].map(|n| blocks.iter_mut().map(|b| std::mem::take(&mut b[n])).collect())
}

/// Where scans of a group were cut by a defacer, as its files tell.
#[must_use]
pub fn borders(group: &Group, defacer: usize, fan: &Fan) -> Vec<Block> {
    let nothing = vec![f32::NAN; fan.directions.len()];
    let block = |border: &Recovery| {
        let place = Recovery::ALL.iter().position(|r| r == border)?;
        let map = |s: &crate::population::Subject| {
            s.recovered[defacer].get(place).unwrap_or(&nothing).clone()
        };
        Some(group.subjects.iter().map(map).collect())
    };
    BORDERS.iter().filter_map(block).collect()
}

/// Guesses each face from `blocks` of what is known of its owner, by a predictor fitted to the others.
///
/// # Panics
/// If a block has not a row for each face.
#[must_use]
pub fn guess(from: String, faces: &[&DepthMap], blocks: &[&Block]) -> Guess {
    assert!(blocks.iter().all(|b| b.len() == faces.len()), "a row a person");
    let everybody: Vec<usize> = (0..faces.len()).collect();
    let mut errors = vec![[0.0; 2]; faces.len()];
    for fold in 0..N_FOLDS {
        let (out, others): (Vec<usize>, Vec<usize>) =
            everybody.iter().partition(|n| *n % N_FOLDS == fold);
        let strength = best_strength(faces, blocks, &others);
        let predictor = Predictor::fit(faces, blocks, &others, strength);
        for person in out {
            let mean = rms_mm(&predictor.face.mean, faces[person]);
            errors[person] = [mean, rms_mm(&predictor.predict(blocks, person), faces[person])];
        }
    }
    let n = errors.len() as f64;
    let rms = |which: usize| (errors.iter().map(|e| e[which] * e[which]).sum::<f64>() / n).sqrt();
    let errors_mm: Vec<f64> = errors.iter().map(|e| e[1]).collect();
    let gains: Vec<f64> = errors.iter().map(|e| e[0] - e[1]).collect();
    let gain_mm = with_interval(&gains);
    Guess { from, n: errors.len(), mean_mm: rms(0), predicted_mm: rms(1), gain_mm, errors_mm }
}

/// By how much a person's error is smaller in `better` than in `worse`, on average, and the
/// half-width of that number's interval of 95 %, in mm.
#[must_use]
pub fn gain_mm(better: &Guess, worse: &Guess) -> [f64; 2] {
    let pairs = worse.errors_mm.iter().zip(&better.errors_mm);
    with_interval(&pairs.map(|(w, b)| w - b).collect::<Vec<f64>>())
}

fn with_interval(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0);
    [mean, 1.96 * (variance / n).sqrt()]
}

/// The strength that serves a quarter of `people` best, fitted to the others of them.
fn best_strength(faces: &[&DepthMap], blocks: &[&Block], people: &[usize]) -> f64 {
    let (tried, fitted): (Vec<usize>, Vec<usize>) =
        people.iter().partition(|n| (*n / N_FOLDS).is_multiple_of(4));
    let error = |strength: f64| -> f64 {
        let predictor = Predictor::fit(faces, blocks, &fitted, strength);
        let square = |&n: &usize| rms_mm(&predictor.predict(blocks, n), faces[n]).powi(2);
        tried.iter().map(square).sum()
    };
    let tried = STRENGTHS.map(|strength| (strength, error(strength)));
    tried.into_iter().min_by(|a, b| a.1.total_cmp(&b.1)).map_or(STRENGTHS[0], |(s, _)| s)
}

/// From what remains to a face.
struct Predictor {
    blocks: Vec<Components>,
    face: Components,
    ridge: Ridge,
}

impl Predictor {
    fn fit(faces: &[&DepthMap], blocks: &[&Block], people: &[usize], strength: f64) -> Self {
        let components = |block: &&Block| {
            let rows: Vec<&[f32]> = people.iter().map(|&n| block[n].as_slice()).collect();
            Components::of(&rows, N_COMPONENTS)
        };
        let rows: Vec<&[f32]> = people.iter().map(|&n| faces[n].as_slice()).collect();
        let face = Components::of(&rows, N_FACE_COMPONENTS);
        let blocks_of: Vec<Components> = blocks.iter().map(components).collect();
        let inputs: Vec<Vec<f64>> = people.iter().map(|&n| scores(&blocks_of, blocks, n)).collect();
        let outputs: Vec<Vec<f64>> = rows.iter().map(|row| face.scores(row)).collect();
        let ridge = Ridge::fit(&inputs, &outputs, strength);
        Self { blocks: blocks_of, face, ridge }
    }

    fn predict(&self, blocks: &[&Block], person: usize) -> Vec<f64> {
        self.face.row(&self.ridge.predict(&scores(&self.blocks, blocks, person)))
    }
}

/// What is known of a person, as scores of all blocks one after the other.
fn scores(components: &[Components], blocks: &[&Block], person: usize) -> Vec<f64> {
    components.iter().zip(blocks).flat_map(|(c, block)| c.scores(&block[person])).collect()
}

/// Root mean square distance of a guess to a face, in mm.
fn rms_mm(guess: &[f64], face: &[f32]) -> f64 {
    let squares = guess.iter().zip(face).map(|(g, f)| (g - f64::from(*f)).powi(2));
    let (sum, n) = squares.filter(|s| s.is_finite()).fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    (sum / f64::max(n, 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faces that follow one number of each person, and one that nothing else tells.
    fn people() -> (Vec<DepthMap>, Block, Block) {
        let number = |n: usize, by: f32| (n as f32 * by).sin();
        let face = |n: usize| {
            let at = |at: usize| {
                80.0 + if at < 30 { 3.0 * number(n, 1.3) } else { 2.0 * number(n, 7.7) }
            };
            (0..60).map(at).collect()
        };
        let telling = |n: usize| vec![number(n, 1.3), 2.0];
        let idle = |n: usize| vec![number(n, 3.9), number(n, 5.1)];
        let of = |row: &dyn Fn(usize) -> DepthMap| (0..120).map(row).collect();
        (of(&face), of(&telling), of(&idle))
    }

    #[test]
    fn what_follows_from_the_remains_is_guessed_and_no_more() {
        let (faces, telling, idle) = people();
        let faces: Vec<&DepthMap> = faces.iter().collect();
        let good = guess("telling".to_owned(), &faces, &[&telling]);
        // Half of the cells are told, the other half deviate by 2 / sqrt(2).
        assert!((good.predicted_mm - 1.0).abs() < 0.1, "{good:?}");
        assert!((good.mean_mm - (4.5f64 / 2.0 + 2.0 / 2.0).sqrt()).abs() < 0.1);
        assert!(good.gain_mm[0] > good.gain_mm[1]);
        let none = guess("idle".to_owned(), &faces, &[&idle]);
        assert!(none.predicted_mm > 0.97 * none.mean_mm, "{none:?}");
        let both = guess("both".to_owned(), &faces, &[&telling, &idle]);
        let [gain, width] = gain_mm(&both, &good);
        assert!(gain.abs() < width + 0.05, "{gain} {width}");
    }
}
