use std::fmt;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{Card, CardError, Engine, EngineError, Runtime};

const WEIGHTS: &[u8] = include_bytes!("../../../models/face.onnx");
/// The same network in eight bits: faster in ONNX Runtime, slower elsewhere.
const WEIGHTS_INT8: &[u8] = include_bytes!("../../../models/face_int8.onnx");
const CARD: &str = include_str!("../../../models/face.toml");

/// A face model, loaded and checked against its card.
pub struct Model {
    card: Card,
    sha256: String,
    engine: Box<dyn Engine>,
}

/// Why a model cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The card cannot be used.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The weights are not those that the card describes.
    #[error("the model's SHA-256 is `{found}`, its card says `{wanted}`")]
    Mismatch {
        /// Of the weights.
        found: String,
        /// In the card.
        wanted: String,
    },
    /// The engine cannot be had, or refuses the weights.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The model's output is not what its card says.
    #[error("the model gave an output of {found:?}, its card says {wanted:?}")]
    Output {
        /// The shape given.
        found: [usize; 4],
        /// The shape by the card.
        wanted: [usize; 4],
    },
}

impl Model {
    /// The model that is part of the program.
    ///
    /// # Errors
    /// [`ModelError`] as for [`Self::load`].
    pub fn embedded(runtime: &Runtime, n_threads: usize) -> Result<Self, ModelError> {
        let weights = match runtime {
            Runtime::Embedded => WEIGHTS,
            Runtime::OnnxRuntime(_) => WEIGHTS_INT8,
        };
        Self::load(weights, CARD, runtime, n_threads)
    }

    /// A model of given weights (ONNX) and card (TOML).
    ///
    /// # Errors
    /// [`ModelError`] if card and weights do not belong together or cannot be used.
    pub fn load(
        weights: &[u8],
        card: &str,
        runtime: &Runtime,
        n_threads: usize,
    ) -> Result<Self, ModelError> {
        let card = Card::parse(card)?;
        let found = hex(&Sha256::digest(weights));
        if found != card.sha256 && Some(&found) != card.int8_sha256() {
            return Err(ModelError::Mismatch { found, wanted: card.sha256 });
        }
        let engine = runtime.load(weights, n_threads)?;
        Ok(Self { card, sha256: found, engine })
    }

    /// The card.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// SHA-256 of the weights, in lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Name and version of the engine.
    #[must_use]
    pub fn engine_name(&self) -> &str {
        self.engine.name()
    }

    /// The logits of a normalised input, in the order of the card's [`blocks`](Card::blocks).
    ///
    /// `input` is one value a voxel of the model's grid, `k` fastest.
    ///
    /// # Errors
    /// [`ModelError::Engine`] if the engine fails, [`ModelError::Output`] if what it gives does not
    /// have the shape that the card says.
    pub fn run(&self, input: Vec<f32>, n_threads: usize) -> Result<Vec<f32>, ModelError> {
        let [nx, ny, nz] = self.card.extent();
        let wanted = self.card.blocks().shape();
        let (found, logits) = self.engine.run(input, &[1, 1, nx, ny, nz], n_threads)?;
        if found == wanted { Ok(logits) } else { Err(ModelError::Output { found, wanted }) }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("card", &self.card)
            .field("engine", &self.engine_name())
            .finish()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
