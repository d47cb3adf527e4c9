//! Any bytes as the files of one series.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz::dicom::open_and_release(bytes));
