use std::convert::identity;

use thiserror::Error;

use crate::Grid;

/// The number type in which a file stores its voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredType {
    /// Unsigned, 1 byte.
    U8,
    /// Signed, 1 byte.
    I8,
    /// Unsigned, 2 bytes.
    U16,
    /// Signed, 2 bytes.
    I16,
    /// Unsigned, 4 bytes.
    U32,
    /// Signed, 4 bytes.
    I32,
    /// Unsigned, 8 bytes.
    U64,
    /// Signed, 8 bytes.
    I64,
    /// IEEE single, 4 bytes.
    F32,
    /// IEEE double, 8 bytes.
    F64,
}

impl StoredType {
    /// Bytes a voxel.
    #[must_use]
    pub fn n_bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// The name used in records, such as `int16`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// Writes stored values to `out` as a file of this type has them. Types of whole numbers take the
    /// nearest one, and hold at their ends.
    ///
    /// # Panics
    /// If `out` has not the bytes of as many values.
    pub fn encode(self, values: &[f64], order: ByteOrder, out: &mut [u8]) {
        let n_bytes = self.n_bytes();
        assert_eq!(out.len(), values.len() * n_bytes, "the bytes of all values");
        macro_rules! encode {
            ($type:ty, $nearest:expr) => {
                for (bytes, &value) in
                    out.as_chunks_mut::<{ size_of::<$type>() }>().0.iter_mut().zip(values)
                {
                    let value = $nearest(value) as $type;
                    *bytes = match order {
                        ByteOrder::Little => value.to_le_bytes(),
                        ByteOrder::Big => value.to_be_bytes(),
                    };
                }
            };
        }
        match self {
            Self::U8 => encode!(u8, f64::round),
            Self::I8 => encode!(i8, f64::round),
            Self::U16 => encode!(u16, f64::round),
            Self::I16 => encode!(i16, f64::round),
            Self::U32 => encode!(u32, f64::round),
            Self::I32 => encode!(i32, f64::round),
            Self::U64 => encode!(u64, f64::round),
            Self::I64 => encode!(i64, f64::round),
            Self::F32 => encode!(f32, identity),
            Self::F64 => encode!(f64, identity),
        }
    }
}

/// The order of the bytes of a stored value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// Stored value to real value: `real = slope * stored + intercept`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rescale {
    /// Real units a stored unit.
    pub slope: f64,
    /// The real value of stored zero.
    pub intercept: f64,
}

impl Rescale {
    /// The real value is the stored one.
    pub const NONE: Self = Self { slope: 1.0, intercept: 0.0 };

    /// The real value of `stored`.
    #[must_use]
    pub fn real(self, stored: f64) -> f64 {
        self.slope * stored + self.intercept
    }

    /// The stored value, not yet rounded, whose real value is `real`.
    #[must_use]
    pub fn stored(self, real: f64) -> f64 {
        (real - self.intercept) / self.slope
    }
}

/// Where a plane of voxels lies in the source's decoded bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaneAt {
    /// The buffer.
    pub buffer: usize,
    /// The first byte of the plane in it.
    pub offset: usize,
}

/// Why planes and buffers do not make a volume.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoredVolumeError {
    /// The number of planes is not frames times extent along `k`.
    #[error("{found} planes where {wanted} were expected")]
    PlaneCount {
        /// Planes given.
        found: usize,
        /// Planes of the grid.
        wanted: usize,
    },
    /// A plane reaches outside its buffer.
    #[error("plane {plane} reaches past the end of its data")]
    PlaneOutside {
        /// The first such plane.
        plane: usize,
    },
    /// Neither one rescale nor one for each plane.
    #[error("{found} rescale pairs for {planes} planes")]
    RescaleCount {
        /// Rescales given.
        found: usize,
        /// Planes given.
        planes: usize,
    },
}

/// Voxels as a file stores them: the source's decoded bytes, and where in them each plane lies.
///
/// A plane is `ni * nj` stored values, `i` fastest, without gaps. Plane `p` is plane `p % nk` of
/// frame `p / nk`. The bytes around the planes (headers, other elements) are carried along
/// untouched, so that the source's bytes with some voxels changed *are* the output: no voxel is
/// copied, converted or rescaled on the way.
#[derive(Debug, Clone)]
pub struct StoredVolume {
    grid: Grid,
    stored_type: StoredType,
    byte_order: ByteOrder,
    rescale: Vec<Rescale>,
    buffers: Vec<Vec<u8>>,
    planes: Vec<PlaneAt>,
    /// Smallest and largest stored value that may be written, if the type can hold others.
    limits: Option<[i64; 2]>,
    /// The stored values that mean that there is no value, from first to last, by buffer.
    padding: Vec<Option<[i64; 2]>>,
    /// Frames, the first of all, that show the head.
    n_shown: usize,
}

impl StoredVolume {
    /// Puts a volume together; `rescale` holds one pair for all planes, or one a plane.
    ///
    /// # Errors
    /// [`StoredVolumeError`] if planes and grid, planes and buffers, or planes and rescales do
    /// not fit.
    pub fn new(
        grid: Grid,
        stored_type: StoredType,
        byte_order: ByteOrder,
        rescale: Vec<Rescale>,
        buffers: Vec<Vec<u8>>,
        planes: Vec<PlaneAt>,
    ) -> Result<Self, StoredVolumeError> {
        let nk = grid.extent[2].max(1);
        if planes.is_empty() || !planes.len().is_multiple_of(nk) {
            return Err(StoredVolumeError::PlaneCount { found: planes.len(), wanted: nk });
        }
        if rescale.len() != 1 && rescale.len() != planes.len() {
            let (found, planes) = (rescale.len(), planes.len());
            return Err(StoredVolumeError::RescaleCount { found, planes });
        }
        let n_bytes = grid.extent[0] * grid.extent[1] * stored_type.n_bytes();
        let fits = |at: &PlaneAt| {
            let end = at.offset.checked_add(n_bytes);
            buffers.get(at.buffer).is_some_and(|b| end.is_some_and(|e| e <= b.len()))
        };
        if let Some(plane) = planes.iter().position(|at| !fits(at)) {
            return Err(StoredVolumeError::PlaneOutside { plane });
        }
        let (limits, padding) = (None, vec![None; buffers.len()]);
        let n_shown = planes.len() / nk;
        Ok(Self {
            grid,
            stored_type,
            byte_order,
            rescale,
            buffers,
            planes,
            limits,
            padding,
            n_shown,
        })
    }

    /// The volume whose files keep stored values within `limits`, and for each buffer give the
    /// values of a range, from first to last, the meaning that there is none.
    ///
    /// # Panics
    /// If `padding` has not one entry a buffer.
    #[must_use]
    pub fn with_reserved(self, limits: [i64; 2], padding: Vec<Option<[i64; 2]>>) -> Self {
        assert!(padding.len() == self.buffers.len(), "one range a buffer");
        Self { limits: Some(limits), padding, ..self }
    }

    /// The stored value nearest to `wanted` that plane `p` can hold and that means a value:
    /// rounded, within the limits, no padding. Types of floating point hold what is wanted.
    #[must_use]
    pub fn storable(&self, p: usize, wanted: f64) -> f64 {
        if matches!(self.stored_type, StoredType::F32 | StoredType::F64) {
            return wanted;
        }
        let Some(limits) = self.limits else { return wanted.round() };
        let [low, high] = limits.map(|limit| limit as f64);
        let value = wanted.round().clamp(low, high);
        match self.padding[self.planes[p].buffer].map(|range| range.map(|v| v as f64)) {
            Some([first, last]) if (first..=last).contains(&value) => {
                let (below, above) = (first - 1.0, last + 1.0);
                let is_nearer = wanted - below < above - wanted;
                if above > high || is_nearer && below >= low { below.max(low) } else { above }
            }
            _ => value,
        }
    }

    /// Extent and affine of one frame.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The number type of the stored values.
    #[must_use]
    pub fn stored_type(&self) -> StoredType {
        self.stored_type
    }

    /// The byte order of the stored values.
    #[must_use]
    pub fn byte_order(&self) -> ByteOrder {
        self.byte_order
    }

    /// The number of volumes on the one grid: 1, or more for 4D data.
    #[must_use]
    pub fn n_frames(&self) -> usize {
        self.planes.len() / self.grid.extent[2]
    }

    /// How many frames, from the first, show the head: phase images and the like, which do not, come last.
    #[must_use]
    pub fn n_shown(&self) -> usize {
        self.n_shown
    }

    /// The volume of which only the first `n_shown` frames show the head.
    ///
    /// # Panics
    /// If there are not as many frames, or it is none.
    #[must_use]
    pub fn with_shown(self, n_shown: usize) -> Self {
        assert!((1..=self.n_frames()).contains(&n_shown), "some of the frames");
        Self { n_shown, ..self }
    }

    /// The number of planes, all frames together.
    #[must_use]
    pub fn n_planes(&self) -> usize {
        self.planes.len()
    }

    /// Whether every stored value is its own real value.
    #[must_use]
    pub fn is_unscaled(&self) -> bool {
        self.rescale.iter().all(|r| *r == Rescale::NONE)
    }

    /// The rescale of plane `p`.
    #[must_use]
    pub fn rescale(&self, p: usize) -> Rescale {
        self.rescale[if self.rescale.len() == 1 { 0 } else { p }]
    }

    /// The stored bytes of plane `p`.
    #[must_use]
    pub fn plane(&self, p: usize) -> &[u8] {
        let PlaneAt { buffer, offset } = self.planes[p];
        &self.buffers[buffer][offset..offset + self.plane_bytes()]
    }

    /// The stored bytes of plane `p`, to be changed.
    pub fn plane_mut(&mut self, p: usize) -> &mut [u8] {
        let PlaneAt { buffer, offset } = self.planes[p];
        let n_bytes = self.plane_bytes();
        &mut self.buffers[buffer][offset..offset + n_bytes]
    }

    /// The decoded bytes of the source, voxels included.
    #[must_use]
    pub fn buffers(&self) -> &[Vec<u8>] {
        &self.buffers
    }

    /// The decoded bytes of the source, to change voxels of several files at a time.
    pub fn buffers_mut(&mut self) -> &mut [Vec<u8>] {
        &mut self.buffers
    }

    /// The decoded bytes of the source, of which nothing else is wanted any more.
    #[must_use]
    pub fn into_buffers(self) -> Vec<Vec<u8>> {
        self.buffers
    }

    /// For each buffer the planes that lie in it, in the order of their numbers.
    #[must_use]
    pub fn planes_by_buffer(&self) -> Vec<Vec<usize>> {
        let mut planes = vec![Vec::new(); self.buffers.len()];
        for (p, at) in self.planes.iter().enumerate() {
            planes[at.buffer].push(p);
        }
        planes
    }

    /// The same volume with other bytes, as many in each buffer.
    ///
    /// # Panics
    /// If there are more or fewer buffers, or one has another length.
    #[must_use]
    pub fn with_buffers(&self, buffers: Vec<Vec<u8>>) -> Self {
        assert!(
            buffers.iter().map(Vec::len).eq(self.buffers.iter().map(Vec::len)),
            "buffers of the same lengths"
        );
        Self {
            rescale: self.rescale.clone(),
            buffers,
            planes: self.planes.clone(),
            padding: self.padding.clone(),
            ..*self
        }
    }

    /// The decoded bytes of one file of the source, to change what is not voxels.
    ///
    /// What lies under the planes must stay as long as it is: [`Self::plane`] panics otherwise.
    pub fn buffer_mut(&mut self, buffer: usize) -> &mut Vec<u8> {
        &mut self.buffers[buffer]
    }

    /// Tells that the voxels of each buffer, which began at the first byte, now begin at the second.
    ///
    /// # Panics
    /// If there is not one entry a buffer.
    pub fn move_planes(&mut self, moved: &[[usize; 2]]) {
        assert!(moved.len() == self.buffers.len(), "one entry a buffer");
        for plane in &mut self.planes {
            let [from, to] = moved[plane.buffer];
            plane.offset = plane.offset - from + to;
        }
    }

    /// Where plane `p` lies.
    #[must_use]
    pub fn plane_at(&self, p: usize) -> PlaneAt {
        self.planes[p]
    }

    /// Whether the real values are whole numbers of which any `n` have a sum that `f32` holds exactly, so
    /// that it does not matter in what order they are added.
    #[must_use]
    pub fn sums_are_exact(&self, n: usize) -> bool {
        let largest = match self.stored_type {
            StoredType::U8 | StoredType::I8 => 255.0,
            StoredType::U16 | StoredType::I16 => 65535.0,
            _ => return false,
        };
        let is_small = |r: &Rescale| {
            let offset = whole_offset(*r);
            offset.is_some_and(|offset| (offset.abs() + largest) * n as f32 <= EXACT)
        };
        self.rescale.iter().all(is_small)
    }

    /// Writes the real values of rows `j0..j0 + out.len() / ni` of plane `p` to `out`, `i`
    /// fastest. What is not finite becomes 0.
    ///
    /// # Panics
    /// If `out` is not whole rows of the plane.
    pub fn real_rows(&self, p: usize, j0: usize, out: &mut [f32]) {
        let ni = self.grid.extent[0];
        assert!(out.len().is_multiple_of(ni), "whole rows");
        let n_bytes = self.stored_type.n_bytes();
        let bytes = &self.plane(p)[j0 * ni * n_bytes..][..out.len() * n_bytes];
        decode(bytes, self.stored_type, self.byte_order, self.rescale(p), out);
    }

    /// Writes the stored values of rows `j0..j0 + out.len() / ni` of plane `p` to `out`, `i` fastest:
    /// NaN where there is no value.
    ///
    /// # Panics
    /// If `out` is not whole rows of the plane.
    pub fn stored_rows(&self, p: usize, j0: usize, out: &mut [f64]) {
        let ni = self.grid.extent[0];
        assert!(out.len().is_multiple_of(ni), "whole rows");
        let n_bytes = self.stored_type.n_bytes();
        let bytes = &self.plane(p)[j0 * ni * n_bytes..][..out.len() * n_bytes];
        decode_stored(bytes, self.stored_type, self.byte_order, out);
        if let Some(range) = self.padding[self.planes[p].buffer] {
            let [first, last] = range.map(|v| v as f64);
            let is_padding = |value: &&mut f64| (first..=last).contains(*value);
            out.iter_mut().filter(is_padding).for_each(|value| *value = f64::NAN);
        }
    }

    fn plane_bytes(&self) -> usize {
        self.grid.extent[0] * self.grid.extent[1] * self.stored_type.n_bytes()
    }
}

/// Up to here `f32` holds every whole number.
const EXACT: f32 = 16_777_216.0;

/// What is added to stored values of up to 16 bits, if that is all and `f32` holds every result exactly.
fn whole_offset(rescale: Rescale) -> Option<f32> {
    let Rescale { intercept, .. } = rescale;
    let is_so = rescale == Rescale { slope: 1.0, intercept }
        && intercept.abs() <= f64::from(EXACT) / 2.0
        && Rescale { slope: 1.0, intercept: intercept.trunc() } == rescale;
    is_so.then_some(intercept as f32)
}

fn decode(bytes: &[u8], of: StoredType, order: ByteOrder, rescale: Rescale, out: &mut [f32]) {
    // The same numbers as with a rescale in `f64`, several times as fast.
    macro_rules! few {
        ($type:ty) => {{
            match (order, whole_offset(rescale)) {
                (ByteOrder::Little, Some(offset)) => {
                    let (values, _) = bytes.as_chunks::<{ size_of::<$type>() }>();
                    for (real, &value) in out.iter_mut().zip(values) {
                        *real = f32::from(<$type>::from_le_bytes(value)) + offset;
                    }
                }
                _ => decode!($type),
            }
        }};
    }
    macro_rules! decode {
        ($type:ty) => {{
            const N: usize = size_of::<$type>();
            let (values, _) = bytes.as_chunks::<N>();
            match (order, rescale == Rescale::NONE) {
                (ByteOrder::Little, true) => {
                    convert(values, out, |v| <$type>::from_le_bytes(v) as f32);
                }
                (ByteOrder::Big, true) => {
                    convert(values, out, |v| <$type>::from_be_bytes(v) as f32);
                }
                (ByteOrder::Little, false) => {
                    convert(values, out, |v| rescale.real(<$type>::from_le_bytes(v) as f64) as f32);
                }
                (ByteOrder::Big, false) => {
                    convert(values, out, |v| rescale.real(<$type>::from_be_bytes(v) as f64) as f32);
                }
            }
        }};
    }
    match of {
        StoredType::U8 => few!(u8),
        StoredType::I8 => few!(i8),
        StoredType::U16 => few!(u16),
        StoredType::I16 => few!(i16),
        StoredType::U32 => decode!(u32),
        StoredType::I32 => decode!(i32),
        StoredType::U64 => decode!(u64),
        StoredType::I64 => decode!(i64),
        StoredType::F32 => decode!(f32),
        StoredType::F64 => decode!(f64),
    }
}

fn decode_stored(bytes: &[u8], of: StoredType, order: ByteOrder, out: &mut [f64]) {
    macro_rules! decode {
        ($type:ty) => {
            for (value, &bytes) in out.iter_mut().zip(bytes.as_chunks::<{ size_of::<$type>() }>().0)
            {
                *value = match order {
                    ByteOrder::Little => <$type>::from_le_bytes(bytes) as f64,
                    ByteOrder::Big => <$type>::from_be_bytes(bytes) as f64,
                };
            }
        };
    }
    match of {
        StoredType::U8 => decode!(u8),
        StoredType::I8 => decode!(i8),
        StoredType::U16 => decode!(u16),
        StoredType::I16 => decode!(i16),
        StoredType::U32 => decode!(u32),
        StoredType::I32 => decode!(i32),
        StoredType::U64 => decode!(u64),
        StoredType::I64 => decode!(i64),
        StoredType::F32 => decode!(f32),
        StoredType::F64 => decode!(f64),
    }
}

fn convert<const N: usize>(values: &[[u8; N]], out: &mut [f32], to_real: impl Fn([u8; N]) -> f32) {
    for (real, &value) in out.iter_mut().zip(values) {
        let finite = to_real(value);
        *real = if finite.is_finite() { finite } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Affine;

    fn volume(of: StoredType, order: ByteOrder, bytes: Vec<u8>, rescale: Rescale) -> StoredVolume {
        let extent = [bytes.len() / of.n_bytes(), 1, 1];
        let grid = Grid { extent, affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let planes = vec![PlaneAt { buffer: 0, offset: 0 }];
        StoredVolume::new(grid, of, order, vec![rescale], vec![bytes], planes).expect("fits")
    }

    fn check(of: StoredType, little: &[u8], rescale: Rescale, expected: &[f32]) {
        let mut big = little.to_vec();
        big.chunks_exact_mut(of.n_bytes()).for_each(<[u8]>::reverse);
        for (order, bytes) in [(ByteOrder::Little, little.to_vec()), (ByteOrder::Big, big)] {
            let mut real = vec![f32::NAN; expected.len()];
            volume(of, order, bytes, rescale).real_rows(0, 0, &mut real);
            assert_eq!(real, expected, "{of:?} {order:?}");
        }
    }

    #[test]
    fn real_values_of_every_type_and_byte_order() {
        let none = Rescale::NONE;
        let hu = Rescale { slope: 2.0, intercept: -1024.0 };
        check(StoredType::U8, &[0, 200], none, &[0.0, 200.0]);
        check(StoredType::I8, &[0x80, 1], none, &[-128.0, 1.0]);
        check(StoredType::U16, &[0xff, 0xff], none, &[65535.0]);
        check(StoredType::I16, &[0x00, 0xfc], hu, &[-3072.0]);
        check(StoredType::U32, &[0, 0, 1, 0], none, &[65536.0]);
        check(StoredType::I32, &[0xfe, 0xff, 0xff, 0xff], hu, &[-1028.0]);
        check(StoredType::U64, &[5, 0, 0, 0, 0, 0, 0, 0], none, &[5.0]);
        check(StoredType::I64, &[0xff; 8], none, &[-1.0]);
        check(StoredType::F32, &1.5f32.to_le_bytes(), hu, &[-1021.0]);
        check(StoredType::F64, &(-2.25f64).to_le_bytes(), none, &[-2.25]);
    }

    #[test]
    fn stored_values_of_every_type_are_written_as_they_are_read() {
        use StoredType::{F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        for of in [U8, I8, U16, I16, U32, I32, U64, I64, F32, F64] {
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let mut bytes = vec![0; 3 * of.n_bytes()];
                of.encode(&[3.0, 99.75, 100.25], order, &mut bytes);
                let volume = volume(of, order, bytes, Rescale { slope: 3.0, intercept: 9.0 });
                let volume = volume.with_reserved([0, 255], vec![Some([2, 3])]);
                let mut stored = [0.0; 3];
                volume.stored_rows(0, 0, &mut stored);
                let wanted = if matches!(of, F32 | F64) { [99.75, 100.25] } else { [100.0; 2] };
                assert!(stored[0].is_nan(), "padding is no value");
                assert_eq!(stored[1..], wanted, "{of:?} {order:?}");
            }
        }
        let mut ends = [0; 2];
        U8.encode(&[-5.0, 1e9], ByteOrder::Little, &mut ends);
        assert_eq!(ends, [0, 255]);
    }

    #[test]
    fn a_whole_offset_gives_the_numbers_of_a_rescale() {
        for intercept in [-1024.0, 0.0, -0.0, 8_388_608.0, -3_000_000.0, 0.5, 8_388_609.0, 1e300] {
            let rescale = Rescale { slope: 1.0, intercept };
            let stored: Vec<u16> = (0..2000u16).map(|v| v.wrapping_mul(31_337)).collect();
            let bytes: Vec<u8> = stored.iter().flat_map(|v| v.to_le_bytes()).collect();
            let mut real = vec![f32::NAN; stored.len()];
            let volume = volume(StoredType::U16, ByteOrder::Little, bytes, rescale);
            volume.real_rows(0, 0, &mut real);
            for (&stored, real) in stored.iter().zip(real) {
                let wanted = rescale.real(f64::from(stored)) as f32;
                let wanted = if wanted.is_finite() { wanted } else { 0.0 };
                assert_eq!(real.to_bits(), wanted.to_bits(), "{stored} + {intercept}");
            }
        }
    }

    #[test]
    fn sums_of_few_whole_numbers_are_exact() {
        let is_exact = |of, slope, intercept, n| {
            let bytes = vec![0; 16];
            volume(of, ByteOrder::Big, bytes, Rescale { slope, intercept }).sums_are_exact(n)
        };
        assert!(is_exact(StoredType::U16, 1.0, -1024.0, 24));
        assert!(is_exact(StoredType::I8, 1.0, 0.0, 60_000));
        assert!(!is_exact(StoredType::U16, 1.0, -1024.0, 300));
        assert!(!is_exact(StoredType::U16, 1.0, 0.5, 2));
        assert!(!is_exact(StoredType::U16, 2.0, 0.0, 2));
        assert!(!is_exact(StoredType::I32, 1.0, 0.0, 2));
        assert!(!is_exact(StoredType::F32, 1.0, 0.0, 2));
    }

    #[test]
    fn what_is_not_finite_becomes_zero() {
        check(StoredType::F32, &f32::NAN.to_le_bytes(), Rescale::NONE, &[0.0]);
        check(StoredType::F64, &f64::NEG_INFINITY.to_le_bytes(), Rescale::NONE, &[0.0]);
    }

    #[test]
    fn what_is_written_keeps_to_the_bits_and_off_the_padding() {
        let check = |limits, padding, wanted: f64, expected: f64| {
            let plain = volume(StoredType::I16, ByteOrder::Little, vec![0; 4], Rescale::NONE);
            let found = plain.with_reserved(limits, vec![padding]).storable(0, wanted);
            let is_so = (found - expected).abs() < 1e-9;
            assert!(is_so, "{wanted} in {limits:?} without {padding:?}: {found}");
        };
        check([0, 4095], None, -24.0, 0.0);
        check([0, 4095], None, 5000.0, 4095.0);
        check([0, 4095], None, 23.6, 24.0);
        check([0, 4095], Some([24, 24]), 23.6, 23.0);
        check([0, 4095], Some([24, 24]), 24.4, 25.0);
        check([0, 4095], Some([0, 0]), -24.0, 1.0);
        check([0, 4095], Some([4000, 4095]), 4095.0, 3999.0);
        check([-2048, 2047], Some([-2000, -2000]), -1000.0, -1000.0);
        check([-2048, 2047], Some([-2048, -900]), -1000.0, -899.0);
        let float = volume(StoredType::F32, ByteOrder::Little, vec![0; 4], Rescale::NONE);
        assert!((float.storable(0, 0.4) - 0.4).abs() < 1e-9);
        let free = volume(StoredType::I16, ByteOrder::Little, vec![0; 4], Rescale::NONE);
        assert!((free.storable(0, -1000.4) + 1000.0).abs() < 1e-9);
    }

    #[test]
    fn refuses_planes_that_do_not_fit() {
        let grid = Grid { extent: [4, 2, 2], affine: Affine::axis_aligned([1.0; 3], [0.0; 3]) };
        let make = |planes: &[usize], n_bytes: usize| {
            let planes = planes.iter().map(|&offset| PlaneAt { buffer: 0, offset }).collect();
            let (of, order) = (StoredType::U16, ByteOrder::Little);
            StoredVolume::new(grid, of, order, vec![Rescale::NONE], vec![vec![0; n_bytes]], planes)
                .map(|v| v.n_frames())
        };
        assert_eq!(make(&[0, 16], 32), Ok(1));
        assert_eq!(make(&[0, 16, 32, 48], 64), Ok(2));
        assert_eq!(make(&[0, 16], 31), Err(StoredVolumeError::PlaneOutside { plane: 1 }));
        assert_eq!(make(&[0, usize::MAX], 64), Err(StoredVolumeError::PlaneOutside { plane: 1 }));
        assert_eq!(make(&[0], 64), Err(StoredVolumeError::PlaneCount { found: 1, wanted: 2 }));
    }
}
