use std::io::Read;

use libdeflater::{CompressionLvl, Compressor, Crc, DecompressionError, Decompressor};
use thiserror::Error;

/// No deflate stream expands further: each 258-byte match takes at least 2 bits.
const MAX_RATIO: u64 = 1032;
/// Bytes of a gzip member that hold no data: header and trailer.
const FRAME_BYTES: usize = 18;

/// Why gzip data cannot be read or written.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum GzipError {
    /// The stream ends early.
    #[error("gzip data ends early, after {found} bytes of content")]
    Truncated {
        /// Bytes that could be had.
        found: u64,
    },
    /// The stream is not gzip, or its checksum does not fit.
    #[error("gzip data is damaged after {found} bytes of content")]
    Damaged {
        /// Bytes that could be had.
        found: u64,
    },
    /// The content is larger than memory.
    #[error("gzip data unpacks to {wanted} bytes, more than there is memory for")]
    TooLarge {
        /// Bytes asked for.
        wanted: u64,
    },
}

/// Whether bytes start as a gzip file does (RFC 1952).
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b, 8])
}

/// The first `n` bytes of the content, or fewer if there are no more.
pub(crate) fn inflate_start(compressed: &[u8], n: usize) -> Vec<u8> {
    let mut start = Vec::new();
    let stream = flate2::read::MultiGzDecoder::new(compressed);
    // A damaged stream still shows what comes before the damage; reading it whole reports it.
    let _ = stream.take(n as u64).read_to_end(&mut start);
    start
}

/// The whole content of one or more gzip members.
///
/// What is allocated at once is what the trailer promises, and never more than `compressed`
/// could hold.
pub(crate) fn inflate(compressed: &[u8]) -> Result<Vec<u8>, GzipError> {
    let (checksum, promised) = match compressed {
        [.., a, b, c, d, e, f, g, h] if compressed.len() >= FRAME_BYTES => {
            let size = u32::from_le_bytes([*e, *f, *g, *h]);
            (u32::from_le_bytes([*a, *b, *c, *d]), u64::from(size))
        }
        _ => return Err(GzipError::Truncated { found: 0 }),
    };
    if promised <= most(compressed) {
        let mut content = reserve(promised)?;
        content.resize(promised as usize, 0);
        let mut one = Decompressor::new();
        match one.gzip_decompress(compressed, &mut content) {
            // The checksum at the end of the file is that of the last member: if it is not of
            // what was unpacked, there are more members than this one.
            Ok(n) if n == content.len() && crc32(&content) == checksum => return Ok(content),
            // Several members, a size beyond 2^32, or damage: the stream reader tells which.
            Ok(_) | Err(DecompressionError::BadData | DecompressionError::InsufficientSpace) => {}
        }
    }
    inflate_stream(compressed)
}

fn inflate_stream(compressed: &[u8]) -> Result<Vec<u8>, GzipError> {
    const STEP: usize = 1 << 20;
    let mut stream = flate2::read::MultiGzDecoder::new(compressed);
    let mut content = Vec::new();
    loop {
        let found = content.len();
        if content.try_reserve(STEP).is_err() {
            return Err(GzipError::TooLarge { wanted: (found + STEP) as u64 });
        }
        content.resize(found + STEP, 0);
        match stream.read(&mut content[found..]) {
            Ok(n) => content.truncate(found + n),
            Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                return Err(GzipError::Truncated { found: found as u64 });
            }
            Err(_) => return Err(GzipError::Damaged { found: found as u64 }),
        }
        if content.len() == found {
            return Ok(content);
        }
    }
}

/// One gzip member that carries no file name and no time, at the fastest level of libdeflate:
/// level 6 of zlib takes ten times as long for 4 % of the size.
pub(crate) fn deflate(content: &[u8]) -> Result<Vec<u8>, GzipError> {
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let bound = compressor.gzip_compress_bound(content.len());
    let mut compressed = reserve(bound as u64)?;
    compressed.resize(bound, 0);
    // The bound holds for any content, so that "insufficient space" cannot be answered.
    let n = compressor
        .gzip_compress(content, &mut compressed)
        .map_err(|_| GzipError::TooLarge { wanted: bound as u64 })?;
    compressed.truncate(n);
    Ok(compressed)
}

fn crc32(content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(content);
    crc.sum()
}

fn most(compressed: &[u8]) -> u64 {
    (compressed.len() as u64).saturating_mul(MAX_RATIO)
}

fn reserve(n_bytes: u64) -> Result<Vec<u8>, GzipError> {
    let too_large = GzipError::TooLarge { wanted: n_bytes };
    let Ok(n) = usize::try_from(n_bytes) else { return Err(too_large) };
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(n).is_err() {
        return Err(too_large);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn content_comes_back(content in prop::collection::vec(any::<u8>(), 0..5000)) {
            let compressed = deflate(&content).expect("fits");
            prop_assert!(is_gzip(&compressed));
            prop_assert_eq!(inflate(&compressed).expect("whole"), content.clone());
            let half = content.len() / 2;
            prop_assert_eq!(inflate_start(&compressed, half), &content[..half]);
        }

        #[test]
        fn a_cut_stream_is_an_error(n in 1usize..3000, seed in any::<u8>()) {
            let content: Vec<u8> = (0..3000usize).map(|i| ((i * i) >> 3) as u8 ^ seed).collect();
            let compressed = deflate(&content).expect("fits");
            let cut = n % (compressed.len() - 1) + 1;
            prop_assert!(inflate(&compressed[..compressed.len() - cut]).is_err());
        }
    }

    #[test]
    fn several_members_are_read_as_one() {
        let mut two = deflate(b"first ").expect("fits");
        two.extend(deflate(b"second").expect("fits"));
        assert_eq!(inflate(&two).expect("whole"), b"first second");
    }

    #[test]
    fn carries_neither_name_nor_time() {
        let compressed = deflate(b"voxels").expect("fits");
        assert_eq!(compressed[3], 0, "flags");
        assert_eq!(compressed[4..8], [0; 4], "time");
    }

    #[test]
    fn a_trailer_that_lies_about_its_size_allocates_nothing_large() {
        let mut compressed = deflate(b"voxels").expect("fits");
        let n = compressed.len();
        compressed[n - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(inflate(&compressed), Err(GzipError::Damaged { .. })));
    }
}
