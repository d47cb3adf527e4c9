//! Synthetic human heads from a seed, with exact labels.
//!
//! A [`Person`] is a function from a point of the patient to a [`Material`] and to a
//! [`volume::Tissue`], so it can be scanned on any [`volume::Grid`]: any spacing, orientation or
//! field of view. [`render`] gives the real values of a scan and [`labels`] the truth about it;
//! [`nifti_bytes`] and [`write_dicom_series`] put scans into files without the project's own formats.
//!
//! Nothing here is anybody's head: all shapes are drawn from typical adult measures.

mod anatomy;
mod contrast;
mod curve;
mod dicom;
mod material;
mod nifti;
mod person;
mod random;
mod region;
mod scan;
mod shape;
mod traits;

pub use contrast::Contrast;
pub use dicom::{Series, dicom_files, write_dicom_series};
pub use material::Material;
pub use nifti::{Voxels, nifti_bytes};
pub use person::{Landmarks, Person, Pose};
pub use scan::{Acquisition, Variant, labels, render, sample};
