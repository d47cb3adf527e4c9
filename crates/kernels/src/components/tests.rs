use proptest::prelude::*;

use super::{Neighbours, fill_holes, fill_holes_in_planes, keep_largest, keep_touching, label};
use crate::Workers;
use crate::bits::complement;
use crate::bits::tests::{any_mask, pack, unpack};
use crate::workers::tests::any_workers;

fn offsets(neighbours: Neighbours) -> Vec<[isize; 3]> {
    let most = if neighbours == Neighbours::Faces { 1 } else { 3 };
    let all = (0..27).map(|n: isize| [n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1]);
    all.filter(|o| (1..=most).contains(&o.iter().map(|v| v.abs()).sum::<isize>())).collect()
}

fn any_neighbours() -> impl Strategy<Value = Neighbours> {
    prop_oneof![Just(Neighbours::Faces), Just(Neighbours::Corners)]
}

/// For each set voxel the number of its component, in the order of first voxels.
fn flood(voxels: &[bool], extent: [usize; 3], neighbours: Neighbours) -> Vec<Option<usize>> {
    let [ni, nj, _] = extent;
    let mut numbers = vec![None; voxels.len()];
    let mut next = 0;
    for start in 0..voxels.len() {
        if !voxels[start] || numbers[start].is_some() {
            continue;
        }
        let mut stack = vec![start];
        numbers[start] = Some(next);
        while let Some(at) = stack.pop() {
            let place = [at % ni, at / ni % nj, at / ni / nj];
            for [a, b, c] in offsets(neighbours) {
                let step =
                    |at: usize, by: isize, n: usize| at.checked_add_signed(by).filter(|&v| v < n);
                let there = [
                    step(place[0], a, extent[0]),
                    step(place[1], b, extent[1]),
                    step(place[2], c, extent[2]),
                ];
                let [Some(i), Some(j), Some(k)] = there else { continue };
                let to = i + ni * (j + nj * k);
                if voxels[to] && numbers[to].is_none() {
                    numbers[to] = Some(next);
                    stack.push(to);
                }
            }
        }
        next += 1;
    }
    numbers
}

proptest! {
    #[test]
    fn largest_component_equals_a_flood_fill(
        (mask, extent) in any_mask(),
        neighbours in any_neighbours(),
        workers in any_workers(),
    ) {
        let numbers = flood(&unpack(&mask, extent), extent, neighbours);
        let n = numbers.iter().flatten().max().map_or(0, |m| m + 1);
        let size = |c: usize| numbers.iter().filter(|v| **v == Some(c)).count();
        let largest = (0..n).rev().max_by_key(|&c| size(c));
        let expected: Vec<bool> = numbers.iter().map(|v| v.is_some() && *v == largest).collect();
        prop_assert_eq!(unpack(&keep_largest(&mask, extent, neighbours, workers), extent), expected);
        let numbered: Vec<u32> =
            numbers.iter().map(|v| v.map_or(0, |v| v as u32 + 1)).collect();
        prop_assert_eq!(label(&mask, extent, neighbours, workers), (numbered, n as u32));
    }

    #[test]
    fn touching_components_equal_a_flood_fill(
        (mask, extent) in any_mask(),
        neighbours in any_neighbours(),
        at in any::<usize>(),
        workers in any_workers(),
    ) {
        let numbers = flood(&unpack(&mask, extent), extent, neighbours);
        let at = at % numbers.len();
        let mut seed = vec![false; numbers.len()];
        seed[at] = true;
        let kept = keep_touching(&mask, &pack(&seed, extent), extent, neighbours, workers);
        let expected: Vec<bool> =
            numbers.iter().map(|v| v.is_some() && *v == numbers[at]).collect();
        prop_assert_eq!(unpack(&kept, extent), expected);
    }

    #[test]
    fn holes_are_what_the_border_cannot_reach(
        (mask, extent) in any_mask(),
        workers in any_workers(),
    ) {
        let [ni, nj, nk] = extent;
        let outside: Vec<bool> = unpack(&mask, extent).iter().map(|v| !v).collect();
        let numbers = flood(&outside, extent, Neighbours::Faces);
        let at_border = |at: usize| {
            let (i, j, k) = (at % ni, at / ni % nj, at / ni / nj);
            i == 0 || j == 0 || k == 0 || i + 1 == ni || j + 1 == nj || k + 1 == nk
        };
        let open: Vec<Option<usize>> =
            (0..numbers.len()).filter(|&at| at_border(at)).map(|at| numbers[at]).collect();
        let expected: Vec<bool> =
            numbers.iter().map(|n| n.is_none() || !open.contains(n)).collect();
        prop_assert_eq!(unpack(&fill_holes(&mask, extent, workers), extent), expected);
    }

    /// A plane by itself has no voxels beyond it, so that filling it in 3D would fill nothing.
    #[test]
    fn holes_of_a_plane_are_those_of_a_slab_of_it(
        (mask, extent) in any_mask(),
        workers in any_workers(),
    ) {
        let [ni, nj, _] = extent;
        let filled = fill_holes_in_planes(&mask, extent, workers);
        let n = mask.len() / extent[2];
        for (plane, filled) in mask.chunks_exact(n).zip(filled.chunks_exact(n)) {
            // Between two full planes the only way out is along the plane.
            let full = complement(&vec![0; n], [ni, nj, 1]);
            let slab = [&full, plane, &full].concat();
            let expected = &fill_holes(&slab, [ni, nj, 3], workers)[n..2 * n];
            prop_assert_eq!(filled, expected);
        }
    }
}

#[test]
fn runs_go_on_over_the_end_of_a_word() {
    let extent = [130, 1, 1];
    let mut voxels = vec![false; 130];
    voxels[0..3].fill(true);
    voxels[60..129].fill(true);
    let mut expected = voxels.clone();
    expected[0..3].fill(false);
    assert_eq!(
        unpack(
            &keep_largest(&pack(&voxels, extent), extent, Neighbours::Faces, Workers::ONE),
            extent
        ),
        expected
    );
    assert_eq!(keep_largest(&[0, 0, 0], extent, Neighbours::Faces, Workers::ONE), [0, 0, 0]);
}
