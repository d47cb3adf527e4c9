//! Bits to bytes.

#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{assert_words, row_words};
use crate::buffer::zeros;

/// One byte a voxel, 1 where `mask` is set and 0 elsewhere: what [`bits_of`](crate::bits_of) reads.
///
/// Time O(voxels), bound by memory. Allocates the bytes alone.
///
/// # Panics
/// If `mask` has not the words of `extent`.
#[must_use]
pub fn bytes_of(mask: &[u64], extent: [usize; 3], workers: Workers) -> Vec<u8> {
    assert_words(mask, extent);
    let [ni, nj, nk] = extent;
    let n = row_words(ni);
    let mut bytes: Vec<u8> = zeros(ni * nj * nk);
    workers.for_each_chunk(&mut bytes, (ni * nj).max(1), |k, plane| {
        workers.level().run(
            #[inline(always)]
            || {
                let words = mask[k * nj * n..][..nj * n].chunks_exact(n);
                for (row, words) in plane.chunks_exact_mut(ni).zip(words) {
                    unpack_row(words, row);
                }
            },
        );
    });
    bytes
}

#[inline(always)]
fn unpack_row(words: &[u64], row: &mut [u8]) {
    for (&word, bytes) in words.iter().zip(row.chunks_mut(64)) {
        for (part, bytes) in bytes.chunks_mut(8).enumerate() {
            // Bit `b` of the part times its copies meets the mask in byte `b` alone.
            let copies = (word >> (8 * part) & 0xff) * 0x0101_0101_0101_0101;
            let single = copies & 0x8040_2010_0804_0201;
            // Any bit of a byte, carried to its top, then to its bottom.
            let ones = ((single + 0x7f7f_7f7f_7f7f_7f7f) | single) >> 7 & 0x0101_0101_0101_0101;
            bytes.copy_from_slice(&ones.to_le_bytes()[..bytes.len()]);
        }
    }
}
