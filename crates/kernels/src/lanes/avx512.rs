#![expect(unsafe_code, reason = "intrinsics, behind a token that proves them")]

use std::arch::x86_64::*;

use super::{F32S, Lanes};

/// AVX-512 with F, BW, DQ and VL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The processor has AVX-512 F, BW, DQ and VL.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

macro_rules! call {
    ($intrinsic:ident $(::<$c:ident>)? ($($arg:expr),*)) => {
        // SAFETY: a token exists, so that the processor has the instruction; arrays that are
        // pointed to have the bytes of the vector, and no alignment is asked for.
        unsafe { $intrinsic$(::<$c>)?($($arg),*) }
    };
}

impl Lanes for Avx512 {
    type F = __m512;

    #[inline(always)]
    fn load(self, values: &[f32; F32S]) -> __m512 {
        call!(_mm512_loadu_ps(values.as_ptr()))
    }
    #[inline(always)]
    fn store(self, vector: __m512, values: &mut [f32; F32S]) {
        call!(_mm512_storeu_ps(values.as_mut_ptr(), vector));
    }
    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        call!(_mm512_set1_ps(value))
    }
    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_min_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        call!(_mm512_sqrt_ps(a))
    }
    #[inline(always)]
    fn any_above(self, a: __m512, b: __m512) -> bool {
        call!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b)) != 0
    }
    #[inline(always)]
    fn within_f32(self, values: &[f32; 64], low: f32, high: f32) -> u64 {
        let (low, high) = (self.splat(low), self.splat(high));
        let (parts, _) = values.as_chunks::<F32S>();
        let mut word = 0;
        for (n, part) in parts.iter().enumerate() {
            let v = self.load(part);
            let not_below = call!(_mm512_cmp_ps_mask::<_CMP_GE_OQ>(v, low));
            let bits = call!(_mm512_mask_cmp_ps_mask::<_CMP_LE_OQ>(not_below, v, high));
            word |= u64::from(bits) << (F32S * n);
        }
        word
    }
    #[inline(always)]
    fn within_i16(self, values: &[i16; 64], low: i16, high: i16) -> u64 {
        let (low, high) = (call!(_mm512_set1_epi16(low)), call!(_mm512_set1_epi16(high)));
        let (parts, _) = values.as_chunks::<32>();
        let mut word = 0;
        for (n, part) in parts.iter().enumerate() {
            let v = call!(_mm512_loadu_epi16(part.as_ptr()));
            let not_below = call!(_mm512_cmpge_epi16_mask(v, low));
            let bits = call!(_mm512_mask_cmple_epi16_mask(not_below, v, high));
            word |= u64::from(bits) << (32 * n);
        }
        word
    }
    #[inline(always)]
    fn bytes_of(self, word: u64, bytes: &mut [u8; 64]) {
        let ones = call!(_mm512_maskz_set1_epi8(word, 1));
        call!(_mm512_storeu_epi8(bytes.as_mut_ptr().cast(), ones));
    }
    #[inline(always)]
    fn within_u8(self, values: &[u8; 64], low: u8, high: u8) -> u64 {
        let v = call!(_mm512_loadu_epi8(values.as_ptr().cast()));
        let (low, high) = (low.cast_signed(), high.cast_signed());
        let not_below = call!(_mm512_cmpge_epu8_mask(v, _mm512_set1_epi8(low)));
        call!(_mm512_mask_cmple_epu8_mask(not_below, v, _mm512_set1_epi8(high)))
    }
}
