//! Writes one T1 head as an uncompressed NIfTI file, the same for the same arguments.
//!
//! ```text
//! cargo run --release -p efface-phantom --example make_head -- FILE.nii SEED SPACING_MM EXTENT
//! ```
//!
//! `EXTENT` voxels along each axis, `SPACING_MM` apart, sagittal as MR scanners store a T1. The
//! head lies in the middle, with a little air above the crown.

use std::io::{Error, ErrorKind};
use std::str::FromStr;
use std::{env, fs};

use phantom::{Acquisition, Contrast, Person, Voxels};
use volume::{Affine, Grid, StoredType};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [file, seed, spacing_mm, extent] = &arguments[..] else { return Err(usage()) };
    let (seed, mm, n): (u64, f64, usize) = (number(seed)?, number(spacing_mm)?, number(extent)?);
    if !(0.1..=20.0).contains(&mm) || !(2..=2048).contains(&n) {
        return Err(usage());
    }
    let grid = sagittal(n, mm);
    let real =
        phantom::render(&Person::from_seed(seed), &grid, &Acquisition::usual(Contrast::T1, seed));
    fs::write(file, phantom::nifti_bytes(&grid, &Voxels::rounded(&real, StoredType::I16)))
}

/// `i` to the front, `j` upwards, `k` to the right.
fn sagittal(n: usize, mm: f64) -> Grid {
    let half = mm * (n - 1) as f64 / 2.0;
    // The origin lies in the brain, below the middle of what is left of a field of 256 mm once the
    // crown has some air above it.
    let [x, y, z] = [-half, -half, -half + 10.0];
    Grid {
        extent: [n; 3],
        affine: Affine([[0.0, 0.0, mm, x], [mm, 0.0, 0.0, y], [0.0, mm, 0.0, z]]),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| usage())
}

fn usage() -> Error {
    Error::new(ErrorKind::InvalidInput, "usage: make_head FILE.nii SEED SPACING_MM EXTENT")
}
