//! What every fuzz target does with bytes that may be a scan.

pub mod dicom;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::OsStr;

use formats::{FormatError, Scan};

/// Opens `bytes` as a NIfTI file. If that succeeds, cleans the header as a run does and asserts
/// what a run relies on.
pub fn open_and_clean(bytes: &[u8]) {
    let Ok(before) = open(bytes) else { return };
    let mut scan = open(bytes).expect("the same bytes open again");
    assert!(formats::same_around_voxels(&before, &scan));
    assert!(formats::held_header_text(&before).cleared.is_empty(), "naming changes nothing");

    formats::clear_header_text(&mut scan, "fuzz");
    assert_eq!(planes(&before), planes(&scan), "cleaning a header changes no voxel");

    let cleaned = scan.volume.buffers()[0].clone();
    let mut again = open(&cleaned).expect("a cleaned file opens");
    assert_eq!(planes(&scan), planes(&again));
    assert!(formats::same_around_voxels(&scan, &again));
    formats::clear_header_text(&mut again, "fuzz");
    assert_eq!(again.volume.buffers()[0], cleaned, "cleaning twice changes nothing more");
}

fn open(bytes: &[u8]) -> Result<Scan, FormatError> {
    formats::open_nifti_bytes(OsStr::new("scan.nii"), bytes.to_vec())
}

fn planes(scan: &Scan) -> Vec<&[u8]> {
    (0..scan.volume.n_planes()).map(|p| scan.volume.plane(p)).collect()
}

/// Stops at a single allocation that no input of the size fuzzed can call for, also where the
/// program asked fallibly and would have lived on: libFuzzer's own limit sees only memory touched.
struct Bounded;

/// 64 KiB of input unpack to at most 66 MiB, held in a buffer that grew by doubling.
const MOST_BYTES: usize = 256 << 20;

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

fn check(n_bytes: usize) {
    if n_bytes > MOST_BYTES {
        eprintln!("an allocation of {n_bytes} bytes was asked for");
        std::process::abort();
    }
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        check(layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, n_bytes: usize) -> *mut u8 {
        check(n_bytes);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(memory, layout, n_bytes) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}
