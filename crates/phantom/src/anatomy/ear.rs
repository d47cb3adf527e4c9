use crate::material::Material;
use crate::shape::{Point, bell, ellipsoid, join, length, mix, ramp, rod, sphere};
use crate::traits::Traits;

/// The opening of the right ear canal, near the skin.
pub(crate) const CANAL: Point = [68.0, 0.0, -4.0];

/// The distance to the right auricle at `q`, whose x is positive; 50 or more when far off.
///
/// The auricle is a thin plate, hinged in front and turned outwards, with a rim (helix), a ridge
/// inside it (antihelix) and a bowl (concha).
pub(crate) fn distance(traits: &Traits, q: Point) -> f32 {
    if q[0] < 52.0 || !(-60.0..30.0).contains(&q[1]) || q[2].abs() > 60.0 {
        return 50.0;
    }
    let size = traits.ear;
    let (sine, cosine) = (traits.ear_angle, (1.0 - traits.ear_angle * traits.ear_angle).sqrt());
    let (dx, dy, dz) = (q[0] - 68.5, q[1] - 1.0, q[2] + 2.0);
    // `back` runs along the plate, `up` leans backwards, `out` is normal to the plate.
    let lean = 0.22;
    let back = ((-dy * cosine + dx * sine) / size - lean * dz / size) - 15.0;
    let up = dz / size;
    let out = (dx * cosine + dy * sine) / size;
    let narrow = mix(12.5, 17.5, ramp(-30.0, 8.0, up));
    let (u, v) = (back / narrow, up / 31.5);
    let radial = (u * u + v * v).sqrt().max(1e-3);
    let to_outline = (radial - 1.0) * radial / length([u / narrow, v / 31.5, 0.0]);
    let concha =
        bell(((back + 5.5) / 5.2) * ((back + 5.5) / 5.2) + ((up + 3.0) / 7.5) * ((up + 3.0) / 7.5));
    let middle = 1.5 + 2.0 * ramp(-1.0, 1.0, u) - 9.0 * concha;
    let lobe = ramp(-16.0, -26.0, up);
    let half = 1.25 + 1.1 * lobe;
    let plate = to_outline.max((out - middle).abs() - half) * 0.8;
    // The helix starts above the tragus and runs over the top and back down to the lobe.
    let open = ramp(-0.1, -0.75, u) * ramp(0.35, -0.1, v);
    let rim_middle = middle + 1.6;
    let rim =
        length([to_outline + 1.8, out - rim_middle, 0.0]) - 2.5 * (1.0 - open) * (1.0 - 0.5 * lobe);
    let (a, b) = ((back + 2.0) / 9.5, (up - 1.0) / 16.5);
    let ring = ((a * a + b * b).sqrt() - 1.0) * 10.0;
    let ridge = length([ring, out - middle - 0.8, 0.0]) - 2.0 * ramp(-0.5, 0.2, a) * (1.0 - lobe);
    let tragus = ellipsoid(q, [70.0, 5.0, -5.0], [2.4, 3.2, 5.5]);
    let root = rod(q, [67.0, -10.0, 10.0], [67.0, -8.0, -20.0], 3.0, 3.0);
    let auricle = join(join(plate, rim, 1.5), ridge, 1.5) * size;
    join(join(auricle, tragus, 2.5), root, 2.0)
}

/// What the auricle is made of, `depth` mm under its skin.
pub(crate) fn material(q: Point, depth: f32) -> Material {
    match depth {
        d if d < 1.0 => Material::Skin,
        _ if q[2] < -20.0 => Material::Fat,
        _ => Material::Cartilage,
    }
}

/// The distance to the air of the ear canal and of the bowl in front of it.
pub(crate) fn canal(q: Point) -> f32 {
    if q[0] < 38.0 || q[2].abs() > 12.0 {
        return 50.0;
    }
    rod(q, [CANAL[0] + 1.5, -1.0, -4.0], [44.0, 5.0, 1.0], 3.2, 2.6).min(sphere(
        q,
        [42.0, 6.0, 1.0],
        4.0,
    ))
}
