use volume::{ByteOrder, Rescale, StoredType};

use super::NiftiError;

/// Bytes of a NIfTI-1 header.
pub(super) const NIFTI1_BYTES: usize = 348;
/// Bytes of a NIfTI-2 header.
pub(super) const NIFTI2_BYTES: usize = 540;

/// The two versions of the format; they hold the same fields at other places and widths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// NIfTI-1.1, 348 bytes.
    One,
    /// NIfTI-2, 540 bytes.
    Two,
}

/// The fields of a header that say where voxels lie and what they mean.
///
/// Named as in the standard (<https://nifti.nimh.nih.gov/nifti-1>, nifti1.h and nifti2.h).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) version: Version,
    pub(super) byte_order: ByteOrder,
    pub(super) is_pair: bool,
    /// `dim[1..=7]`, with 1 where `dim[0]` says that there is no such axis.
    pub(super) dim: [u64; 7],
    pub(super) stored_type: StoredType,
    pub(super) vox_offset: u64,
    pub(super) slope: f64,
    pub(super) inter: f64,
    pub(super) pixdim: [f64; 4],
    pub(super) xyzt_units: u8,
    pub(super) qform_code: i32,
    pub(super) sform_code: i32,
    pub(super) quatern: [f64; 3],
    pub(super) qoffset: [f64; 3],
    pub(super) srow: [[f64; 4]; 3],
}

/// Which version and byte order the bytes have, and whether voxels lie in a file of their own;
/// `None` if they are no NIfTI header.
pub(super) fn recognise(bytes: &[u8]) -> Option<(Version, ByteOrder, bool)> {
    let size = bytes.first_chunk::<4>()?;
    let versions = [(Version::One, NIFTI1_BYTES), (Version::Two, NIFTI2_BYTES)];
    for (version, n) in versions {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let found = match order {
                ByteOrder::Little => u32::from_le_bytes(*size),
                ByteOrder::Big => u32::from_be_bytes(*size),
            };
            if found as usize != n || bytes.len() < n {
                continue;
            }
            let is_pair = match version {
                Version::One if bytes[344..348] == *b"n+1\0" => false,
                Version::One if bytes[344..348] == *b"ni1\0" => true,
                Version::Two if bytes[4..12] == *b"n+2\0\r\n\x1a\n" => false,
                Version::Two if bytes[4..12] == *b"ni2\0\r\n\x1a\n" => true,
                _ => continue,
            };
            return Some((version, order, is_pair));
        }
    }
    None
}

/// Reads and checks a header.
pub(super) fn parse(bytes: &[u8]) -> Result<Header, NiftiError> {
    let (version, byte_order, is_pair) = recognise(bytes).ok_or(NiftiError::NotNifti)?;
    let at = Fields { bytes, byte_order };
    let header = match version {
        Version::One => Header {
            version,
            byte_order,
            is_pair,
            dim: axes(at.i16s::<8>(40).map(i64::from))?,
            stored_type: stored_type(at.i16(70), at.i16(72))?,
            vox_offset: whole(f64::from(at.f32(108)))?,
            slope: f64::from(at.f32(112)),
            inter: f64::from(at.f32(116)),
            pixdim: [76, 80, 84, 88].map(|o| f64::from(at.f32(o))),
            xyzt_units: bytes[123],
            qform_code: i32::from(at.i16(252)),
            sform_code: i32::from(at.i16(254)),
            quatern: [256, 260, 264].map(|o| f64::from(at.f32(o))),
            qoffset: [268, 272, 276].map(|o| f64::from(at.f32(o))),
            srow: [280, 296, 312]
                .map(|row| [0, 4, 8, 12].map(|column| f64::from(at.f32(row + column)))),
        },
        Version::Two => Header {
            version,
            byte_order,
            is_pair,
            dim: axes([0, 1, 2, 3, 4, 5, 6, 7].map(|n| at.i64(16 + 8 * n)))?,
            stored_type: stored_type(at.i16(12), at.i16(14))?,
            vox_offset: u64::try_from(at.i64(168))
                .map_err(|_| NiftiError::VoxOffset { found: at.i64(168) as f64 })?,
            slope: at.f64(176),
            inter: at.f64(184),
            pixdim: [104, 112, 120, 128].map(|o| at.f64(o)),
            xyzt_units: (at.i32(500) & 0xff) as u8,
            qform_code: at.i32(344),
            sform_code: at.i32(348),
            quatern: [352, 360, 368].map(|o| at.f64(o)),
            qoffset: [376, 384, 392].map(|o| at.f64(o)),
            srow: [400, 432, 464].map(|row| [0, 8, 16, 24].map(|column| at.f64(row + column))),
        },
    };
    Ok(header)
}

impl Header {
    /// The first byte of the voxels in the file that holds them.
    ///
    /// Some writers leave `vox_offset` 0 in single files: the voxels then follow the header and
    /// its four extension bytes.
    pub(super) fn data_start(&self) -> Result<u64, NiftiError> {
        let least = match (self.is_pair, self.version) {
            (true, _) => 0,
            (false, Version::One) => NIFTI1_BYTES as u64 + 4,
            (false, Version::Two) => NIFTI2_BYTES as u64 + 4,
        };
        match self.vox_offset {
            0 => Ok(least),
            offset if offset < least => Err(NiftiError::VoxOffset { found: offset as f64 }),
            offset => Ok(offset),
        }
    }

    /// Bytes of all voxels, as the header tells it.
    pub(super) fn data_bytes(&self) -> Result<u64, NiftiError> {
        let each = self.stored_type.n_bytes() as u64;
        let product = self.dim.iter().try_fold(each, |n, &d| n.checked_mul(d));
        product.filter(|n| *n < 1 << 48).ok_or(NiftiError::Extent { found: self.dim })
    }

    /// Slope and intercept; a slope of 0 or no number means that there is no rescale.
    pub(super) fn rescale(&self) -> Rescale {
        if self.slope == 0.0 || !self.slope.is_finite() {
            return Rescale::NONE;
        }
        let intercept = if self.inter.is_finite() { self.inter } else { 0.0 };
        Rescale { slope: self.slope, intercept }
    }
}

fn axes(dim: [i64; 8]) -> Result<[u64; 7], NiftiError> {
    let n_axes = dim[0];
    if !(1..=7).contains(&n_axes) {
        return Err(NiftiError::AxisCount { found: n_axes });
    }
    let mut extent = [1u64; 7];
    for axis in 0..7 {
        if (axis as i64) < n_axes {
            extent[axis] = u64::try_from(dim[axis + 1]).unwrap_or(0);
        }
    }
    if extent.contains(&0) {
        return Err(NiftiError::Extent { found: extent });
    }
    if extent[5] > 1 || extent[6] > 1 {
        return Err(NiftiError::AxisCount { found: n_axes });
    }
    if extent[..3].contains(&1) {
        return Err(NiftiError::NotAVolume { found: [extent[0], extent[1], extent[2]] });
    }
    Ok(extent)
}

fn stored_type(datatype: i16, bitpix: i16) -> Result<StoredType, NiftiError> {
    let of = match datatype {
        2 => StoredType::U8,
        4 => StoredType::I16,
        8 => StoredType::I32,
        16 => StoredType::F32,
        64 => StoredType::F64,
        256 => StoredType::I8,
        512 => StoredType::U16,
        768 => StoredType::U32,
        1024 => StoredType::I64,
        1280 => StoredType::U64,
        32 => return Err(NiftiError::DataType { found: "complex64" }),
        128 => return Err(NiftiError::DataType { found: "RGB24" }),
        1 => return Err(NiftiError::DataType { found: "binary" }),
        1536 => return Err(NiftiError::DataType { found: "float128" }),
        1792 => return Err(NiftiError::DataType { found: "complex128" }),
        2048 => return Err(NiftiError::DataType { found: "complex256" }),
        2304 => return Err(NiftiError::DataType { found: "RGBA32" }),
        found => return Err(NiftiError::DataTypeCode { found }),
    };
    if i64::from(bitpix) != 8 * of.n_bytes() as i64 {
        return Err(NiftiError::Bitpix { found: bitpix, of: of.name() });
    }
    Ok(of)
}

fn whole(offset: f64) -> Result<u64, NiftiError> {
    if offset.is_finite() && (0.0..1e9).contains(&offset) && offset.fract() == 0.0 {
        Ok(offset as u64)
    } else {
        Err(NiftiError::VoxOffset { found: offset })
    }
}

/// Numbers at byte offsets of a header that [`recognise`] found long enough.
struct Fields<'a> {
    bytes: &'a [u8],
    byte_order: ByteOrder,
}

impl Fields<'_> {
    fn take<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut value = [0; N];
        value.copy_from_slice(&self.bytes[offset..offset + N]);
        if self.byte_order == ByteOrder::Big {
            value.reverse();
        }
        value
    }

    fn i16(&self, offset: usize) -> i16 {
        i16::from_le_bytes(self.take(offset))
    }

    fn i16s<const N: usize>(&self, offset: usize) -> [i16; N] {
        std::array::from_fn(|n| self.i16(offset + 2 * n))
    }

    fn i32(&self, offset: usize) -> i32 {
        i32::from_le_bytes(self.take(offset))
    }

    fn i64(&self, offset: usize) -> i64 {
        i64::from_le_bytes(self.take(offset))
    }

    fn f32(&self, offset: usize) -> f32 {
        f32::from_le_bytes(self.take(offset))
    }

    fn f64(&self, offset: usize) -> f64 {
        f64::from_le_bytes(self.take(offset))
    }
}
