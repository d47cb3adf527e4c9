//! Runs kernels as another program asks, so that it can time its own in turn.
//!
//! `serve FOLDER` reads lines from standard input and answers each with one line:
//!
//! ```text
//! run threshold/i16/mr256/avx512 1   ->  milliseconds of one run on one thread
//! save threshold/i16/mr256/avx512 F  ->  ok; the answer's bytes are in F
//! list                               ->  every name, parted by blanks
//! ```

mod cases;

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use cases::{CASES, Case, VOLUMES, Volume};
use kernels::{Level, Workers};

struct Server {
    folder: PathBuf,
    volumes: HashMap<String, Volume>,
}

impl Server {
    fn answer(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["list"] => Ok(names().join(" ")),
            ["run", name, n_threads] => {
                let (case, volume, level) = self.find(name)?;
                let workers = Workers::new(n_threads.parse()?).at(level);
                let start = Instant::now();
                let answer = (case.run)(volume, workers);
                let ms = start.elapsed().as_secs_f64() * 1e3;
                std::hint::black_box(&answer);
                Ok(format!("{ms:.4} {:.0}", case.bytes_per_voxel * volume.stored.len() as f64))
            }
            ["save", name, file] => {
                let (case, volume, level) = self.find(name)?;
                let answer = (case.run)(volume, Workers::new(2).at(level));
                std::fs::write(file, answer.bytes(volume))?;
                Ok("ok".to_owned())
            }
            _ => Err("run NAME THREADS, save NAME FILE, or list".into()),
        }
    }

    fn find(&mut self, name: &str) -> Result<(&'static Case, &Volume, Level), Box<dyn Error>> {
        let mut parts = name.rsplitn(3, '/');
        let (level, volume) = (parts.next(), parts.next());
        let (Some(level), Some(volume), Some(kernel)) = (level, volume, parts.next()) else {
            return Err("names are KERNEL/TYPE/VOLUME/LEVEL".into());
        };
        if !self.volumes.contains_key(volume) {
            self.volumes.insert(volume.to_owned(), Volume::read(&self.folder, volume)?);
        }
        let case = CASES.iter().find(|c| c.name == kernel).ok_or("no such kernel")?;
        Ok((case, &self.volumes[volume], level.parse()?))
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
    let mut server = Server { folder: folder.into(), volumes: HashMap::new() };
    for line in std::io::stdin().lock().lines() {
        let reply = server.answer(&line?).unwrap_or_else(|error| format!("error: {error}"));
        let mut out = std::io::stdout().lock();
        writeln!(out, "{reply}")?;
        out.flush()?;
    }
    Ok(())
}
