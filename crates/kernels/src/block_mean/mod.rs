//! Means over blocks of voxels.

mod exact;
mod scalar;
#[cfg(test)]
mod tests;

use crate::Workers;

/// The mean of each block of `block[0] x block[1] x block[2]` voxels; a rest at the end of an axis
/// is dropped.
///
/// `read_rows(k, j, values)` writes rows of plane `k` of the source, from row `j` on, as many as `values`
/// holds, `i` fastest. Each row that is used is asked for once, so that a source of any type needs no copy
/// as float. Returns the means and their extent, `extent / block` rounded down.
///
/// Sums run in `f32`, plane after plane and row after row. Time O(voxels).
///
/// # Panics
/// If an axis of `block` is 0 or longer than that of `extent`.
pub fn block_mean(
    read_rows: impl Fn(usize, usize, &mut [f32]) + Sync,
    extent: [usize; 3],
    block: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    by_plane(read_rows, scalar::add_rows, extent, block, workers)
}

/// As [`block_mean`], for values whose sums over a block are exact in `f32`, such as small whole numbers:
/// the order in which they are added is then free, and the result the same.
///
/// # Panics
/// As [`block_mean`].
pub fn block_mean_of_exact(
    read_rows: impl Fn(usize, usize, &mut [f32]) + Sync,
    extent: [usize; 3],
    block: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    by_plane(read_rows, exact::add_rows, extent, block, workers)
}

/// The means, a plane of them at a time; `add(rows, ni, n_along, sums)` adds rows of `ni` values to the sums
/// of blocks of `n_along`, and may use the rows as it likes.
fn by_plane(
    read_rows: impl Fn(usize, usize, &mut [f32]) + Sync,
    add: impl Fn(&mut [f32], usize, usize, &mut [f32]) + Sync,
    extent: [usize; 3],
    block: [usize; 3],
    workers: Workers,
) -> (Vec<f32>, [usize; 3]) {
    assert!((0..3).all(|a| (1..=extent[a]).contains(&block[a])), "blocks fit into the extent");
    let out_extent = [0, 1, 2].map(|axis| extent[axis] / block[axis]);
    let mut out: Vec<f32> = workers.zeros(out_extent.iter().product());
    let ni = extent[0];
    let n = block.iter().product::<usize>() as f32;
    // Few enough rows at a time to stay in the nearest memory.
    let make = || workers.buffer(block[1] * ni);
    workers.for_each_chunk_with(
        &mut out,
        out_extent[0] * out_extent[1],
        make,
        |rows, kk, means| {
            if block == [1, 1, 1] {
                read_rows(kk, 0, means);
                return;
            }
            rows.fill_to(block[1] * ni, 0.0);
            for k in kk * block[2]..(kk + 1) * block[2] {
                for (jj, sums) in means.chunks_exact_mut(out_extent[0]).enumerate() {
                    read_rows(k, jj * block[1], rows);
                    workers.level().run(
                        #[inline(always)]
                        || add(rows, ni, block[0], sums),
                    );
                }
            }
            means.iter_mut().for_each(|mean| *mean /= n);
        },
    );
    (out, out_extent)
}
