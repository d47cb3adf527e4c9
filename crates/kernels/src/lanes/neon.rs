#![expect(unsafe_code, reason = "intrinsics, behind a token that proves them")]

use std::arch::aarch64::*;

use super::scalar::join;
use super::{F32S, I16S, Lanes};

/// NEON: four registers of 128 bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    /// # Safety
    /// The processor has NEON.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Self {
        Self(())
    }
}

macro_rules! call {
    ($intrinsic:ident($($arg:expr),*)) => {
        // SAFETY: a token exists, so that the processor has the instruction; arrays that are
        // pointed to have the bytes of the vector, and no alignment is asked for.
        unsafe { $intrinsic($($arg),*) }
    };
}

impl Lanes for Neon {
    type F = [float32x4_t; 4];
    type H = [int16x8_t; 4];

    #[inline(always)]
    fn load(self, values: &[f32; F32S]) -> Self::F {
        let (parts, _) = values.as_chunks::<4>();
        [
            call!(vld1q_f32(parts[0].as_ptr())),
            call!(vld1q_f32(parts[1].as_ptr())),
            call!(vld1q_f32(parts[2].as_ptr())),
            call!(vld1q_f32(parts[3].as_ptr())),
        ]
    }
    #[inline(always)]
    fn store(self, vector: Self::F, values: &mut [f32; F32S]) {
        let (parts, _) = values.as_chunks_mut::<4>();
        for (part, lanes) in parts.iter_mut().zip(vector) {
            call!(vst1q_f32(part.as_mut_ptr(), lanes));
        }
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self::F {
        [call!(vdupq_n_f32(value)); 4]
    }
    #[inline(always)]
    fn add(self, a: Self::F, b: Self::F) -> Self::F {
        [
            call!(vaddq_f32(a[0], b[0])),
            call!(vaddq_f32(a[1], b[1])),
            call!(vaddq_f32(a[2], b[2])),
            call!(vaddq_f32(a[3], b[3])),
        ]
    }
    #[inline(always)]
    fn sub(self, a: Self::F, b: Self::F) -> Self::F {
        [
            call!(vsubq_f32(a[0], b[0])),
            call!(vsubq_f32(a[1], b[1])),
            call!(vsubq_f32(a[2], b[2])),
            call!(vsubq_f32(a[3], b[3])),
        ]
    }
    #[inline(always)]
    fn mul(self, a: Self::F, b: Self::F) -> Self::F {
        [
            call!(vmulq_f32(a[0], b[0])),
            call!(vmulq_f32(a[1], b[1])),
            call!(vmulq_f32(a[2], b[2])),
            call!(vmulq_f32(a[3], b[3])),
        ]
    }
    #[inline(always)]
    fn min(self, a: Self::F, b: Self::F) -> Self::F {
        [
            call!(vbslq_f32(vcltq_f32(a[0], b[0]), a[0], b[0])),
            call!(vbslq_f32(vcltq_f32(a[1], b[1]), a[1], b[1])),
            call!(vbslq_f32(vcltq_f32(a[2], b[2]), a[2], b[2])),
            call!(vbslq_f32(vcltq_f32(a[3], b[3]), a[3], b[3])),
        ]
    }
    #[inline(always)]
    fn max(self, a: Self::F, b: Self::F) -> Self::F {
        [
            call!(vbslq_f32(vcgtq_f32(a[0], b[0]), a[0], b[0])),
            call!(vbslq_f32(vcgtq_f32(a[1], b[1]), a[1], b[1])),
            call!(vbslq_f32(vcgtq_f32(a[2], b[2]), a[2], b[2])),
            call!(vbslq_f32(vcgtq_f32(a[3], b[3]), a[3], b[3])),
        ]
    }
    #[inline(always)]
    fn sqrt(self, a: Self::F) -> Self::F {
        [
            call!(vsqrtq_f32(a[0])),
            call!(vsqrtq_f32(a[1])),
            call!(vsqrtq_f32(a[2])),
            call!(vsqrtq_f32(a[3])),
        ]
    }
    #[inline(always)]
    fn any_above(self, a: Self::F, b: Self::F) -> bool {
        let above = [
            call!(vcgtq_f32(a[0], b[0])),
            call!(vcgtq_f32(a[1], b[1])),
            call!(vcgtq_f32(a[2], b[2])),
            call!(vcgtq_f32(a[3], b[3])),
        ];
        let any = call!(vorrq_u32(vorrq_u32(above[0], above[1]), vorrq_u32(above[2], above[3])));
        call!(vmaxvq_u32(any)) != 0
    }
    #[inline(always)]
    fn where_less(self, a: Self::F, b: Self::F, yes: Self::F, no: Self::F) -> Self::F {
        [
            call!(vbslq_f32(vcltq_f32(a[0], b[0]), yes[0], no[0])),
            call!(vbslq_f32(vcltq_f32(a[1], b[1]), yes[1], no[1])),
            call!(vbslq_f32(vcltq_f32(a[2], b[2]), yes[2], no[2])),
            call!(vbslq_f32(vcltq_f32(a[3], b[3]), yes[3], no[3])),
        ]
    }
    #[inline(always)]
    fn least_lane(self, a: Self::F) -> f32 {
        let halves = [call!(vminq_f32(a[0], a[1])), call!(vminq_f32(a[2], a[3]))];
        call!(vminvq_f32(vminq_f32(halves[0], halves[1])))
    }
    #[inline(always)]
    fn largest_lane(self, a: Self::F) -> f32 {
        let halves = [call!(vmaxq_f32(a[0], a[1])), call!(vmaxq_f32(a[2], a[3]))];
        call!(vmaxvq_f32(vmaxq_f32(halves[0], halves[1])))
    }
    #[inline(always)]
    fn load_i16(self, values: &[i16; I16S]) -> Self::H {
        let (parts, _) = values.as_chunks::<8>();
        [
            call!(vld1q_s16(parts[0].as_ptr())),
            call!(vld1q_s16(parts[1].as_ptr())),
            call!(vld1q_s16(parts[2].as_ptr())),
            call!(vld1q_s16(parts[3].as_ptr())),
        ]
    }
    #[inline(always)]
    fn store_i16(self, vector: Self::H, values: &mut [i16; I16S]) {
        let (parts, _) = values.as_chunks_mut::<8>();
        for (part, lanes) in parts.iter_mut().zip(vector) {
            call!(vst1q_s16(part.as_mut_ptr(), lanes));
        }
    }
    #[inline(always)]
    fn min_i16(self, a: Self::H, b: Self::H) -> Self::H {
        [
            call!(vminq_s16(a[0], b[0])),
            call!(vminq_s16(a[1], b[1])),
            call!(vminq_s16(a[2], b[2])),
            call!(vminq_s16(a[3], b[3])),
        ]
    }
    #[inline(always)]
    fn max_i16(self, a: Self::H, b: Self::H) -> Self::H {
        [
            call!(vmaxq_s16(a[0], b[0])),
            call!(vmaxq_s16(a[1], b[1])),
            call!(vmaxq_s16(a[2], b[2])),
            call!(vmaxq_s16(a[3], b[3])),
        ]
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
