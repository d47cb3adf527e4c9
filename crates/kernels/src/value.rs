#![expect(private_bounds, reason = "the sealed part is for kernels alone")]

use std::cmp::Ordering;

use crate::lanes::Lanes;

mod sealed {
    use std::cmp::Ordering;

    use crate::lanes::Lanes;

    pub trait Sealed: Sized {
        /// The least value above this one.
        fn next_above(self) -> Option<Self>;
        /// A bit for each value from one end to the other.
        fn within<L: Lanes>(lanes: L, values: &[Self; 64], ends: [Self; 2]) -> u64;
        /// The largest value.
        const MOST: Self;
        /// How many values the type has, where that is few enough to count each: else 0.
        const N_VALUES: usize;
        /// Its bits as a number of its own; 0 where values are not counted.
        fn bits(self) -> u16;
        /// The value at a place in their order, if the type has few enough.
        fn at_place(place: usize) -> Self;
        /// By size, a total order.
        fn order(&self, other: &Self) -> Ordering;
        /// The value nearest to a number, of two the even one, the ends for those beyond.
        fn nearest(number: f64) -> Self;
    }
}

/// A type that voxels are stored as: the integers of 8 to 64 bits, `f32` and `f64`.
pub trait Value: Copy + Default + PartialOrd + Send + Sync + sealed::Sealed + 'static {
    /// As `f64`; of 64-bit integers the nearest.
    fn to_f64(self) -> f64;
    /// As `f32`; the nearest.
    fn to_f32(self) -> f32;
}

macro_rules! values {
    ($($t:ident, $kind:ident: $next:expr, $most:expr, |$lanes:pat_param, $values:ident, $ends:pat_param| $within:expr;)*) => {$(
        impl sealed::Sealed for $t {
            const MOST: Self = $most;

            #[inline(always)]
            fn next_above(self) -> Option<Self> {
                $next(self)
            }
            #[inline(always)]
            fn within<L: Lanes>($lanes: L, $values: &[Self; 64], $ends: [Self; 2]) -> u64 {
                $within
            }
            of_kind!($kind, $t);
        }
        impl Value for $t {
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
        }
    )*};
}

/// What differs between integers that are few, other integers and floats.
macro_rules! of_kind {
    (few, $t:ident) => {
        const N_VALUES: usize = 1 << $t::BITS;

        #[inline(always)]
        fn bits(self) -> u16 {
            self as u16 & (Self::N_VALUES - 1) as u16
        }
        #[inline(always)]
        fn at_place(place: usize) -> Self {
            (place as i32 + i32::from($t::MIN)) as Self
        }
        of_kind!(integer, $t);
    };
    (many, $t:ident) => {
        of_kind!(uncounted);
        of_kind!(integer, $t);
    };
    (float, $t:ident) => {
        of_kind!(uncounted);
        #[inline(always)]
        fn order(&self, other: &Self) -> Ordering {
            self.total_cmp(other)
        }
        #[inline(always)]
        fn nearest(number: f64) -> Self {
            number as Self
        }
    };
    (uncounted) => {
        const N_VALUES: usize = 0;

        #[inline(always)]
        fn bits(self) -> u16 {
            0
        }
        #[inline(always)]
        fn at_place(_: usize) -> Self {
            Self::default()
        }
    };
    (integer, $t:ident) => {
        #[inline(always)]
        fn order(&self, other: &Self) -> Ordering {
            self.cmp(other)
        }
        #[inline(always)]
        fn nearest(number: f64) -> Self {
            number.round_ties_even() as Self
        }
    };
}

/// One by one, for types that have no vectors.
#[inline(always)]
fn one_by_one<T: PartialOrd + Copy>(values: &[T; 64], [low, high]: [T; 2]) -> u64 {
    values.iter().enumerate().fold(0, |w, (bit, &v)| w | u64::from((v >= low) & (v <= high)) << bit)
}

fn above<T>(next: impl Fn(&T) -> T, greater: impl Fn(&T, &T) -> bool) -> impl Fn(T) -> Option<T> {
    move |v| Some(next(&v)).filter(|next| greater(next, &v))
}

values! {
    u8, few: |v: u8| v.checked_add(1), u8::MAX, |lanes, values, [low, high]| lanes.within_u8(values, low, high);
    i8, few: |v: i8| v.checked_add(1), i8::MAX, |_, values, ends| one_by_one(values, ends);
    i16, few: |v: i16| v.checked_add(1), i16::MAX, |lanes, values, [low, high]| lanes.within_i16(values, low, high);
    u16, few: |v: u16| v.checked_add(1), u16::MAX, |lanes, values, ends| {
        // The order of signed numbers, half the range further down.
        let signed = |v: u16| (v ^ 0x8000).cast_signed();
        let [low, high] = ends.map(signed);
        lanes.within_i16(&values.map(signed), low, high)
    };
    u32, many: |v: u32| v.checked_add(1), u32::MAX, |_, values, ends| one_by_one(values, ends);
    i32, many: |v: i32| v.checked_add(1), i32::MAX, |_, values, ends| one_by_one(values, ends);
    u64, many: |v: u64| v.checked_add(1), u64::MAX, |_, values, ends| one_by_one(values, ends);
    i64, many: |v: i64| v.checked_add(1), i64::MAX, |_, values, ends| one_by_one(values, ends);
    f32, float: above(|v: &f32| v.next_up(), |a, b| a > b), f32::INFINITY, |lanes, values, [low, high]| lanes.within_f32(values, low, high);
    f64, float: above(|v: &f64| v.next_up(), |a, b| a > b), f64::INFINITY, |_, values, ends| one_by_one(values, ends);
}
