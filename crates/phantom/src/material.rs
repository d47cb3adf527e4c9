/// What the head is made of at a point, finer than [`volume::Tissue`].
///
/// The contrasts know materials; the labels know regions. A material does not fix the region: skin
/// may lie on the nose or on the scalp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Material {
    /// Air outside the head.
    Air,
    /// Air inside it: nose, sinuses, mastoid cells, mouth, pharynx, trachea, ear canal.
    Airway,
    /// Epidermis and dermis.
    Skin,
    /// Fat: under the skin, in the orbits and between muscles.
    Fat,
    /// Muscle, tongue included.
    Muscle,
    /// Lining of the nose, the sinuses and the mouth; turbinates and palate.
    Mucosa,
    /// Parotid and other glands.
    Gland,
    /// Cartilage of nose, ears and larynx, and discs of the spine.
    Cartilage,
    /// Compact bone.
    Bone,
    /// Spongy bone with marrow.
    Marrow,
    /// Enamel and dentine.
    Tooth,
    /// Larger vessels.
    Vessel,
    /// Cerebrospinal fluid.
    Csf,
    /// Grey matter.
    Grey,
    /// White matter.
    White,
    /// Wall of the globe and optic nerve.
    Sclera,
    /// Vitreous and chamber.
    Vitreous,
    /// Lens.
    Lens,
}

impl Material {
    /// Every material, in the order of its number.
    pub const ALL: [Self; 18] = [
        Self::Air,
        Self::Airway,
        Self::Skin,
        Self::Fat,
        Self::Muscle,
        Self::Mucosa,
        Self::Gland,
        Self::Cartilage,
        Self::Bone,
        Self::Marrow,
        Self::Tooth,
        Self::Vessel,
        Self::Csf,
        Self::Grey,
        Self::White,
        Self::Sclera,
        Self::Vitreous,
        Self::Lens,
    ];

    /// Whether it is air, outside or inside.
    #[must_use]
    pub fn is_air(self) -> bool {
        matches!(self, Self::Air | Self::Airway)
    }

    /// Whether it is bone, its marrow, or tooth.
    #[must_use]
    pub fn is_hard(self) -> bool {
        matches!(self, Self::Bone | Self::Marrow | Self::Tooth)
    }
}
