use kernels::Workers;
use volume::{Affine, Grid, Labels, Tissue};

use crate::sight::{Sight, pair, voxels_of};

/// Half axes of the cylinder that the face is cut off along: to the sides, and in front. On 19 heads
/// it lies 34 to 49 mm behind the skin under the eyes, and 49 to 74 mm at mouth and chin, with the tongue.
const HALF_AXES_MM: [f64; 2] = [48.0, 50.0];
/// Below the eyes the cylinder's axis leans back with the jaw: millimetres a millimetre, where the
/// scan shows no chin.
const USUAL_LEAN: f64 = 0.4;
/// It leans so far that the middle of the chin lies this far in front of it: the floor of the mouth and
/// what hangs under the jaw go with the chin,
const CHIN_IN_FRONT_MM: f64 = 32.0;
/// but no further than this, and in steps, so that the chin's own flesh does not move it.
const MOST_LEAN: f64 = 0.5;
/// See [`MOST_LEAN`].
const LEAN_STEP: f64 = 0.05;
/// The lower end of a face lies this far below the lowest of the chin,
const BELOW_CHIN_MM: f64 = 7.0;
/// rising towards the angle of the jaw, millimetres a millimetre, from where the chin lies.
const JAW_RISE: f64 = 0.15;
/// See [`JAW_RISE`].
const CHIN_FRONT_MM: f64 = 60.0;
/// Less of a chin or a mouth than this is none.
const LEAST_PART_MM3: f64 = 1000.0;

/// Upper end of what is cut, degrees: 6 more than the outline of a face (`sight.rs`).
const HIGHEST_DEGREES: f64 = 45.0;
/// Height and half width, degrees: 5 more than the outline of a face, and below the ears round to the angle
/// of the jaw.
const HALF_WIDTH_DEGREES: [[f64; 2]; 3] = [[-50.0, 106.0], [-12.0, 95.0], [10.0, 79.0]];

/// What is called face at the lower end of a scan counts so far behind the surface along which a face is cut
/// off: beyond lies the base of the skull, where brain is missed most easily, and no skin.
const MOST_BEHIND_MM: f64 = 12.0;

/// An ear and the skin around it, to the front and back, and up and down, from its middle. The ears
/// of 19 heads reach 24 and 35 mm.
const EAR_HALF_AXES_MM: [f64; 2] = [31.0, 42.0];
/// An ear is cut off this far inwards from its middle; ears reach 8 to 11 mm, the skin behind them included.
const EAR_INWARDS_MM: f64 = 15.5;

/// Both jaws: in front of this, up to the upper end of the mouth, this far to both sides.
const JAWS_FRONT_MM: f64 = 10.0;
/// See [`JAWS_FRONT_MM`].
const JAWS_HALF_WIDTH_MM: f64 = 48.0;
/// Where the upper end of a mouth lies that the scan does not show.
const USUAL_MOUTH_TOP_MM: f64 = -45.0;
/// The facial skeleton: all in front of the jaw's joints, up to the upper rim of the orbits.
const BONE_FRONT_MM: f64 = -12.0;
/// See [`BONE_FRONT_MM`].
const BONE_TOP_MM: f64 = 15.0;
/// Hollows of maxilla, ethmoid and sphenoid, and those of the forehead, as boxes: half width, back,
/// front, lower and upper end.
const SINUSES_MM: [[f64; 5]; 2] = [[45.0, -12.0, 70.0, -48.0, 18.0], [35.0, 45.0, 85.0, 0.0, 45.0]];

/// The floor of the forehead's brain: no brain lies in front of the cylinder and below this.
const FOREHEAD_MM: f64 = 8.0;

/// Where a face and its ears are cut off: surfaces that are the same for two heads with the same
/// brain, eyes, ears and jaw, whatever their skin.
///
/// The face ends inwards at an elliptic cylinder around an upright axis behind the eyes, and lies open
/// in front, to the border of the scan; it ends at a cone above the forehead, at two planes through
/// that axis in front of the ears, and at a plane under the jaw. An ear is what lies outside a plane
/// and within an elliptic cylinder around the line between both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    sight: Sight,
    lean: f64,
    /// Height of the lower end under the chin.
    floor_mm: Option<f64>,
    mouth_top_mm: f64,
    ears: [Option<[f64; 3]>; 2],
    edge: Edge,
}

/// The outline that is cut, without its angles.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edge {
    /// Sine and cosine of its upper end.
    top: [f64; 2],
    /// Sine and cosine of its half width at each height.
    sides: [[f64; 2]; 3],
    /// Tangents of the heights between which the half width changes.
    heights: [f64; 3],
}

impl Edge {
    fn new() -> Self {
        let sin_cos = |degrees: f64| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            [sin, cos]
        };
        Self {
            top: sin_cos(HIGHEST_DEGREES),
            sides: HALF_WIDTH_DEGREES.map(|[_, half_width]| sin_cos(half_width)),
            heights: HALF_WIDTH_DEGREES.map(|[height, _]| height.to_radians().tan()),
        }
    }

    /// How far within the outline a place lies, roughly millimetres.
    fn within_mm(&self, right: f64, front: f64, up: f64, rho: f64) -> f64 {
        let top = self.top[0] * rho - self.top[1] * up;
        let height = up / rho;
        let part = usize::from(height > self.heights[1]);
        let [low, high] = [self.heights[part], self.heights[part + 1]];
        let share = ((height - low) / (high - low)).clamp(0.0, 1.0);
        let [from, to] = [self.sides[part], self.sides[part + 1]];
        let [sin, cos] = [0, 1].map(|n| from[n] + share * (to[n] - from[n]));
        top.min(sin * front - cos * right.abs())
    }
}

impl Cut {
    /// Of a head seen from behind its eyes.
    pub(crate) fn of(sight: Sight, labels: &Labels) -> Self {
        let size = sight.size();
        let chin = Extent::of(Tissue::Chin, labels, &sight);
        let mouth = Extent::of(Tissue::Mouth, labels, &sight);
        let lean = chin.as_ref().map_or(USUAL_LEAN, |chin| {
            let cylinder = chin.front_mm - CHIN_IN_FRONT_MM * size;
            let lean = (size * HALF_AXES_MM[1] - cylinder) / (-chin.up_mm).max(1.0);
            ((lean / LEAN_STEP).round() * LEAN_STEP).clamp(0.0, MOST_LEAN)
        });
        let ears = pair(labels, Tissue::Ears).map_or([None; 2], |ears| ears.map(Some));
        Self {
            sight,
            lean,
            floor_mm: chin.map(|chin| chin.lowest_mm - BELOW_CHIN_MM),
            mouth_top_mm: mouth.map_or(size * USUAL_MOUTH_TOP_MM, |mouth| mouth.highest_mm),
            ears: ears.map(|ear| ear.map(|ear| sight.coordinates(ear))),
            edge: Edge::new(),
        }
    }

    /// The same surfaces of the same head where `offset`, which turns and moves, takes it.
    pub(crate) fn moved(&self, offset: &Affine) -> Self {
        Self { sight: self.sight.moved(offset), ..*self }
    }

    /// Whether the scan shows a chin.
    pub(crate) fn has_chin(&self) -> bool {
        self.floor_mm.is_some()
    }

    /// How the head is looked at.
    pub(crate) fn sight(&self) -> &Sight {
        &self.sight
    }

    /// Above 0 where the face is cut off, roughly in millimetres from the surface; of a place with a known
    /// [`Self::in_front_mm`].
    fn face_mm(&self, at: [f64; 3], in_front: f64) -> f64 {
        if in_front < -20.0 {
            return in_front;
        }
        let [right, front, up] = at;
        let rho = (right * right + front * front).sqrt().max(1e-6);
        let within = self.edge.within_mm(right, front, up, rho);
        in_front.min(within).min(self.above_floor_mm(front, up))
    }

    /// As [`Self::face_mm`] for all that lies outside the cylinder.
    pub(crate) fn in_front_mm(&self, [right, front, up]: [f64; 3]) -> f64 {
        let [a, b] = HALF_AXES_MM.map(|half| half * self.sight.size());
        let ahead = front - self.lean * up.min(0.0);
        (((right / a).powi(2) + (ahead / b).powi(2)).sqrt() - 1.0) * (a + b) / 2.0
    }

    /// [`Self::face_mm`] of every voxel of a grid along the patient's axes, and where other measures of a
    /// face are above 0.
    pub(crate) fn faces(&self, grid: &Grid, workers: Workers) -> Faces {
        const IN_FRONT: u8 = 1;
        const JUST_BEHIND: u8 = 2;
        const BELOW_FOREHEAD: u8 = 4;
        let forehead_mm = self.sight.size() * FOREHEAD_MM;
        let mut face = vec![0.0f32; grid.n_voxels()];
        let mut flags = vec![0u8; grid.n_voxels()];
        let measure = |at| {
            let in_front = self.in_front_mm(at);
            let face = self.face_mm(at, in_front);
            // As they are in single precision, in which fields are kept.
            let is_in_front = in_front as f32 > 0.0;
            let is_below = face.min(forehead_mm - at[2]) as f32 > 0.0;
            let is_just_behind = !is_in_front && in_front > -MOST_BEHIND_MM;
            let flags = u8::from(is_in_front) * IN_FRONT
                + u8::from(is_just_behind) * JUST_BEHIND
                + u8::from(is_below) * BELOW_FOREHEAD;
            (face as f32, flags)
        };
        let ni = grid.extent[0];
        let make = || ();
        workers.for_each_chunk_of_two(
            &mut face,
            ni,
            &mut flags,
            ni,
            make,
            |(), row, face, flags| {
                for ((face, flags), at) in face.iter_mut().zip(flags).zip(self.places(grid, row)) {
                    (*face, *flags) = measure(at);
                }
            },
        );
        let bits = |flag: u8| {
            let bytes: Vec<u8> = flags.iter().map(|flags| flags & flag).collect();
            kernels::bits_of(&bytes, grid.extent, workers)
        };
        let [in_front, just_behind, below_forehead] =
            [IN_FRONT, JUST_BEHIND, BELOW_FOREHEAD].map(bits);
        Faces { face, in_front, just_behind, below_forehead }
    }

    /// How far a place lies above the plane under the jaw.
    fn above_floor_mm(&self, front: f64, up: f64) -> f64 {
        self.floor_mm.map_or(f64::INFINITY, |floor| {
            up - floor - JAW_RISE * (self.sight.size() * CHIN_FRONT_MM - front)
        })
    }

    /// As [`Self::face_mm`] for the ears, or `least` if that is larger: hardly any place but the ears has to
    /// be measured.
    fn ears_mm(&self, least: f64, [right, front, up]: [f64; 3]) -> f64 {
        let size = self.sight.size();
        let [a, b] = EAR_HALF_AXES_MM.map(|half| half * size);
        self.ears.iter().flatten().fold(least, |most, ear| {
            let outwards = right * ear[0].signum() - (ear[0].abs() - EAR_INWARDS_MM * size);
            if outwards <= most {
                return most;
            }
            let across = (((front - ear[1]) / a).powi(2) + ((up - ear[2]) / b).powi(2)).sqrt();
            most.max(outwards.min((1.0 - across) * a))
        })
    }

    /// As [`Self::face_mm`] for both jaws, open in front.
    pub(crate) fn teeth_mm(&self, [right, front, up]: [f64; 3]) -> f64 {
        let size = self.sight.size();
        (front - size * JAWS_FRONT_MM)
            .min(size * JAWS_HALF_WIDTH_MM - right.abs())
            .min(self.mouth_top_mm - up)
            .min(self.above_floor_mm(front, up))
    }

    /// As [`Self::face_mm`] for the skeleton of the face, open in front and at the sides.
    pub(crate) fn facial_bone_mm(&self, [_, front, up]: [f64; 3]) -> f64 {
        let size = self.sight.size();
        (front - size * BONE_FRONT_MM)
            .min(size * BONE_TOP_MM - up)
            .min(self.above_floor_mm(front, up))
    }

    /// As [`Self::face_mm`] for the sinuses.
    pub(crate) fn sinuses_mm(&self, [right, front, up]: [f64; 3]) -> f64 {
        SINUSES_MM.into_iter().fold(f64::NEG_INFINITY, |most, hollow| {
            let [wide, back, ahead, low, high] = hollow.map(|mm| mm * self.sight.size());
            let within = (wide - right.abs()).min(front - back).min(ahead - front);
            most.max(within.min(up - low).min(high - up))
        })
    }

    /// One of the measures above for every voxel of a grid along the patient's axes.
    pub(crate) fn field(
        &self,
        measure: fn(&Self, [f64; 3]) -> f64,
        grid: &Grid,
        workers: Workers,
    ) -> Vec<f32> {
        let mut field = vec![0.0f32; grid.n_voxels()];
        workers.for_each_chunk(&mut field, grid.extent[0], |row, values| {
            for (value, at) in values.iter_mut().zip(self.places(grid, row)) {
                *value = measure(self, at) as f32;
            }
        });
        field
    }

    /// Raises a field on a grid along the patient's axes to [`Self::ears_mm`] where that is larger.
    pub(crate) fn raise_to_ears(&self, field: &mut [f32], grid: &Grid, workers: Workers) {
        workers.for_each_chunk(field, grid.extent[0], |row, values| {
            for (value, at) in values.iter_mut().zip(self.places(grid, row)) {
                *value = self.ears_mm(f64::from(*value), at) as f32;
            }
        });
    }

    /// The places of a row of a grid's voxels, in the head's own frame.
    fn places(&self, grid: &Grid, row: usize) -> impl Iterator<Item = [f64; 3]> {
        let nj = grid.extent[1];
        let at =
            |index: [usize; 3]| self.sight.coordinates(grid.affine.apply(index.map(|v| v as f64)));
        let [from, to] = [at([0; 3]), at([1, 0, 0])];
        let step = [0, 1, 2].map(|a| to[a] - from[a]);
        let first = at([0, row % nj, row / nj]);
        (0..grid.extent[0]).map(move |i| [0, 1, 2].map(|a| first[a] + i as f64 * step[a]))
    }
}

/// Measures of a face on a grid, a value or a bit a voxel.
pub(crate) struct Faces {
    /// [`Cut::face_mm`].
    pub(crate) face: Vec<f32>,
    /// Where [`Cut::in_front_mm`] is above 0.
    pub(crate) in_front: Vec<u64>,
    /// Where it is not, by less than [`MOST_BEHIND_MM`].
    pub(crate) just_behind: Vec<u64>,
    /// Where a face is cut off up to the brow, in front of which no brain lies.
    pub(crate) below_forehead: Vec<u64>,
}

/// Where a part of the face lies, seen from behind the eyes.
struct Extent {
    front_mm: f64,
    up_mm: f64,
    lowest_mm: f64,
    highest_mm: f64,
}

impl Extent {
    /// The medians of its places, and its ends without a fiftieth; `None` where there is too little.
    fn of(tissue: Tissue, labels: &Labels, sight: &Sight) -> Option<Self> {
        let places = voxels_of(labels, tissue)
            .map(|index| sight.coordinates(labels.grid.affine.apply(index.map(|v| v as f64))));
        let [mut front, mut up]: [Vec<f32>; 2] = Default::default();
        for [_, y, z] in places {
            front.push(y as f32);
            up.push(z as f32);
        }
        if (up.len() as f64) * labels.grid.voxel_mm3() < LEAST_PART_MM3 {
            return None;
        }
        let [front_mm] = kernels::order_statistics(&mut front, [0.5])?.map(f64::from);
        let ends = kernels::order_statistics(&mut up, [0.02, 0.5, 0.98])?;
        let [lowest_mm, up_mm, highest_mm] = ends.map(f64::from);
        Some(Self { front_mm, up_mm, lowest_mm, highest_mm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Form, USUAL};

    fn cut(form: &Form) -> Cut {
        let (labels, image) = form.head();
        Cut::of(Sight::of(&labels, &image.inside).expect("axes"), &labels)
    }

    fn face_mm(cut: &Cut, at: [f64; 3]) -> f64 {
        cut.face_mm(at, cut.in_front_mm(at))
    }

    fn face(form: &Form) -> Vec<f32> {
        cut(form).field(face_mm, &Form::grid(), Workers::ONE)
    }

    #[test]
    fn the_skin_does_not_move_the_cut() {
        let usual = face(&USUAL);
        assert!(usual.iter().filter(|mm| **mm > 0.0).count() > 50_000);
        let forms: [fn([f64; 2]) -> f64; 3] = [
            |[x, up]| if x.abs() < 15.0 && (-38.0..0.0).contains(&up) { 15.0 } else { 0.0 },
            |[x, up]| if x.abs() > 36.0 && up < -15.0 { 8.0 } else { 0.0 },
            |[_, up]| {
                if up > 14.0 {
                    -3.0
                } else {
                    4.0 * f64::from(u8::from((-80.0..-15.0).contains(&up)))
                }
            },
        ];
        for (n, flesh) in forms.into_iter().enumerate() {
            assert!(face(&Form { flesh, ..USUAL }) == usual, "form {n}");
        }
        // The chin's flesh moves its middle by half as much, and that the lean by a step at most.
        let plain = cut(&USUAL);
        let fleshy = Form { flesh: |[_, up]| if up < -82.0 { 4.0 } else { 0.0 }, ..USUAL };
        let lean = cut(&fleshy).lean;
        assert!((lean - plain.lean).abs() < LEAN_STEP + 1e-9, "{lean} and {}", plain.lean);
    }

    #[test]
    fn measures_taken_together_are_those_taken_one_by_one() {
        let cut = cut(&USUAL);
        let grid = Form::grid();
        let faces = cut.faces(&grid, Workers::new(2));
        assert!(faces.face == cut.field(face_mm, &grid, Workers::ONE));
        let above_0 = |measure: fn(&Cut, [f64; 3]) -> f64| {
            let field = cut.field(measure, &grid, Workers::ONE);
            kernels::threshold(&field, grid.extent, 0.0, Workers::ONE)
        };
        assert!(faces.in_front == above_0(Cut::in_front_mm));
        let below =
            |cut: &Cut, at: [f64; 3]| face_mm(cut, at).min(cut.sight.size() * FOREHEAD_MM - at[2]);
        assert!(faces.below_forehead == above_0(below));
    }

    #[test]
    fn the_cut_goes_with_the_head() {
        let upright = cut(&USUAL);
        for turned in [[0.4, 0.0], [0.0, 0.25], [-0.3, -0.2]] {
            let form = Form { turned, ..USUAL };
            let cut = cut(&form);
            let mut most = 0.0f64;
            for place in places() {
                let own = upright.sight.coordinates(Form::own(place, &form));
                let [a, b] = [face_mm(&cut, cut.sight.coordinates(place)), face_mm(&upright, own)];
                // Far away the outline's angles outweigh all.
                if a.abs().min(b.abs()) < 15.0 {
                    most = most.max((a - b).abs());
                }
            }
            assert!(most < 5.0, "{turned:?}: {most:.1} mm");
        }
    }

    /// Places on a lattice all over the head.
    fn places() -> impl Iterator<Item = [f64; 3]> {
        (0..8000).map(|n| [n % 20, n / 20 % 20, n / 400].map(|v| f64::from(v) * 10.0 - 95.0))
    }

    #[test]
    fn a_small_head_is_cut_at_less_depth() {
        let grown = cut(&USUAL);
        let small = cut(&Form { size: 0.65, ..USUAL });
        assert!((small.sight.size() - 0.65).abs() < 0.05, "{}", small.sight.size());
        for place in places() {
            let own = grown.sight.coordinates(place);
            let size = 0.65;
            let same = small.sight.coordinates(place.map(|v| v * size));
            let [a, b] = [grown.in_front_mm(own) * size, small.in_front_mm(same)];
            if own[1] > 10.0 && a.abs() < 10.0 {
                assert!((a - b).abs() < 5.0, "{place:?}: {a:.1} and {b:.1} mm");
            }
        }
    }

    #[test]
    fn face_ears_and_places_lie_where_they_should() {
        let cut = cut(&USUAL);
        let check = |measure: fn(&Cut, [f64; 3]) -> f64, at: [f64; 3], is_cut: bool| {
            let found = measure(&cut, cut.sight.coordinates(at));
            assert_eq!(found > 0.0, is_cut, "{at:?}: {found:.1} mm");
        };
        for at in [[0.0, 75.0, -20.0], [0.0, 200.0, -20.0], [60.0, 20.0, -30.0], [0.0, 70.0, 40.0]]
        {
            check(face_mm, at, true);
        }
        for at in [[0.0, 0.0, 0.0], [0.0, 60.0, 90.0], [0.0, 60.0, -130.0], [0.0, -90.0, 0.0]] {
            check(face_mm, at, false);
        }
        for x in [-1.0, 1.0] {
            let ears_mm = |cut: &Cut, at| cut.ears_mm(f64::NEG_INFINITY, at);
            check(ears_mm, [x * 80.0, -30.0, -22.0], true);
            check(ears_mm, [x * 200.0, -30.0, -50.0], true);
            check(ears_mm, [x * 50.0, -30.0, -22.0], false);
            check(ears_mm, [x * 80.0, 20.0, -22.0], false);
        }
        check(Cut::teeth_mm, [20.0, 50.0, -70.0], true);
        check(Cut::teeth_mm, [20.0, 50.0, -10.0], false);
        check(Cut::teeth_mm, [0.0, -20.0, -70.0], false);
        check(Cut::facial_bone_mm, [50.0, 0.0, -60.0], true);
        check(Cut::facial_bone_mm, [0.0, -40.0, -60.0], false);
        check(Cut::sinuses_mm, [25.0, 40.0, -20.0], true);
        check(Cut::sinuses_mm, [0.0, 65.0, 30.0], true);
        check(Cut::sinuses_mm, [0.0, 30.0, -70.0], false);
    }

    #[test]
    fn without_a_chin_the_face_has_no_floor() {
        let (mut labels, image) = USUAL.head();
        for tissue in labels.tissues.iter_mut().filter(|t| **t == Tissue::Chin) {
            *tissue = Tissue::Other;
        }
        let cut = Cut::of(Sight::of(&labels, &image.inside).expect("axes"), &labels);
        assert_eq!((cut.floor_mm, cut.lean), (None, USUAL_LEAN));
    }
}
