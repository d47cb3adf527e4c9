//! Writes heads with labels for training, the same for the same seeds.
//!
//! ```text
//! cargo run --release -p efface-phantom --example make_labelled -- FOLDER FIRST_SEED COUNT
//! ```
//!
//! `FOLDER/phantom_SEED/` gets four files on one grid of 1.5 mm: `image.nii.gz` (T1 for even seeds,
//! CT in HU for odd ones), `labels.nii.gz` (the numbers of [`volume::Tissue`]), `tissue.nii.gz`
//! (those of [`phantom::Material`]) and `extent.nii.gz` (1 where the scan has data: everywhere).

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Write};
use std::path::Path;
use std::{env, str::FromStr};

use flate2::Compression;
use flate2::write::GzEncoder;
use phantom::{Acquisition, Contrast, Person, Voxels};
use volume::{Affine, Grid, StoredType};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, first, count] = &arguments[..] else { return Err(usage()) };
    let (first, count): (u64, u64) = (number(first)?, number(count)?);
    let grid = grid();
    for seed in first..first + count {
        write_head(&Path::new(folder).join(format!("phantom_{seed}")), &grid, seed)?;
    }
    Ok(())
}

fn write_head(folder: &Path, grid: &Grid, seed: u64) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    let write = |name: &str, voxels: &Voxels| {
        let file = File::create(folder.join(name))?;
        let mut encoder = GzEncoder::new(file, Compression::default());
        encoder.write_all(&phantom::nifti_bytes(grid, voxels))?;
        encoder.finish().map(drop)
    };
    let person = Person::from_seed(seed);
    let contrast = if seed.is_multiple_of(2) { Contrast::T1 } else { Contrast::Ct };
    let real = phantom::render(&person, grid, &Acquisition::usual(contrast, seed));
    let labels = phantom::sample(grid, |point_mm| person.part_at(point_mm) as u8);
    let tissue = phantom::sample(grid, |point_mm| person.material_at(point_mm) as u8);
    write("image.nii.gz", &Voxels::rounded(&real, StoredType::I16))?;
    write("labels.nii.gz", &Voxels::U8(labels))?;
    write("tissue.nii.gz", &Voxels::U8(tissue))?;
    write("extent.nii.gz", &Voxels::U8(vec![1; grid.n_voxels()]))
}

/// RAS, from below the chin to about 15 mm above the crown.
fn grid() -> Grid {
    Grid {
        extent: [128, 160, 168],
        affine: Affine::axis_aligned([1.5; 3], [-95.25, -108.0, -108.0]),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| usage())
}

fn usage() -> Error {
    Error::new(ErrorKind::InvalidInput, "usage: make_labelled FOLDER FIRST_SEED COUNT")
}
