//! Runs kernels as another program asks, so that it can time its own in turn.
//!
//! `serve FOLDER` reads lines from standard input and answers each with one line:
//!
//! ```text
//! run threshold/i16/mr256/avx512 1   ->  milliseconds of one run on one thread, and its bytes
//! again threshold/i16/mr256/avx512   ->  the same in memory of earlier such runs
//! save threshold/i16/mr256/avx512 F  ->  ok; the answer's bytes are in F
//! list                               ->  every name, parted by blanks
//! ```

mod cases;

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use cases::{Answer, CASES, Case, VOLUMES, Volume};
use kernels::{Level, Pool, Workers};

struct Server {
    pool: Pool,
    folder: PathBuf,
    volumes: HashMap<String, Volume>,
}

impl Server {
    fn answer(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(name) = words.get(1) {
            self.read(name)?;
        }
        match words[..] {
            ["list"] => Ok(names().join(" ")),
            ["run", name, n_threads] => {
                let (case, volume, level) = self.find(name)?;
                let (ms, _) = timed(case, volume, Workers::new(n_threads.parse()?).at(level));
                Ok(format!("{ms:.4} {:.0}", case.bytes_per_voxel * volume.stored.len() as f64))
            }
            ["again", name] => {
                let (case, volume, level) = self.find(name)?;
                let workers = Workers::new(1).at(level).with_pool(&self.pool);
                let (ms, answer) = timed(case, volume, workers);
                answer.give_back(&self.pool);
                Ok(format!("{ms:.4}"))
            }
            ["save", name, file] => {
                let (case, volume, level) = self.find(name)?;
                let answer = (case.run)(volume, Workers::new(2).at(level));
                std::fs::write(file, answer.bytes(volume))?;
                Ok("ok".to_owned())
            }
            _ => Err("run NAME THREADS, again NAME, save NAME FILE, or list".into()),
        }
    }

    /// Reads the volume of a name, if that has not been done.
    fn read(&mut self, name: &str) -> Result<(), Box<dyn Error>> {
        let [_, volume, _] = parts(name)?;
        if !self.volumes.contains_key(volume) {
            self.volumes.insert(volume.to_owned(), Volume::read(&self.folder, volume)?);
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<(&'static Case, &Volume, Level), Box<dyn Error>> {
        let [kernel, volume, level] = parts(name)?;
        let case = CASES.iter().find(|c| c.name == kernel).ok_or("no such kernel")?;
        Ok((case, &self.volumes[volume], level.parse()?))
    }
}

/// Milliseconds of a run, and what it gave.
fn timed(case: &Case, volume: &Volume, workers: Workers) -> (f64, Answer) {
    let start = Instant::now();
    let answer = std::hint::black_box((case.run)(volume, workers));
    (start.elapsed().as_secs_f64() * 1e3, answer)
}

/// Kernel with type, volume and level of a name.
fn parts(name: &str) -> Result<[&str; 3], Box<dyn Error>> {
    let mut parts = name.rsplitn(3, '/');
    let (level, volume) = (parts.next(), parts.next());
    match (parts.next(), volume, level) {
        (Some(kernel), Some(volume), Some(level)) => Ok([kernel, volume, level]),
        _ => Err("names are KERNEL/TYPE/VOLUME/LEVEL".into()),
    }
}

fn names() -> Vec<String> {
    let mut names = Vec::new();
    for case in CASES {
        for (volume, ..) in VOLUMES {
            for level in Level::available() {
                names.push(format!("{}/{volume}/{level}", case.name));
            }
        }
    }
    names
}

fn main() -> Result<(), Box<dyn Error>> {
    // Run as a test or a benchmark, there is nothing to serve.
    let Some(folder) = std::env::args().nth(1).filter(|a| Path::new(a).is_dir()) else {
        return Ok(());
    };
    let mut server = Server { pool: Pool::new(), folder: folder.into(), volumes: HashMap::new() };
    for line in std::io::stdin().lock().lines() {
        let reply = server.answer(&line?).unwrap_or_else(|error| format!("error: {error}"));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}
