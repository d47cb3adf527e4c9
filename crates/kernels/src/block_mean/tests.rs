use proptest::prelude::*;

use super::{block_mean, block_mean_of_exact};
use crate::Workers;

proptest! {
    #[test]
    fn is_the_mean_of_each_block(
        extent in prop::array::uniform3(1usize..9),
        block in prop::array::uniform3(1usize..8),
        threads in 1usize..4,
    ) {
        let block = [0, 1, 2].map(|a| block[a].min(extent[a]));
        let [ni, nj, _] = extent;
        let value = |i: usize, j: usize, k: usize| ((i * 7 + j * 31 + k * 101) % 257) as f32;
        let read = |k: usize, j: usize, out: &mut [f32]| {
            for (at, v) in out.iter_mut().enumerate() {
                *v = value(at % ni, j + at / ni, k);
            }
        };
        let (means, out) = block_mean(read, extent, block, Workers::new(threads));
        let exact = block_mean_of_exact(read, extent, block, Workers::new(threads));
        prop_assert_eq!(&exact, &(means.clone(), out));
        prop_assert_eq!(out, [ni / block[0], nj / block[1], extent[2] / block[2]]);
        for (at, mean) in means.iter().enumerate() {
            let (i, j, k) = (at % out[0], at / out[0] % out[1], at / out[0] / out[1]);
            let mut sum = 0.0f64;
            for c in 0..block[2] { for b in 0..block[1] { for a in 0..block[0] {
                let [x, y, z] = [i * block[0] + a, j * block[1] + b, k * block[2] + c];
                sum += f64::from(value(x, y, z));
            }}}
            let expected = sum / block.iter().product::<usize>() as f64;
            prop_assert!((f64::from(*mean) - expected).abs() < 1e-3);
        }
    }
}
