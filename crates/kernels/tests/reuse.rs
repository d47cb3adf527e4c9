//! What is given back to a pool is used again: the next call of any kernel allocates nothing that
//! grows with the volume.
#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::{Neighbours, Pool, Rays, Workers};

/// The system's, with a count of what is large.
struct Counting;

/// More than a few rows of the volume below, less than a plane.
const LARGE: usize = 40 << 10;

static N_LARGE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        N_LARGE.fetch_add(usize::from(layout.size() >= LARGE), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A kernel's name, and a call of it that gives the result back.
type Call<'a> = (&'a str, &'a dyn Fn(Workers));

const EXTENT: [usize; 3] = [150, 120, 40];
const SPACING: [f64; 3] = [1.0, 1.2, 2.5];

/// Large allocations of a kernel's later calls, after some that fill the pool: what grows as it is
/// written takes a few calls until each piece is large enough.
fn later(workers: Workers, call: impl Fn(Workers)) -> usize {
    for _ in 0..8 {
        call(workers);
    }
    let before = N_LARGE.load(Ordering::Relaxed);
    call(workers);
    call(workers);
    N_LARGE.load(Ordering::Relaxed) - before
}

#[test]
fn later_calls_allocate_nothing_large() {
    let [ni, nj, nk] = EXTENT;
    let n = ni * nj * nk;
    let stored: Vec<i16> = (0..n).map(|v| (v.wrapping_mul(2_654_435_761) >> 16) as i16).collect();
    let reals: Vec<f32> = stored.iter().map(|&v| f32::from(v)).collect();
    let bytes: Vec<u8> = stored.iter().map(|&v| v as u8).collect();
    let noise = kernels::threshold(&stored, EXTENT, 0, Workers::ONE);
    let middle: Vec<u8> = (0..n)
        .map(|v| {
            let p = [v % ni, v / ni % nj, v / ni / nj];
            u8::from((0..3).all(|a| p[a].abs_diff(EXTENT[a] / 2) < EXTENT[a] / 4))
        })
        .collect();
    let middle = kernels::bits_of(&middle, EXTENT, Workers::ONE);
    let half = [[0.5, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]];
    let turned = [[0.5, 0.1, 0.0, 0.0], [-0.1, 0.5, 0.0, 5.0], [0.0, 0.0, 0.5, 0.0]];
    let swapped = [[0.0, 0.5, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]];
    let rays = Rays {
        n_pixels: [ni, nk],
        start: [0.0; 3],
        across: [1.0, 0.0, 0.0],
        down: [0.0, 0.0, 1.0],
        step: [0.0, 1.0, 0.0],
        n_steps: nj,
    };
    let (inf, faces, corners) = (f64::INFINITY, Neighbours::Faces, Neighbours::Corners);
    let calls: &[Call] = &[
        ("threshold", &|w| w.give_back(kernels::threshold(&stored, EXTENT, 0, w))),
        ("bytes of", &|w| w.give_back(kernels::bytes_of(&noise, EXTENT, w))),
        ("dilate", &|w| w.give_back(kernels::dilate(&middle, EXTENT, SPACING, 5.0, w))),
        ("dilate far", &|w| w.give_back(kernels::dilate(&middle, EXTENT, [0.3; 3], 20.0, w))),
        ("close", &|w| w.give_back(kernels::close(&noise, EXTENT, SPACING, 3.0, w))),
        ("open", &|w| w.give_back(kernels::open(&noise, EXTENT, SPACING, 3.0, w))),
        ("distance", &|w| w.give_back(kernels::distance(&middle, EXTENT, SPACING, inf, w))),
        ("signed distance", &|w| {
            w.give_back(kernels::signed_distance(&middle, EXTENT, SPACING, inf, w))
        }),
        ("label", &|w| w.give_back(kernels::label(&noise, EXTENT, corners, w).0)),
        ("keep largest", &|w| w.give_back(kernels::keep_largest(&noise, EXTENT, corners, w))),
        ("keep touching", &|w| {
            w.give_back(kernels::keep_touching(&noise, &middle, EXTENT, faces, w))
        }),
        ("fill holes", &|w| w.give_back(kernels::fill_holes(&noise, EXTENT, w))),
        ("fill holes in planes", &|w| {
            w.give_back(kernels::fill_holes_in_planes(&noise, EXTENT, w))
        }),
        ("surface", &|w| w.give_back(kernels::surface(&noise, EXTENT, w))),
        ("surface distances", &|w| {
            w.give_back(kernels::surface_distances(&noise, &middle, EXTENT, SPACING, w))
        }),
        ("gaussian", &|w| w.give_back(kernels::gaussian(&stored, EXTENT, SPACING, 2.0, w))),
        ("smooth", &|w| w.give_back(kernels::smooth(&reals, EXTENT, w))),
        ("median", &|w| w.give_back(kernels::median(&stored, EXTENT, w))),
        ("resample", &|w| {
            let (values, inside) = kernels::resample(&reals, EXTENT, &half, EXTENT, w);
            w.give_back(values);
            w.give_back(inside);
        }),
        ("resample turned", &|w| {
            let (values, inside) = kernels::resample(&reals, EXTENT, &turned, EXTENT, w);
            w.give_back(values);
            w.give_back(inside);
        }),
        ("nearest", &|w| {
            w.give_back(kernels::resample_nearest(&bytes, EXTENT, &half, EXTENT, 0, w))
        }),
        ("nearest turned", &|w| {
            w.give_back(kernels::resample_nearest(&bytes, EXTENT, &turned, EXTENT, 0, w))
        }),
        ("downsample", &|w| {
            w.give_back(kernels::downsample(&stored, EXTENT, [1.0; 3], [2.0; 3], w).0)
        }),
        ("field mask", &|w| w.give_back(kernels::field_mask(&reals, EXTENT, &half, EXTENT, w))),
        ("field mask turned", &|w| {
            w.give_back(kernels::field_mask(&reals, EXTENT, &turned, EXTENT, w))
        }),
        ("field mask swapped", &|w| {
            w.give_back(kernels::field_mask(&reals, EXTENT, &swapped, EXTENT, w))
        }),
        ("block mean", &|w| {
            w.give_back(kernels::block_mean(|_, _, rows| rows.fill(1.0), EXTENT, [2; 3], w).0)
        }),
        ("histogram", &|w| w.give_back(kernels::histogram(&stored, [-1000.0, 1000.0], 4096, w))),
        ("histogram of reals", &|w| {
            w.give_back(kernels::histogram(&reals, [-1000.0, 1000.0], 4096, w))
        }),
        ("ray cast", &|w| w.give_back(kernels::ray_cast(&middle, EXTENT, SPACING, &rays, w))),
        ("argmax", &|w| w.give_back(kernels::argmax(&reals, 12, w))),
        ("otsu", &|w| assert!(kernels::otsu(&stored, w).is_some())),
    ];
    let mut found = Vec::new();
    for n_threads in [1, 2] {
        for (name, call) in calls {
            let pool = Pool::new();
            let n_large = later(Workers::new(n_threads).with_pool(&pool), call);
            if n_large > 0 {
                found.push(format!("{name} on {n_threads}: {n_large}"));
            }
        }
    }
    assert!(found.is_empty(), "large allocations of two calls: {found:#?}");
}
