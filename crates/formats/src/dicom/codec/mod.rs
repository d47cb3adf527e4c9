//! Frames of compressed pixel data to stored values: one sample a pixel, nothing else.
//!
//! A decoder gets the bytes of one frame and the matrix that the header promises, and returns
//! exactly that many values or a [`Fault`]. Memory is bounded by the matrix, which the caller has
//! compared with the length of the file. A panic in a decoder that is not ours is caught here.

mod jpeg;
mod jpeg_2000;
mod jpeg_ls;
pub(super) mod rle;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// How a frame is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// PackBits on planes of bytes (PS3.5 annex G).
    Rle,
    /// JPEG: baseline, extended or lossless; the frame says which (ITU-T T.81).
    Jpeg,
    /// JPEG-LS (ITU-T T.87).
    JpegLs,
    /// JPEG 2000 and high-throughput JPEG 2000 (ITU-T T.800, T.814).
    Jpeg2000,
}

/// What a frame should hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Bits Allocated, 8, 16 or 32.
    pub(super) allocated: u16,
}

impl Wanted {
    fn n_pixels(self) -> usize {
        self.columns * self.rows
    }
}

/// The values of a frame.
#[derive(Debug)]
pub(super) struct Frame {
    /// `n_pixels` values, each in the low bits; negative ones in two's complement of `bits` bits.
    pub(super) values: Vec<u32>,
    /// Bits of a value.
    pub(super) bits: u32,
    /// Whether the coding itself lost something.
    pub(super) is_lossy: bool,
}

/// Why a frame cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The data end early.
    Truncated,
    /// The data break the rules of their coding.
    Damaged,
    /// Another matrix than the header says.
    OtherSize,
    /// More than one sample a pixel, or more bits than are allocated.
    OtherFormat,
    /// A form of the coding that images in DICOM do not use.
    Unsupported,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "its data end early",
            Self::Damaged => "its data are damaged",
            Self::OtherSize => "its size is not that of the header",
            Self::OtherFormat => "its values are not those that the header describes",
            Self::Unsupported => "it uses a form of its coding that is not supported",
        })
    }
}

/// Decodes one frame.
///
/// # Errors
/// [`Fault`] if `data` is not exactly one frame of `wanted`.
pub(super) fn decode(codec: Codec, data: &[u8], wanted: Wanted) -> Result<Frame, Fault> {
    let decoder = match codec {
        Codec::Rle => rle::decode,
        Codec::Jpeg => jpeg::decode,
        Codec::JpegLs => jpeg_ls::decode,
        Codec::Jpeg2000 => jpeg_2000::decode,
    };
    let caught = catch_unwind(AssertUnwindSafe(|| decoder(data, wanted)));
    let frame = caught.unwrap_or(Err(Fault::Damaged))?;
    if frame.values.len() != wanted.n_pixels() {
        return Err(Fault::OtherSize);
    }
    if frame.bits == 0 || frame.bits > u32::from(wanted.allocated) {
        return Err(Fault::OtherFormat);
    }
    Ok(frame)
}

/// A vector of `n` zeros, or [`Fault::Damaged`] where memory does not reach.
fn zeros<T: Clone + Default>(n: usize) -> Result<Vec<T>, Fault> {
    let mut values = Vec::new();
    values.try_reserve_exact(n).map_err(|_| Fault::Damaged)?;
    values.resize(n, T::default());
    Ok(values)
}
