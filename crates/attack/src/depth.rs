use kernels::Workers;
use volume::{Labels, Tissue};

use crate::Image;

/// How deep points lie under the surface of some tissues: below 0 outside.
pub(crate) struct Depth(Image);

impl Depth {
    /// The depth in what `is_in` holds of, `reach_mm` at most to either side.
    ///
    /// # Panics
    /// If the labels' grid does not span space.
    pub(crate) fn under(
        labels: &Labels,
        is_in: impl Fn(Tissue) -> bool,
        reach_mm: f64,
        workers: Workers,
    ) -> Self {
        let grid = labels.grid;
        let tissues: Vec<u8> = labels.tissues.iter().map(|t| u8::from(is_in(*t))).collect();
        let mask = kernels::bits_of(&tissues, grid.extent, workers);
        let outside =
            kernels::signed_distance(&mask, grid.extent, grid.spacing_mm(), reach_mm, workers);
        let depth = outside.iter().map(|mm| -mm).collect();
        let Some(depth) = Image::new(grid, depth) else {
            panic!("labels lie on a grid that spans space: {:?}", grid.affine)
        };
        Self(depth)
    }

    /// The depth at a point of the patient.
    pub(crate) fn at(&self, point_mm: [f64; 3]) -> f32 {
        self.0.at(point_mm).unwrap_or(f32::NEG_INFINITY)
    }
}
