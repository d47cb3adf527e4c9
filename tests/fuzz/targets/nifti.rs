//! Any bytes as the content of a `.nii`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::open_and_clean(bytes));
