use std::cmp::Ordering;

use crate::lanes::{F32S, I16S, Lanes, at, at_mut};

mod sealed {
    use std::cmp::Ordering;

    use crate::lanes::{I16S, Lanes};

    pub trait Sealed: Sized {
        /// The least value above this one.
        fn next_above(self) -> Option<Self>;
        /// A bit for each value from one end to the other.
        fn within<L: Lanes>(lanes: L, values: &[Self; 64], ends: [Self; 2]) -> u64;
        /// 32 values, to be compared lane by lane.
        type Ordered<L: Lanes>: Copy;
        fn load<L: Lanes>(lanes: L, values: &[Self; I16S]) -> Self::Ordered<L>;
        fn store<L: Lanes>(lanes: L, vector: Self::Ordered<L>, values: &mut [Self; I16S]);
        /// The second where it is smaller, else the first.
        fn least<L: Lanes>(lanes: L, a: Self::Ordered<L>, b: Self::Ordered<L>) -> Self::Ordered<L>;
        /// The first where the second is smaller, else the second.
        fn largest<L: Lanes>(
            lanes: L,
            a: Self::Ordered<L>,
            b: Self::Ordered<L>,
        ) -> Self::Ordered<L>;
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
        /// Whether [`coarse`](Self::coarse) tells values apart: that of floats.
        const IS_FLOAT: bool;
        /// 16 bits that never fall as values rise; of integers always 0.
        fn coarse(self) -> u16;
        /// The value nearest to a number between two values, of two the even one; some value for any
        /// other number.
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
    ($($t:ident $(as i16($v:ident: $to:expr, $from:expr))?, $kind:ident: $next:expr, $most:expr, |$lanes:pat_param, $values:ident, $ends:pat_param| $within:expr;)*) => {$(
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
            ordered!($t $(as i16: $v: $to, $from)?);
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
        #[inline(always)]
        fn nearest(number: f64) -> Self {
            /// Adding it rounds to a whole number, which then lies in the last bits. A cast would look
            /// at each number for what no integer is, one by one.
            const ROUND: f64 = 6_755_399_441_055_744.0;
            (number + ROUND).to_bits() as Self
        }
        of_kind!(integer, $t);
    };
    (many, $t:ident) => {
        of_kind!(uncounted);
        #[inline(always)]
        fn nearest(number: f64) -> Self {
            number.round_ties_even() as Self
        }
        of_kind!(integer, $t);
    };
    (float, $t:ident) => {
        of_kind!(uncounted);
        #[inline(always)]
        fn order(&self, other: &Self) -> Ordering {
            self.total_cmp(other)
        }
        const IS_FLOAT: bool = true;
        #[inline(always)]
        fn coarse(self) -> u16 {
            let top = (self.to_bits() >> (8 * size_of::<Self>() - 16)) as u16;
            // Of negative numbers the larger bits are of the smaller one.
            if top >> 15 == 1 { !top } else { top | 1 << 15 }
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
        const IS_FLOAT: bool = false;
        #[inline(always)]
        fn coarse(self) -> u16 {
            0
        }
    };
}

/// How 32 values are compared lane by lane.
macro_rules! ordered {
    // As `i16`, which keep the order, and back. Loops: a closure given to an array's `map` may not be
    // inlined, and is then not compiled for the level.
    ($t:ident as i16: $v:ident: $to:expr, $from:expr) => {
        type Ordered<L: Lanes> = L::H;

        #[inline(always)]
        fn load<L: Lanes>(lanes: L, values: &[Self; I16S]) -> L::H {
            let mut shorts = [0; I16S];
            for (short, &$v) in shorts.iter_mut().zip(values) {
                *short = $to;
            }
            lanes.load_i16(&shorts)
        }
        #[inline(always)]
        fn store<L: Lanes>(lanes: L, vector: L::H, values: &mut [Self; I16S]) {
            let mut shorts = [0; I16S];
            lanes.store_i16(vector, &mut shorts);
            for (value, &$v) in values.iter_mut().zip(&shorts) {
                *value = $from;
            }
        }
        #[inline(always)]
        fn least<L: Lanes>(lanes: L, a: L::H, b: L::H) -> L::H {
            lanes.min_i16(b, a)
        }
        #[inline(always)]
        fn largest<L: Lanes>(lanes: L, a: L::H, b: L::H) -> L::H {
            lanes.max_i16(a, b)
        }
    };
    (f32) => {
        type Ordered<L: Lanes> = [L::F; 2];

        #[inline(always)]
        fn load<L: Lanes>(lanes: L, values: &[Self; I16S]) -> [L::F; 2] {
            [lanes.load(at(values, 0)), lanes.load(at(values, F32S))]
        }
        #[inline(always)]
        fn store<L: Lanes>(lanes: L, [a, b]: [L::F; 2], values: &mut [Self; I16S]) {
            lanes.store(a, at_mut(values, 0));
            lanes.store(b, at_mut(values, F32S));
        }
        #[inline(always)]
        fn least<L: Lanes>(lanes: L, a: [L::F; 2], b: [L::F; 2]) -> [L::F; 2] {
            [lanes.min(b[0], a[0]), lanes.min(b[1], a[1])]
        }
        #[inline(always)]
        fn largest<L: Lanes>(lanes: L, a: [L::F; 2], b: [L::F; 2]) -> [L::F; 2] {
            [lanes.max(a[0], b[0]), lanes.max(a[1], b[1])]
        }
    };
    ($t:ident) => {
        type Ordered<L: Lanes> = [Self; I16S];

        #[inline(always)]
        fn load<L: Lanes>(_: L, values: &[Self; I16S]) -> [Self; I16S] {
            *values
        }
        #[inline(always)]
        fn store<L: Lanes>(_: L, vector: [Self; I16S], values: &mut [Self; I16S]) {
            *values = vector;
        }
        #[inline(always)]
        fn least<L: Lanes>(_: L, a: [Self; I16S], b: [Self; I16S]) -> [Self; I16S] {
            let mut least = a;
            for n in 0..I16S {
                least[n] = if b[n] < a[n] { b[n] } else { a[n] };
            }
            least
        }
        #[inline(always)]
        fn largest<L: Lanes>(_: L, a: [Self; I16S], b: [Self; I16S]) -> [Self; I16S] {
            let mut largest = b;
            for n in 0..I16S {
                largest[n] = if b[n] < a[n] { a[n] } else { b[n] };
            }
            largest
        }
    };
}

/// The order of signed numbers, half the range further down.
#[inline(always)]
fn signed(v: u16) -> i16 {
    (v ^ 0x8000).cast_signed()
}

/// Back again.
#[inline(always)]
fn unsigned(v: i16) -> u16 {
    v.cast_unsigned() ^ 0x8000
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
    u8 as i16(v: v as i16, v as u8), few: |v: u8| v.checked_add(1), u8::MAX, |lanes, values, [low, high]| lanes.within_u8(values, low, high);
    i8 as i16(v: v as i16, v as i8), few: |v: i8| v.checked_add(1), i8::MAX, |_, values, ends| one_by_one(values, ends);
    i16 as i16(v: v, v), few: |v: i16| v.checked_add(1), i16::MAX, |lanes, values, [low, high]| lanes.within_i16(values, low, high);
    u16 as i16(v: signed(v), unsigned(v)), few: |v: u16| v.checked_add(1), u16::MAX, |lanes, values, ends| {
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
