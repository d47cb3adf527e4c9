//! What a viewer sees of a surface.

mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::assert_words;
use crate::line::Line;
use scalar::Scene;

/// Parallel rays through a volume, in indices of its voxels.
///
/// Sample `n` of the ray of pixel `(x, y)` lies at `start + across x + down y + step n`, of the
/// parts to be added in that order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rays {
    /// Pixels across and down.
    pub n_pixels: [usize; 2],
    /// The first sample of the ray of pixel `(0, 0)`.
    pub start: [f64; 3],
    /// From a pixel to the next across.
    pub across: [f64; 3],
    /// From a pixel to the one below it.
    pub down: [f64; 3],
    /// From a sample to the next along the ray.
    pub step: [f64; 3],
    /// Samples of each ray.
    pub n_steps: usize,
}

/// Where a ray meets a surface first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The sample.
    pub n: usize,
    /// The direction out of the surface in mm along `i`, `j` and `k`, of length 1: from the middle of
    /// the voxels set among the 125 around to that of the cube; of length 0 where both are one.
    pub normal: [f32; 3],
}

/// For each pixel, row after row, the first sample of its ray whose nearest voxel is set (of two as
/// near, that of the higher index).
///
/// Blocks of 4 x 4 x 4 voxels that hold none, and all within their distance to the nearest that does,
/// are leapt over (Zuiderveld, Koning and Viergever, 1992, doi:10.1117/12.131088); that changes no
/// answer. Time O(words + pixels x samples near the surface), a byte a block of memory.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn ray_cast(
    mask: &[u64],
    extent: [usize; 3],
    spacing_mm: [f64; 3],
    rays: &Rays,
    workers: Workers,
) -> Vec<Option<Hit>> {
    assert_words(mask, extent);
    let [width, height] = rays.n_pixels;
    let mut hits: Vec<Option<Hit>> = workers.zeros(width * height);
    let Some(scene) = Scene::of(mask, extent, workers) else {
        return hits;
    };
    workers.for_each_chunk(&mut hits, width, |y, hits| {
        workers.level().run(
            #[inline(always)]
            || {
                for (x, hit) in hits.iter_mut().enumerate() {
                    let start = [0, 1, 2].map(|a| {
                        rays.start[a] + rays.across[a] * x as f64 + rays.down[a] * y as f64
                    });
                    let line = Line { start, step: rays.step, extent };
                    *hit = scene
                        .first(&line, rays.n_steps)
                        .map(|(n, voxel)| Hit { n, normal: scene.normal(voxel, spacing_mm) });
                }
            },
        );
    });
    hits
}
