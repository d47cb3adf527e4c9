//! Writes the example scans of the repository into a folder: `head_t1.nii` and `head_ct/`.
//!
//! ```text
//! cargo run --release -p efface-phantom --example make_data -- data
//! ```

use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::{env, fs};

use phantom::{Acquisition, Contrast, Person, Pose, Series, Voxels};
use volume::{Affine, Grid, StoredType};

fn main() -> Result<(), Error> {
    let Some(folder) = env::args_os().nth(1).map(PathBuf::from) else {
        return Err(Error::new(ErrorKind::InvalidInput, "usage: make_data FOLDER"));
    };
    fs::create_dir_all(&folder)?;

    let pose = Pose { pitch_degrees: 4.0, yaw_degrees: -3.0, ..Pose::UPRIGHT };
    let person = Person::from_seed(7).posed(pose);
    let grid = t1_grid();
    let t1 = Acquisition { noise: 5.0, ..Acquisition::usual(Contrast::T1, 1) };
    let real = phantom::render(&person, &grid, &t1);
    let bytes = phantom::nifti_bytes(&grid, &Voxels::rounded(&real, StoredType::I16));
    fs::write(folder.join("head_t1.nii"), bytes)?;

    let pose = Pose { pitch_degrees: -6.0, roll_degrees: 2.0, ..Pose::UPRIGHT };
    let person = Person::from_seed(11).posed(pose);
    let grid = ct_grid();
    let ct = Acquisition { head_rest: true, ..Acquisition::usual(Contrast::Ct, 2) };
    let real = phantom::render(&person, &grid, &ct);
    let series = Series { contrast: Contrast::Ct, seed: 11, number: 2 };
    phantom::write_dicom_series(&folder.join("head_ct"), &grid, &real, &series)
}

/// Sagittal, as MR scanners store a T1: `i` to the front, `j` upwards, `k` to the right.
fn t1_grid() -> Grid {
    let mm = 1.4;
    Grid {
        extent: [176, 186, 138],
        affine: Affine([[0.0, 0.0, mm, -96.0], [mm, 0.0, 0.0, -116.0], [0.0, mm, 0.0, -122.0]]),
    }
}

/// Axial, as CT scanners store it: `i` to the left, `j` to the back, `k` upwards.
fn ct_grid() -> Grid {
    Grid {
        extent: [160, 200, 76],
        affine: Affine([[-1.3, 0.0, 0.0, 103.0], [0.0, -1.3, 0.0, 134.0], [0.0, 0.0, 3.3, -105.0]]),
    }
}
