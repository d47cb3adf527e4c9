//! Bits to bytes.

#[cfg(test)]
mod tests;

use crate::Workers;
use crate::bits::{assert_words, row_words};
use crate::lanes::{Lanes, Work};

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
    let mut bytes: Vec<u8> = workers.unwritten(ni * nj * nk);
    workers.for_each_chunk(&mut bytes, (ni * nj).max(1), |k, plane| {
        let words = &mask[k * nj * n..][..nj * n];
        workers.level().with(Unpack { words, ni, plane });
    });
    bytes
}

/// The bits of a plane.
struct Unpack<'a> {
    words: &'a [u64],
    ni: usize,
    plane: &'a mut [u8],
}

impl Work for Unpack<'_> {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let words = self.words.chunks_exact(row_words(self.ni));
        for (row, words) in self.plane.chunks_exact_mut(self.ni).zip(words) {
            let (parts, rest) = row.as_chunks_mut::<64>();
            for (bytes, &word) in parts.iter_mut().zip(words) {
                lanes.bytes_of(word, bytes);
            }
            if let Some(&word) = words.last().filter(|_| !rest.is_empty()) {
                let mut bytes = [0; 64];
                lanes.bytes_of(word, &mut bytes);
                rest.copy_from_slice(&bytes[..rest.len()]);
            }
        }
    }
}
