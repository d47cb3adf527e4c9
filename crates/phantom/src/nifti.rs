use volume::{Grid, StoredType};

/// Stored voxels of one of the types that NIfTI files of the clinic use, `i` fastest.
#[derive(Debug, Clone, PartialEq)]
pub enum Voxels {
    /// Unsigned, 1 byte.
    U8(Vec<u8>),
    /// Signed, 2 bytes.
    I16(Vec<i16>),
    /// Unsigned, 2 bytes.
    U16(Vec<u16>),
    /// Signed, 4 bytes.
    I32(Vec<i32>),
    /// IEEE single.
    F32(Vec<f32>),
    /// IEEE double.
    F64(Vec<f64>),
}

impl Voxels {
    /// Real values rounded and clipped to `stored_type`, which is one of those listed here.
    ///
    /// # Panics
    /// If there is no variant of that type.
    #[must_use]
    pub fn rounded(real: &[f32], stored_type: StoredType) -> Self {
        macro_rules! whole {
            ($variant:ident, $type:ty) => {
                Self::$variant(real.iter().map(|v| v.round() as $type).collect())
            };
        }
        match stored_type {
            StoredType::U8 => whole!(U8, u8),
            StoredType::I16 => whole!(I16, i16),
            StoredType::U16 => whole!(U16, u16),
            StoredType::I32 => whole!(I32, i32),
            StoredType::F32 => Self::F32(real.to_vec()),
            StoredType::F64 => Self::F64(real.iter().map(|&v| f64::from(v)).collect()),
            other => panic!("`{}` has no voxels here", other.name()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::I16(v) => v.len(),
            Self::U16(v) => v.len(),
            Self::I32(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::F64(v) => v.len(),
        }
    }

    /// NIfTI's `datatype` and `bitpix`.
    fn codes(&self) -> [i16; 2] {
        match self {
            Self::U8(_) => [2, 8],
            Self::I16(_) => [4, 16],
            Self::I32(_) => [8, 32],
            Self::F32(_) => [16, 32],
            Self::F64(_) => [64, 64],
            Self::U16(_) => [512, 16],
        }
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::U8(v) => bytes.extend(v),
            Self::I16(v) => v.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
            Self::U16(v) => v.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
            Self::I32(v) => v.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
            Self::F32(v) => v.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
            Self::F64(v) => v.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
        }
    }
}

/// A NIfTI-1 file (`.nii`, little-endian) of `voxels` on `grid`; the affine is the file's sform,
/// and no rescale is set.
///
/// # Panics
/// If there is not one value for each voxel, or an extent is past 32767.
#[must_use]
pub fn nifti_bytes(grid: &Grid, voxels: &Voxels) -> Vec<u8> {
    assert_eq!(voxels.len(), grid.n_voxels(), "one value a voxel");
    let mut bytes = vec![0; 352];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &348i32.to_le_bytes());
    let spacing = grid.spacing_mm();
    put(40, &3i16.to_le_bytes());
    for axis in 0..7 {
        let n = grid.extent.get(axis).copied().unwrap_or(1);
        assert!(n <= 32767, "extent {n} fits a NIfTI-1 header");
        put(42 + 2 * axis, &(n as i16).to_le_bytes());
        let step = spacing.get(axis).copied().unwrap_or(1.0) as f32;
        put(80 + 4 * axis, &step.to_le_bytes());
    }
    put(76, &1f32.to_le_bytes());
    let [datatype, bits] = voxels.codes();
    put(70, &datatype.to_le_bytes());
    put(72, &bits.to_le_bytes());
    put(108, &352f32.to_le_bytes());
    put(112, &1f32.to_le_bytes());
    // Millimetres; the sform alone, of scanner coordinates.
    put(123, &[2]);
    put(148, b"phantom head");
    put(254, &1i16.to_le_bytes());
    for (row, values) in grid.affine.0.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            put(280 + 16 * row + 4 * column, &(*value as f32).to_le_bytes());
        }
    }
    put(344, b"n+1\0");
    voxels.write(&mut bytes);
    bytes
}
