use std::path::Path;

use formats::{Scan, Source, discover};
use volume::{Affine, Grid, Labels, StoredVolume, Tissue};

use crate::AttackError;
use crate::fan::samples_mm;
use crate::frame::Frame;

/// Where voxels lie in the patient, and which lies where.
#[derive(Debug, Clone, Copy)]
pub struct Lattice {
    /// The voxels.
    pub grid: Grid,
    to_voxel: Affine,
}

impl Lattice {
    /// The lattice of `grid`; `None` if its axes do not span space.
    #[must_use]
    pub fn of(grid: Grid) -> Option<Self> {
        grid.affine.inverse().map(|to_voxel| Self { grid, to_voxel })
    }

    /// The voxel nearest to a point of the patient; `None` outside the grid.
    #[must_use]
    pub fn voxel(&self, point_mm: [f64; 3]) -> Option<usize> {
        let [ni, nj, nk] = self.grid.extent;
        let place = self.to_voxel.apply(point_mm);
        let [i, j, k] = place.map(|v| (v + 0.5).floor());
        let is_within = |v: f64, n: usize| v >= 0.0 && v < n as f64;
        (is_within(i, ni) && is_within(j, nj) && is_within(k, nk))
            .then(|| i as usize + ni * (j as usize + nj * k as usize))
    }

    /// The index along each axis of a voxel.
    #[must_use]
    pub fn index(&self, at: usize) -> [usize; 3] {
        let [ni, nj, _] = self.grid.extent;
        [at % ni, at / ni % nj, at / ni / nj]
    }

    /// Where a voxel's centre lies in the patient, in RAS+ millimetres.
    #[must_use]
    pub fn point_mm(&self, at: usize) -> [f64; 3] {
        self.grid.affine.apply(self.index(at).map(|v| v as f64))
    }
}

/// The first frame of a scan as real values, as an attacker reads it.
#[derive(Debug, Clone)]
pub struct Image {
    /// Where the voxels lie.
    pub lattice: Lattice,
    /// One real value a voxel, `i` fastest.
    pub values: Vec<f32>,
}

impl Image {
    /// An image of given values; `None` if its axes do not span space.
    ///
    /// # Panics
    /// If there is not one value a voxel.
    #[must_use]
    pub fn new(grid: Grid, values: Vec<f32>) -> Option<Self> {
        assert_eq!(values.len(), grid.n_voxels(), "one value a voxel");
        Some(Self { lattice: Lattice::of(grid)?, values })
    }

    /// The first frame of `volume`; `None` if its axes do not span space.
    #[must_use]
    pub fn of(volume: &StoredVolume) -> Option<Self> {
        let grid = *volume.grid();
        let mut values = vec![0.0; grid.n_voxels()];
        let planes = values.chunks_exact_mut(grid.extent[0] * grid.extent[1]);
        planes.enumerate().for_each(|(k, plane)| volume.real_rows(k, 0, plane));
        Self::new(grid, values)
    }

    /// The scan in the file or folder `path`.
    ///
    /// # Errors
    /// [`AttackError`] if there is not exactly one that can be read.
    pub fn open(path: &Path) -> Result<Self, AttackError> {
        let scan = open_scan(path)?;
        Self::of(&scan.volume).ok_or_else(|| AttackError::Flat { path: path.to_owned() })
    }

    /// The value nearest to a point of the patient; `None` outside the scan.
    #[must_use]
    pub fn at(&self, point_mm: [f64; 3]) -> Option<f32> {
        self.lattice.voxel(point_mm).map(|at| self.values[at])
    }

    /// The samples of a ray from the outside in to a frame's centre, as far as they lie in the scan:
    /// millimetres from the centre, and the nearest voxel.
    pub fn ray(
        &self,
        frame: &Frame,
        direction: [f64; 3],
    ) -> impl Iterator<Item = (f32, usize)> + use<'_> {
        let frame = *frame;
        samples_mm().filter_map(move |mm| {
            let voxel = self.lattice.voxel(frame.point_mm(direction, mm))?;
            Some((mm as f32, voxel))
        })
    }
}

/// Opens the one scan in the file or folder `path`.
///
/// # Errors
/// [`AttackError`] if there is not exactly one that can be read.
pub fn open_scan(path: &Path) -> Result<Scan, AttackError> {
    let fault = |reason| AttackError::Scan { path: path.to_owned(), reason };
    let found = discover(path).map_err(fault)?;
    let mut scans: Vec<&Source> = found.sources.iter().collect();
    match (scans.pop(), scans.len()) {
        (Some(source), 0) => formats::open(source).map_err(fault),
        (_, others) => {
            let found = found.sources.len().min(others + 1);
            Err(AttackError::NotOneScan { path: path.to_owned(), found })
        }
    }
}

/// The labels in a file of the shared heads, whose numbers `LABELS.md` there explains.
///
/// # Errors
/// [`AttackError`] if the file is not one readable scan.
pub fn open_labels(path: &Path) -> Result<Labels, AttackError> {
    const CLASSES: [Tissue; 9] = [
        Tissue::Background,
        Tissue::Brain,
        Tissue::Eyes,
        Tissue::Brow,
        Tissue::Nose,
        Tissue::Cheeks,
        Tissue::Mouth,
        Tissue::Ears,
        Tissue::Other,
    ];
    let image = Image::open(path)?;
    let tissue = |value: &f32| {
        // Casts from float to integer hold at the ends of the type.
        CLASSES.get(value.round() as usize).copied().unwrap_or(Tissue::Background)
    };
    Ok(Labels { grid: image.lattice.grid, tissues: image.values.iter().map(tissue).collect() })
}
