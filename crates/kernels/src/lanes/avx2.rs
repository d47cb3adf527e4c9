#![expect(unsafe_code, reason = "intrinsics, behind a token that proves them")]

use std::arch::x86_64::*;

use super::{Axis, F32S, I16S, Lanes, pairs_as_bits};

/// AVX2: pairs of registers of 256 bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The processor has AVX2.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

macro_rules! call {
    ($intrinsic:ident $(::<$c:tt>)? ($($arg:expr),*)) => {
        // SAFETY: a token exists, so that the processor has the instruction; arrays that are
        // pointed to have the bytes of the vector, and no alignment is asked for.
        unsafe { $intrinsic$(::<$c>)?($($arg),*) }
    };
}

impl Avx2 {
    #[inline(always)]
    fn load_integers<T>(self, values: &[T]) -> __m256i {
        debug_assert!(size_of_val(values) == 32);
        call!(_mm256_loadu_si256(values.as_ptr().cast()))
    }

    #[inline(always)]
    fn load_pairs(self, pairs: &[i64; 4]) -> __m256 {
        call!(_mm256_castsi256_ps(_mm256_setr_epi64x(pairs[0], pairs[1], pairs[2], pairs[3])))
    }

    /// Samples `first..` of an axis, four.
    #[inline(always)]
    fn indices(self, axis: Axis, first: f64) -> __m256d {
        let n = call!(_mm256_add_pd(_mm256_set1_pd(first), _mm256_setr_pd(0.0, 1.0, 2.0, 3.0)));
        let scaled = call!(_mm256_mul_pd(_mm256_set1_pd(axis.step), n));
        call!(_mm256_add_pd(scaled, _mm256_set1_pd(axis.start)))
    }

    /// Quarters in order after a shuffle of two registers, which works on each half by itself.
    #[inline(always)]
    fn in_order(self, quarters: __m256) -> __m256 {
        let quarters = call!(_mm256_castps_pd(quarters));
        call!(_mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(quarters)))
    }
}

impl Lanes for Avx2 {
    type F = [__m256; 2];
    type H = [__m256i; 2];

    #[inline(always)]
    fn load(self, values: &[f32; F32S]) -> Self::F {
        let (halves, _) = values.as_chunks::<8>();
        [call!(_mm256_loadu_ps(halves[0].as_ptr())), call!(_mm256_loadu_ps(halves[1].as_ptr()))]
    }
    #[inline(always)]
    fn store(self, vector: Self::F, values: &mut [f32; F32S]) {
        let (halves, _) = values.as_chunks_mut::<8>();
        for (half, part) in halves.iter_mut().zip(vector) {
            call!(_mm256_storeu_ps(half.as_mut_ptr(), part));
        }
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [call!(_mm256_set1_ps(value)); 2]
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        [call!(_mm256_add_ps(a[0], b[0])), call!(_mm256_add_ps(a[1], b[1]))]
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        [call!(_mm256_sub_ps(a[0], b[0])), call!(_mm256_sub_ps(a[1], b[1]))]
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        [call!(_mm256_mul_ps(a[0], b[0])), call!(_mm256_mul_ps(a[1], b[1]))]
    }
    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        [call!(_mm256_min_ps(a[0], b[0])), call!(_mm256_min_ps(a[1], b[1]))]
    }
    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        [call!(_mm256_max_ps(a[0], b[0])), call!(_mm256_max_ps(a[1], b[1]))]
    }
    #[inline(always)]
    fn sqrt(self, a: Self::F) -> Self::F {
        [call!(_mm256_sqrt_ps(a[0])), call!(_mm256_sqrt_ps(a[1]))]
    }
    #[inline(always)]
    fn pairs(self, values: &[f32], places: &[u32; F32S], ahead: usize) -> [Self::F; 2] {
        let pairs = pairs_as_bits(values, places, ahead);
        let (fours, _) = pairs.as_chunks::<4>();
        let [a, b] = [self.load_pairs(&fours[0]), self.load_pairs(&fours[1])];
        let [c, d] = [self.load_pairs(&fours[2]), self.load_pairs(&fours[3])];
        let firsts = [
            self.in_order(call!(_mm256_shuffle_ps::<0b10_00_10_00>(a, b))),
            self.in_order(call!(_mm256_shuffle_ps::<0b10_00_10_00>(c, d))),
        ];
        let seconds = [
            self.in_order(call!(_mm256_shuffle_ps::<0b11_01_11_01>(a, b))),
            self.in_order(call!(_mm256_shuffle_ps::<0b11_01_11_01>(c, d))),
        ];
        [firsts, seconds]
    }
    #[inline(always)]
    fn between(self, axis: Axis, first: f64) -> ([i32; F32S], Self::F) {
        let (mut lows, mut weights) = ([0; F32S], [0.0; F32S]);
        let (zero, last) = (call!(_mm256_setzero_pd()), call!(_mm256_set1_pd(axis.last)));
        let most = call!(_mm_set1_epi32(axis.last as i32 - 1));
        let fours = lows.as_chunks_mut::<4>().0.iter_mut().zip(weights.as_chunks_mut::<4>().0);
        for (n, (lows, weights)) in fours.enumerate() {
            let indices = self.indices(axis, first + (4 * n) as f64);
            let clamped = call!(_mm256_min_pd(_mm256_max_pd(indices, zero), last));
            let low = call!(_mm_min_epi32(_mm256_cvttpd_epi32(clamped), most));
            let beyond = call!(_mm256_sub_pd(clamped, _mm256_cvtepi32_pd(low)));
            call!(_mm_storeu_si128(lows.as_mut_ptr().cast(), low));
            call!(_mm_storeu_ps(weights.as_mut_ptr(), _mm256_cvtpd_ps(beyond)));
        }
        (lows, self.load(&weights))
    }
    #[inline(always)]
    fn nearest(self, axis: Axis, first: f64) -> [i32; F32S] {
        let mut voxels = [0; F32S];
        let (half, last) = (call!(_mm256_set1_pd(0.5)), call!(_mm256_set1_pd(axis.last)));
        for (n, voxels) in voxels.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            let indices = self.indices(axis, first + (4 * n) as f64);
            let capped = call!(_mm256_min_pd(_mm256_add_pd(indices, half), last));
            call!(_mm_storeu_si128(voxels.as_mut_ptr().cast(), _mm256_cvttpd_epi32(capped)));
        }
        voxels
    }
    #[inline(always)]
    fn any_above(self, a: Self::F, b: Self::F) -> bool {
        let above = [
            call!(_mm256_cmp_ps::<_CMP_GT_OQ>(a[0], b[0])),
            call!(_mm256_cmp_ps::<_CMP_GT_OQ>(a[1], b[1])),
        ];
        call!(_mm256_movemask_ps(_mm256_or_ps(above[0], above[1]))) != 0
    }
    #[inline(always)]
    fn where_less(self, a: Self::F, b: Self::F, yes: Self::F, no: Self::F) -> Self::F {
        let less = [
            call!(_mm256_cmp_ps::<_CMP_LT_OQ>(a[0], b[0])),
            call!(_mm256_cmp_ps::<_CMP_LT_OQ>(a[1], b[1])),
        ];
        [
            call!(_mm256_blendv_ps(no[0], yes[0], less[0])),
            call!(_mm256_blendv_ps(no[1], yes[1], less[1])),
        ]
    }
    #[inline(always)]
    fn least_lane(self, a: Self::F) -> f32 {
        let eight = call!(_mm256_min_ps(a[0], a[1]));
        let high = call!(_mm256_extractf128_ps::<1>(eight));
        let four = call!(_mm_min_ps(_mm256_castps256_ps128(eight), high));
        let two = call!(_mm_min_ps(four, _mm_movehl_ps(four, four)));
        call!(_mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two))))
    }
    #[inline(always)]
    fn largest_lane(self, a: Self::F) -> f32 {
        let eight = call!(_mm256_max_ps(a[0], a[1]));
        let high = call!(_mm256_extractf128_ps::<1>(eight));
        let four = call!(_mm_max_ps(_mm256_castps256_ps128(eight), high));
        let two = call!(_mm_max_ps(four, _mm_movehl_ps(four, four)));
        call!(_mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two))))
    }
    #[inline(always)]
    fn load_i16(self, values: &[i16; I16S]) -> Self::H {
        let (halves, _) = values.as_chunks::<16>();
        [self.load_integers(&halves[0]), self.load_integers(&halves[1])]
    }
    #[inline(always)]
    fn store_i16(self, vector: Self::H, values: &mut [i16; I16S]) {
        let (halves, _) = values.as_chunks_mut::<16>();
        for (half, part) in halves.iter_mut().zip(vector) {
            call!(_mm256_storeu_si256(half.as_mut_ptr().cast(), part));
        }
    }
    #[inline(always)]
    fn min_i16(self, a: Self::H, b: Self::H) -> Self::H {
        [call!(_mm256_min_epi16(a[0], b[0])), call!(_mm256_min_epi16(a[1], b[1]))]
    }
    #[inline(always)]
    fn max_i16(self, a: Self::H, b: Self::H) -> Self::H {
        [call!(_mm256_max_epi16(a[0], b[0])), call!(_mm256_max_epi16(a[1], b[1]))]
    }
    #[inline(always)]
    fn within_f32(self, values: &[f32; 64], low: f32, high: f32) -> u64 {
        let (low, high) = (call!(_mm256_set1_ps(low)), call!(_mm256_set1_ps(high)));
        let (parts, _) = values.as_chunks::<8>();
        let mut word = 0;
        for (n, part) in parts.iter().enumerate() {
            let v = call!(_mm256_loadu_ps(part.as_ptr()));
            let not_below = call!(_mm256_cmp_ps::<_CMP_GE_OQ>(v, low));
            let not_above = call!(_mm256_cmp_ps::<_CMP_LE_OQ>(v, high));
            let both = call!(_mm256_and_ps(not_below, not_above));
            word |= u64::from(call!(_mm256_movemask_ps(both)).cast_unsigned()) << (8 * n);
        }
        word
    }
    #[inline(always)]
    fn within_i16(self, values: &[i16; 64], low: i16, high: i16) -> u64 {
        let (low, high) = (call!(_mm256_set1_epi16(low)), call!(_mm256_set1_epi16(high)));
        let (parts, _) = values.as_chunks::<32>();
        let mut outside = 0;
        for (n, part) in parts.iter().enumerate() {
            let (halves, _) = part.as_chunks::<16>();
            let (a, b) = (self.load_integers(&halves[0]), self.load_integers(&halves[1]));
            let below = [call!(_mm256_cmpgt_epi16(low, a)), call!(_mm256_cmpgt_epi16(low, b))];
            let above = [call!(_mm256_cmpgt_epi16(a, high)), call!(_mm256_cmpgt_epi16(b, high))];
            let a = call!(_mm256_or_si256(below[0], above[0]));
            let b = call!(_mm256_or_si256(below[1], above[1]));
            // Packing works within halves of 128 bits: their middle parts are swapped back.
            let packed = call!(_mm256_packs_epi16(a, b));
            let ordered = call!(_mm256_permute4x64_epi64::<IN_ORDER>(packed));
            let bits = call!(_mm256_movemask_epi8(ordered)).cast_unsigned();
            outside |= u64::from(bits) << (32 * n);
        }
        !outside
    }
    #[inline(always)]
    fn bytes_of(self, word: u64, bytes: &mut [u8; 64]) {
        // Eight times each byte of the word's half, then the bit that is the place's own.
        let places = call!(_mm256_set_epi64x(
            0x0303_0303_0303_0303,
            0x0202_0202_0202_0202,
            0x0101_0101_0101_0101,
            0
        ));
        let own = call!(_mm256_set1_epi64x(0x8040_2010_0804_0201_u64.cast_signed()));
        let (parts, _) = bytes.as_chunks_mut::<32>();
        for (part, half) in parts.iter_mut().zip([word as u32, (word >> 32) as u32]) {
            let eightfold =
                call!(_mm256_shuffle_epi8(_mm256_set1_epi32(half.cast_signed()), places));
            let is_set = call!(_mm256_cmpeq_epi8(_mm256_and_si256(eightfold, own), own));
            let ones = call!(_mm256_and_si256(is_set, _mm256_set1_epi8(1)));
            call!(_mm256_storeu_si256(part.as_mut_ptr().cast(), ones));
        }
    }
    #[inline(always)]
    fn within_u8(self, values: &[u8; 64], low: u8, high: u8) -> u64 {
        let low = call!(_mm256_set1_epi8(low.cast_signed()));
        let high = call!(_mm256_set1_epi8(high.cast_signed()));
        let (halves, _) = values.as_chunks::<32>();
        let mut word = 0;
        for (n, half) in halves.iter().enumerate() {
            let v = self.load_integers(half);
            let not_below = call!(_mm256_cmpeq_epi8(_mm256_max_epu8(v, low), v));
            let not_above = call!(_mm256_cmpeq_epi8(_mm256_min_epu8(v, high), v));
            let both = call!(_mm256_and_si256(not_below, not_above));
            let bits = call!(_mm256_movemask_epi8(both)).cast_unsigned();
            word |= u64::from(bits) << (32 * n);
        }
        word
    }
}

/// The four 64-bit parts with the middle two swapped.
const IN_ORDER: i32 = 0b11_01_10_00;
