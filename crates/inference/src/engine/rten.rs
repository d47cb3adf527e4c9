use std::convert::Infallible;
use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool, Value};

use super::idle::Idle;
use super::{Engine, EngineError};

/// The pure-Rust engine that is linked into the program.
pub(super) struct Embedded {
    model: Model,
    pools: Idle<Arc<ThreadPool>>,
}

impl Embedded {
    pub(super) fn load(weights: &[u8]) -> Result<Self, EngineError> {
        let model = Model::load(weights.to_vec())
            .map_err(|e| EngineError::Load { engine: "rten", reason: e.to_string() })?;
        Ok(Self { model, pools: Idle::new() })
    }
}

impl Engine for Embedded {
    fn run(
        &self,
        input: Vec<f32>,
        shape: &[usize],
        n_threads: usize,
    ) -> Result<([usize; 4], Vec<f32>), EngineError> {
        let failed = |reason: String| EngineError::Run { reason };
        let input = Value::from_shape(shape, input).map_err(|e| failed(e.to_string()))?;
        let pool = || Ok::<_, Infallible>(Arc::new(ThreadPool::with_num_threads(n_threads)));
        let Ok(output) = self.pools.with(n_threads, pool, |pool| {
            let mut options = RunOptions::default();
            options.thread_pool = Some(pool.clone());
            self.model.run_one(input.into(), Some(options))
        });
        let output = output.map_err(|e| failed(e.to_string()))?;
        output.into_shape_vec().map_err(|e| failed(e.to_string()))
    }

    fn name(&self) -> &str {
        "rten 0.27.0 (embedded)"
    }
}
