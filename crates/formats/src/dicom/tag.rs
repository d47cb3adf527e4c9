use std::fmt;

/// An element's tag: group and element number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u16, pub u16);

impl Tag {
    /// The start of an item of a sequence.
    pub(super) const ITEM: Self = Self(0xfffe, 0xe000);
    /// The end of an item of undefined length.
    pub(super) const ITEM_END: Self = Self(0xfffe, 0xe00d);
    /// The end of a sequence of undefined length.
    pub(super) const SEQUENCE_END: Self = Self(0xfffe, 0xe0dd);
    /// Icon Image Sequence.
    pub(super) const ICON: Self = Self(0x0088, 0x0200);
    /// Modality LUT Sequence.
    pub(super) const MODALITY_TABLE: Self = Self(0x0028, 0x3000);
    /// Shared Functional Groups Sequence.
    pub(super) const SHARED_GROUPS: Self = Self(0x5200, 0x9229);
    /// Per-Frame Functional Groups Sequence.
    pub(super) const FRAME_GROUPS: Self = Self(0x5200, 0x9230);
    /// Float Pixel Data.
    pub(super) const FLOAT_PIXELS: Self = Self(0x7fe0, 0x0008);
    /// Double Float Pixel Data.
    pub(super) const DOUBLE_PIXELS: Self = Self(0x7fe0, 0x0009);
    /// Pixel Data.
    pub(super) const PIXELS: Self = Self(0x7fe0, 0x0010);
    /// Digital Signatures Sequence.
    pub(super) const SIGNATURES: Self = Self(0xfffa, 0xfffa);
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:04x},{:04x})", self.0, self.1)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An attribute that is read, with its name in the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its tag.
    pub tag: Tag,
    /// Its name.
    pub name: &'static str,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.name, self.tag)
    }
}

macro_rules! attributes {
    ($($constant:ident $group:literal $element:literal $name:literal)*) => {
        $(pub(super) const $constant: Attribute =
            Attribute { tag: Tag($group, $element), name: $name };)*
    };
}

attributes! {
    MEDIA_SOP_CLASS 0x0002 0x0002 "Media Storage SOP Class UID"
    TRANSFER_SYNTAX 0x0002 0x0010 "Transfer Syntax UID"
    IMAGE_TYPE 0x0008 0x0008 "Image Type"
    SOP_CLASS 0x0008 0x0016 "SOP Class UID"
    SOP_INSTANCE 0x0008 0x0018 "SOP Instance UID"
    MODALITY 0x0008 0x0060 "Modality"
    PATIENT_NAME 0x0010 0x0010 "Patient's Name"
    PATIENT_ID 0x0010 0x0020 "Patient ID"
    SPACING_BETWEEN_SLICES 0x0018 0x0088 "Spacing Between Slices"
    SERIES_INSTANCE 0x0020 0x000e "Series Instance UID"
    POSITION 0x0020 0x0032 "Image Position (Patient)"
    ORIENTATION 0x0020 0x0037 "Image Orientation (Patient)"
    FRAME_OF_REFERENCE 0x0020 0x0052 "Frame of Reference UID"
    SAMPLES_PER_PIXEL 0x0028 0x0002 "Samples per Pixel"
    PHOTOMETRIC 0x0028 0x0004 "Photometric Interpretation"
    NUMBER_OF_FRAMES 0x0028 0x0008 "Number of Frames"
    ROWS 0x0028 0x0010 "Rows"
    COLUMNS 0x0028 0x0011 "Columns"
    PIXEL_SPACING 0x0028 0x0030 "Pixel Spacing"
    BITS_ALLOCATED 0x0028 0x0100 "Bits Allocated"
    BITS_STORED 0x0028 0x0101 "Bits Stored"
    HIGH_BIT 0x0028 0x0102 "High Bit"
    PIXEL_REPRESENTATION 0x0028 0x0103 "Pixel Representation"
    PADDING 0x0028 0x0120 "Pixel Padding Value"
    PADDING_LIMIT 0x0028 0x0121 "Pixel Padding Range Limit"
    BURNED_IN 0x0028 0x0301 "Burned In Annotation"
    RESCALE_INTERCEPT 0x0028 0x1052 "Rescale Intercept"
    RESCALE_SLOPE 0x0028 0x1053 "Rescale Slope"
    PIXEL_DATA 0x7fe0 0x0010 "Pixel Data"
}

/// The attributes read at the top level of a data set and of its file meta group.
pub(super) const TOP_LEVEL: &[Attribute] = &[
    MEDIA_SOP_CLASS,
    TRANSFER_SYNTAX,
    IMAGE_TYPE,
    SOP_CLASS,
    SOP_INSTANCE,
    MODALITY,
    PATIENT_NAME,
    PATIENT_ID,
    SPACING_BETWEEN_SLICES,
    SERIES_INSTANCE,
    POSITION,
    ORIENTATION,
    FRAME_OF_REFERENCE,
    SAMPLES_PER_PIXEL,
    PHOTOMETRIC,
    NUMBER_OF_FRAMES,
    ROWS,
    COLUMNS,
    PIXEL_SPACING,
    BITS_ALLOCATED,
    BITS_STORED,
    HIGH_BIT,
    PIXEL_REPRESENTATION,
    PADDING,
    PADDING_LIMIT,
    BURNED_IN,
    RESCALE_INTERCEPT,
    RESCALE_SLOPE,
];

/// The attributes read in functional groups, each with the sequence that holds it.
pub(super) const GROUPED: &[(Tag, Attribute)] = &[
    (Tag(0x0020, 0x9113), POSITION),
    (Tag(0x0020, 0x9116), ORIENTATION),
    (Tag(0x0028, 0x9110), PIXEL_SPACING),
    (Tag(0x0028, 0x9145), RESCALE_INTERCEPT),
    (Tag(0x0028, 0x9145), RESCALE_SLOPE),
];

/// What may tell one volume from another at the same positions, at the top level or anywhere in
/// a frame's functional groups.
pub(super) const VOLUME_KEYS: &[Tag] = &[
    Tag(0x0008, 0x0008), // Image Type
    Tag(0x0008, 0x002a), // Acquisition DateTime
    Tag(0x0008, 0x0032), // Acquisition Time
    Tag(0x0008, 0x9007), // Frame Type
    Tag(0x0008, 0x9208), // Complex Image Component
    Tag(0x0018, 0x0081), // Echo Time
    Tag(0x0018, 0x0082), // Inversion Time
    Tag(0x0018, 0x0086), // Echo Number(s)
    Tag(0x0018, 0x1060), // Trigger Time
    Tag(0x0018, 0x1314), // Flip Angle
    Tag(0x0018, 0x9074), // Frame Acquisition DateTime
    Tag(0x0018, 0x9075), // Diffusion Directionality
    Tag(0x0018, 0x9079), // Inversion Times
    Tag(0x0018, 0x9082), // Effective Echo Time
    Tag(0x0018, 0x9087), // Diffusion b-value
    Tag(0x0018, 0x9089), // Diffusion Gradient Orientation
    Tag(0x0020, 0x0012), // Acquisition Number
    Tag(0x0020, 0x0100), // Temporal Position Identifier
    Tag(0x0020, 0x9056), // Stack ID
    Tag(0x0020, 0x9128), // Temporal Position Index
    Tag(0x0020, 0x9156), // Frame Acquisition Number
];
