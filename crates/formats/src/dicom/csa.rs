//! The table of named texts that Siemens keeps in a private element, in its second form, `SV10`.
//!
//! Numbers are of 32 bits, little endian whatever the file is; a value is text, a number too:
//!
//! ```text
//! "SV10" 04 03 02 01 | number of entries | 77
//! each entry: name, 64 bytes | multiplicity | VR, 4 bytes | type | number of items | 77
//! each item:  length | length | 77 | length | that many bytes, filled up to a multiple of 4
//! ```
//!
//! Only the second of an item's lengths counts. Sources: NiBabel's "Siemens format DICOM with CSA
//! header", and `nii_dicom.cpp` of dcm2niix.

use super::attributes::trim;
use super::error::MosaicFault;

const START: &[u8; 8] = b"SV10\x04\x03\x02\x01";
/// What stands where a number has no known meaning.
const FILLER: u32 = 77;
const NAME_BYTES: usize = 64;

/// The first `N` values of the entry `name`, trimmed; `None` if it is absent or has fewer.
///
/// # Errors
/// [`MosaicFault::Header`] if `table` is of another form, or ends before the entry does.
pub(super) fn find<'a, const N: usize>(
    table: &'a [u8],
    name: &str,
) -> Result<Option<[&'a [u8]; N]>, MosaicFault> {
    let mut rest = table.strip_prefix(START).ok_or(MosaicFault::Header)?;
    let n_entries = number(&mut rest)?;
    number(&mut rest)?;
    for _ in 0..n_entries {
        let found = take(&mut rest, NAME_BYTES)?;
        let is_wanted = found.split(|b| *b == 0).next() == Some(name.as_bytes());
        // Multiplicity, VR and type.
        take(&mut rest, 12)?;
        let n_items = number(&mut rest)?;
        number(&mut rest)?;
        let mut values = [&[][..]; N];
        for item in 0..n_items as usize {
            number(&mut rest)?;
            let length = number(&mut rest)? as usize;
            take(&mut rest, 8)?;
            let value = take(&mut rest, length)?;
            take(&mut rest, length.wrapping_neg() % 4)?;
            if let Some(place) = values.get_mut(item) {
                let end = value.iter().position(|b| *b == 0).unwrap_or(value.len());
                *place = trim(&value[..end]);
            }
        }
        if is_wanted {
            return Ok(values.iter().all(|value| !value.is_empty()).then_some(values));
        }
    }
    Ok(None)
}

/// A table of numbers: for each entry its name, its VR with the type that stands for it, and its
/// values.
pub(super) fn table(entries: &[(&str, &[u8; 2], u32, Vec<String>)]) -> Vec<u8> {
    let mut out = START.to_vec();
    let put = |out: &mut Vec<u8>, number: usize| out.extend((number as u32).to_le_bytes());
    put(&mut out, entries.len());
    put(&mut out, FILLER as usize);
    for (name, vr, kind, values) in entries {
        let start = out.len();
        out.extend(name.bytes());
        out.resize(start + NAME_BYTES, 0);
        put(&mut out, values.len());
        out.extend([vr[0], vr[1], 0, 0]);
        put(&mut out, *kind as usize);
        put(&mut out, values.len());
        put(&mut out, FILLER as usize);
        for value in values {
            // With the zero that ends a text.
            let length = value.len() + 1;
            for number in [length, length, FILLER as usize, length] {
                put(&mut out, number);
            }
            out.extend(value.bytes());
            out.resize(out.len() + 1 + length.wrapping_neg() % 4, 0);
        }
    }
    out
}

fn take<'a>(rest: &mut &'a [u8], n: usize) -> Result<&'a [u8], MosaicFault> {
    let (taken, after) = rest.split_at_checked(n).ok_or(MosaicFault::Header)?;
    *rest = after;
    Ok(taken)
}

fn number(rest: &mut &[u8]) -> Result<u32, MosaicFault> {
    let (bytes, after) = rest.split_first_chunk().ok_or(MosaicFault::Header)?;
    *rest = after;
    Ok(u32::from_le_bytes(*bytes))
}
