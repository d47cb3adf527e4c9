use proptest::prelude::*;

use super::{fill_holes, keep_largest, keep_touching};
use crate::bits::tests::{any_mask, pack, unpack};

/// For each set voxel the number of its component, in the order of first voxels.
fn flood(voxels: &[bool], extent: [usize; 3]) -> Vec<Option<usize>> {
    let [ni, nj, nk] = extent;
    let mut numbers = vec![None; voxels.len()];
    let mut next = 0;
    for start in 0..voxels.len() {
        if !voxels[start] || numbers[start].is_some() {
            continue;
        }
        let mut stack = vec![start];
        numbers[start] = Some(next);
        while let Some(at) = stack.pop() {
            let (i, j, k) = (at % ni, at / ni % nj, at / ni / nj);
            let mut push = |inside: bool, to: usize| {
                if inside && voxels[to] && numbers[to].is_none() {
                    numbers[to] = Some(next);
                    stack.push(to);
                }
            };
            push(i > 0, at.wrapping_sub(1));
            push(i + 1 < ni, at + 1);
            push(j > 0, at.wrapping_sub(ni));
            push(j + 1 < nj, at + ni);
            push(k > 0, at.wrapping_sub(ni * nj));
            push(k + 1 < nk, at + ni * nj);
        }
        next += 1;
    }
    numbers
}

proptest! {
    #[test]
    fn largest_component_equals_a_flood_fill((mask, extent) in any_mask()) {
        let numbers = flood(&unpack(&mask, extent), extent);
        let n = numbers.iter().flatten().max().map_or(0, |m| m + 1);
        let size = |c: usize| numbers.iter().filter(|v| **v == Some(c)).count();
        let largest = (0..n).rev().max_by_key(|&c| size(c));
        let expected: Vec<bool> = numbers.iter().map(|v| v.is_some() && *v == largest).collect();
        prop_assert_eq!(unpack(&keep_largest(&mask, extent), extent), expected);
    }

    #[test]
    fn touching_components_equal_a_flood_fill((mask, extent) in any_mask(), at in any::<usize>()) {
        let numbers = flood(&unpack(&mask, extent), extent);
        let at = at % numbers.len();
        let mut seed = vec![false; numbers.len()];
        seed[at] = true;
        let kept = keep_touching(&mask, &pack(&seed, extent), extent);
        let expected: Vec<bool> =
            numbers.iter().map(|v| v.is_some() && *v == numbers[at]).collect();
        prop_assert_eq!(unpack(&kept, extent), expected);
    }

    #[test]
    fn holes_are_what_the_border_cannot_reach((mask, extent) in any_mask()) {
        let [ni, nj, nk] = extent;
        let outside: Vec<bool> = unpack(&mask, extent).iter().map(|v| !v).collect();
        let numbers = flood(&outside, extent);
        let at_border = |at: usize| {
            let (i, j, k) = (at % ni, at / ni % nj, at / ni / nj);
            i == 0 || j == 0 || k == 0 || i + 1 == ni || j + 1 == nj || k + 1 == nk
        };
        let open: Vec<Option<usize>> =
            (0..numbers.len()).filter(|&at| at_border(at)).map(|at| numbers[at]).collect();
        let expected: Vec<bool> =
            numbers.iter().map(|n| n.is_none() || !open.contains(n)).collect();
        prop_assert_eq!(unpack(&fill_holes(&mask, extent), extent), expected);
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
    assert_eq!(unpack(&keep_largest(&pack(&voxels, extent), extent), extent), expected);
    assert_eq!(keep_largest(&[0, 0, 0], extent), [0, 0, 0]);
}
