//! Random numbers and smooth noise that depend on nothing but their seed.

/// The SplitMix64 generator (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// About normal with deviation 1: the sum of twelve uniform numbers, within 6.
    pub(crate) fn normal(&mut self) -> f32 {
        let (a, b, c) = (self.bits(), self.bits(), self.bits());
        let parts = |w: u64| (0..4).map(|n| (w >> (16 * n) & 0xffff) as i32).sum::<i32>();
        (parts(a) + parts(b) + parts(c) - 6 * 0xffff) as f32 / 65535.0
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// Noise in -1..1 that is smooth over about one unit of `p`: random values on the whole-numbered
/// lattice, joined by smooth steps.
pub(crate) fn noise(seed: u32, p: [f32; 3]) -> f32 {
    // `f32::floor` is a call on baseline x86-64; this is not.
    let cell = p.map(|v| v as i32 - i32::from(v < 0.0));
    let [u, v, w] = [0, 1, 2].map(|axis| {
        let t = p[axis] - cell[axis] as f32;
        t * t * (3.0 - 2.0 * t)
    });
    let corner = |di: i32, dj: i32, dk: i32| {
        let mut h = seed
            ^ (cell[0].wrapping_add(di) as u32).wrapping_mul(0x8da6_b343)
            ^ (cell[1].wrapping_add(dj) as u32).wrapping_mul(0xd816_3841)
            ^ (cell[2].wrapping_add(dk) as u32).wrapping_mul(0xcb1a_b31f);
        h = (h ^ h >> 15).wrapping_mul(0x2c1b_3c6d);
        h = (h ^ h >> 12).wrapping_mul(0x297a_2d39);
        (h >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let line = |dj: i32, dk: i32| {
        let (a, b) = (corner(0, dj, dk), corner(1, dj, dk));
        a + (b - a) * u
    };
    let plane = |dk: i32| {
        let (a, b) = (line(0, dk), line(1, dk));
        a + (b - a) * v
    };
    let (a, b) = (plane(0), plane(1));
    a + (b - a) * w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_bounded_smooth_and_the_same_again() {
        let mut random = Random::new(5);
        for _ in 0..2000 {
            let p = [0; 3].map(|_| 9.0 * random.normal());
            let here = noise(3, p);
            assert!(here.abs() <= 1.0);
            assert!((noise(3, [p[0] + 1e-3, p[1], p[2]]) - here).abs() < 0.01, "{p:?}");
            assert_eq!(noise(3, p).to_bits(), here.to_bits());
        }
    }

    #[test]
    fn normal_numbers_have_mean_0_and_deviation_1() {
        let mut random = Random::new(1);
        let values: Vec<f64> = (0..20_000).map(|_| f64::from(random.normal())).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
