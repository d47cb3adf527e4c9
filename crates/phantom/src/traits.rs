use crate::random::Random;

/// What makes one head differ from another, in the model's own frame.
///
/// Lengths are millimetres added to the average head's, factors multiply it.
#[derive(Debug, Clone)]
pub(crate) struct Traits {
    /// Factors of the whole head along x, y and z.
    pub(crate) scale: [f32; 3],
    /// Factor of heights under the brow, and of widths there.
    pub(crate) face: [f32; 2],
    /// Millimetres by which the face leans to one side at the chin.
    pub(crate) lean: f32,
    /// Factor of the width of the jaw.
    pub(crate) jaw: f32,
    /// How far the brow ridge stands out.
    pub(crate) brow: f32,
    /// How far the cheekbones stand out.
    pub(crate) cheekbone: f32,
    /// Depth of the hollow under the cheekbones; negative when full.
    pub(crate) hollow: f32,
    /// How far the chin stands out.
    pub(crate) chin: f32,
    /// Fullness of the lips.
    pub(crate) lips: f32,
    /// Half the width of the mouth.
    pub(crate) mouth: f32,
    /// How far the tip of the nose stands out, and how low it hangs.
    pub(crate) nose_tip: [f32; 2],
    /// Factor of the width of the nose.
    pub(crate) nose_width: f32,
    /// Height of the hump on its bridge.
    pub(crate) nose_hump: f32,
    /// Factor of the size of the ears.
    pub(crate) ear: f32,
    /// Sine of the angle at which the ears stand off.
    pub(crate) ear_angle: f32,
    /// Factor of the fat under the skin.
    pub(crate) fat: f32,
    /// Thickness of the skull, outside the sinuses.
    pub(crate) skull: f32,
    /// Thickness of the scalp.
    pub(crate) scalp: f32,
    /// Depth of the CSF around the brain.
    pub(crate) csf: f32,
    /// Factor of the width of the ventricles.
    pub(crate) ventricles: f32,
    /// Factor of the size of the sinuses.
    pub(crate) sinus: f32,
    /// Seed of all noise in the anatomy.
    pub(crate) noise: u32,
}

impl Traits {
    pub(crate) fn from_seed(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let noise = random.bits() as u32;
        let mut around =
            |mean: f32, deviation: f32| mean + deviation * random.normal().clamp(-2.0, 2.0);
        let size = around(0.995, 0.015);
        Self {
            scale: [around(size, 0.012), around(size, 0.012), around(size, 0.012)],
            face: [around(1.0, 0.025), around(1.0, 0.02)],
            lean: around(0.0, 0.8),
            jaw: around(1.0, 0.035),
            brow: around(2.3, 0.8),
            cheekbone: around(3.5, 1.0),
            hollow: around(2.5, 1.6),
            chin: around(3.5, 1.4),
            lips: around(3.6, 0.7),
            mouth: around(25.0, 1.5),
            nose_tip: [around(0.0, 1.8), around(0.0, 1.6)],
            nose_width: around(1.0, 0.08),
            nose_hump: around(0.8, 0.9),
            ear: around(0.92, 0.04),
            ear_angle: around(0.30, 0.05),
            fat: around(1.0, 0.2),
            skull: around(7.2, 0.7),
            scalp: around(6.0, 0.5),
            csf: around(2.2, 0.4),
            ventricles: around(1.0, 0.14),
            sinus: around(1.0, 0.08),
            noise,
        }
    }

    /// The same skull under the soft parts, the jaw's width and the ears of another head.
    pub(crate) fn with_face_of(self, other: &Self) -> Self {
        let Self { scale, face, lean, skull, scalp, csf, ventricles, sinus, noise, .. } = self;
        let other = other.clone();
        Self { scale, face, lean, skull, scalp, csf, ventricles, sinus, noise, ..other }
    }
}
