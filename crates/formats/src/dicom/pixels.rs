use std::ops::{BitOr, BitXor};

use volume::{ByteOrder, StoredType};

use super::attributes::Attributes;
use super::error::FileError;
use super::syntax::Encoding;
use super::tag::{
    BITS_ALLOCATED, BITS_STORED, COLUMNS, HIGH_BIT, PHOTOMETRIC, PIXEL_REPRESENTATION, ROWS,
    SAMPLES_PER_PIXEL,
};
use crate::Tiles;

/// How the pixels of a file are stored (PS3.5 section 8.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PixelFormat {
    rows: u16,
    columns: u16,
    allocated: u16,
    stored: u16,
    is_signed: bool,
    order: ByteOrder,
    /// `MONOCHROME1`: the smallest value is white.
    pub(super) is_inverted: bool,
}

impl PixelFormat {
    /// Reads the image pixel module; `vr` is that of the pixel data.
    ///
    /// # Errors
    /// [`FileError`] if the pixels are not one grey value each, in 8, 16 or 32 bits.
    pub(super) fn read(
        top: &Attributes<'_>,
        encoding: Encoding,
        vr: Option<[u8; 2]>,
    ) -> Result<Self, FileError> {
        let order = encoding.byte_order();
        let (rows, columns) = (top.need_u16(ROWS, order)?, top.need_u16(COLUMNS, order)?);
        if rows == 0 || columns == 0 {
            return Err(FileError::EmptyMatrix { rows, columns });
        }
        let samples = top.need_u16(SAMPLES_PER_PIXEL, order)?;
        if samples != 1 {
            return Err(FileError::SamplesPerPixel { found: samples });
        }
        let is_inverted = match top.text(PHOTOMETRIC) {
            Some(b"MONOCHROME1") => true,
            Some(b"MONOCHROME2") => false,
            Some(_) => return Err(FileError::Photometric),
            None => return Err(FileError::Missing { attribute: PHOTOMETRIC }),
        };
        let allocated = top.need_u16(BITS_ALLOCATED, order)?;
        if !matches!(allocated, 8 | 16 | 32) {
            return Err(FileError::BitsAllocated { found: allocated });
        }
        let words = if vr == Some(*b"OB") { 8 } else { 16 };
        if order == ByteOrder::Big && words != allocated {
            return Err(FileError::BigEndianWords { bits: allocated });
        }
        let (stored, high) = (top.need_u16(BITS_STORED, order)?, top.need_u16(HIGH_BIT, order)?);
        if stored == 0 || stored > allocated || high != stored - 1 {
            return Err(FileError::BitsStored { stored, high, allocated });
        }
        let is_signed = match top.need_u16(PIXEL_REPRESENTATION, order)? {
            0 => false,
            1 => true,
            found => return Err(FileError::PixelRepresentation { found }),
        };
        Ok(Self { rows, columns, allocated, stored, is_signed, order, is_inverted })
    }

    /// Bits Allocated: 8, 16 or 32.
    pub(super) fn bits_allocated(&self) -> u16 {
        self.allocated
    }

    pub(super) fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// The smallest and the largest value of Bits Stored.
    pub(super) fn limits(&self) -> [i64; 2] {
        let n_values = 1 << self.stored;
        if self.is_signed { [-n_values / 2, n_values / 2 - 1] } else { [0, n_values - 1] }
    }

    /// Adds decoded `values` of `bits` bits to `out`, little endian, the sign repeated in the bits
    /// above.
    pub(super) fn store(&self, values: &[u32], bits: u32, out: &mut Vec<u8>) {
        let unused = 32 - bits;
        let n_bytes = usize::from(self.allocated / 8);
        for &value in values {
            let extended = if self.is_signed {
                ((value << unused).cast_signed() >> unused).cast_unsigned()
            } else {
                value
            };
            out.extend(&extended.to_le_bytes()[..n_bytes]);
        }
    }

    /// The format of one of the `tiles` of an image.
    pub(super) fn tile(self, tiles: Tiles) -> Self {
        let of = |pixels: u16| (usize::from(pixels) / tiles.n_across) as u16;
        Self { rows: of(self.rows), columns: of(self.columns), ..self }
    }

    /// Columns and rows: the extent along `i` and `j`.
    pub(super) fn matrix(&self) -> [usize; 2] {
        [self.columns.into(), self.rows.into()]
    }

    pub(super) fn stored_type(&self) -> StoredType {
        match (self.allocated, self.is_signed) {
            (8, false) => StoredType::U8,
            (8, true) => StoredType::I8,
            (16, false) => StoredType::U16,
            (16, true) => StoredType::I16,
            (_, false) => StoredType::U32,
            (_, true) => StoredType::I32,
        }
    }

    /// Bytes of one plane, never 0.
    pub(super) fn plane_bytes(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns) * u64::from(self.allocated / 8)
    }

    /// Compares the length of the pixel data with that of `n_frames` planes; one byte that makes
    /// the length even may follow them.
    ///
    /// # Errors
    /// [`FileError::PixelLength`] if they differ.
    pub(super) fn check_length(&self, n_frames: u64, found: usize) -> Result<(), FileError> {
        let wanted = u128::from(self.plane_bytes()) * u128::from(n_frames);
        if n_frames > 0 && found as u128 == wanted + wanted % 2 {
            Ok(())
        } else {
            Err(FileError::PixelLength { found, wanted })
        }
    }

    /// Checks that the bits above those stored are 0, or the sign where values are signed:
    /// overlays were once kept there, and a value is read with them.
    ///
    /// # Errors
    /// [`FileError::UnusedBits`] or [`FileError::NotSignExtended`] if they are not.
    pub(super) fn check_unused_bits(&self, pixels: &[u8]) -> Result<(), FileError> {
        let unused = 32 - u32::from(self.stored);
        if self.stored == self.allocated {
            return Ok(());
        }
        // Nearly always none is: told of all at once.
        let any = match (self.allocated, self.order) {
            (8, _) => {
                self.any_bits(pixels, u8::from_le_bytes, |v| (v.cast_signed() >> 7).cast_unsigned())
            }
            (16, ByteOrder::Little) => self
                .any_bits(pixels, u16::from_le_bytes, |v| (v.cast_signed() >> 15).cast_unsigned()),
            (16, ByteOrder::Big) => self
                .any_bits(pixels, u16::from_be_bytes, |v| (v.cast_signed() >> 15).cast_unsigned()),
            (_, ByteOrder::Little) => self
                .any_bits(pixels, u32::from_le_bytes, |v| (v.cast_signed() >> 31).cast_unsigned()),
            (_, ByteOrder::Big) => self
                .any_bits(pixels, u32::from_be_bytes, |v| (v.cast_signed() >> 31).cast_unsigned()),
        };
        let is_wrong = any >> (u32::from(self.stored) - u32::from(self.is_signed)) != 0;
        if !is_wrong {
            return Ok(());
        }
        let n_pixels = match (self.allocated, self.order) {
            (8, _) => self.count(pixels, |b: [u8; 1]| b[0].into(), unused),
            (16, ByteOrder::Little) => self.count(pixels, |b| u16::from_le_bytes(b).into(), unused),
            (16, ByteOrder::Big) => self.count(pixels, |b| u16::from_be_bytes(b).into(), unused),
            (_, ByteOrder::Little) => self.count(pixels, u32::from_le_bytes, unused),
            (_, ByteOrder::Big) => self.count(pixels, u32::from_be_bytes, unused),
        };
        match (n_pixels, self.is_signed) {
            (0, _) => Ok(()),
            (n_pixels, false) => Err(FileError::UnusedBits { n_pixels, stored: self.stored }),
            (n_pixels, true) => Err(FileError::NotSignExtended { n_pixels, stored: self.stored }),
        }
    }

    /// All bits that any value has; where values are signed, those in which it differs from its `sign`
    /// in all places.
    fn any_bits<const N: usize, T>(
        &self,
        pixels: &[u8],
        value: impl Fn([u8; N]) -> T,
        sign: impl Fn(T) -> T,
    ) -> u32
    where
        T: Copy + Default + BitOr<Output = T> + BitXor<Output = T> + Into<u32>,
    {
        let (pixels, _) = pixels.as_chunks::<N>();
        let values = pixels.iter().map(|&bytes| value(bytes));
        let any = if self.is_signed {
            values.fold(T::default(), |any, value| any | (value ^ sign(value)))
        } else {
            values.fold(T::default(), |any, value| any | value)
        };
        any.into()
    }

    /// Counts the values that need more than the stored bits.
    fn count<const N: usize>(
        &self,
        pixels: &[u8],
        value: impl Fn([u8; N]) -> u32,
        unused: u32,
    ) -> usize {
        let above = 32 - u32::from(self.allocated);
        let (pixels, _) = pixels.as_chunks::<N>();
        let is_wrong = |&&bytes: &&[u8; N]| {
            let value = value(bytes);
            if self.is_signed {
                let signed = (value << above).cast_signed() >> above;
                (signed << unused) >> unused != signed
            } else {
                (value << unused) >> unused != value
            }
        };
        pixels.iter().filter(is_wrong).count()
    }
}
