use proptest::prelude::*;

use super::{Axis, F32S, I16S, Lanes, Scalar, Work};
use crate::Level;

/// Every operation on the same operands, as bits.
struct All<'a> {
    reals: [&'a [f32; F32S]; 2],
    integers: [&'a [i16; 32]; 2],
    window: [i16; 2],
}

impl Work for All<'_> {
    type Out = (Vec<u32>, Vec<u64>);

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> Self::Out {
        let [a, b] = self.reals.map(|v| lanes.load(v));
        let mut reals = Vec::new();
        let sum = lanes.add(a, b);
        let product = lanes.mul(a, lanes.splat(self.reals[1][0]));
        let places = std::array::from_fn(|n| u32::from(self.integers[0][n].unsigned_abs()) % 14);
        let [firsts, seconds] = lanes.pairs(self.reals[0], &places, 1);
        let difference = lanes.sub(a, b);
        for vector in [
            sum,
            difference,
            firsts,
            seconds,
            product,
            lanes.min(a, b),
            lanes.max(a, b),
            lanes.where_less(a, b, sum, product),
            lanes.splat(lanes.least_lane(a)),
            lanes.splat(lanes.largest_lane(a)),
            lanes.sqrt(lanes.mul(a, a)),
        ] {
            let mut values = [0.0; F32S];
            lanes.store(vector, &mut values);
            reals.extend(values.map(f32::to_bits));
        }
        let [c, d] = self.integers.map(|v| lanes.load_i16(v));
        for vector in [lanes.min_i16(c, d), lanes.max_i16(c, d)] {
            let mut values = [0; I16S];
            lanes.store_i16(vector, &mut values);
            reals.extend(values.map(|v| i32::from(v).cast_unsigned()));
        }
        let [low, high] = self.window;
        let shorts: [i16; 64] = std::array::from_fn(|n| self.integers[n % 2][n / 2]);
        let floats = shorts.map(f32::from);
        let bytes = shorts.map(|v| v as u8);
        let axis = Axis {
            step: f64::from(self.reals[1][1]) / 100.0,
            start: f64::from(self.reals[1][2]) / 7.0,
            last: f64::from(self.integers[1][0].unsigned_abs()) + 1.0,
        };
        let first = f64::from(self.integers[0][0].unsigned_abs());
        let (lows, weights) = lanes.between(axis, first);
        let mut values = [0.0; F32S];
        lanes.store(weights, &mut values);
        reals.extend(values.map(f32::to_bits));
        let forwards = Axis { step: axis.step.abs(), start: axis.start.abs() - 0.5, ..axis };
        let nearest = lanes.nearest(forwards, first);
        reals.extend(lows.into_iter().chain(nearest).map(i32::cast_unsigned));
        let bits = vec![
            u64::from(lanes.any_above(a, b)),
            lanes.within_i16(&shorts, low, high),
            lanes.within_f32(&floats, f32::from(low), f32::from(high)),
            lanes.within_u8(&bytes, low as u8, high as u8),
        ];
        (reals, bits)
    }
}

proptest! {
    #[test]
    fn every_level_computes_what_the_arrays_do(
        a in prop::array::uniform16(prop_oneof![-1e3f32..1e3, Just(f32::INFINITY)]),
        b in prop::array::uniform16(-1e3f32..1e3),
        c in prop::array::uniform32(any::<i16>()),
        d in prop::array::uniform32(-300i16..300),
        window in prop_oneof![prop::array::uniform2(any::<i16>()), prop::array::uniform2(-300i16..300)],
    ) {
        let all = || All { reals: [&a, &b], integers: [&c, &d], window };
        let expected = all().run(Scalar);
        for level in Level::available() {
            prop_assert_eq!(&level.with(all()), &expected, "{}", level);
        }
    }
}

struct PairsAt(u32);

impl Work for PairsAt {
    type Out = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut places = [0; F32S];
        places[5] = self.0;
        lanes.pairs(&[0.0; 20], &places, 3);
    }
}

#[test]
fn no_level_reads_a_pair_beyond_the_values() {
    for level in Level::available() {
        level.with(PairsAt(15));
        assert!(std::panic::catch_unwind(|| level.with(PairsAt(16))).is_err(), "{level}");
    }
}
