use std::num::NonZero;
use std::thread;

use volume::{Grid, Labels, Tissue};

use crate::contrast::Contrast;
use crate::material::Material;
use crate::person::Person;
use crate::random::{Random, noise};
use crate::region;
use crate::shape::{Point, ramp};

/// What of the person is in the scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// Everything.
    Whole,
    /// The face cut away by planes, as after defacing: air instead.
    Defaced,
    /// Nothing but brain and the fluid around it, as after skull stripping.
    BrainOnly,
}

/// How a person is scanned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Acquisition {
    /// What the scan shows.
    pub contrast: Contrast,
    /// What of the person is in it.
    pub variant: Variant,
    /// Deviation of the noise in real values: Rician in MR, Gaussian in CT.
    pub noise: f32,
    /// MR: by how much the coil's sensitivity differs from its mean, as a share of it.
    pub bias: f32,
    /// CT: whether the head lies on a head rest.
    pub head_rest: bool,
    /// The seed of noise and bias.
    pub seed: u64,
}

impl Acquisition {
    /// A usual scan of the whole head: little noise, some bias in MR, no head rest.
    #[must_use]
    pub fn usual(contrast: Contrast, seed: u64) -> Self {
        let (noise, bias) = if contrast.is_mr() { (12.0, 0.15) } else { (12.0, 0.0) };
        Self { contrast, variant: Variant::Whole, noise, bias, head_rest: false, seed }
    }
}

/// Scans `person` on `grid`: one real value a voxel, `i` fastest; HU in CT, arbitrary in MR.
///
/// A voxel is the mean over its volume, so slices average over their thickness. The result depends
/// on nothing but the arguments.
#[must_use]
pub fn render(person: &Person, grid: &Grid, acquisition: &Acquisition) -> Vec<f32> {
    let painter = Painter { person, acquisition, grid };
    in_planes(grid, 0.0, |k, plane| painter.plane(k, plane))
}

/// The tissue at the centre of each voxel of `grid`.
#[must_use]
pub fn labels(person: &Person, grid: &Grid, variant: Variant) -> Labels {
    let tissues = in_planes(grid, Tissue::Background, |k, plane| {
        for (n, tissue) in plane.iter_mut().enumerate() {
            let index = [n % grid.extent[0], n / grid.extent[0], k];
            let (p, place) = person.place(grid.affine.apply(index.map(|i| i as f64)));
            if place.outside() <= 0.0 {
                let found = region::tissue(person.anatomy(), p, place);
                if remains(variant, p, found == Tissue::Brain) {
                    *tissue = found;
                }
            }
        }
    });
    Labels { grid: *grid, tissues }
}

/// What `at` says of the centre of each voxel of `grid`, a point of the patient; `i` fastest.
#[must_use]
pub fn sample<T: Clone + Default + Send>(grid: &Grid, at: impl Fn([f64; 3]) -> T + Sync) -> Vec<T> {
    in_planes(grid, T::default(), |k, plane| {
        for (n, voxel) in plane.iter_mut().enumerate() {
            let index = [n % grid.extent[0], n / grid.extent[0], k];
            *voxel = at(grid.affine.apply(index.map(|i| i as f64)));
        }
    })
}

/// Whether `variant` keeps the point `p` of the model.
fn remains(variant: Variant, p: Point, is_brain: bool) -> bool {
    match variant {
        Variant::Whole => true,
        Variant::BrainOnly => is_brain,
        Variant::Defaced => {
            let [_, y, z] = p;
            is_brain
                || !(z < 40.0 && y > 44.0 + 0.55 * (z - 10.0).max(-60.0) || z < -45.0 && y > 5.0)
        }
    }
}

/// Fills the planes of `grid` on all cores; `fill` gets the plane's number and its voxels.
fn in_planes<T: Clone + Send>(
    grid: &Grid,
    empty: T,
    fill: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    let mut voxels = vec![empty; grid.n_voxels()];
    let n_threads = thread::available_parallelism().map_or(1, NonZero::get);
    let in_plane = (grid.extent[0] * grid.extent[1]).max(1);
    // Planes are dealt out in turn, for those through the head cost more than those beside it.
    let mut hands: Vec<Vec<(usize, &mut [T])>> = (0..n_threads).map(|_| Vec::new()).collect();
    for (k, plane) in voxels.chunks_exact_mut(in_plane).enumerate() {
        hands[k % n_threads].push((k, plane));
    }
    thread::scope(|scope| {
        for hand in hands {
            let fill = &fill;
            scope.spawn(move || hand.into_iter().for_each(|(k, plane)| fill(k, plane)));
        }
    });
    voxels
}

struct Painter<'a> {
    person: &'a Person,
    acquisition: &'a Acquisition,
    grid: &'a Grid,
}

impl Painter<'_> {
    fn plane(&self, k: usize, plane: &mut [f32]) {
        let [ni, _, _] = self.grid.extent;
        let Acquisition { contrast, noise: deviation, seed, .. } = *self.acquisition;
        let mut random = Random::new(seed ^ (k as u64 + 1).wrapping_mul(0xa076_1d64_78bd_642f));
        let step_mm = self.grid.spacing_mm()[0] as f32;
        let mut air_before = 0;
        for (n, voxel) in plane.iter_mut().enumerate() {
            let index = [n % ni, n / ni, k].map(|i| i as f64);
            if n % ni == 0 {
                air_before = n;
            }
            let (clean, clear_mm) = if n < air_before {
                (self.empty(self.grid.affine.apply(index)), 0.0)
            } else {
                self.mean(index)
            };
            if clear_mm > 0.0 {
                air_before = n + 1 + (clear_mm / step_mm) as usize;
            }
            *voxel = if contrast.is_mr() {
                let signal = clean * self.sensitivity(index);
                let (re, im) = (signal + deviation * random.normal(), deviation * random.normal());
                (re * re + im * im).sqrt()
            } else {
                clean + deviation * random.normal()
            };
        }
    }

    /// The mean over a voxel, and how many mm on there is nothing but air.
    fn mean(&self, index: [f64; 3]) -> (f32, f32) {
        let centre = self.grid.affine.apply(index);
        let spacing = self.grid.spacing_mm();
        let radius = (0.5 * spacing.iter().map(|s| s * s).sum::<f64>().sqrt()) as f32;
        let (_, place) = self.person.place(centre);
        let clear_mm = place.outside() - (1.3 * radius + 3.0);
        if clear_mm > 0.0 {
            // Far off, distances are rough, and small parts such as the ears are left out.
            return (self.empty(centre), (0.5 * clear_mm).min(8.0));
        }
        // Samples along an axis lie at most 1.2 mm apart.
        let n = spacing.map(|s| (s / 1.2).ceil().clamp(2.0, 8.0) as usize);
        let (mut sum, mut count) = (0.0, 0.0);
        // In small voxels four corners of eight, as in a tetrahedron, are enough.
        let few = n == [2, 2, 2] && radius < 1.35;
        for (a, b, c) in cells(n).filter(|(a, b, c)| !few || (a + b + c) % 2 == 0) {
            let at = [(a, 0), (b, 1), (c, 2)].map(|(step, axis): (usize, usize)| {
                index[axis] + (step as f64 + 0.5) / n[axis] as f64 - 0.5
            });
            sum += self.sample(self.grid.affine.apply(at));
            count += 1.0;
        }
        (sum / count, 0.0)
    }

    fn sample(&self, point_mm: [f64; 3]) -> f32 {
        let (p, place) = self.person.place(point_mm);
        let anatomy = self.person.anatomy();
        let material = anatomy.material(p, place);
        if material == Material::Air {
            return self.empty(point_mm);
        }
        let Acquisition { contrast, variant, .. } = *self.acquisition;
        if variant != Variant::Whole && !remains(variant, p, anatomy.brain(p, place) < 0.0) {
            return contrast.value(Material::Air);
        }
        let mean = contrast.value(material);
        let [fine, coarse] = texture(material);
        if fine == 0.0 {
            return mean;
        }
        let [x, y, z] = p;
        let seed = anatomy.traits.noise ^ 40;
        let grain = fine * noise(seed, [x / 1.9, y / 1.9, z / 1.9])
            + coarse * noise(seed ^ 1, [x / 11.0, y / 11.0, z / 11.0]);
        if contrast.is_mr() {
            mean * (1.0 + grain)
        } else {
            mean + grain * mean.abs().clamp(60.0, 500.0)
        }
    }

    /// Air, or the head rest.
    fn empty(&self, point_mm: [f64; 3]) -> f32 {
        let Acquisition { contrast, head_rest, .. } = *self.acquisition;
        let air = contrast.value(Material::Air);
        if !head_rest || contrast.is_mr() {
            return air;
        }
        // A shell behind the head that follows it, a plate of foam within.
        let [x, y, z] = point_mm.map(|v| v as f32);
        let curve = (x / 135.0) * (x / 135.0) * 55.0 - 112.0;
        let under = (curve - y).abs();
        let long = x.abs() < 130.0 && z < 130.0;
        match under {
            u if long && u < 1.2 => 150.0,
            u if long && u < 9.0 && y < curve => -880.0,
            _ => air,
        }
    }

    /// The coil's sensitivity: smooth, weaker far from the coil's centre and towards the neck.
    fn sensitivity(&self, index: [f64; 3]) -> f32 {
        let Acquisition { bias, seed, .. } = *self.acquisition;
        let p = self.grid.affine.apply(index).map(|v| v as f32);
        let smooth = noise(seed as u32 ^ 77, [p[0] / 95.0, p[1] / 95.0, p[2] / 95.0]);
        1.0 + bias * smooth - 2.0 * bias * ramp(-60.0, -170.0, p[2])
    }
}

fn cells(n: [usize; 3]) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..n[2]).flat_map(move |c| (0..n[1]).flat_map(move |b| (0..n[0]).map(move |a| (a, b, c))))
}

/// The share by which a material varies over about 2 mm and over about 11 mm.
fn texture(material: Material) -> [f32; 2] {
    match material {
        Material::Air | Material::Airway | Material::Tooth => [0.0, 0.0],
        Material::Marrow => [0.35, 0.2],
        Material::Bone => [0.12, 0.08],
        Material::Muscle | Material::Gland | Material::Mucosa => [0.14, 0.12],
        Material::Fat | Material::Skin => [0.07, 0.10],
        _ => [0.02, 0.03],
    }
}
