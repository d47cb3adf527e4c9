use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rten::{Model, RunOptions, ThreadPool, Value};

use super::{Engine, EngineError};

/// The pure-Rust engine that is linked into the program.
pub(super) struct Embedded {
    model: Model,
    pools: Mutex<HashMap<usize, Arc<ThreadPool>>>,
}

impl Embedded {
    pub(super) fn load(weights: &[u8]) -> Result<Self, EngineError> {
        let model = Model::load(weights.to_vec())
            .map_err(|e| EngineError::Load { engine: "rten", reason: e.to_string() })?;
        Ok(Self { model, pools: Mutex::default() })
    }

    /// One pool for each number of threads, kept: making one costs more than a small run.
    fn pool(&self, n_threads: usize) -> Arc<ThreadPool> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools
            .entry(n_threads)
            .or_insert_with(|| Arc::new(ThreadPool::with_num_threads(n_threads)))
            .clone()
    }
}

impl Engine for Embedded {
    fn run(
        &self,
        input: Vec<f32>,
        shape: &[usize],
        n_threads: usize,
    ) -> Result<Vec<f32>, EngineError> {
        let failed = |reason: String| EngineError::Run { reason };
        let input = Value::from_shape(shape, input).map_err(|e| failed(e.to_string()))?;
        let mut options = RunOptions::default();
        options.thread_pool = Some(self.pool(n_threads));
        let output =
            self.model.run_one(input.into(), Some(options)).map_err(|e| failed(e.to_string()))?;
        output
            .into_tensor::<f32>()
            .map(|t| t.into_data())
            .ok_or_else(|| failed("no f32 output".into()))
    }

    fn name(&self) -> &str {
        "rten 0.27.0 (embedded)"
    }
}
