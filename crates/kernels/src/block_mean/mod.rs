//! Means over blocks of voxels.

mod exact;
mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;

/// The mean of each block of `block[0] x block[1] x block[2]` voxels; a rest at the end of an axis
/// is dropped.
///
/// `read_plane(k, values)` writes plane `k` of the source, `extent[0] * extent[1]` values with `i`
/// fastest. It is called once for each plane that is used, so that a source of any type needs no
/// copy as float. Returns the means and their extent, `extent / block` rounded down.
///
/// Sums run in `f32`, plane after plane and row after row. Time O(voxels).
///
/// # Panics
/// If an axis of `block` is 0 or longer than that of `extent`.
pub fn block_mean(
    read_plane: impl Fn(usize, &mut [f32]) + Sync,
    extent: [usize; 3],
    block: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    let plane = |plane: &mut [f32], kk: usize, means: &mut [f32]| {
        scalar::block_mean_plane(&read_plane, plane, extent, block, kk, means);
    };
    by_plane(plane, extent, block, workers)
}

/// As [`block_mean`], for values whose sums over a block are exact in `f32`, such as small whole numbers:
/// the order in which they are added is then free, and the result the same.
///
/// # Panics
/// As [`block_mean`].
pub fn block_mean_of_exact(
    read_plane: impl Fn(usize, &mut [f32]) + Sync,
    extent: [usize; 3],
    block: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    let plane = |plane: &mut [f32], kk: usize, means: &mut [f32]| {
        exact::block_mean_plane(&read_plane, plane, extent, block, kk, means);
    };
    by_plane(plane, extent, block, workers)
}

/// Calls `work(plane, kk, means)` for each output plane, with room for one plane of the source.
fn by_plane(
    work: impl Fn(&mut [f32], usize, &mut [f32]) + Sync,
    extent: [usize; 3],
    block: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    assert!((0..3).all(|a| (1..=extent[a]).contains(&block[a])), "blocks fit into the extent");
    let out_extent = [0, 1, 2].map(|axis| extent[axis] / block[axis]);
    let mut out: Vec<f32> = workers.zeros(out_extent.iter().product());
    let make = || workers.buffer(extent[0] * extent[1]);
    workers.for_each_chunk_with(
        &mut out,
        out_extent[0] * out_extent[1],
        make,
        |plane, kk, means| {
            plane.fill_to(extent[0] * extent[1], 0.0);
            work(plane, kk, means);
        },
    );
    (out, out_extent)
}
