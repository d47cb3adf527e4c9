use serde::Deserialize;
use thiserror::Error;
use volume::Tissue;

/// What a model expects, gives, and was trained on: the file that lies beside its weights.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// The model's name.
    pub name: String,
    /// The model's version.
    pub version: String,
    /// SHA-256 of the weights, in lower-case hex.
    pub sha256: String,
    /// Licence of the weights.
    pub licence: String,
    input: Input,
    output: Output,
    int8: Option<Int8>,
    /// The scans it was trained on.
    #[serde(default)]
    pub training: Vec<TrainingScan>,
}

/// A scan that a model was trained on.
#[derive(Debug, Clone, Deserialize)]
pub struct TrainingScan {
    /// Its name in the card.
    pub name: String,
    /// Where it was published.
    pub origin: String,
    /// Under which licence.
    pub licence: String,
}

/// The same network with weights and activations of eight bits.
#[derive(Debug, Clone, Deserialize)]
struct Int8 {
    sha256: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Input {
    shape: Vec<usize>,
    axes: String,
    spacing_mm: f64,
    normalisation: Normalisation,
}

/// How real values become the model's input.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Normalisation {
    pub(crate) low_percentile: f64,
    pub(crate) high_percentile: f64,
}

#[derive(Debug, Clone, Deserialize)]
struct Output {
    shape: Vec<usize>,
    classes: Vec<String>,
    #[serde(default = "one")]
    temperature: f32,
}

fn one() -> f32 {
    1.0
}

/// Why a card cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CardError {
    /// It is no card.
    #[error("the model card cannot be read: {}", .0.message().replace('\n', " "))]
    Toml(#[from] toml::de::Error),
    /// A field has a value that this program does not know how to serve.
    #[error("the model card's `{field}` is `{found}`, where {wanted} is needed")]
    Field {
        /// The field's path.
        field: &'static str,
        /// Its value.
        found: String,
        /// What would do.
        wanted: &'static str,
    },
}

impl Card {
    /// Reads and checks a card.
    ///
    /// # Errors
    /// [`CardError`] if it is no card, or asks for what this program does not do.
    pub fn parse(text: &str) -> Result<Self, CardError> {
        let card: Self = toml::from_str(text)?;
        let wrong = |field, found: String, wanted| Err(CardError::Field { field, found, wanted });
        let (input, output) = (&card.input, &card.output);
        if input.axes != "RAS" {
            return wrong("input.axes", input.axes.clone(), "`RAS`");
        }
        if input.shape.len() != 5
            || input.shape[..2] != [1, 1]
            || !input.shape[2..].iter().all(|n| (16..=512).contains(n) && n % 2 == 0)
        {
            let wanted = "`[1, 1, R, A, S]` with 16 to 512 voxels an axis, an even number";
            return wrong("input.shape", format!("{:?}", input.shape), wanted);
        }
        if !(0.5..=8.0).contains(&input.spacing_mm) {
            return wrong("input.spacing_mm", input.spacing_mm.to_string(), "0.5 to 8 mm");
        }
        let Normalisation { low_percentile: low, high_percentile: high } = input.normalisation;
        if !(0.0 <= low && low < high && high <= 100.0) {
            let found = format!("{low} to {high}");
            return wrong("input.normalisation", found, "a low and a high percentile");
        }
        if output.shape != Blocks::of(&input.shape, output.classes.len()).shape() {
            let wanted = "`[R/2, 8 classes, A/2, S/2]` of the input, as `models/train` exports it,";
            return wrong("output.shape", format!("{:?}", output.shape), wanted);
        }
        if !(0.1..=10.0).contains(&output.temperature) {
            return wrong("output.temperature", output.temperature.to_string(), "0.1 to 10");
        }
        let unknown = output.classes.iter().find(|name| Tissue::from_name(name).is_none());
        if let Some(name) = unknown {
            return wrong("output.classes", name.clone(), "the name of a tissue");
        }
        for needed in ["brain", "eyes", "nose", "background"] {
            if !output.classes.iter().any(|name| name == needed) {
                return wrong("output.classes", output.classes.join(", "), "brain, eyes and nose");
            }
        }
        Ok(card)
    }

    /// Voxels of the model's grid to the right, to the front and upwards.
    #[must_use]
    pub fn extent(&self) -> [usize; 3] {
        [2, 3, 4].map(|axis| self.input.shape[axis])
    }

    /// The distance between voxels of the model's grid.
    #[must_use]
    pub fn spacing_mm(&self) -> f64 {
        self.input.spacing_mm
    }

    /// The tissue of each class of the output.
    #[must_use]
    pub fn tissues(&self) -> Vec<Tissue> {
        self.output.classes.iter().filter_map(|name| Tissue::from_name(name)).collect()
    }

    /// Where in the output what is said of each class and voxel lies.
    #[must_use]
    pub fn blocks(&self) -> Blocks {
        Blocks::of(&self.input.shape, self.output.classes.len())
    }

    /// SHA-256 of the weights in eight bits, if there are such.
    pub(crate) fn int8_sha256(&self) -> Option<&String> {
        self.int8.as_ref().map(|int8| &int8.sha256)
    }

    /// Logits divided by this give probabilities that are right as often as they say (Guo et al.,
    /// 2017, arXiv:1706.04599).
    pub(crate) fn temperature(&self) -> f32 {
        self.output.temperature
    }

    /// One sentence on what the model was trained on.
    #[must_use]
    pub fn training_summary(&self) -> String {
        format!("{} scans, listed in the model card", self.training.len())
    }

    pub(crate) fn normalisation(&self) -> Normalisation {
        self.input.normalisation
    }
}

/// The order of the model's output, `[R/2, 8 classes, A/2, S/2]`: of each class its channels hold the eight
/// voxels of a block, `S` fastest. To put all logits in the order of the input would take longer than to put
/// the classes that they tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    n_classes: usize,
    /// Blocks along each axis.
    n: [usize; 3],
}

impl Blocks {
    /// Of an input of `shape`, `[1, 1, R, A, S]`.
    fn of(shape: &[usize], n_classes: usize) -> Self {
        Self { n_classes, n: [2, 3, 4].map(|axis| shape[axis] / 2) }
    }

    /// The shape of the output.
    pub(crate) fn shape(&self) -> [usize; 4] {
        [self.n[0], 8 * self.n_classes, self.n[1], self.n[2]]
    }

    /// Voxels of two planes of the input: of one class they lie side by side.
    pub(crate) fn part(&self) -> usize {
        8 * self.n[1] * self.n[2]
    }

    /// The classes.
    pub(crate) fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// The place of voxel `[r, a, s]` of the input among all voxels in the order of the output, of one class.
    #[must_use]
    pub fn voxel(&self, [r, a, s]: [usize; 3]) -> usize {
        let in_block = 4 * (r % 2) + 2 * (a % 2) + s % 2;
        (s / 2) + self.n[2] * (a / 2 + self.n[1] * (in_block + 8 * (r / 2)))
    }

    /// The place in the output of the logit of a class at a [`voxel`](Self::voxel).
    #[must_use]
    pub fn logit(&self, class: usize, voxel: usize) -> usize {
        let (part, at) = (voxel / self.part(), voxel % self.part());
        at + self.part() * (class + self.n_classes * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = include_str!("../../../models/face.toml");

    #[test]
    fn every_logit_has_one_place_and_blocks_of_a_class_lie_side_by_side() {
        let blocks = Blocks::of(&[1, 1, 4, 6, 2], 3);
        assert_eq!(blocks.shape(), [2, 24, 3, 1]);
        let mut places = Vec::new();
        for class in 0..3 {
            for voxel in 0..48 {
                let [r, a, s] = [voxel / 12, voxel / 2 % 6, voxel % 2];
                let place = blocks.logit(class, blocks.voxel([r, a, s]));
                // As the shape says it: block of R, class and voxel of the block, blocks of A and S.
                let channel = 8 * class + 4 * (r % 2) + 2 * (a % 2) + s % 2;
                assert_eq!(place, s / 2 + (a / 2 + 3 * (channel + 24 * (r / 2))));
                places.push(place);
            }
        }
        places.sort_unstable();
        assert!(places.into_iter().eq(0..144));
    }

    #[test]
    fn reads_the_card_that_is_shipped() {
        let card = Card::parse(CARD).expect("valid");
        assert_eq!(card.extent(), [96, 128, 128]);
        assert_eq!(card.tissues(), Tissue::ALL);
    }

    fn refuses(from: &str, to: &str, field: &str) {
        assert!(CARD.contains(from), "{from}");
        let error = Card::parse(&CARD.replacen(from, to, 1)).expect_err(to);
        assert!(error.to_string().contains(field), "{error}");
    }

    #[test]
    fn refuses_what_it_cannot_serve() {
        refuses("axes = \"RAS\"", "axes = \"LPS\"", "input.axes");
        refuses("shape = [1, 1, 96,", "shape = [2, 1, 96,", "input.shape");
        refuses("shape = [1, 1, 96,", "shape = [1, 1, 64,", "output.shape");
        refuses("\"cheeks\", ", "\"hat\", ", "output.classes");
        refuses("\"cheeks\", ", "", "output.shape");
        refuses("spacing_mm = 2.0", "spacing_mm = 0.0", "input.spacing_mm");
        refuses("high_percentile = 99.5", "high_percentile = 0.5", "input.normalisation");
        refuses("temperature = ", "temperature = 99", "output.temperature");
        refuses("name = ", "nome = ", "name");
    }
}
