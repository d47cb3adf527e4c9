//! Vectors of a fixed number of lanes, the same at every level, so that one source of a kernel
//! gives the same bits at all of them.
//!
//! A token stands for the instructions; it is made where they were detected, so that holding one
//! proves them. Kernels are generic over [`Lanes`] and are compiled for a level by
//! [`Level::with`](crate::Level::with).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;
pub(crate) use scalar::Scalar;

/// Lanes of a vector of `f32`.
pub(crate) const F32S: usize = 16;
/// Lanes of a vector of `i16`.
pub(crate) const I16S: usize = 32;

/// Vectors of 16 `f32` and of 32 `i16`, and masks of 64 values. Float operations are those of
/// IEEE 754, each rounded by itself.
pub trait Lanes: Copy {
    /// 16 `f32`.
    type F: Copy;
    /// 32 `i16`.
    type H: Copy;

    fn load(self, values: &[f32; F32S]) -> Self::F;
    fn store(self, vector: Self::F, values: &mut [f32; F32S]);
    fn splat(self, value: f32) -> Self::F;
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a` where it is smaller, else `b`.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a` where it is larger, else `b`.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(self, a: Self::F) -> Self::F;
    /// Whether any lane of `a` is above that of `b`.
    fn any_above(self, a: Self::F, b: Self::F) -> bool;
    /// `yes` where `a` is smaller than `b`, else `no`.
    fn where_less(self, a: Self::F, b: Self::F, yes: Self::F, no: Self::F) -> Self::F;
    /// The smallest lane; none may be no number.
    fn least_lane(self, a: Self::F) -> f32;
    /// The largest lane; none may be no number.
    fn largest_lane(self, a: Self::F) -> f32;

    fn load_i16(self, values: &[i16; I16S]) -> Self::H;
    fn store_i16(self, vector: Self::H, values: &mut [i16; I16S]);
    fn min_i16(self, a: Self::H, b: Self::H) -> Self::H;
    fn max_i16(self, a: Self::H, b: Self::H) -> Self::H;

    /// A bit for each value that lies from `low` to `high`.
    fn within_f32(self, values: &[f32; 64], low: f32, high: f32) -> u64;
    /// A bit for each value that lies from `low` to `high`.
    fn within_i16(self, values: &[i16; 64], low: i16, high: i16) -> u64;
    /// A bit for each value that lies from `low` to `high`.
    fn within_u8(self, values: &[u8; 64], low: u8, high: u8) -> u64;

    /// The values `ahead` of each place, and those after them.
    ///
    /// # Panics
    /// If one of them lies beyond the values.
    #[inline(always)]
    fn pairs(self, values: &[f32], places: &[u32; F32S], ahead: usize) -> [Self::F; 2] {
        let mut both = [[0.0; F32S]; 2];
        for (n, &place) in places.iter().enumerate() {
            [both[0][n], both[1][n]] = *at(values, place as usize + ahead);
        }
        both.map(|values| self.load(&values))
    }

    /// For samples `first..`, a whole number, the voxel that each lies at or after, the last of all left
    /// out, and how far it lies towards the next; for axes of two voxels and more.
    #[inline(always)]
    fn between(self, axis: Axis, first: f64) -> ([i32; F32S], Self::F) {
        let (mut lows, mut weights) = ([0; F32S], [0.0; F32S]);
        for n in 0..F32S {
            let clamped = axis.index(first + n as f64).clamp(0.0, axis.last);
            lows[n] = (clamped as i32).min(axis.last as i32 - 1);
            weights[n] = (clamped - f64::from(lows[n])) as f32;
        }
        (lows, self.load(&weights))
    }

    /// For samples `first..`, a whole number, the nearest voxel, of two the second; none may lie more
    /// than half a voxel before the first voxel.
    #[inline(always)]
    fn nearest(self, axis: Axis, first: f64) -> [i32; F32S] {
        let mut voxels = [0; F32S];
        for (n, voxel) in voxels.iter_mut().enumerate() {
            *voxel = (axis.index(first + n as f64) + 0.5).min(axis.last) as i32;
        }
        voxels
    }

    /// A byte for each bit, 1 where it is set.
    #[inline(always)]
    fn bytes_of(self, word: u64, bytes: &mut [u8; 64]) {
        let (parts, _) = bytes.as_chunks_mut::<8>();
        for (part, bits) in parts.iter_mut().zip(word.to_le_bytes()) {
            // Each of the lower seven bits to the lowest of a byte of its own, and the eighth.
            let lower = u64::from(bits & 0x7f) * 0x0002_0408_1020_4081;
            let ones = lower & 0x0101_0101_0101_0101 | u64::from(bits >> 7) << 56;
            *part = ones.to_le_bytes();
        }
    }
}

/// Samples along one axis of a volume: number `n` lies at `step * n + start`.
#[derive(Debug, Clone, Copy)]
pub struct Axis {
    pub(crate) step: f64,
    pub(crate) start: f64,
    /// The last voxel; an `i32` holds it.
    pub(crate) last: f64,
}

impl Axis {
    #[inline(always)]
    fn index(self, n: f64) -> f64 {
        self.step * n + self.start
    }
}

/// What is compiled for a level. `run` must be `#[inline(always)]`, and so must all that is to be
/// compiled with it.
pub(crate) trait Work {
    type Out;

    fn run<L: Lanes>(self, lanes: L) -> Self::Out;
}

/// The two values from `ahead` of each place on, as one number each, the first in its lower half.
///
/// # Panics
/// If one of them lies beyond the values.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "one check for all places")]
#[inline(always)]
fn pairs_as_bits(values: &[f32], places: &[u32; F32S], ahead: usize) -> [i64; F32S] {
    let last = places.iter().fold(0, |last, &place| if place > last { place } else { last });
    assert!(last as usize + ahead + 1 < values.len(), "pairs lie within the values");
    places.map(|place| {
        // SAFETY: no place is beyond the last, after which there is a value more, by the check
        // above; no alignment is asked for.
        unsafe { values.as_ptr().add(place as usize + ahead).cast::<i64>().read_unaligned() }
    })
}

/// The `N` values of a slice from `at` on.
///
/// # Panics
/// If there are fewer.
#[inline(always)]
pub(crate) fn at<T, const N: usize>(values: &[T], at: usize) -> &[T; N] {
    match values[at..].first_chunk() {
        Some(chunk) => chunk,
        None => panic!("{N} values from {at} on, of {}", values.len()),
    }
}

/// The `N` values of a slice from `at` on, to write to.
///
/// # Panics
/// If there are fewer.
#[inline(always)]
pub(crate) fn at_mut<T, const N: usize>(values: &mut [T], at: usize) -> &mut [T; N] {
    match values[at..].first_chunk_mut() {
        Some(chunk) => chunk,
        None => panic!("{N} values from {at} on"),
    }
}
