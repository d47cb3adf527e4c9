use proptest::prelude::*;

use super::*;

/// A lossless image of one row-first predictor, written by hand: codes of 5 bits for the
/// categories 0 to 16.
fn lossless(values: &[u32], columns: usize, predictor: u8, precision: u8) -> Vec<u8> {
    let rows = values.len() / columns;
    let mut out = vec![0xff, 0xd8, 0xff, 0xc4, 0, 2 + 1 + 16 + 17, 0];
    out.extend((0..16).map(|n| if n == 4 { 17 } else { 0 }));
    out.extend(0..17);
    out.extend([0xff, 0xc3, 0, 11, precision, 0, rows as u8, 0, columns as u8, 1, 1, 0x11, 0]);
    out.extend([0xff, 0xda, 0, 8, 1, 1, 0, predictor, 0, 0]);
    let (mut bits, mut n_bits) = (0u64, 0);
    let mut put = |out: &mut Vec<u8>, value: u32, n: u32| {
        bits = bits << n | u64::from(value);
        n_bits += n;
        while n_bits >= 8 {
            n_bits -= 8;
            let byte = (bits >> n_bits) as u8;
            out.push(byte);
            if byte == 0xff {
                out.push(0);
            }
        }
    };
    for n in 0..values.len() {
        let at = |back: usize| values[n - back] as i32;
        let predicted = match (n / columns, n % columns) {
            (0, 0) => 1 << (precision - 1),
            (0, _) => at(1),
            (_, 0) => at(columns),
            _ => {
                let (a, b, c) = (at(1), at(columns), at(columns + 1));
                [0, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1]
                    [usize::from(predictor)]
            }
        };
        let difference = (values[n] as i32).wrapping_sub(predicted) as i16;
        let magnitude = i32::from(difference).unsigned_abs();
        let category = 32 - magnitude.leading_zeros();
        put(&mut out, category, 5);
        if category < 16 {
            let low = if difference < 0 { i32::from(difference) - 1 } else { difference.into() };
            put(&mut out, low as u32 & ((1 << category) - 1), category);
        }
    }
    put(&mut out, 0x7f, 7);
    out.extend([0xff, 0xd9]);
    out
}

proptest! {
    #[test]
    fn lossless_images_of_every_predictor_come_back(
        mut values in prop::collection::vec(0..=0xffffu32, 12..60),
        columns in 1..7usize,
        predictor in 1..=7u8,
        precision in 8..=16u8,
    ) {
        values.truncate(values.len() / columns * columns);
        values.iter_mut().for_each(|v| *v &= 0xffff >> (16 - precision));
        let wanted = Wanted { columns, rows: values.len() / columns, allocated: 16 };
        let coded = lossless(&values, columns, predictor, precision);
        let frame = decode(&coded, wanted).expect("an image");
        prop_assert_eq!(&frame.values, &values);
        prop_assert_eq!((frame.bits, frame.is_lossy), (precision.into(), false));
        for n in 0..coded.len() - 4 {
            prop_assert!(decode(&coded[..n], wanted).is_err(), "{} bytes", n);
        }
    }

    #[test]
    fn damaged_images_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let values: Vec<u32> = (0..40).map(|n| n * n).collect();
        let mut coded = lossless(&values, 8, 4, 12);
        for (at, byte) in damage {
            let at = at.index(coded.len());
            coded[at] = byte;
        }
        let _ = decode(&coded, Wanted { columns: 8, rows: 5, allocated: 16 });
    }
}

/// A block of one level: DC 40 steps of 8 are 40 above the middle of 12 bits, AC none.
#[test]
fn a_block_of_one_level_is_that_level() {
    for (precision, middle) in [(8u8, 128), (12, 2048)] {
        let mut data = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
        data.extend([8; 64]);
        for class in [0, 0x10] {
            data.extend([0xff, 0xc4, 0, 20, class]);
            data.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
            // The one code, `0`: six bits of difference in DC, the end of the block in AC.
            data.push(if class == 0 { 6 } else { 0 });
        }
        data.extend([0xff, 0xc1, 0, 11, precision, 0, 3, 0, 5, 1, 1, 0x11, 0]);
        data.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
        // 0, then 40 in six bits, then 0.
        data.extend([0b0101_0000, 0xff, 0xd9]);
        let frame = decode(&data, Wanted { columns: 5, rows: 3, allocated: 16 }).expect("an image");
        assert_eq!(frame.values, vec![middle + 40; 15]);
        assert!(frame.is_lossy);
    }
}

#[test]
fn refuses_another_matrix_and_other_forms() {
    let coded = lossless(&[1, 2, 3, 4], 2, 1, 8);
    let wanted = Wanted { columns: 2, rows: 2, allocated: 16 };
    assert!(decode(&coded, wanted).is_ok());
    let other = Wanted { columns: 4, rows: 1, allocated: 16 };
    assert_eq!(decode(&coded, other).map(|_| ()), Err(Fault::OtherSize));
    let mut progressive = coded;
    let at = progressive.windows(2).position(|w| w == [0xff, 0xc3]).expect("a frame header");
    progressive[at + 1] = 0xc2;
    assert_eq!(decode(&progressive, wanted).map(|_| ()), Err(Fault::Unsupported));
}
