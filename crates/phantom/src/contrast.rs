use crate::material::Material;

/// What a scan shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contrast {
    /// MR, T1 weighted: fat bright, white matter over grey, fluid dark.
    T1,
    /// MR, T2 weighted: fluid bright.
    T2,
    /// MR, T2 weighted with the signal of fluid removed.
    Flair,
    /// MR, proton density weighted.
    ProtonDensity,
    /// CT, in HU.
    Ct,
}

impl Contrast {
    /// Every contrast.
    pub const ALL: [Self; 5] = [Self::T1, Self::T2, Self::Flair, Self::ProtonDensity, Self::Ct];

    /// Whether the real values are signal in arbitrary units, not HU.
    #[must_use]
    pub fn is_mr(self) -> bool {
        self != Self::Ct
    }

    /// The mean real value of a material: about 0 to 1000 in MR, HU in CT.
    #[must_use]
    pub fn value(self, material: Material) -> f32 {
        VALUES[material as usize][self as usize]
    }
}

/// T1, T2, FLAIR, proton density, CT for each material in the order of its number.
const VALUES: [[f32; 5]; 18] = [
    [0.0, 0.0, 0.0, 0.0, -1000.0],       // air
    [0.0, 0.0, 0.0, 0.0, -1000.0],       // airway
    [430.0, 240.0, 300.0, 480.0, 30.0],  // skin
    [900.0, 620.0, 640.0, 820.0, -95.0], // fat
    [350.0, 170.0, 230.0, 480.0, 55.0],  // muscle
    [380.0, 650.0, 620.0, 650.0, 35.0],  // mucosa
    [520.0, 420.0, 450.0, 620.0, 15.0],  // gland
    [300.0, 260.0, 300.0, 480.0, 90.0],  // cartilage
    [45.0, 25.0, 30.0, 60.0, 1250.0],    // bone
    [330.0, 220.0, 230.0, 350.0, 480.0], // marrow
    [25.0, 10.0, 15.0, 30.0, 1900.0],    // tooth
    [160.0, 60.0, 90.0, 200.0, 48.0],    // vessel
    [130.0, 1000.0, 90.0, 800.0, 6.0],   // csf
    [430.0, 480.0, 560.0, 780.0, 38.0],  // grey
    [600.0, 330.0, 420.0, 640.0, 28.0],  // white
    [300.0, 180.0, 250.0, 420.0, 50.0],  // sclera
    [110.0, 980.0, 70.0, 780.0, 6.0],    // vitreous
    [240.0, 120.0, 160.0, 380.0, 85.0],  // lens
];
