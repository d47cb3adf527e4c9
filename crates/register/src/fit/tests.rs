use std::sync::LazyLock;

use super::*;
use phantom::{Acquisition, Contrast, Person, Pose, render};
use volume::{Grid, RealVolume};

/// A head of 2 mm between two heights.
fn scan(contrast: Contrast, pose: Pose, [low, high]: [f64; 2]) -> RealVolume {
    let nk = ((high - low) / 2.0) as usize;
    let affine = Affine::axis_aligned([2.0; 3], [-96.0, -118.0, low]);
    let grid = Grid { extent: [97, 122, nk], affine };
    let person = Person::from_seed(3).posed(pose);
    let values = render(&person, &grid, &Acquisition::usual(contrast, 5));
    let inside = kernels::complement(Mask::empty(grid).words(), grid.extent);
    RealVolume { grid, values, inside: Mask::from_words(grid, inside) }
}

const WHOLE_MM: [f64; 2] = [-90.0, 130.0];

/// The head at rest, to which others are fitted.
static REST: LazyLock<RealVolume> = LazyLock::new(|| scan(Contrast::T1, Pose::UPRIGHT, WHOLE_MM));

/// All of a scan above the neck.
fn head_of(image: &RealVolume) -> Mask {
    let mut head = Mask::empty(image.grid);
    let [ni, nj, nk] = image.grid.extent;
    for k in 10..nk {
        (0..nj).for_each(|j| (0..ni).for_each(|i| head.set([i, j, k])));
    }
    head
}

/// The largest distance, over the head, between where a pose takes a place and where a fit does.
fn error_mm(fit: &Fit, pose: &Pose) -> f64 {
    let person = Person::from_seed(3);
    let (rest, moved) = (person.landmarks(), person.posed(*pose).landmarks());
    let pairs = [
        (rest.nasion_mm, moved.nasion_mm),
        (rest.menton_mm, moved.menton_mm),
        (rest.ear_canals_mm[0], moved.ear_canals_mm[0]),
        (rest.ear_canals_mm[1], moved.ear_canals_mm[1]),
    ];
    let offset = fit.offset.affine();
    let error = |(from, to): ([f64; 3], [f64; 3])| {
        let found = offset.apply(from);
        length([0, 1, 2].map(|a| found[a] - to[a]))
    };
    pairs.into_iter().map(error).fold(0.0, f64::max)
}

const MOVED: Pose =
    Pose { pitch_degrees: 5.0, roll_degrees: -2.0, yaw_degrees: 3.0, shift_mm: [3.0, -6.0, 4.0] };

#[test]
fn a_head_is_found_where_it_moved_in_another_contrast() {
    let (of, head) = (Coarse::of(&REST), head_of(&REST));
    let check = |contrast: Contrast, pose: Pose, heights: [f64; 2]| {
        let found = fit(&of, &head, &Coarse::of(&scan(contrast, pose, heights))).expect("a fit");
        let error = error_mm(&found, &pose);
        assert!(error < 1.5, "{contrast:?} {heights:?}: {error:.2} mm, {found:?}");
        assert!(found.gain() > 2.0, "{contrast:?} {heights:?}: {} {found:?}", found.gain());
        found
    };
    let still = check(Contrast::T2, Pose::UPRIGHT, [-20.0, 60.0]);
    assert!(still.is_within_a_voxel(), "{still:?}");
    assert_eq!(still.believed(), Affine::axis_aligned([1.0; 3], [0.0; 3]));
    let moved = check(Contrast::Flair, MOVED, WHOLE_MM);
    assert!(!moved.is_within_a_voxel() && moved.objection().is_none(), "{moved:?}");
    assert!((moved.offset.degrees() - 6.16).abs() < 1.0 && moved.overlap > 0.8, "{moved:?}");
    let slab = check(Contrast::T2, MOVED, [20.0, 90.0]);
    assert!(slab.overlap < 0.5, "{slab:?}");
    let far = Pose { shift_mm: [4.0, 25.0, -20.0], ..MOVED };
    assert_eq!(check(Contrast::T2, far, [0.0, 90.0]).objection(), Some(Objection::TooFar));
}

#[test]
fn what_does_not_belong_together_is_told_from_what_does() {
    let (of, head) = (Coarse::of(&REST), head_of(&REST));
    // Hash noise has no head.
    let mut noise = REST.clone();
    for (at, value) in noise.values.iter_mut().enumerate() {
        *value = (at.wrapping_mul(2_654_435_761) >> 9) as f32 % 97.0;
    }
    let found = fit(&of, &head, &Coarse::of(&noise)).expect("a fit");
    assert_eq!(found.objection(), Some(Objection::NoBetterThanChance), "{found:?}");
    // A slab of 8 mm shows too little.
    let slab = scan(Contrast::T1, Pose::UPRIGHT, [40.0, 48.0]);
    assert_eq!(fit(&of, &head, &Coarse::of(&slab)), None);
}
