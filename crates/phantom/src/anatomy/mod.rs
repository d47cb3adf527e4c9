//! The head as a function from a point to its material, in the model's own frame.
//!
//! The frame is that of an average adult: millimetres, x to the right, y to the front, z upwards,
//! the origin midway between the ear canals, the orbit's lower rim and the ear canals in one
//! horizontal plane. Bodies that come in pairs are drawn once, for positive x.

mod airway;
mod brain;
pub(crate) mod ear;
pub(crate) mod eye;
mod face_bone;
mod neck;
pub(crate) mod nose;
mod skin;
mod vault;

use crate::material::Material;
use crate::random::noise;
use crate::shape::{Point, bump, ellipsoid, mix, ramp};
use crate::traits::Traits;

/// A head of given traits.
#[derive(Debug, Clone)]
pub(crate) struct Anatomy {
    pub(crate) traits: Traits,
    skin: skin::Skin,
}

/// Where a point lies with respect to the surfaces that bound the regions, in mm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Outside the skin of head and neck, ears left out; negative inside.
    pub(crate) skin: f32,
    /// Outside the nearer auricle.
    pub(crate) ear: f32,
    /// Outside the smooth head without features and neck.
    pub(crate) dome: f32,
}

impl Place {
    /// Outside skin and auricles.
    pub(crate) fn outside(self) -> f32 {
        self.skin.min(self.ear)
    }
}

impl Anatomy {
    pub(crate) fn new(traits: Traits) -> Self {
        let skin = skin::Skin::new(&traits);
        Self { traits, skin }
    }

    /// The distances of `p` to skin and ears.
    pub(crate) fn place(&self, p: Point) -> Place {
        let [skin, dome] = self.skin.distances(&self.traits, p);
        Place { skin, ear: ear::distance(&self.traits, mirrored(p)), dome }
    }

    /// The distance to brain and the CSF around it.
    pub(crate) fn brain(&self, p: Point, place: Place) -> f32 {
        vault::contents(&self.traits, p, place.dome)
    }

    /// The material at `p`, which lies at `place`.
    pub(crate) fn material(&self, p: Point, place: Place) -> Material {
        let traits = &self.traits;
        if place.outside() > 0.0 {
            return Material::Air;
        }
        let q = mirrored(p);
        let depth = -place.skin;
        if place.ear < 0.0 && depth < 1.5 {
            let air = ear::canal(q) < 0.0 && depth > -5.0;
            return if air { Material::Airway } else { ear::material(q, depth.max(-place.ear)) };
        }
        let inner = vault::cavity(traits, p, place.dome);
        if inner < 0.0 && depth > 5.0 {
            return brain::material(traits, p, -inner);
        }
        if airway::is_air(traits, p, depth) {
            return Material::Airway;
        }
        if depth < 1.7 {
            return Material::Skin;
        }
        if let Some(found) = eye::material(q) {
            return found;
        }
        if let Some(found) = self.skull(p, q, inner, depth) {
            return found;
        }
        if let Some(found) = face_bone::material(traits, q, depth) {
            return found;
        }
        neck::material(q).unwrap_or_else(|| self.soft(p, q, depth))
    }

    /// Bone around the brain, `inner` mm outside its inner table.
    fn skull(&self, p: Point, q: Point, inner: f32, depth: f32) -> Option<Material> {
        let [_, y, z] = p;
        let traits = &self.traits;
        if inner > 26.0 || depth < 2.6 || vault::canal(p) < 0.0 {
            return None;
        }
        let base = ramp(24.0, 6.0, z);
        let roof = ramp(56.0, 46.0, z) * ramp(26.0, 38.0, y) * ramp(84.0, 76.0, y);
        let temple = bump(y - 30.0, z - 26.0, 24.0, 20.0) * ramp(40.0, 55.0, q[0]);
        let thick = mix(mix(traits.skull, 4.0, base.max(temple)), 2.0, roof)
            + 0.6 * noise(traits.noise ^ 9, [p[0] / 30.0, y / 30.0, z / 30.0]);
        let brow = y > 62.0
            && inner < 14.0
            && (34.0..54.0).contains(&z)
            && depth > 5.0
            && eye::orbit(q) > 0.0;
        let petrous = ellipsoid(q, [40.0, -8.0, -2.0], [26.0, 12.0, 11.0]).min(ellipsoid(
            q,
            [54.0, -18.0, -12.0],
            [11.0, 14.0, 18.0],
        )) < 0.0;
        let clivus = ellipsoid(q, [0.0, 14.0, -4.0], [15.0, 17.0, 16.0]) < 0.0;
        if inner < thick && (depth > 3.4 || z > 60.0) {
            let rind = inner < 1.5 || inner > thick - 1.8 || thick < 4.6;
            let spongy = noise(traits.noise ^ 10, [p[0] / 3.0, y / 3.0, z / 3.0]) > -0.5;
            return Some(if rind || !spongy { Material::Bone } else { Material::Marrow });
        }
        if brow || petrous || clivus {
            let spongy = (brow && depth > 7.0) || clivus;
            return Some(if spongy && inner > 2.0 { Material::Marrow } else { Material::Bone });
        }
        None
    }

    /// Fat, muscle and glands, `depth` mm under the skin.
    fn soft(&self, p: Point, q: Point, depth: f32) -> Material {
        let [x, y, z] = p;
        let traits = &self.traits;
        if eye::orbit(q) < 0.0 && depth > 2.5 {
            return Material::Fat;
        }
        if ellipsoid(p, [0.0, 56.0, -48.0], [21.0, 30.0, 18.5]) < 0.0 {
            let streak = noise(traits.noise ^ 11, [x / 3.0, y / 9.0, z / 6.0]) > 0.62;
            return if streak { Material::Fat } else { Material::Muscle };
        }
        if y > 88.0 && depth > 2.4 && q[0] < 16.0 && z > -24.0 && z < 12.0 {
            return if depth > 3.4 { Material::Cartilage } else { Material::Fat };
        }
        let fat = 1.7 + traits.fat * fat_layer(q);
        let ragged = 0.8 * noise(traits.noise ^ 12, [x / 9.0, y / 9.0, z / 9.0]);
        if depth < fat + ragged {
            let fibre = noise(traits.noise ^ 13, [x / 3.5, y / 3.5, z / 5.0]) > 0.6;
            return if fibre { Material::Muscle } else { Material::Fat };
        }
        if is_muscle(q) {
            let streak = noise(traits.noise ^ 14, [x / 3.0, y / 3.0, z / 12.0]).abs() < 0.06;
            return if streak { Material::Fat } else { Material::Muscle };
        }
        // Between muscles: planes of fat where a smooth field is near zero.
        let plane = noise(traits.noise ^ 15, [x / 13.0, y / 13.0, z / 26.0]).abs();
        let wide = mix(0.24, 0.09, ramp(-30.0, -60.0, z + 0.5 * (y - 10.0).max(0.0)));
        if plane < wide { Material::Fat } else { Material::Muscle }
    }
}

/// The thickness of the fat under the skin, in mm, of a person of average build.
fn fat_layer(q: Point) -> f32 {
    let [x, y, z] = q;
    let scalp = 2.6;
    let cheek = 8.0
        * ramp(10.0, 40.0, y)
        * ramp(26.0, 6.0, z)
        * ramp(14.0, 30.0, x)
        * ramp(-75.0, -40.0, z);
    let chin = 3.5 * ramp(30.0, 60.0, y) * ramp(-20.0, -40.0, z);
    let lips = -4.5 * bump(x, z + 44.0, 16.0, 7.0) * ramp(60.0, 80.0, y);
    let nape = 6.0 * ramp(-30.0, -70.0, z) * ramp(10.0, -40.0, y);
    let temple = 1.6 * bump(y - 45.0, z - 30.0, 25.0, 25.0);
    (scalp + cheek.max(chin) + lips + nape + temple).max(0.3)
}

fn is_muscle(q: Point) -> bool {
    let temporalis = ellipsoid(q, [60.0, 26.0, 26.0], [14.0, 36.0, 36.0]);
    let masseter = ellipsoid(q, [56.0, 26.0, -34.0], [9.0, 16.0, 30.0]);
    let pterygoid = ellipsoid(q, [34.0, 28.0, -26.0], [12.0, 15.0, 22.0]);
    let lips = ellipsoid(q, [0.0, 92.0, -44.0], [30.0, 9.0, 14.0]);
    let brow = ellipsoid(q, [0.0, 92.0, 50.0], [40.0, 10.0, 30.0]);
    temporalis.min(masseter).min(pterygoid).min(lips).min(brow) < 0.0
}

/// `p` on the right side of the head.
pub(crate) fn mirrored(p: Point) -> Point {
    [p[0].abs(), p[1], p[2]]
}
