//! Voxel kernels on plain slices and extents; nothing here knows a file, a patient or an affine's
//! meaning.
//!
//! An extent is `[ni, nj, nk]`, `i` fastest. A bit mask holds one bit a voxel in rows of
//! `ceil(ni / 64)` words: voxel `(i, j, k)` is bit `i % 64` of word `i / 64` of row `j + nj * k`,
//! and bits past the end of a row are zero. Every kernel gives the same bits for every number of
//! [`Workers`] and at every [`Level`] of instructions.

mod argmax;
mod ball;
mod bits;
mod blend;
mod block_mean;
mod buffer;
mod bytes_of;
mod components;
mod distance;
mod downsample;
mod field_mask;
mod fill_masked;
mod gather;
mod gaussian;
mod histogram;
mod lanes;
mod level;
mod line;
mod median;
mod order_statistics;
mod otsu;
mod ray_cast;
mod resample;
mod smooth;
mod softmax;
mod surface_distance;
mod threshold;
mod value;
mod workers;

pub use argmax::argmax;
pub use ball::{close, dilate, erode, open};
pub use bits::{and_not, complement, join, meet, row_words};
pub use blend::blend;
pub use block_mean::{block_mean, block_mean_of_exact};
pub use buffer::Pool;
pub use bytes_of::bytes_of;
pub use components::{
    Neighbours, fill_holes, fill_holes_in_planes, keep_largest, keep_touching, label,
};
pub use distance::{distance, signed_distance};
pub use downsample::downsample;
pub use field_mask::field_mask;
pub use fill_masked::fill_masked;
pub use gather::gather;
pub use gaussian::gaussian;
pub use histogram::{histogram, range};
pub use level::{Level, UnknownLevel};
pub use median::median;
pub use order_statistics::order_statistics;
pub use otsu::otsu;
pub use ray_cast::{Hit, Rays, ray_cast};
pub use resample::{resample, resample_nearest, sample_point};
pub use smooth::smooth;
pub use softmax::softmax;
pub use surface_distance::{surface, surface_distances};
pub use threshold::{bits_of, threshold, window};
pub use value::Value;
pub use workers::Workers;
