use crate::Grid;

/// What a voxel of a head belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Tissue {
    /// Air, and everything outside the scan.
    Background = 0,
    /// Brain, with the CSF inside the skull.
    Brain = 1,
    /// Globes, lids and the front of the orbits.
    Eyes = 2,
    /// Soft tissue from the brow to the hairline, back to the temples.
    Brow = 3,
    /// Nasion to subnasale.
    Nose = 4,
    /// From the brow line to the mouth, in front of the ears.
    Cheeks = 5,
    /// From subnasale to the fold above the chin.
    Mouth = 6,
    /// From that fold to the underside of the jaw.
    Chin = 7,
    /// The auricles.
    Ears = 8,
    /// Skin and what lies under it, above and behind the face.
    Scalp = 9,
    /// Bone, teeth, tongue, throat and all else in the head.
    Other = 10,
    /// All below jaw and occiput.
    Neck = 11,
}

impl Tissue {
    /// Every tissue, in the order of its number.
    pub const ALL: [Self; 12] = [
        Self::Background,
        Self::Brain,
        Self::Eyes,
        Self::Brow,
        Self::Nose,
        Self::Cheeks,
        Self::Mouth,
        Self::Chin,
        Self::Ears,
        Self::Scalp,
        Self::Other,
        Self::Neck,
    ];

    /// The name that model cards use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Brain => "brain",
            Self::Eyes => "eyes",
            Self::Brow => "brow",
            Self::Nose => "nose",
            Self::Cheeks => "cheeks",
            Self::Mouth => "mouth",
            Self::Chin => "chin",
            Self::Ears => "ears",
            Self::Scalp => "scalp",
            Self::Other => "other",
            Self::Neck => "neck",
        }
    }

    /// The tissue with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }
}

/// A tissue for each voxel of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Labels {
    /// The grid of the labels, which need not be the scan's.
    pub grid: Grid,
    /// One tissue a voxel, `i` fastest.
    pub tissues: Vec<Tissue>,
}

impl Labels {
    /// The volume of a tissue in millilitres.
    #[must_use]
    pub fn volume_ml(&self, tissue: Tissue) -> f64 {
        let n = self.tissues.iter().filter(|&&t| t == tissue).count();
        n as f64 * self.grid.voxel_mm3() / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for (number, tissue) in Tissue::ALL.into_iter().enumerate() {
            assert_eq!(tissue as usize, number);
            assert_eq!(Tissue::from_name(tissue.name()), Some(tissue));
        }
        assert_eq!(Tissue::from_name("hat"), None);
    }
}
