use std::array::from_fn;

use super::{F32S, I16S, Lanes};

/// Arrays, lane by lane: what the vectors of every level equal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scalar;

impl Lanes for Scalar {
    type F = [f32; F32S];
    type H = [i16; I16S];

    #[inline(always)]
    fn load(self, values: &[f32; F32S]) -> Self::F {
        *values
    }
    #[inline(always)]
    fn store(self, vector: Self::F, values: &mut [f32; F32S]) {
        *values = vector;
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [value; F32S]
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        from_fn(|n| a[n] + b[n])
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        from_fn(|n| a[n] - b[n])
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        from_fn(|n| a[n] * b[n])
    }
    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        from_fn(|n| if a[n] < b[n] { a[n] } else { b[n] })
    }
    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        from_fn(|n| if a[n] > b[n] { a[n] } else { b[n] })
    }
    #[inline(always)]
    fn sqrt(self, a: Self::F) -> Self::F {
        a.map(f32::sqrt)
    }
    #[inline(always)]
    fn any_above(self, a: Self::F, b: Self::F) -> bool {
        a.iter().zip(&b).fold(0u32, |any, (a, b)| any | u32::from(a > b)) != 0
    }
    #[inline(always)]
    fn where_less(self, a: Self::F, b: Self::F, yes: Self::F, no: Self::F) -> Self::F {
        from_fn(|n| if a[n] < b[n] { yes[n] } else { no[n] })
    }
    #[inline(always)]
    fn least_lane(self, mut a: Self::F) -> f32 {
        for half in [8, 4, 2, 1] {
            for n in 0..half {
                a[n] = if a[n + half] < a[n] { a[n + half] } else { a[n] };
            }
        }
        a[0]
    }
    #[inline(always)]
    fn largest_lane(self, mut a: Self::F) -> f32 {
        for half in [8, 4, 2, 1] {
            for n in 0..half {
                a[n] = if a[n + half] > a[n] { a[n + half] } else { a[n] };
            }
        }
        a[0]
    }
    #[inline(always)]
    fn load_i16(self, values: &[i16; I16S]) -> Self::H {
        *values
    }
    #[inline(always)]
    fn store_i16(self, vector: Self::H, values: &mut [i16; I16S]) {
        *values = vector;
    }
    #[inline(always)]
    fn min_i16(self, a: Self::H, b: Self::H) -> Self::H {
        from_fn(|n| a[n].min(b[n]))
    }
    #[inline(always)]
    fn max_i16(self, a: Self::H, b: Self::H) -> Self::H {
        from_fn(|n| a[n].max(b[n]))
    }
    #[inline(always)]
    fn within_f32(self, values: &[f32; 64], low: f32, high: f32) -> u64 {
        join(&values.map(|v| u8::from((v >= low) & (v <= high))))
    }
    #[inline(always)]
    fn within_i16(self, values: &[i16; 64], low: i16, high: i16) -> u64 {
        join(&values.map(|v| u8::from((v >= low) & (v <= high))))
    }
    #[inline(always)]
    fn within_u8(self, values: &[u8; 64], low: u8, high: u8) -> u64 {
        join(&values.map(|v| u8::from((v >= low) & (v <= high))))
    }
}

/// Sixty-four bytes of 0 or 1 as bits.
#[inline(always)]
pub(crate) fn join(bytes: &[u8; 64]) -> u64 {
    let (eights, _) = bytes.as_chunks::<8>();
    eights.iter().enumerate().fold(0, |word, (n, &eight)| {
        // Byte `b` is moved to bit `56 + b`; no two parts of the product meet.
        let bits = u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        word | bits << (8 * n)
    })
}
