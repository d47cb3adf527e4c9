//! Any bytes behind the first bytes of a gzip file.
//!
//! Most changes to a gzip file end at its checksum. The content that can be had is therefore also
//! framed anew, with a trailer that is right.

#![no_main]

use std::io::Read as _;

use flate2::Crc;
use flate2::read::DeflateDecoder;

/// Magic and method, no flags, no time (RFC 1952, section 2.3).
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// Content beyond this is left to the scans that are not fuzzed.
const MOST_BYTES: u64 = 16 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let as_found: Vec<u8> = HEADER[..3].iter().chain(bytes).copied().collect();
    fuzz::open_and_clean(&as_found);

    let Some(deflated) = bytes.get(HEADER.len() - 3..) else { return };
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(deflated);
    if decoder.by_ref().take(MOST_BYTES).read_to_end(&mut content).is_err() {
        return;
    }
    let n_deflated = decoder.total_in() as usize;
    let mut sum = Crc::new();
    sum.update(&content);
    let mut repaired = HEADER.to_vec();
    repaired.extend(&deflated[..n_deflated]);
    repaired.extend(sum.sum().to_le_bytes());
    repaired.extend(sum.amount().to_le_bytes());
    fuzz::open_and_clean(&repaired);
});
