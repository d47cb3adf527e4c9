use crate::{Grid, Mask};

/// Real values on a grid, for looking at a scan; never a step on the way to the output.
#[derive(Debug, Clone, PartialEq)]
pub struct RealVolume {
    /// The grid of the values.
    pub grid: Grid,
    /// One value a voxel, `i` fastest: HU in CT, arbitrary in MR; 0 outside the scan.
    pub values: Vec<f32>,
    /// The voxels that lie inside the scan.
    pub inside: Mask,
}
