use std::ops::Range;

/// Some voxels, no more than `MOST`, of each class.
#[inline(always)]
pub(super) fn softmax<const MOST: usize>(classes: &mut [&mut [f32]], voxels: Range<usize>) {
    let (mut largest, mut sums) = ([0.0f32; MOST], [0.0f32; MOST]);
    let n = voxels.len();
    let (largest, sums) = (&mut largest[..n], &mut sums[..n]);
    largest.copy_from_slice(&classes[0][voxels.clone()]);
    for class in &classes[1..] {
        for (largest, &logit) in largest.iter_mut().zip(&class[voxels.clone()]) {
            *largest = if logit > *largest { logit } else { *largest };
        }
    }
    for class in classes.iter_mut() {
        let values = class[voxels.clone()].iter_mut();
        for ((value, &largest), sum) in values.zip(&*largest).zip(&mut *sums) {
            *value = exp(*value - largest);
            *sum += *value;
        }
    }
    sums.iter_mut().for_each(|sum| *sum = 1.0 / *sum);
    for class in classes {
        for (value, share) in class[voxels.clone()].iter_mut().zip(&*sums) {
            *value *= share;
        }
    }
}

/// The exponential of a number that is not above 0; below -87 it is that of -87, which no sum of
/// probabilities notices.
///
/// Two to a whole power, times the polynomial of what is left, in -ln 2 / 2 to ln 2 / 2.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    /// Adding it rounds to a whole number: there is no room for what comes after the point.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first of few digits, so that a whole number of them is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = if x > -87.0 { x } else { -87.0 };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let whole = rounded - ROUND;
    let rest = x - whole * LN_2[0] - whole * LN_2[1];
    let mut sum = 1.0 / 720.0;
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        sum = sum * rest + coefficient;
    }
    // The whole number lies in the last bits of what was rounded: a cast would look for what is none.
    sum * f32::from_bits(rounded.to_bits().wrapping_add(127) << 23)
}
