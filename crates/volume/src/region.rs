use crate::Tissue;

/// A part of the head by which a person is recognised, and which can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Region {
    /// Globes, lids and the front of the orbits.
    Eyes,
    /// Forehead up to the hairline.
    Brow,
    /// Nasion to subnasale.
    Nose,
    /// From the brow line to the mouth, in front of the ears.
    Cheeks,
    /// From subnasale to the fold above the chin.
    Mouth,
    /// From that fold to the underside of the jaw.
    Chin,
    /// The auricles.
    Ears,
    /// Both jaws with their teeth.
    Teeth,
    /// The skeleton of the face, from the orbits to the jaw.
    FacialBone,
    /// The air-filled hollows of the face and the forehead.
    Sinuses,
    /// The skin surface of the rest of the head.
    Scalp,
    /// All below jaw and occiput.
    Neck,
}

impl Region {
    /// Every region, from the top of the face down, then the ears and what goes on request.
    pub const ALL: [Self; 12] = [
        Self::Eyes,
        Self::Brow,
        Self::Nose,
        Self::Cheeks,
        Self::Mouth,
        Self::Chin,
        Self::Ears,
        Self::Teeth,
        Self::FacialBone,
        Self::Sinuses,
        Self::Scalp,
        Self::Neck,
    ];

    /// The name used on the command line and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Eyes => "eyes",
            Self::Brow => "brow",
            Self::Nose => "nose",
            Self::Cheeks => "cheeks",
            Self::Mouth => "mouth",
            Self::Chin => "chin",
            Self::Ears => "ears",
            Self::Teeth => "teeth",
            Self::FacialBone => "facial-bone",
            Self::Sinuses => "sinuses",
            Self::Scalp => "scalp",
            Self::Neck => "neck",
        }
    }

    /// The region with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.name() == name)
    }

    /// The tissue that makes up the region; `None` of one that is a place, whatever lies there.
    #[must_use]
    pub fn tissue(self) -> Option<Tissue> {
        match self {
            Self::Eyes => Some(Tissue::Eyes),
            Self::Brow => Some(Tissue::Brow),
            Self::Nose => Some(Tissue::Nose),
            Self::Cheeks => Some(Tissue::Cheeks),
            Self::Mouth => Some(Tissue::Mouth),
            Self::Chin => Some(Tissue::Chin),
            Self::Ears => Some(Tissue::Ears),
            Self::Scalp => Some(Tissue::Scalp),
            Self::Neck => Some(Tissue::Neck),
            Self::Teeth | Self::FacialBone | Self::Sinuses => None,
        }
    }

    /// The region of the face, ears with it, that a tissue makes up; `None` for all other tissues.
    #[must_use]
    pub fn of_face(tissue: Tissue) -> Option<Self> {
        Regions::STANDARD.iter().find(|r| r.tissue() == Some(tissue))
    }
}

/// A set of regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Regions(u16);

impl Regions {
    /// None.
    pub const NONE: Self = Self(0);
    /// Face and ears.
    pub const STANDARD: Self = Self(0x7f);
    /// Eyes to chin, without forehead and ears.
    pub const MINIMAL: Self = Self(0x7f & !Self::bit(Region::Brow) & !Self::bit(Region::Ears));
    /// All but the neck.
    pub const STRICT: Self = Self(0xfff & !Self::bit(Region::Neck));

    const fn bit(region: Region) -> u16 {
        1 << region as u8
    }

    /// Whether a region is one of these.
    #[must_use]
    pub fn contains(self, region: Region) -> bool {
        self.0 & Self::bit(region) != 0
    }

    /// These, in the order of [`Region::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Region> {
        Region::ALL.into_iter().filter(move |r| self.contains(*r))
    }
}

impl FromIterator<Region> for Regions {
    fn from_iter<I: IntoIterator<Item = Region>>(regions: I) -> Self {
        Self(regions.into_iter().fold(0, |set, region| set | Self::bit(region)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tissues_lead_back() {
        for region in Region::ALL {
            assert_eq!(Region::from_name(region.name()), Some(region));
            let of_face = region.tissue().and_then(Region::of_face);
            assert_eq!(of_face, Regions::STANDARD.contains(region).then_some(region));
        }
        assert_eq!(Region::of_face(Tissue::Brain), None);
        assert_eq!(Region::from_name("hat"), None);
    }

    #[test]
    fn profiles_hold_what_they_say() {
        let names = |set: Regions| set.iter().map(Region::name).collect::<Vec<_>>();
        assert_eq!(names(Regions::MINIMAL), ["eyes", "nose", "cheeks", "mouth", "chin"]);
        assert_eq!(names(Regions::STANDARD).len(), 7);
        assert_eq!(names(Regions::STRICT).last(), Some(&"scalp"));
        assert_eq!(Regions::STRICT.iter().collect::<Regions>(), Regions::STRICT);
        assert_eq!(names(Regions::NONE), [""; 0]);
    }
}
