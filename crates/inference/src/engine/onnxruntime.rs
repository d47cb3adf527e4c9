use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::idle::Idle;
use super::{Engine, EngineError};

/// ONNX Runtime, loaded from a shared library at run time.
pub(super) struct OnnxRuntime {
    environment: Environment,
    weights: Vec<u8>,
    sessions: Idle<Session>,
    name: String,
}

impl OnnxRuntime {
    /// With a session of `n_threads` at hand.
    pub(super) fn load(
        library: &Path,
        weights: &[u8],
        n_threads: usize,
    ) -> Result<Self, EngineError> {
        let unusable = |reason: String| EngineError::Library { reason };
        let environment = || -> Result<_, String> {
            let builder = ort::init_from(library).map_err(|e| e.to_string())?;
            builder.with_telemetry(false).build().map_err(|e| e.to_string())
        };
        // `ort` panics where a library loads but is no ONNX Runtime.
        let environment = catch_unwind(AssertUnwindSafe(environment))
            .map_err(|_| unusable("it is not ONNX Runtime".to_owned()))?
            .map_err(unusable)?;
        let name = format!("{} (ONNX Runtime)", ort::info());
        let new = Self { environment, weights: weights.to_vec(), sessions: Idle::new(), name };
        new.sessions.with(n_threads, || new.session(n_threads), |_| ())?;
        Ok(new)
    }

    fn session(&self, n_threads: usize) -> Result<Session, EngineError> {
        let session = || -> Result<Session, String> {
            Session::builder(&self.environment)
                .map_err(|e| e.to_string())?
                .with_optimization_level(GraphOptimizationLevel::Level3)
                .map_err(|e| e.to_string())?
                .with_intra_threads(n_threads)
                .map_err(|e| e.to_string())?
                .commit_from_memory(&self.weights)
                .map_err(|e| e.to_string())
        };
        session().map_err(|reason| EngineError::Load { engine: "ONNX Runtime", reason })
    }
}

impl Engine for OnnxRuntime {
    fn run(
        &self,
        input: Vec<f32>,
        shape: &[usize],
        n_threads: usize,
    ) -> Result<([usize; 4], Vec<f32>), EngineError> {
        let failed = |e: ort::Error| EngineError::Run { reason: e.to_string() };
        let input = TensorRef::from_array_view((shape, &input[..])).map_err(failed)?;
        let run = |session: &mut Session| {
            let output = session.run(ort::inputs![input])?;
            let (shape, logits) = output[0].try_extract_tensor::<f32>()?;
            Ok((shape.to_vec(), logits.to_vec()))
        };
        let output = self.sessions.with(n_threads, || self.session(n_threads), run)?;
        let (shape, logits) = output.map_err(failed)?;
        let axes: Option<Vec<usize>> = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
        match axes.and_then(|axes| axes.try_into().ok()) {
            Some(shape) => Ok((shape, logits)),
            None => Err(EngineError::Run { reason: format!("an output of {shape:?}") }),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}
