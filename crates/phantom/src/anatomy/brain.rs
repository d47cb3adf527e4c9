use crate::material::Material;
use crate::random::noise;
use crate::shape::{Point, ellipsoid, join, length, ramp, rod, slab};
use crate::traits::Traits;

/// What lies at `p`, `depth` mm inside the inner table of the skull.
pub(crate) fn material(traits: &Traits, p: Point, depth: f32) -> Material {
    let [x, y, z] = p;
    let q = [x.abs(), y, z];
    if stem(p) < 0.0 {
        return if stem(p) < -1.5 || q[0] > 1.0 { Material::White } else { Material::Grey };
    }
    if ventricle(traits, q) < 0.0 {
        return Material::Csf;
    }
    let tentorium = tentorium(q);
    if tentorium < -1.2 {
        return cerebellum(traits, p, depth);
    }
    if tentorium < 0.8 && z < 28.0 && y < 5.0 {
        return Material::Csf;
    }
    cerebrum(traits, p, q, depth)
}

/// Height over the tentorium: negative in the posterior fossa.
fn tentorium(q: Point) -> f32 {
    if q[1] > 12.0 {
        return 50.0;
    }
    let height = 24.0 - 0.30 * q[0] + 0.10 * (q[1] + 20.0).min(0.0);
    let behind = ramp(14.0 - 0.6 * q[0], 4.0 - 0.6 * q[0], q[1]);
    (q[2] - height) * 0.9 + 60.0 * (1.0 - behind)
}

fn stem(p: Point) -> f32 {
    let pons = ellipsoid(p, [0.0, 2.0, 0.0], [15.0, 11.0, 14.0]);
    let upper = rod(p, [0.0, 2.0, 4.0], [0.0, 6.0, 26.0], 12.0, 14.0);
    let lower = rod(p, [0.0, -4.0, -6.0], [0.0, -26.0, -32.0], 9.5, 5.5);
    join(join(pons, upper, 5.0), lower, 6.0)
}

fn ventricle(traits: &Traits, q: Point) -> f32 {
    let wide = 4.4 * traits.ventricles;
    let flat = [q[0], q[1], q[2] * 0.8];
    let lift = |a: Point| [a[0], a[1], a[2] * 0.8];
    let horn = rod(flat, lift([13.0, 40.0, 48.0]), lift([9.0, 18.0, 56.0]), wide * 0.7, wide);
    let body = rod(flat, lift([9.0, 18.0, 56.0]), lift([16.0, -26.0, 57.0]), wide, wide * 1.1);
    let atrium =
        rod(flat, lift([16.0, -26.0, 57.0]), lift([27.0, -36.0, 44.0]), wide * 1.1, wide * 1.2);
    let rear = rod(flat, lift([27.0, -36.0, 44.0]), lift([19.0, -58.0, 40.0]), wide, 1.5);
    let low = rod(flat, lift([27.0, -36.0, 44.0]), lift([33.0, 8.0, 18.0]), wide * 0.8, 2.0);
    let third = slab(q, [0.0, 8.0, 36.0], [1.6 * traits.ventricles, 13.0, 11.0], 1.0);
    let fourth = ellipsoid(q, [0.0, -14.0, 0.0], [7.0, 4.0, 10.0]);
    let cistern = ellipsoid(q, [0.0, 20.0, 22.0], [12.0, 7.0, 5.0]);
    horn.min(body).min(atrium).min(rear).min(low).min(third).min(fourth).min(cistern)
}

fn cerebellum(traits: &Traits, p: Point, depth: f32) -> Material {
    if depth < 2.5 {
        return Material::Csf;
    }
    let [x, y, z] = p;
    let from = [x.abs() * 0.5, y + 22.0, z - 2.0];
    let reach = length(from);
    let wave = noise(traits.noise ^ 5, [x / 14.0, y / 14.0, z / 14.0]);
    let leaf = ((reach + 2.5 * wave) / 5.2).rem_euclid(1.0);
    let core = ellipsoid([x.abs(), y, z], [20.0, -30.0, -2.0], [17.0, 13.0, 7.0]);
    match leaf {
        _ if core < 0.0 => Material::White,
        l if l < 0.13 && depth < 18.0 => Material::Csf,
        l if l > 0.48 && l < 0.66 && depth > 6.0 => Material::White,
        _ => Material::Grey,
    }
}

fn cerebrum(traits: &Traits, p: Point, q: Point, depth: f32) -> Material {
    let [x, y, z] = p;
    let wave = noise(traits.noise ^ 6, [x / 30.0, y / 30.0, z / 30.0]);
    let falx = (x - 0.8 * wave).abs();
    let callosum = ellipsoid(p, [0.0, 5.0, 47.0], [40.0, 38.0, 22.0]);
    let parted = callosum > 0.0 && z > 12.0;
    let bridge = callosum < 0.0 && callosum > -6.5 && z > 46.0 && q[0] < 14.0;
    let surface = if parted { (depth - traits.csf).min(falx - 0.8) } else { depth - traits.csf };
    if surface < 0.0 {
        return Material::Csf;
    }
    if bridge {
        return Material::White;
    }
    if let Some(nucleus) = nucleus(q) {
        return nucleus;
    }
    // Sulci are where a smooth field is zero; the second field winds them.
    let field = noise(traits.noise ^ 7, [x / 12.0, y / 12.0, z / 12.0])
        + 0.5 * noise(traits.noise ^ 8, [x / 7.0, y / 7.0, z / 7.0]);
    let from_sulcus = field.abs() * 10.5;
    let reach = 17.0 + 6.0 * wave;
    let closing = (surface / reach).min(1.2);
    let sylvian = rod(q, [62.0, 30.0, 22.0], [36.0, 14.0, 28.0], 2.6, 1.8).min(rod(
        q,
        [62.0, 30.0, 24.0],
        [60.0, -22.0, 46.0],
        2.2,
        1.2,
    ));
    if sylvian < 0.0 || from_sulcus < 0.85 * (1.0 - closing) {
        return Material::Csf;
    }
    let fold = from_sulcus + 9.0 * (closing - 0.85).max(0.0);
    let ribbon = fold.min(surface).min(sylvian);
    if ribbon < 3.0 && surface < reach + 4.0 { Material::Grey } else { Material::White }
}

fn nucleus(q: Point) -> Option<Material> {
    let thalamus = ellipsoid(q, [10.0, 1.0, 40.0], [8.0, 14.0, 8.5]);
    let putamen = ellipsoid(q, [26.0, 16.0, 37.0], [5.0, 17.0, 11.0]);
    let caudate = rod(q, [13.0, 32.0, 44.0], [17.0, -4.0, 53.0], 5.0, 2.5);
    let insula = ellipsoid(q, [37.0, 14.0, 34.0], [2.4, 22.0, 14.0]);
    let hippocampus = rod(q, [25.0, 10.0, 10.0], [22.0, -24.0, 27.0], 6.0, 3.5);
    (thalamus.min(putamen).min(caudate).min(insula).min(hippocampus) < 0.0)
        .then_some(Material::Grey)
}
