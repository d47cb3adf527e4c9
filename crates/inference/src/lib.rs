//! A scan to [`Labels`](volume::Labels) with the face model: sample, normalise, run, label.
//!
//! Nothing here decides what is removed, and nothing is downloaded.

mod card;
mod engine;
mod model;
mod sample;
mod segment;

pub use card::{Blocks, Card, CardError, TrainingScan};
pub use engine::{Engine, EngineError, Runtime};
pub use model::{Model, ModelError};
pub use sample::{SampleError, Sampled, sample, sample_on};
pub use segment::{Segmented, label, network_input, segment};
