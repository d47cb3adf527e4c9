//! What is measured: each kernel on each volume, at each level.

use std::cell::RefCell;
use std::error::Error;
use std::fs;
use std::path::Path;

use kernels::{Neighbours, Pool, Rays, Workers};

/// A head on two grids: an MR of 1 mm, and a CT of 0.45 x 0.45 x 0.8 mm.
pub(crate) const VOLUMES: [(&str, [usize; 3], [f64; 3]); 2] =
    [("mr256", [256, 256, 256], [1.0, 1.0, 1.0]), ("ct512", [512, 512, 300], [0.45, 0.45, 0.8])];

/// An affine map of indices, row-major.
pub(crate) type Map = [[f64; 4]; 3];

/// A volume and its masks.
pub(crate) struct Volume {
    pub(crate) extent: [usize; 3],
    pub(crate) spacing_mm: [f64; 3],
    pub(crate) stored: Vec<i16>,
    /// The same as a file has it, to be filled in place.
    pub(crate) filled: RefCell<Vec<u8>>,
    /// A copy to be blended in place.
    pub(crate) blended: RefCell<Vec<i16>>,
    /// A copy of the logits to be made shares in place.
    pub(crate) shares: RefCell<Vec<f32>>,
    /// The head, filled.
    pub(crate) head: Vec<u64>,
    /// What a threshold leaves, noise and holes included.
    pub(crate) rough: Vec<u64>,
    /// The front of the head.
    pub(crate) face: Vec<u64>,
    /// The head without it.
    pub(crate) faceless: Vec<u64>,
    /// The volume at 2 mm, about the same centre.
    pub(crate) coarse: Vec<f32>,
    /// The head at 2 mm, a byte a voxel.
    pub(crate) coarse_head: Vec<u8>,
    pub(crate) coarse_extent: [usize; 3],
    /// From indices of the volume to those of the coarse one.
    pub(crate) to_coarse: Map,
    /// As that, turned by 10 and 7 degrees.
    pub(crate) to_coarse_turned: Map,
    /// The first of twelve parts of the volume and the eleven after it as logits of twelve classes.
    pub(crate) logits: Vec<f32>,
    /// As wide as a voxel's share of the largest value.
    pub(crate) weights: Vec<f32>,
    /// One value everywhere.
    pub(crate) flat: Vec<i16>,
    /// Between air and skin.
    pub(crate) low: i16,
    /// Above soft tissue.
    pub(crate) high: i16,
}

/// What a volume is made of, beside what follows from it.
pub(crate) struct Parts {
    pub(crate) extent: [usize; 3],
    pub(crate) spacing_mm: [f64; 3],
    pub(crate) is_ct: bool,
    pub(crate) stored: Vec<i16>,
    /// A byte a voxel.
    pub(crate) head: Vec<u8>,
    pub(crate) face: Vec<u8>,
    pub(crate) coarse: Vec<f32>,
    pub(crate) coarse_head: Vec<u8>,
    pub(crate) coarse_extent: [usize; 3],
    pub(crate) to_coarse: Map,
    pub(crate) to_coarse_turned: Map,
}

impl Volume {
    pub(crate) fn of(parts: Parts) -> Self {
        let Parts { extent, spacing_mm, stored, .. } = parts;
        let workers = Workers::new(1);
        let bits = |bytes: &[u8]| kernels::bits_of(bytes, extent, workers);
        let (head, face) = (bits(&parts.head), bits(&parts.face));
        let (noise, low, high) = if parts.is_ct { (-300, -300, 200) } else { (50, 150, 900) };
        Self {
            extent,
            spacing_mm,
            faceless: kernels::and_not(&head, &face),
            head,
            face,
            coarse: parts.coarse,
            coarse_head: parts.coarse_head,
            coarse_extent: parts.coarse_extent,
            to_coarse: parts.to_coarse,
            to_coarse_turned: parts.to_coarse_turned,
            logits: stored[..stored.len() / 12 * 12]
                .iter()
                .map(|&v| f32::from(v) / 100.0)
                .collect(),
            weights: stored.iter().map(|&v| f32::from(v) / 3071.0).collect(),
            rough: kernels::threshold(&stored, extent, noise, workers),
            filled: RefCell::new(stored.iter().flat_map(|v| v.to_le_bytes()).collect()),
            flat: vec![100; stored.len()],
            blended: RefCell::new(stored.clone()),
            shares: RefCell::new(vec![0.0; stored.len() / 12 * 12]),
            stored,
            low,
            high,
        }
    }

    /// Reads the files that `compare.py` writes into a folder, little endian.
    pub(crate) fn read(folder: &Path, name: &str) -> Result<Self, Box<dyn Error>> {
        let (_, extent, spacing_mm) =
            *VOLUMES.iter().find(|v| v.0 == name).ok_or("no such volume")?;
        let file = |file: &str| fs::read(folder.join(name).join(file));
        let maps: Vec<f64> = numbers(&file("maps.raw")?, f64::from_le_bytes);
        let map = |n: usize| [0, 1, 2].map(|a| [0, 1, 2, 3].map(|b| maps[12 * n + 4 * a + b]));
        Ok(Self::of(Parts {
            extent,
            spacing_mm,
            is_ct: name.starts_with("ct"),
            stored: numbers(&file("stored.raw")?, i16::from_le_bytes),
            head: file("head.raw")?,
            face: file("face.raw")?,
            coarse: numbers(&file("coarse.raw")?, f32::from_le_bytes),
            coarse_head: file("coarse_head.raw")?,
            coarse_extent: [0, 1, 2]
                .map(|a| (extent[a] as f64 * spacing_mm[a] / 2.0).round() as usize),
            to_coarse: map(0),
            to_coarse_turned: map(1),
        }))
    }
}

impl Volume {
    /// A view of the face from 180 mm before the centre, turned by 25 degrees about the vertical:
    /// 512 x 512 rays over 256 mm, samples 0.5 mm apart.
    fn view(&self) -> Rays {
        let (sin, cos) = 25f64.to_radians().sin_cos();
        let (right, step) = ([cos, -sin, 0.0], [sin, cos, 0.0]);
        let in_voxels = |mm: [f64; 3]| [0, 1, 2].map(|a| mm[a] / self.spacing_mm[a]);
        let first = [0, 1, 2].map(|a| -127.75 * right[a] - 180.0 * step[a] + [0.0, 0.0, 127.75][a]);
        let centre = self.extent.map(|n| (n - 1) as f64 / 2.0);
        Rays {
            n_pixels: [512, 512],
            start: [0, 1, 2].map(|a| in_voxels(first)[a] + centre[a]),
            across: in_voxels(right.map(|v| 0.5 * v)),
            down: in_voxels([0.0, 0.0, -0.5]),
            step: in_voxels(step.map(|v| 0.5 * v)),
            n_steps: 720,
        }
    }
}

fn numbers<T, const N: usize>(bytes: &[u8], of: fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&b| of(b)).collect()
}

/// What a kernel gave.
pub(crate) enum Answer {
    Bits(Vec<u64>),
    Counts(Vec<u64>),
    Reals(Vec<f32>),
    Numbers(Vec<u32>),
    Shorts(Vec<i16>),
    Bytes(Vec<u8>),
    /// Bytes of the volume.
    InPlace(fn(&Volume) -> Vec<u8>),
}

impl Answer {
    /// Puts what is of no more use back.
    pub(crate) fn give_back(self, pool: &Pool) {
        match self {
            Self::Bits(v) | Self::Counts(v) => pool.give_back(v),
            Self::Reals(v) => pool.give_back(v),
            Self::Numbers(v) => pool.give_back(v),
            Self::Shorts(v) => pool.give_back(v),
            Self::Bytes(v) => pool.give_back(v),
            Self::InPlace(_) => {}
        }
    }

    /// As it lies in memory, little endian.
    pub(crate) fn bytes(self, volume: &Volume) -> Vec<u8> {
        match self {
            Self::Bits(v) | Self::Counts(v) => v.iter().flat_map(|n| n.to_le_bytes()).collect(),
            Self::Bytes(v) => v,
            Self::InPlace(bytes) => bytes(volume),
            Self::Shorts(v) => v.iter().flat_map(|n| n.to_le_bytes()).collect(),
            Self::Numbers(v) => v.iter().flat_map(|n| n.to_le_bytes()).collect(),
            Self::Reals(v) => v.iter().flat_map(|n| n.to_le_bytes()).collect(),
        }
    }
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
    Case {
        name: "histogram/i16",
        bytes_per_voxel: 2.0,
        run: |v, w| Answer::Counts(kernels::histogram(&v.stored, [-1024.0, 3071.0], 4096, w)),
    },
    Case {
        name: "otsu/i16",
        bytes_per_voxel: 2.0,
        run: |v, w| {
            Answer::Reals(kernels::otsu(&v.stored, w).map(|t| t as f32).into_iter().collect())
        },
    },
    Case {
        name: "fill_masked/i16",
        bytes_per_voxel: 0.125,
        run: |v, w| {
            let mut bytes = v.filled.borrow_mut();
            kernels::fill_masked(&mut bytes, &v.face, v.extent[0], &(-7i16).to_le_bytes(), w);
            Answer::InPlace(|v| v.filled.borrow().clone())
        },
    },
    Case {
        name: "blend/i16",
        bytes_per_voxel: 10.0,
        run: |v, w| {
            v.blended.borrow_mut().copy_from_slice(&v.stored);
            kernels::blend(&mut v.blended.borrow_mut(), &v.flat, &v.weights, w);
            Answer::InPlace(|v| v.blended.borrow().iter().flat_map(|n| n.to_le_bytes()).collect())
        },
    },
    Case {
        name: "downsample_2mm/i16",
        bytes_per_voxel: 2.0,
        run: |v, w| {
            let to_mm =
                [0, 1, 2].map(|a| if v.spacing_mm[a] < 2.0 { 2.0 } else { v.spacing_mm[a] });
            Answer::Reals(kernels::downsample(&v.stored, v.extent, v.spacing_mm, to_mm, w).0)
        },
    },
    Case {
        name: "resample/f32",
        bytes_per_voxel: 4.0,
        run: |v, w| {
            let to = &v.to_coarse;
            let (values, inside) = kernels::resample(&v.coarse, v.coarse_extent, to, v.extent, w);
            w.give_back(inside);
            Answer::Reals(values)
        },
    },
    Case {
        name: "resample_turned/f32",
        bytes_per_voxel: 4.0,
        run: |v, w| {
            let to = &v.to_coarse_turned;
            let (values, inside) = kernels::resample(&v.coarse, v.coarse_extent, to, v.extent, w);
            w.give_back(inside);
            Answer::Reals(values)
        },
    },
    Case {
        name: "resample_nearest/u8",
        bytes_per_voxel: 1.0,
        run: |v, w| {
            let (to, from) = (&v.to_coarse, v.coarse_extent);
            Answer::Bytes(kernels::resample_nearest(&v.coarse_head, from, to, v.extent, 0, w))
        },
    },
    Case {
        name: "resample_nearest_turned/u8",
        bytes_per_voxel: 1.0,
        run: |v, w| {
            let (to, from) = (&v.to_coarse_turned, v.coarse_extent);
            Answer::Bytes(kernels::resample_nearest(&v.coarse_head, from, to, v.extent, 0, w))
        },
    },
    Case {
        name: "softmax_12/f32",
        bytes_per_voxel: 8.0,
        run: |v, w| {
            v.shares.borrow_mut().copy_from_slice(&v.logits);
            kernels::softmax(&mut v.shares.borrow_mut(), 12, w);
            Answer::InPlace(|v| v.shares.borrow().iter().flat_map(|n| n.to_le_bytes()).collect())
        },
    },
    Case {
        name: "argmax_12/f32",
        bytes_per_voxel: 4.0,
        run: |v, w| Answer::Bytes(kernels::argmax(&v.logits, 12, w)),
    },
    Case {
        name: "ray_cast_512/i16",
        bytes_per_voxel: 2.0,
        run: |v, w| {
            let mask = kernels::threshold(&v.stored, v.extent, v.low, w);
            let hits = kernels::ray_cast(&mask, v.extent, v.spacing_mm, &v.view(), w);
            let found = hits.iter().map(|hit| hit.map_or(720, |hit| hit.n as u32)).collect();
            w.give_back(mask);
            w.give_back(hits);
            Answer::Numbers(found)
        },
    },
    Case {
        name: "surface_distances/bits",
        bytes_per_voxel: 0.25,
        run: |v, w| {
            let (one, other) = (&v.head, &v.faceless);
            Answer::Reals(kernels::surface_distances(one, other, v.extent, v.spacing_mm, w))
        },
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
        run: |v, w| Answer::Numbers(kernels::label(&v.rough, v.extent, Neighbours::Faces, w).0),
    },
    Case {
        name: "label_26/bits",
        bytes_per_voxel: 4.125,
        run: |v, w| Answer::Numbers(kernels::label(&v.rough, v.extent, Neighbours::Corners, w).0),
    },
    Case {
        name: "keep_largest_6/bits",
        bytes_per_voxel: 0.25,
        run: |v, w| Answer::Bits(kernels::keep_largest(&v.rough, v.extent, Neighbours::Faces, w)),
    },
    Case {
        name: "keep_largest_26/bits",
        bytes_per_voxel: 0.25,
        run: |v, w| Answer::Bits(kernels::keep_largest(&v.rough, v.extent, Neighbours::Corners, w)),
    },
    Case {
        name: "fill_holes/bits",
        bytes_per_voxel: 0.25,
        run: |v, w| Answer::Bits(kernels::fill_holes(&v.rough, v.extent, w)),
    },
    Case {
        name: "fill_holes_in_planes/bits",
        bytes_per_voxel: 0.25,
        run: |v, w| Answer::Bits(kernels::fill_holes_in_planes(&v.rough, v.extent, w)),
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
