//! What is measured: each kernel on each volume, at each level.

use std::error::Error;
use std::fs;
use std::path::Path;

use kernels::{Neighbours, Workers};

/// A head on two grids: an MR of 1 mm, and a CT of 0.45 x 0.45 x 0.8 mm.
pub(crate) const VOLUMES: [(&str, [usize; 3], [f64; 3]); 2] =
    [("mr256", [256, 256, 256], [1.0, 1.0, 1.0]), ("ct512", [512, 512, 300], [0.45, 0.45, 0.8])];

/// A volume and its masks.
pub(crate) struct Volume {
    pub(crate) extent: [usize; 3],
    pub(crate) spacing_mm: [f64; 3],
    pub(crate) stored: Vec<i16>,
    /// The head, filled.
    pub(crate) head: Vec<u64>,
    /// What a threshold leaves, noise and holes included.
    pub(crate) rough: Vec<u64>,
    /// Between air and skin.
    pub(crate) low: i16,
    /// Above soft tissue.
    pub(crate) high: i16,
}

impl Volume {
    /// Reads `stored.raw` (i16, little endian) and `head.raw` (u8) of a folder.
    pub(crate) fn read(folder: &Path, name: &str) -> Result<Self, Box<dyn Error>> {
        let (_, extent, spacing_mm) =
            *VOLUMES.iter().find(|v| v.0 == name).ok_or("no such volume")?;
        let bytes = fs::read(folder.join(name).join("stored.raw"))?;
        let (pairs, _) = bytes.as_chunks::<2>();
        let stored: Vec<i16> = pairs.iter().map(|&b| i16::from_le_bytes(b)).collect();
        let head = fs::read(folder.join(name).join("head.raw"))?;
        let workers = Workers::new(1);
        let (noise, low, high) =
            if name.starts_with("ct") { (-300, -300, 200) } else { (50, 150, 900) };
        Ok(Self {
            extent,
            spacing_mm,
            head: kernels::bits_of(&head, extent, workers),
            rough: kernels::threshold(&stored, extent, noise, workers),
            stored,
            low,
            high,
        })
    }
}

/// What a kernel gave.
pub(crate) enum Answer {
    Bits(Vec<u64>),
    Reals(Vec<f32>),
    Numbers(Vec<u32>),
    Shorts(Vec<i16>),
    Bytes(Vec<u8>),
}

/// A kernel as it is measured.
pub(crate) struct Case {
    /// Kernel and type of its input.
    pub(crate) name: &'static str,
    /// The bytes read and written at least.
    pub(crate) bytes_per_voxel: f64,
    pub(crate) run: fn(&Volume, Workers) -> Answer,
}

macro_rules! ball {
    ($name:literal, $kernel:ident, $radius:literal) => {
        Case {
            name: $name,
            bytes_per_voxel: 0.25,
            run: |v, w| Answer::Bits(kernels::$kernel(&v.head, v.extent, v.spacing_mm, $radius, w)),
        }
    };
}

/// Every kernel that is measured.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "threshold/i16",
        bytes_per_voxel: 2.125,
        run: |v, w| Answer::Bits(kernels::threshold(&v.stored, v.extent, v.low, w)),
    },
    Case {
        name: "window/i16",
        bytes_per_voxel: 2.125,
        run: |v, w| Answer::Bits(kernels::window(&v.stored, v.extent, v.low..=v.high, w)),
    },
    ball!("dilate_3mm/bits", dilate, 3.0),
    ball!("dilate_5mm/bits", dilate, 5.0),
    ball!("dilate_10mm/bits", dilate, 10.0),
    ball!("dilate_20mm/bits", dilate, 20.0),
    ball!("erode_5mm/bits", erode, 5.0),
    ball!("open_5mm/bits", open, 5.0),
    ball!("close_10mm/bits", close, 10.0),
    Case {
        name: "gaussian_1.5mm/i16",
        bytes_per_voxel: 6.0,
        run: |v, w| Answer::Reals(kernels::gaussian(&v.stored, v.extent, v.spacing_mm, 1.5, w)),
    },
    Case {
        name: "median/i16",
        bytes_per_voxel: 4.0,
        run: |v, w| Answer::Shorts(kernels::median(&v.stored, v.extent, w)),
    },
    Case {
        name: "bytes_of/bits",
        bytes_per_voxel: 1.125,
        run: |v, w| Answer::Bytes(kernels::bytes_of(&v.rough, v.extent, w)),
    },
    Case {
        name: "label_6/bits",
        bytes_per_voxel: 4.125,
        run: |v, _| Answer::Numbers(kernels::label(&v.rough, v.extent, Neighbours::Faces).0),
    },
    Case {
        name: "label_26/bits",
        bytes_per_voxel: 4.125,
        run: |v, _| Answer::Numbers(kernels::label(&v.rough, v.extent, Neighbours::Corners).0),
    },
    Case {
        name: "keep_largest_6/bits",
        bytes_per_voxel: 0.25,
        run: |v, _| Answer::Bits(kernels::keep_largest(&v.rough, v.extent, Neighbours::Faces)),
    },
    Case {
        name: "keep_largest_26/bits",
        bytes_per_voxel: 0.25,
        run: |v, _| Answer::Bits(kernels::keep_largest(&v.rough, v.extent, Neighbours::Corners)),
    },
    Case {
        name: "fill_holes/bits",
        bytes_per_voxel: 0.25,
        run: |v, _| Answer::Bits(kernels::fill_holes(&v.rough, v.extent)),
    },
    Case {
        name: "distance/bits",
        bytes_per_voxel: 4.125,
        run: |v, w| {
            let outside = kernels::complement(&v.head, v.extent);
            Answer::Reals(kernels::distance(&outside, v.extent, v.spacing_mm, f64::INFINITY, w))
        },
    },
    Case {
        name: "signed_distance/bits",
        bytes_per_voxel: 4.125,
        run: |v, w| {
            let inf = f64::INFINITY;
            Answer::Reals(kernels::signed_distance(&v.head, v.extent, v.spacing_mm, inf, w))
        },
    },
];

/// The case of a name.
pub(crate) fn case(name: &str) -> Result<&'static Case, Box<dyn Error>> {
    CASES.iter().find(|c| c.name == name).ok_or_else(|| format!("no kernel {name}").into())
}
