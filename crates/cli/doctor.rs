use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use inference::{Model, ModelError, Runtime};
use pipeline::Level;

use crate::args::EngineArgs;
use crate::exit::{Exit, Refusal};

/// Shows what this installation has.
#[expect(clippy::print_stdout, reason = "this command's data")]
pub(crate) fn doctor(args: &EngineArgs) -> Result<Exit, Refusal> {
    let loaded = load_model(args, n_processors())?;
    let card = loaded.model.card();
    println!("efface           {}", env!("CARGO_PKG_VERSION"));
    println!("model            {} {}", card.name, card.version);
    println!("model SHA-256    {}", loaded.model.sha256());
    println!("trained on       {}", card.training_summary());
    println!("engine           {}", loaded.model.engine_name());
    println!("threads          {}", n_processors());
    println!("instruction set  {}", Level::best());
    if let Some(reason) = loaded.fallback {
        println!("\nONNX Runtime was asked for and cannot be used: {reason}");
    }
    if loaded.model.engine_name().contains("embedded") {
        println!(
            "\nONNX Runtime, if installed, runs the model about three times as fast:\n  \
             pip install onnxruntime\nthen set ORT_DYLIB_PATH, or give --onnxruntime, to its \
             libonnxruntime shared library."
        );
    }
    Ok(Exit::Passed)
}

/// A model, and why the engine that was asked for does not run it.
pub(crate) struct Loaded {
    pub(crate) model: Model,
    pub(crate) fallback: Option<String>,
}

/// Loads the model that was asked for in the engine that was asked for, or, if that engine cannot
/// be had, in the embedded one.
pub(crate) fn load_model(args: &EngineArgs, n_threads: usize) -> Result<Loaded, Refusal> {
    let asked = args.onnxruntime.clone().filter(|p| !p.as_os_str().is_empty());
    let runtime = asked.map_or(Runtime::Embedded, Runtime::OnnxRuntime);
    match load(args, &runtime, n_threads) {
        Err(Failure::Model(ModelError::Engine(e))) if runtime != Runtime::Embedded => {
            let model = load(args, &Runtime::Embedded, n_threads).map_err(Failure::refuse)?;
            Ok(Loaded { model, fallback: Some(e.to_string()) })
        }
        Ok(model) => Ok(Loaded { model, fallback: None }),
        Err(failure) => Err(failure.refuse()),
    }
}

enum Failure {
    Model(ModelError),
    Read(Refusal),
}

impl Failure {
    fn refuse(self) -> Refusal {
        match self {
            Self::Read(refusal) => refusal,
            Self::Model(e) => Refusal {
                reason: e.to_string(),
                hint: "give a model and the card that was made with it",
            },
        }
    }
}

fn load(args: &EngineArgs, runtime: &Runtime, n_threads: usize) -> Result<Model, Failure> {
    let Some(path) = &args.model else {
        return Model::embedded(runtime, n_threads).map_err(Failure::Model);
    };
    let read = |path: &Path| {
        fs::read(path).map_err(|e| {
            Failure::Read(Refusal {
                reason: format!("`{}`: {e}", path.display()),
                hint: "`--model` takes an .onnx file with its .toml card beside it",
            })
        })
    };
    let weights = read(path)?;
    let card = String::from_utf8_lossy(&read(&path.with_extension("toml"))?).into_owned();
    Model::load(&weights, &card, runtime, n_threads).map_err(Failure::Model)
}

pub(crate) fn n_processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
