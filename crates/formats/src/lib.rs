//! NIfTI and DICOM to a [`Scan`] and back, by patching the source's decoded bytes.
//!
//! [`discover`] tells what lies at a path by content, [`open`] loads it, [`write()`] writes its
//! bytes, voxels changed or not, into another folder. Stored values never pass through a float, but for
//! [`open_resampled`], which makes them of others.

mod compare;
mod convert;
pub mod dicom;
mod error;
mod free_text;
mod gzip;
mod mask_file;
mod nifti;
mod open;
mod pass;
mod resample;
mod scan;
mod source;
mod write;

pub use compare::same_around_voxels;
pub use convert::as_nifti;
pub use error::FormatError;
pub use free_text::{
    HeaderText, clear_header_text, held_header_text, is_released, release_headers,
    release_headers_on, second_picture, withdraw_claim,
};
pub use gzip::GzipError;
pub use mask_file::{mask_file, mask_of};
pub use nifti::NiftiError;
pub use open::{open, open_nifti_bytes, open_on, open_resampled, reopen_on};
pub use pass::{is_of_kind, pass_through};
pub use scan::{Layout, Modality, Note, Packing, Scan, SourceFile, Tiles};
pub use source::{Found, Source, decoded_bytes, discover, patient_id, space};
pub use write::{write, write_file, write_on};
