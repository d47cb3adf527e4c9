use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;

use super::{Engine, EngineError};

/// ONNX Runtime, loaded from a shared library at run time.
pub(super) struct OnnxRuntime {
    /// A session runs one input at a time.
    session: Mutex<Session>,
    name: String,
}

impl OnnxRuntime {
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
        let session = || -> Result<Session, String> {
            Session::builder(&environment)
                .map_err(|e| e.to_string())?
                .with_optimization_level(GraphOptimizationLevel::Level3)
                .map_err(|e| e.to_string())?
                .with_intra_threads(n_threads)
                .map_err(|e| e.to_string())?
                .commit_from_memory(weights)
                .map_err(|e| e.to_string())
        };
        let session =
            session().map_err(|reason| EngineError::Load { engine: "ONNX Runtime", reason })?;
        let name = format!("{} (ONNX Runtime)", ort::info());
        Ok(Self { session: Mutex::new(session), name })
    }
}

impl Engine for OnnxRuntime {
    fn run(
        &self,
        input: Vec<f32>,
        shape: &[usize],
        _n_threads: usize,
    ) -> Result<Vec<f32>, EngineError> {
        let failed = |e: ort::Error| EngineError::Run { reason: e.to_string() };
        let input = TensorRef::from_array_view((shape, &input[..])).map_err(failed)?;
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let output = session.run(ort::inputs![input]).map_err(failed)?;
        let (_, logits) = output[0].try_extract_tensor::<f32>().map_err(failed)?;
        Ok(logits.to_vec())
    }

    fn name(&self) -> &str {
        &self.name
    }
}
