//! The field's nouns: grids, affines, stored voxels, bit masks and labels.
//!
//! Index order is `[i, j, k]` with `i` fastest in memory; patient space is RAS+ in millimetres
//! (`x` to the patient's right, `y` to the front, `z` upwards). Nothing here reads a file.

mod affine;
mod grid;
mod labels;
mod mask;
mod real;
mod region;
mod stored;

pub use affine::Affine;
pub use grid::{Grid, Orientation};
pub use labels::{Labels, Tissue};
pub use mask::Mask;
pub use real::RealVolume;
pub use region::{Region, Regions};
pub use stored::{ByteOrder, PlaneAt, Rescale, StoredType, StoredVolume, StoredVolumeError};
