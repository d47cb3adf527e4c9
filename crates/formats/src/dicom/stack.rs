use std::collections::BTreeMap;

use volume::Affine;

use super::error::DicomError;
use super::geometry::{Plane, difference, dot, length};
use super::tag::{Tag, VOLUME_KEYS};

/// Fewer planes than this are a localizer, a scout or a sample.
pub(super) const FEWEST_POSITIONS: usize = 4;
/// Nearer to each other than this along the normal, two planes are at one position. The finest
/// clinical slices are 0.1 mm apart; equal positions are written alike to a thousandth.
const SAME_POSITION_MM: f64 = 0.01;
/// A plane may be this far from its place whatever the step: positions are often written with two
/// digits, and tables jitter by a few hundredths.
const JITTER_MM: f64 = 0.05;
/// It may be this far where that is more, as a fraction of the step.
const JITTER_OF_STEP: f64 = 0.01;
/// But never more than this fraction of the step, so that thin slices are told apart.
const MOST_JITTER_OF_STEP: f64 = 0.1;
/// Planes farther apart than this, and than [`HOLE_OF_USUAL`] times what is usual, have a hole between
/// them: what was in it cannot be told from what lies around it.
const HOLE_MM: f64 = 12.0;
/// Series whose slices all lie far apart have no hole.
const HOLE_OF_USUAL: f64 = 1.5;
/// More than any gantry tilts.
const LARGEST_TILT_DEGREES: f64 = 45.0;

/// Which distances between planes make a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spacing {
    /// One, as an affine says it.
    Even,
    /// Any without a hole, for what is resampled.
    Any,
}

/// Planes in order: one volume, or several on the same grid.
#[derive(Debug)]
pub(super) struct Stack {
    /// Voxel index to RAS+ millimetres.
    pub(super) affine: Affine,
    /// The number of positions.
    pub(super) nk: usize,
    /// Indices of planes: volume by volume, each along the normal.
    pub(super) order: Vec<usize>,
    /// The angle between the step from plane to plane and the normal.
    pub(super) tilt_degrees: f64,
    /// How far along the normal the positions lie from the first, in mm, if they are not equally spaced:
    /// they lie on the line through first and last, and the affine has their mean step.
    pub(super) along_mm: Option<Vec<f64>>,
}

/// Sorts `planes`, of one orientation and spacing, along their normal by position alone.
///
/// The step between planes is the way from the first position to the last, divided; planes of a
/// tilted gantry therefore give a sheared affine. `key` tells what a tag says of a plane, which
/// separates volumes at the same positions.
///
/// # Errors
/// [`DicomError`] if positions repeat without a key to separate them, are fewer than four, or
/// are not on a line and spaced as `spacing` wants it.
pub(super) fn stack<'a>(
    planes: &[Plane],
    spacing: Spacing,
    key: impl Fn(usize, Tag) -> Option<&'a [u8]>,
) -> Result<Stack, DicomError> {
    let Some(plane) = planes.first() else { return Err(DicomError::NoFiles) };
    let normal = plane.normal();
    let groups = same_positions(planes, normal);
    let volumes = separate(&groups, key)
        .ok_or(DicomError::DuplicatePosition { found: planes.len(), positions: groups.len() })?;
    let nk = groups.len();
    if nk < FEWEST_POSITIONS {
        return Err(DicomError::TooFewPositions { found: nk, wanted: FEWEST_POSITIONS });
    }
    let positions: Vec<_> = volumes[0].iter().map(|&p| planes[p].position).collect();
    let n_steps = (nk - 1) as f64;
    let step = difference(positions[nk - 1], positions[0]).map(|v| v / n_steps);
    let tilt_degrees = (dot(step, normal) / (length(step) * length(normal))).clamp(-1.0, 1.0);
    let tilt_degrees = tilt_degrees.acos().to_degrees();
    if tilt_degrees > LARGEST_TILT_DEGREES {
        let limit = LARGEST_TILT_DEGREES;
        return Err(DicomError::Sheared { degrees: tilt_degrees, limit });
    }
    let check = |volume: &Vec<usize>| {
        check_spacing(volume.iter().map(|&p| planes[p].position), positions[0], step, normal)
    };
    let along_mm = match (volumes.iter().try_for_each(check), spacing) {
        (Ok(()), _) => None,
        (Err(e), Spacing::Even) => return Err(e),
        (Err(_), Spacing::Any) => {
            let mut along = Vec::new();
            // From the last, so that what remains is where the first volume lies.
            for volume in volumes.iter().rev() {
                along = along_line(volume.iter().map(|&p| planes[p].position), step, normal)?;
            }
            Some(along)
        }
    };
    let along_i = plane.along_row.map(|v| v * plane.spacing[1]);
    let along_j = plane.along_column.map(|v| v * plane.spacing[0]);
    let row = |axis: usize, sign: f64| {
        [along_i, along_j, step, positions[0]].map(|column| sign * column[axis])
    };
    // LPS to RAS: x and y change their sign.
    let affine = Affine([row(0, -1.0), row(1, -1.0), row(2, 1.0)]);
    Ok(Stack { affine, nk, order: volumes.concat(), tilt_degrees, along_mm })
}

impl Stack {
    /// Puts volumes that show no magnitude behind the others, and returns how many do; if none does, all
    /// count. `key` is that of [`stack`].
    pub(super) fn magnitude_first<'a>(
        &mut self,
        key: impl Fn(usize, Tag) -> Option<&'a [u8]>,
    ) -> usize {
        let is_magnitude = |volume: &&[usize]| {
            let values = KIND_KEYS.iter().filter_map(|&tag| key(volume[0], tag));
            let mut words = values.flat_map(|value| value.split(|b| *b == b'\\'));
            !words.any(|word| NO_MAGNITUDE.contains(&word.trim_ascii_end()))
        };
        let (shown, others): (Vec<_>, Vec<_>) = self.order.chunks(self.nk).partition(is_magnitude);
        let n_shown = if shown.is_empty() { others.len() } else { shown.len() };
        self.order = shown.into_iter().chain(others).flatten().copied().collect();
        n_shown
    }
}

/// What tells of what kind an MR image is: Image Type, Frame Type, Complex Image Component
/// (PS3.3 C.8.3.1.1.1 and C.8.13.3.1.1).
const KIND_KEYS: [Tag; 3] = [Tag(0x0008, 0x0008), Tag(0x0008, 0x9007), Tag(0x0008, 0x9208)];
/// Images in which tissue is no brighter than air: as defined, and as vendors write it.
const NO_MAGNITUDE: [&[u8]; 8] =
    [b"P", b"PHASE", b"PHASE MAP", b"VELOCITY MAP", b"R", b"REAL", b"I", b"IMAGINARY"];

/// The number of positions, along their common normal, of planes of one orientation.
pub(super) fn n_positions(planes: &[&Plane]) -> usize {
    let planes: Vec<_> = planes.iter().map(|plane| **plane).collect();
    planes.first().map_or(0, |first| same_positions(&planes, first.normal()).len())
}

/// The planes at each position, positions along the normal; the planes of one in their order.
fn same_positions(planes: &[Plane], normal: [f64; 3]) -> Vec<Vec<usize>> {
    let mut along: Vec<_> =
        planes.iter().enumerate().map(|(p, plane)| (dot(plane.position, normal), p)).collect();
    along.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut start = f64::NEG_INFINITY;
    for (mm, p) in along {
        match groups.last_mut() {
            Some(group) if mm - start <= SAME_POSITION_MM => group.push(p),
            _ => {
                start = mm;
                groups.push(vec![p]);
            }
        }
    }
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups
}

/// One list of planes a volume, each along the normal, from the planes at each position.
///
/// Tags whose values are the same set at every position separate volumes: echo time does, the
/// time at which a plane was measured does not. `None` if they leave two planes of a position
/// alike, or positions have different numbers of planes.
fn separate<'a>(
    groups: &[Vec<usize>],
    key: impl Fn(usize, Tag) -> Option<&'a [u8]>,
) -> Option<Vec<Vec<usize>>> {
    let first = groups.first()?;
    if first.len() == 1 && groups.iter().all(|group| group.len() == 1) {
        return Some(vec![groups.concat()]);
    }
    let values = |group: &[usize], tag: Tag| {
        let mut values: Vec<_> = group.iter().map(|&p| key(p, tag)).collect();
        values.sort_unstable();
        values
    };
    let is_separating = |tag: &&Tag| {
        let wanted = values(first, **tag);
        groups.iter().all(|group| values(group, **tag) == wanted)
    };
    let tags: Vec<_> = VOLUME_KEYS.iter().filter(is_separating).collect();
    let identity = |p: usize| tags.iter().map(|&&tag| key(p, tag)).collect::<Vec<_>>();
    let numbers: BTreeMap<_, _> =
        first.iter().enumerate().map(|(volume, &p)| (identity(p), volume)).collect();
    let mut volumes = vec![vec![usize::MAX; groups.len()]; first.len()];
    for (k, group) in groups.iter().enumerate() {
        if group.len() != volumes.len() {
            return None;
        }
        for &p in group {
            volumes[*numbers.get(&identity(p))?][k] = p;
        }
    }
    // A place left empty means that two planes of its position share an identity.
    volumes.iter().flatten().all(|&p| p != usize::MAX).then_some(volumes)
}

/// Checks that `positions` are `first`, `first + step` and so on.
fn check_spacing(
    positions: impl Iterator<Item = [f64; 3]> + Clone,
    first: [f64; 3],
    step: [f64; 3],
    normal: [f64; 3],
) -> Result<(), DicomError> {
    let tolerance = tolerance_mm(length(step));
    let off_mm = |(k, position): (usize, [f64; 3])| {
        let wanted = [0, 1, 2].map(|axis| first[axis] + step[axis] * k as f64);
        length(difference(position, wanted))
    };
    let off: Vec<f64> = positions.clone().enumerate().map(off_mm).collect();
    let Some(worst) = (0..off.len()).max_by(|&a, &b| off[a].total_cmp(&off[b])) else {
        return Ok(());
    };
    if off[worst] <= tolerance {
        return Ok(());
    }
    let along: Vec<f64> = positions.map(|position| dot(position, normal)).collect();
    let mut gaps: Vec<f64> = along.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let (smallest_mm, usual, gap_mm) = (gaps[0], gaps[gaps.len() / 2], gaps[gaps.len() - 1]);
    let is_multiple = |gap: &f64| (gap / usual - (gap / usual).round()).abs() < 0.1;
    if gap_mm > 1.5 * usual && smallest_mm > 0.9 * usual && gaps.iter().all(is_multiple) {
        return Err(DicomError::MissingSlice { gap_mm, step_mm: usual });
    }
    if gap_mm - smallest_mm > tolerance {
        return Err(DicomError::UnequalSpacing { smallest_mm, largest_mm: gap_mm });
    }
    let (number, of) = (worst + 1, off.len());
    Err(DicomError::OffTheLine { number, of, off_mm: off[worst] })
}

/// How far a plane may lie from its place, of planes that lie `step_mm` apart.
fn tolerance_mm(step_mm: f64) -> f64 {
    JITTER_MM.max(JITTER_OF_STEP * step_mm).min(MOST_JITTER_OF_STEP * step_mm)
}

/// How far along the normal each of `positions` lies from the first, in mm.
///
/// # Errors
/// [`DicomError`] if one lies beside the line from the first along `step`, the mean step, or there is a
/// hole between two.
fn along_line(
    positions: impl Iterator<Item = [f64; 3]>,
    step: [f64; 3],
    normal: [f64; 3],
) -> Result<Vec<f64>, DicomError> {
    let positions: Vec<_> = positions.collect();
    let along = |v: [f64; 3]| dot(v, normal) / length(normal);
    let way = |position: &[f64; 3]| difference(*position, positions[0]);
    let off_mm = |position: &[f64; 3]| {
        let steps = along(way(position)) / along(step);
        length(difference(way(position), step.map(|v| v * steps)))
    };
    let of = positions.len();
    for (number, off_mm) in (1..).zip(positions.iter().map(off_mm)) {
        if off_mm > tolerance_mm(length(step)) {
            return Err(DicomError::OffTheLine { number, of, off_mm });
        }
    }
    let along_mm: Vec<f64> = positions.iter().map(|position| along(way(position))).collect();
    let mut gaps: Vec<f64> = along_mm.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let (usual, gap_mm) = (gaps[gaps.len() / 2], gaps[gaps.len() - 1]);
    let limit_mm = HOLE_MM.max(HOLE_OF_USUAL * usual);
    if gap_mm > limit_mm {
        return Err(DicomError::Hole { gap_mm, limit_mm });
    }
    Ok(along_mm)
}
