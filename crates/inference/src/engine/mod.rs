//! The engines that can run a model, behind one trait.

mod idle;
mod onnxruntime;
mod rten;

use std::path::PathBuf;

use thiserror::Error;

/// A loaded model that can be run.
pub trait Engine: Send + Sync {
    /// Runs the model on `input` of `shape` with `n_threads` threads and returns its output, whole, behind the
    /// output's shape.
    ///
    /// # Errors
    /// [`EngineError::Run`] if the engine refuses, or the output has not four axes.
    fn run(
        &self,
        input: Vec<f32>,
        shape: &[usize],
        n_threads: usize,
    ) -> Result<([usize; 4], Vec<f32>), EngineError>;

    /// Name and version, as records state it.
    fn name(&self) -> &str;
}

/// Why an engine could not be had or did not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The library is missing, too old, or none.
    #[error("ONNX Runtime cannot be loaded from the given library: {reason}")]
    Library {
        /// What the loader said.
        reason: String,
    },
    /// The model is no graph that the engine can run.
    #[error("the model cannot be loaded by {engine}: {reason}")]
    Load {
        /// The engine.
        engine: &'static str,
        /// What it said.
        reason: String,
    },
    /// The engine failed on an input.
    #[error("the model did not run: {reason}")]
    Run {
        /// What the engine said.
        reason: String,
    },
}

/// Which engine runs the model. Chosen once a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runtime {
    /// The engine that is part of the program.
    Embedded,
    /// ONNX Runtime, from this library.
    OnnxRuntime(PathBuf),
}

impl Runtime {
    /// Loads a model.
    ///
    /// # Errors
    /// [`EngineError::Library`] or [`EngineError::Load`].
    pub(crate) fn load(
        &self,
        weights: &[u8],
        n_threads: usize,
    ) -> Result<Box<dyn Engine>, EngineError> {
        match self {
            Self::Embedded => Ok(Box::new(rten::Embedded::load(weights)?)),
            Self::OnnxRuntime(library) => {
                Ok(Box::new(onnxruntime::OnnxRuntime::load(library, weights, n_threads)?))
            }
        }
    }
}
