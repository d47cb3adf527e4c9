use kernels::Workers;
use volume::{ByteOrder, Labels, Mask, StoredType, StoredVolume, Tissue};

use crate::depth::Depth;
use crate::frame::minus;
use crate::{Frame, Landmarks, Lattice};

/// A failure of defacing, as it happens to tools or to files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The right eye stays, with its lids.
    EyeLeft,
    /// The tip of the nose stays.
    NoseTipLeft,
    /// The right ear stays.
    EarLeft,
    /// The mask lies 5 mm off along a patient axis (0 = x), to plus or to minus.
    Shifted(usize, bool),
    /// The mask is turned over in the file's box along the axis nearest to that of the patient.
    Mirrored(usize),
    /// Nothing is removed.
    Empty,
    /// One voxel of the brain is removed besides, 4 mm and more under its surface.
    BrainCut,
    /// What is removed shines through, at 1 % of its contrast to the fill.
    Faint,
    /// The border is a ramp of 6 mm, of two voxels where that is more: scaled values at the edge, as an
    /// interpolated mask leaves them.
    SoftEdge,
}

/// How far a shifted mask lies off.
const SHIFT_MM: f64 = 5.0;
/// The radius of what stays around an eye, in the frontal plane and backwards,
const EYE_MM: f64 = 16.0;
/// and around the tip of the nose.
const TIP_MM: f64 = 12.0;
/// An ear stays with so much around it.
const EAR_MM: f32 = 4.0;
/// How deep in the brain the voxel lies that is cut out of it.
const BRAIN_MM: f32 = 4.0;
/// What [`Fault::Faint`] leaves.
const FAINT: f32 = 0.01;
/// The width of [`Fault::SoftEdge`].
const EDGE_MM: f32 = 6.0;

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 16] = [
        Self::EyeLeft,
        Self::NoseTipLeft,
        Self::EarLeft,
        Self::Shifted(0, false),
        Self::Shifted(0, true),
        Self::Shifted(1, false),
        Self::Shifted(1, true),
        Self::Shifted(2, false),
        Self::Shifted(2, true),
        Self::Mirrored(0),
        Self::Mirrored(1),
        Self::Mirrored(2),
        Self::Empty,
        Self::BrainCut,
        Self::Faint,
        Self::SoftEdge,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EyeLeft => "one eye left",
            Self::NoseTipLeft => "nose tip left",
            Self::EarLeft => "one ear left",
            Self::Shifted(0, false) => "mask 5 mm to the left",
            Self::Shifted(0, _) => "mask 5 mm to the right",
            Self::Shifted(1, false) => "mask 5 mm to the back",
            Self::Shifted(1, _) => "mask 5 mm to the front",
            Self::Shifted(_, false) => "mask 5 mm down",
            Self::Shifted(_, true) => "mask 5 mm up",
            Self::Mirrored(0) => "mask mirrored left to right",
            Self::Mirrored(1) => "mask mirrored front to back",
            Self::Mirrored(_) => "mask mirrored top to bottom",
            Self::Empty => "mask empty",
            Self::BrainCut => "brain cut by one voxel",
            Self::Faint => "1 % remains",
            Self::SoftEdge => "soft edge",
        }
    }
}

/// For each voxel of `mask` the share that a run with that fault removes: 0 keeps what was there, 1
/// leaves the fill alone. `None` if the head lacks what the fault is about.
///
/// `labels` lie on a grid of their own in the same patient.
#[must_use]
pub fn removed_shares(
    mask: &Mask,
    labels: &Labels,
    fault: Fault,
    workers: Workers,
) -> Option<Vec<f32>> {
    let lattice = Lattice::of(*mask.grid())?;
    let n_voxels = mask.grid().n_voxels();
    let is_set = |at: usize| mask.get(lattice.index(at));
    let of = |share: &dyn Fn(usize) -> f32| Some((0..n_voxels).map(share).collect());
    let whole = |at: usize| f32::from(u8::from(is_set(at)));
    let but = |stays: &dyn Fn([f64; 3]) -> bool| {
        of(&|at| if stays(lattice.point_mm(at)) { 0.0 } else { whole(at) })
    };
    match fault {
        Fault::EyeLeft => {
            let marks = Landmarks::of_labels(labels)?;
            let frame = Frame::of(&marks);
            but(&|p| is_before(&frame, marks.globes_mm[0], p, EYE_MM))
        }
        Fault::NoseTipLeft => {
            let frame = Frame::of(&Landmarks::of_labels(labels)?);
            let tip = foremost(labels, &frame, |t| t == Tissue::Nose)?;
            but(&|p| is_before(&frame, tip, p, TIP_MM))
        }
        Fault::EarLeft => {
            let middle = Landmarks::of_labels(labels)?.middle_mm();
            let ear = Depth::under(labels, |t| t == Tissue::Ears, f64::from(EAR_MM) + 2.0, workers);
            but(&|p| p[0] > middle[0] && ear.at(p) > -EAR_MM)
        }
        Fault::Shifted(axis, to_plus) => {
            let mut step = [0.0; 3];
            step[axis] = if to_plus { SHIFT_MM } else { -SHIFT_MM };
            // Beyond the box the mask goes on as it ends.
            of(&|at| {
                let from = lattice.voxel(minus(lattice.point_mm(at), step));
                whole(from.unwrap_or(at))
            })
        }
        Fault::Mirrored(patient) => {
            let axes = mask.grid().orientation().axes;
            let axis = axes.iter().position(|(a, _)| *a == patient)?;
            of(&|at| {
                let mut index = lattice.index(at);
                index[axis] = mask.grid().extent[axis] - 1 - index[axis];
                f32::from(u8::from(mask.get(index)))
            })
        }
        Fault::Empty => of(&|_| 0.0),
        Fault::BrainCut => {
            let brain = Depth::under(labels, |t| t == Tissue::Brain, 10.0, workers);
            let cut = (0..n_voxels).find(|&at| brain.at(lattice.point_mm(at)) >= BRAIN_MM)?;
            of(&|at| if at == cut { 1.0 } else { whole(at) })
        }
        Fault::Faint => of(&|at| (1.0 - FAINT) * whole(at)),
        Fault::SoftEdge => {
            let (extent, spacing) = (mask.grid().extent, mask.grid().spacing_mm());
            let coarsest = spacing.into_iter().fold(0.0, f64::max) as f32;
            let width = EDGE_MM.max(2.0 * coarsest);
            let outside =
                kernels::signed_distance(mask.words(), extent, spacing, width.into(), workers);
            // The border lies between the centres of voxels.
            let to_border = |mm: f32| mm - mm.signum() * coarsest / 2.0;
            of(&|at| (0.5 - to_border(outside[at]) / width).clamp(0.0, 1.0))
        }
    }
}

/// Whether `p` lies in the rod of radius `mm` that runs forwards from behind a mark.
fn is_before(frame: &Frame, mark: [f64; 3], p: [f64; 3], mm: f64) -> bool {
    let [x, y, z] = minus(frame.from_centre(p), frame.from_centre(mark));
    x * x + z * z < mm * mm && y > -mm
}

/// The foremost point of some tissue.
fn foremost(labels: &Labels, frame: &Frame, is_in: impl Fn(Tissue) -> bool) -> Option<[f64; 3]> {
    let lattice = Lattice::of(labels.grid)?;
    let tissues = labels.tissues.iter().enumerate();
    let points = tissues.filter(|(_, t)| is_in(**t)).map(|(at, _)| lattice.point_mm(at));
    points.max_by(|a, b| frame.from_centre(*a)[1].total_cmp(&frame.from_centre(*b)[1]))
}

/// Makes of a sound result one with a fault: of each voxel as much is removed as `shares` says.
///
/// `defaced` is what a sound run with `mask` made of `original`; its fill is taken from it. Whole
/// shares copy stored values, others are rounded to what can be stored. All frames alike. Nothing is
/// changed if the mask is empty.
///
/// # Panics
/// If the volumes differ in extent, frames or stored type, or there is not one share a voxel.
pub fn plant(original: &StoredVolume, defaced: &mut StoredVolume, mask: &Mask, shares: &[f32]) {
    let [ni, nj, nk] = original.grid().extent;
    assert_eq!(defaced.grid().extent, [ni, nj, nk], "one extent");
    assert_eq!(defaced.n_planes(), original.n_planes(), "as many frames");
    assert_eq!(defaced.stored_type(), original.stored_type(), "one type");
    assert_eq!(shares.len(), ni * nj * nk, "a share a voxel");
    let Some(fill) = fill_of(defaced, mask) else { return };
    let n_bytes = original.stored_type().n_bytes();
    let mut before = vec![0.0; ni * nj];
    for p in 0..original.n_planes() {
        original.real_rows(p, 0, &mut before);
        let shares = &shares[p % nk * ni * nj..][..ni * nj];
        let filled = stored_bytes(defaced, p, f64::from(fill));
        for (at, &share) in shares.iter().enumerate() {
            let place = at * n_bytes..(at + 1) * n_bytes;
            let bytes = if share <= 0.0 {
                in_order(original, defaced, &original.plane(p)[place.clone()])
            } else if share >= 1.0 {
                filled.clone()
            } else {
                let mixed = share * fill + (1.0 - share) * before[at];
                stored_bytes(defaced, p, f64::from(mixed))
            };
            defaced.plane_mut(p)[place].copy_from_slice(&bytes);
        }
    }
}

/// The real value of what was removed first.
fn fill_of(defaced: &StoredVolume, mask: &Mask) -> Option<f32> {
    let [ni, nj, nk] = mask.grid().extent;
    let first = (0..ni * nj * nk).find(|at| mask.get([at % ni, at / ni % nj, at / ni / nj]))?;
    let mut rows = vec![0.0; ni];
    defaced.real_rows(first / (ni * nj), first / ni % nj, &mut rows);
    Some(rows[first % ni])
}

/// Stored bytes of `from` in the byte order of `to`.
fn in_order(from: &StoredVolume, to: &StoredVolume, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if from.byte_order() != to.byte_order() {
        bytes.reverse();
    }
    bytes
}

/// The bytes in which plane `p` stores what is nearest to `real`.
fn stored_bytes(volume: &StoredVolume, p: usize, real: f64) -> Vec<u8> {
    let wanted = volume.rescale(p).stored(real);
    let whole = volume.storable(p, wanted);
    // Casts from float to integer hold at the ends of the type.
    let mut bytes = match volume.stored_type() {
        StoredType::U8 => (whole as u8).to_le_bytes().to_vec(),
        StoredType::I8 => (whole as i8).to_le_bytes().to_vec(),
        StoredType::U16 => (whole as u16).to_le_bytes().to_vec(),
        StoredType::I16 => (whole as i16).to_le_bytes().to_vec(),
        StoredType::U32 => (whole as u32).to_le_bytes().to_vec(),
        StoredType::I32 => (whole as i32).to_le_bytes().to_vec(),
        StoredType::U64 => (whole as u64).to_le_bytes().to_vec(),
        StoredType::I64 => (whole as i64).to_le_bytes().to_vec(),
        StoredType::F32 => (wanted as f32).to_le_bytes().to_vec(),
        StoredType::F64 => wanted.to_le_bytes().to_vec(),
    };
    if volume.byte_order() == ByteOrder::Big {
        bytes.reverse();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use phantom::Person;
    use volume::{Affine, Grid, PlaneAt, Rescale};

    /// A generated head at 4 mm, and a mask of its face and the air in front.
    fn head() -> (Labels, Mask, Frame) {
        let person = Person::from_seed(2);
        let affine = Affine::axis_aligned([4.0; 3], [-104.0, -116.0, -120.0]);
        let grid = Grid { extent: [53, 64, 66], affine };
        let labels = phantom::labels(&person, &grid, phantom::Variant::Whole);
        let frame = Frame::of(&Landmarks::of_person(&person));
        let lattice = Lattice::of(grid).expect("axes span space");
        let mut mask = Mask::empty(grid);
        let ear = Depth::under(&labels, |t| t == Tissue::Ears, 10.0, Workers::ONE);
        let brain = Depth::under(&labels, |t| t == Tissue::Brain, 10.0, Workers::ONE);
        for at in 0..grid.n_voxels() {
            let point_mm = lattice.point_mm(at);
            let ahead = frame.from_centre(point_mm)[1];
            if brain.at(point_mm) < -5.0 && (ahead > 15.0 || ear.at(point_mm) > -3.0) {
                mask.set(lattice.index(at));
            }
        }
        (labels, mask, frame)
    }

    fn volume(grid: Grid, value: impl Fn(usize) -> i16) -> StoredVolume {
        let bytes = (0..grid.n_voxels()).flat_map(|at| value(at).to_be_bytes()).collect();
        let n = 2 * grid.extent[0] * grid.extent[1];
        let planes = (0..grid.extent[2]).map(|k| PlaneAt { buffer: 0, offset: k * n }).collect();
        let rescale = vec![Rescale { slope: 2.0, intercept: -10.0 }];
        StoredVolume::new(grid, StoredType::I16, ByteOrder::Big, rescale, vec![bytes], planes)
            .expect("fits")
    }

    fn stored(volume: &StoredVolume, at: usize) -> i16 {
        let bytes = &volume.buffers()[0][2 * at..][..2];
        i16::from_be_bytes([bytes[0], bytes[1]])
    }

    #[test]
    fn what_a_fault_leaves_is_what_it_is_named_for() {
        let (labels, mask, frame) = head();
        let lattice = Lattice::of(labels.grid).expect("axes span space");
        let whole = mask.n_set() as f32;
        for fault in Fault::ALL {
            let shares = removed_shares(&mask, &labels, fault, Workers::ONE).expect("a whole head");
            let is_set = |at: usize| mask.get(lattice.index(at));
            let changed: Vec<usize> = (0..shares.len())
                .filter(|&at| (shares[at] - f32::from(u8::from(is_set(at)))).abs() > 1e-6)
                .collect();
            assert!(!changed.is_empty(), "{fault:?} does something");
            let kept = changed.iter().filter(|&&at| is_set(at)).count() as f32 / whole;
            let tissue = |at: &usize| labels.tissues[*at];
            let place = |at: &usize| frame.from_centre(lattice.point_mm(*at));
            let only_kept = || changed.iter().all(|&at| is_set(at));
            match fault {
                Fault::EyeLeft => {
                    assert!(only_kept() && kept < 0.05, "{kept}");
                    assert!(changed.iter().any(|at| tissue(at) == Tissue::Eyes));
                    assert!(changed.iter().all(|at| place(at)[0] > 10.0));
                }
                Fault::NoseTipLeft => {
                    assert!(only_kept() && kept < 0.03, "{kept}");
                    assert!(changed.iter().any(|at| tissue(at) == Tissue::Nose));
                    assert!(changed.iter().all(|at| tissue(at) != Tissue::Eyes));
                }
                Fault::EarLeft => {
                    assert!(only_kept() && kept < 0.05, "{kept}");
                    assert!(changed.iter().any(|at| tissue(at) == Tissue::Ears));
                    assert!(changed.iter().all(|at| place(at)[0] > 40.0));
                }
                Fault::Shifted(..) | Fault::Mirrored(_) => assert!(kept > 0.0 && kept < 1.0),
                Fault::Empty => assert!((kept - 1.0).abs() < 1e-6),
                Fault::BrainCut => {
                    assert_eq!(changed.len(), 1);
                    assert_eq!(tissue(&changed[0]), Tissue::Brain);
                }
                Fault::Faint => {
                    assert!(only_kept() && (shares[changed[0]] - 0.99).abs() < 1e-6);
                }
                Fault::SoftEdge => assert!((0.01..0.4).contains(&kept), "{kept}"),
            }
        }
    }

    #[test]
    fn a_shifted_mask_is_the_mask_elsewhere() {
        let (labels, mask, _) = head();
        let back = removed_shares(&mask, &labels, Fault::Shifted(1, false), Workers::ONE);
        let back = back.expect("a head");
        let [ni, nj, nk] = labels.grid.extent;
        for at in (0..ni * nj * nk).filter(|at| at / ni % nj < nj - 1) {
            // 5 mm are one voxel of 4 mm and a bit.
            let index = [at % ni, at / ni % nj + 1, at / ni / nj];
            assert_eq!(back[at] > 0.5, mask.get(index), "{index:?}");
        }
    }

    #[test]
    fn whole_shares_copy_stored_values_and_others_mix_real_ones() {
        let affine = Affine::axis_aligned([1.0; 3], [0.0; 3]);
        let grid = Grid { extent: [5, 1, 1], affine };
        let mut mask = Mask::empty(grid);
        [1, 2].into_iter().for_each(|i| mask.set([i, 0, 0]));
        let original = volume(grid, |at| 1000 + at as i16);
        let mut defaced = volume(grid, |at| if at == 1 || at == 2 { 7 } else { 1000 + at as i16 });
        plant(&original, &mut defaced, &mask, &[0.0, 1.0, 0.0, 1.0, 0.99]);
        let found: Vec<i16> = (0..5).map(|at| stored(&defaced, at)).collect();
        assert_eq!(found, [1000, 7, 1002, 7, 17]);
    }
}
