use kernels::{Neighbours, Workers};
use volume::Mask;

use crate::fan::DepthMap;
use crate::statistics::{median, spread};
use crate::{Fan, Frame, Image};

/// A way to read a face's depth off a defaced scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// The surface above Otsu's threshold.
    Bright,
    /// The surface above 0.35 of the way to it: skin in MR.
    Skin,
    /// The surface above a tenth of the way to it.
    Dim,
    /// The surface above the air in front of it by more than its noise, however little that is.
    Faint,
    /// Where level or noise first differ from those of what lies in front.
    Noise,
    /// Where the largest region of one value begins, from the outside.
    FillFront,
    /// Where it ends.
    FillBack,
}

impl Recovery {
    /// Every way.
    pub const ALL: [Self; 7] = [
        Self::Bright,
        Self::Skin,
        Self::Dim,
        Self::Faint,
        Self::Noise,
        Self::FillFront,
        Self::FillBack,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bright => "threshold, Otsu",
            Self::Skin => "threshold, 0.35",
            Self::Dim => "threshold, 0.1",
            Self::Faint => "threshold, faint",
            Self::Noise => "noise",
            Self::FillFront => "fill, outer border",
            Self::FillBack => "fill, inner border",
        }
    }
}

/// How far from the outer end of a ray lies what counts as in front of the face.
const FRONT_MM: f32 = 12.0;
/// A departure from what lies in front counts from this many deviations on,
const DEVIATIONS: f32 = 5.0;
/// and if it lasts for so many samples.
const LASTING: usize = 3;
/// Gaps of fewer samples do not end a region.
const GAP: usize = 3;

/// The depth maps that each way of [`Recovery::ALL`] reads off a scan, from it alone.
#[must_use]
pub fn recover(image: &Image, frame: &Frame, fan: &Fan, workers: Workers) -> Vec<DepthMap> {
    let scene = Scene::of(image, frame, fan);
    let otsu = kernels::otsu(&image.values, workers).map_or(f32::NAN, |t| t as f32);
    let air = scene.air(otsu);
    let above = |share: f32| scene.above(air + share * (otsu - air), workers);
    let fill = scene.fill(workers);
    Recovery::ALL
        .into_iter()
        .map(|recovery| match recovery {
            Recovery::Bright => above(1.0),
            Recovery::Skin => above(0.35),
            Recovery::Dim => above(0.1),
            Recovery::Faint => scene.above(scene.faint(), workers),
            Recovery::Noise => scene.departure(),
            Recovery::FillFront => scene.borders(fill.as_ref())[0].clone(),
            Recovery::FillBack => scene.borders(fill.as_ref())[1].clone(),
        })
        .collect()
}

/// A scan, and the samples of each ray through it, from the outside in.
struct Scene<'a> {
    image: &'a Image,
    rays: Vec<Vec<(f32, usize)>>,
}

impl<'a> Scene<'a> {
    fn of(image: &'a Image, frame: &Frame, fan: &Fan) -> Self {
        let ray = |direction: &[f64; 3]| image.ray(frame, *direction).collect();
        Self { image, rays: fan.directions.iter().map(ray).collect() }
    }

    /// The samples in front of all faces.
    fn front(&self) -> impl Iterator<Item = usize> {
        self.rays.iter().flat_map(|ray| {
            let outermost = ray.first().map_or(0.0, |(mm, _)| *mm);
            ray.iter().take_while(move |(mm, _)| *mm > outermost - FRONT_MM).map(|(_, at)| *at)
        })
    }

    /// The level of the air: the median of the scan below `threshold`.
    fn air(&self, threshold: f32) -> f32 {
        let dark = self.image.values.iter().copied().filter(|v| *v <= threshold);
        median(&mut dark.collect::<Vec<f32>>()).unwrap_or(0.0)
    }

    /// The threshold that what lies in front of the face nowhere reaches but by chance.
    fn faint(&self) -> f32 {
        let mut front: Vec<f32> = self.front().map(|at| self.image.values[at]).collect();
        let level = median(&mut front).unwrap_or(0.0);
        level + DEVIATIONS * spread(&mut front, level)
    }

    /// The surface of the largest body above a threshold.
    fn above(&self, threshold: f32, workers: Workers) -> DepthMap {
        let extent = self.image.lattice.grid.extent;
        let body = kernels::threshold(&self.image.values, extent, threshold, workers);
        let body = kernels::keep_largest(&body, extent, Neighbours::Faces, workers);
        let body = Mask::from_words(self.image.lattice.grid, body);
        self.map(|ray| first(ray, |at| body.get(self.image.lattice.index(at))))
    }

    /// Where rays first differ, in level or noise, from what lies in front of the face.
    fn departure(&self) -> DepthMap {
        let mut seen: [Vec<f32>; 2] = [Vec::new(), Vec::new()];
        for at in self.front() {
            let local = self.local(at);
            seen.iter_mut().zip(local).for_each(|(all, v)| all.push(v));
        }
        let [level, noise] = seen.map(|mut values| {
            let middle = median(&mut values).unwrap_or(0.0);
            [middle, DEVIATIONS * spread(&mut values, middle)]
        });
        let departs = |at: usize| {
            let [mean, deviation] = self.local(at);
            (mean - level[0]).abs() > level[1] || (deviation - noise[0]).abs() > noise[1]
        };
        self.map(|ray| {
            let departed: Vec<bool> = ray.iter().map(|&(_, at)| departs(at)).collect();
            let at = departed.windows(LASTING).position(|w| w.iter().all(|d| *d))?;
            (at > 0).then(|| ray[at].0)
        })
    }

    /// Mean and deviation of the 27 voxels around one.
    fn local(&self, at: usize) -> [f32; 2] {
        let [ni, nj, _] = self.image.lattice.grid.extent;
        let index = self.image.lattice.index(at);
        let around = |a: usize| {
            let last = self.image.lattice.grid.extent[a] - 1;
            [index[a].saturating_sub(1), index[a], (index[a] + 1).min(last)]
        };
        let (mut sum, mut squares) = (0.0f64, 0.0f64);
        for k in around(2) {
            for j in around(1) {
                for i in around(0) {
                    let value = f64::from(self.image.values[i + ni * (j + nj * k)]);
                    sum += value;
                    squares += value * value;
                }
            }
        }
        let mean = sum / 27.0;
        [mean as f32, (squares / 27.0 - mean * mean).max(0.0).sqrt() as f32]
    }

    /// The largest region of the value that, along the rays, most often equals all its neighbours.
    fn fill(&self, workers: Workers) -> Option<Mask> {
        let values = &self.image.values;
        let mut constant: Vec<f32> = self
            .rays
            .iter()
            .flatten()
            .filter(|(_, at)| self.is_constant_around(*at))
            .map(|(_, at)| values[*at])
            .collect();
        constant.sort_unstable_by(f32::total_cmp);
        let runs = constant.chunk_by(|a, b| a.total_cmp(b).is_eq());
        let value = runs.max_by_key(|run| run.len())?[0];
        let extent = self.image.lattice.grid.extent;
        let alike = kernels::window(values, extent, value..=value, workers);
        // Voxels of noise that have the value by chance are no region.
        let spacing = self.image.lattice.grid.spacing_mm();
        let radius_mm = spacing.into_iter().fold(0.0, f64::max);
        let alike = kernels::open(&alike, extent, spacing, radius_mm, workers);
        let region = kernels::keep_largest(&alike, extent, Neighbours::Faces, workers);
        Some(Mask::from_words(self.image.lattice.grid, region))
    }

    fn is_constant_around(&self, at: usize) -> bool {
        let extent = self.image.lattice.grid.extent;
        let (index, step) = (self.image.lattice.index(at), [1, extent[0], extent[0] * extent[1]]);
        let value = self.image.values[at];
        let is_same = |other: usize| value.total_cmp(&self.image.values[other]).is_eq();
        (0..3).all(|a| index[a] + 1 < extent[a] && is_same(at + step[a]))
    }

    /// Where a region begins on each ray, and where it ends.
    fn borders(&self, region: Option<&Mask>) -> [DepthMap; 2] {
        let Some(region) = region else { return [(); 2].map(|()| self.map(|_| None)) };
        let is_in = |at: usize| region.get(self.image.lattice.index(at));
        let back = |ray: &[(f32, usize)]| {
            let start = ray.iter().position(|&(_, at)| is_in(at))?;
            let inside: Vec<bool> = ray[start..].iter().map(|&(_, at)| is_in(at)).collect();
            let end = inside.windows(GAP).position(|w| w.iter().all(|i| !i))?;
            Some(ray[start + end].0)
        };
        [self.map(|ray| first(ray, is_in)), self.map(back)]
    }

    fn map(&self, depth: impl Fn(&[(f32, usize)]) -> Option<f32>) -> DepthMap {
        self.rays.iter().map(|ray| depth(ray).unwrap_or(f32::NAN)).collect()
    }
}

/// Where a ray first meets what `is_in` holds of. What reaches to the border of the scan tells of
/// the scan alone.
fn first(ray: &[(f32, usize)], is_in: impl Fn(usize) -> bool) -> Option<f32> {
    let at = ray.iter().position(|&(_, at)| is_in(at))?;
    (at > 0).then(|| ray[at].0)
}
