use proptest::prelude::*;

use super::field_mask;
use crate::Workers;
use crate::bits::tests::unpack;
use crate::resample::sample_point;

proptest! {
    #[test]
    fn equals_a_sample_at_every_voxel(
        extent in prop::array::uniform3(1usize..5),
        to in prop::array::uniform3(prop::array::uniform4(-1.5f64..1.5)),
        signs in any::<u64>(),
        threads in 1usize..4,
    ) {
        let n = extent.iter().product::<usize>();
        let field: Vec<f32> = (0..n)
            .map(|v| ((v * 37 % 11) as f32 + 0.5) * if signs >> (v % 64) & 1 == 1 { 1.0 } else { -1.0 })
            .collect();
        let out = [67, 2, 3];
        let found = unpack(&field_mask(&field, extent, &to, out, Workers::new(threads)), out);
        for (at, found) in found.into_iter().enumerate() {
            let p = [at % 67, at / 67 % 2, at / 134].map(|v| v as f64);
            let index = to.map(|m| m[0] * p[0] + (m[1] * p[1] + m[2] * p[2] + m[3]));
            prop_assert_eq!(found, sample_point(&field, extent, index) > 0.0);
        }
    }
}
