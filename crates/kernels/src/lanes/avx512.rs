#![expect(unsafe_code, reason = "intrinsics, behind a token that proves them")]

use std::arch::x86_64::*;

use super::{Axis, F32S, I16S, Lanes, pairs_as_bits};

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

/// Sixteen samples of an axis, half of them in each register.
type Indices = [__m512d; 2];

macro_rules! call {
    ($intrinsic:ident $(::<$c:tt>)? ($($arg:expr),*)) => {
        // SAFETY: a token exists, so that the processor has the instruction; arrays that are
        // pointed to have the bytes of the vector, and no alignment is asked for.
        unsafe { $intrinsic$(::<$c>)?($($arg),*) }
    };
}

impl Avx512 {
    #[inline(always)]
    fn indices(self, axis: Axis, first: f64) -> Indices {
        let (step, start) = (call!(_mm512_set1_pd(axis.step)), call!(_mm512_set1_pd(axis.start)));
        let first = call!(_mm512_set1_pd(first));
        let one = call!(_mm512_setr_pd(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0));
        let other = call!(_mm512_add_pd(one, _mm512_set1_pd(8.0)));
        [
            call!(_mm512_add_pd(_mm512_mul_pd(step, _mm512_add_pd(first, one)), start)),
            call!(_mm512_add_pd(_mm512_mul_pd(step, _mm512_add_pd(first, other)), start)),
        ]
    }

    /// The lower voxels of eight indices, and how far they lie beyond them.
    #[inline(always)]
    fn split(self, indices: __m512d, last: f64) -> (__m256i, __m256) {
        let zero = call!(_mm512_setzero_pd());
        let clamped = call!(_mm512_min_pd(_mm512_max_pd(indices, zero), _mm512_set1_pd(last)));
        let most = call!(_mm256_set1_epi32(last as i32 - 1));
        let lows = call!(_mm256_min_epi32(_mm512_cvttpd_epi32(clamped), most));
        let beyond = call!(_mm512_sub_pd(clamped, _mm512_cvtepi32_pd(lows)));
        (lows, call!(_mm512_cvtpd_ps(beyond)))
    }

    #[inline(always)]
    fn integers(self, one: __m256i, other: __m256i) -> [i32; F32S] {
        let mut integers = [0; F32S];
        let both = call!(_mm512_inserti64x4::<1>(_mm512_castsi256_si512(one), other));
        call!(_mm512_storeu_epi32(integers.as_mut_ptr(), both));
        integers
    }
}

impl Lanes for Avx512 {
    type F = __m512;
    type H = __m512i;

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
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_sub_ps(a, b))
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
    fn max(self, a: __m512, b: __m512) -> __m512 {
        call!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: __m512) -> __m512 {
        call!(_mm512_sqrt_ps(a))
    }
    #[inline(always)]
    fn pairs(self, values: &[f32], places: &[u32; F32S], ahead: usize) -> [__m512; 2] {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = pairs_as_bits(values, places, ahead);
        let low = call!(_mm512_castsi512_ps(_mm512_setr_epi64(a, b, c, d, e, f, g, h)));
        let high = call!(_mm512_castsi512_ps(_mm512_setr_epi64(i, j, k, l, m, n, o, p)));
        let firsts =
            call!(_mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30));
        let seconds = call!(_mm512_add_epi32(firsts, _mm512_set1_epi32(1)));
        [
            call!(_mm512_permutex2var_ps(low, firsts, high)),
            call!(_mm512_permutex2var_ps(low, seconds, high)),
        ]
    }
    #[inline(always)]
    fn between(self, axis: Axis, first: f64) -> ([i32; F32S], __m512) {
        let [one, other] = self.indices(axis, first);
        let (lows, beyond) = self.split(one, axis.last);
        let (more_lows, more_beyond) = self.split(other, axis.last);
        let beyond = call!(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(beyond), more_beyond));
        (self.integers(lows, more_lows), beyond)
    }
    #[inline(always)]
    fn nearest(self, axis: Axis, first: f64) -> [i32; F32S] {
        let [one, other] = self.indices(axis, first);
        let (half, last) = (call!(_mm512_set1_pd(0.5)), call!(_mm512_set1_pd(axis.last)));
        let one = call!(_mm512_min_pd(_mm512_add_pd(one, half), last));
        let other = call!(_mm512_min_pd(_mm512_add_pd(other, half), last));
        self.integers(call!(_mm512_cvttpd_epi32(one)), call!(_mm512_cvttpd_epi32(other)))
    }
    #[inline(always)]
    fn any_above(self, a: __m512, b: __m512) -> bool {
        call!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b)) != 0
    }
    #[inline(always)]
    fn where_less(self, a: __m512, b: __m512, yes: __m512, no: __m512) -> __m512 {
        let less = call!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b));
        call!(_mm512_mask_blend_ps(less, no, yes))
    }
    #[inline(always)]
    fn least_lane(self, a: __m512) -> f32 {
        call!(_mm512_reduce_min_ps(a))
    }
    #[inline(always)]
    fn largest_lane(self, a: __m512) -> f32 {
        call!(_mm512_reduce_max_ps(a))
    }
    #[inline(always)]
    fn load_i16(self, values: &[i16; I16S]) -> __m512i {
        call!(_mm512_loadu_epi16(values.as_ptr()))
    }
    #[inline(always)]
    fn store_i16(self, vector: __m512i, values: &mut [i16; I16S]) {
        call!(_mm512_storeu_epi16(values.as_mut_ptr(), vector));
    }
    #[inline(always)]
    fn min_i16(self, a: __m512i, b: __m512i) -> __m512i {
        call!(_mm512_min_epi16(a, b))
    }
    #[inline(always)]
    fn max_i16(self, a: __m512i, b: __m512i) -> __m512i {
        call!(_mm512_max_epi16(a, b))
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
