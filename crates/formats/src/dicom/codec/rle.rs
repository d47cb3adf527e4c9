//! RLE lossless (PS3.5 annex G): a frame is a header of 64 bytes and one PackBits segment for
//! each byte of a pixel, most significant first.

use super::{Fault, Frame, Wanted, zeros};

const HEADER_BYTES: usize = 64;

/// Decodes one frame.
pub(super) fn decode(data: &[u8], wanted: Wanted) -> Result<Frame, Fault> {
    let n_segments = usize::from(wanted.allocated / 8);
    let header = data.get(..HEADER_BYTES).ok_or(Fault::Truncated)?;
    let (words, _) = header.as_chunks::<4>();
    let word = |n: usize| u32::from_le_bytes(words[n]) as usize;
    if word(0) != n_segments {
        return Err(Fault::Damaged);
    }
    let mut values = zeros(wanted.n_pixels())?;
    let mut plane = zeros(wanted.n_pixels())?;
    for segment in 1..=n_segments {
        let start = word(segment);
        let end = if segment == n_segments { data.len() } else { word(segment + 1) };
        if start < HEADER_BYTES || start > end {
            return Err(Fault::Damaged);
        }
        unpack(data.get(start..end).ok_or(Fault::Truncated)?, &mut plane)?;
        for (value, &byte) in values.iter_mut().zip(&plane) {
            *value = *value << 8 | u32::from(byte);
        }
    }
    Ok(Frame { values, bits: wanted.allocated.into(), is_lossy: false })
}

/// Unpacks a segment that must fill `plane`; what makes the segment's length even may follow.
fn unpack(segment: &[u8], plane: &mut [u8]) -> Result<(), Fault> {
    let (mut at, mut filled) = (0, 0);
    while filled < plane.len() {
        let control = *segment.get(at).ok_or(Fault::Truncated)?;
        at += 1;
        let n = match control {
            0..=127 => usize::from(control) + 1,
            128 => continue,
            129..=255 => 257 - usize::from(control),
        };
        let place = plane.get_mut(filled..filled + n).ok_or(Fault::Damaged)?;
        if control < 128 {
            place.copy_from_slice(segment.get(at..at + n).ok_or(Fault::Truncated)?);
            at += n;
        } else {
            place.fill(*segment.get(at).ok_or(Fault::Truncated)?);
            at += 1;
        }
        filled += n;
    }
    Ok(())
}

/// Encodes one frame: `pixels` are its stored values, little endian, `n_bytes` each, rows of
/// `columns`. The result has an even length.
pub(in super::super) fn encode(pixels: &[u8], n_bytes: usize, columns: usize) -> Vec<u8> {
    let mut out = vec![0; HEADER_BYTES];
    out[0] = n_bytes as u8;
    let mut row_bytes = Vec::with_capacity(columns);
    for segment in 0..n_bytes {
        let start = (out.len() as u32).to_le_bytes();
        out[4 * (segment + 1)..][..4].copy_from_slice(&start);
        for row in pixels.chunks(columns * n_bytes) {
            row_bytes.clear();
            row_bytes.extend(row.iter().skip(n_bytes - 1 - segment).step_by(n_bytes));
            pack(&row_bytes, &mut out);
        }
        if out.len() % 2 == 1 {
            out.push(0);
        }
    }
    out
}

/// Packs one row: runs of three and more as such, all else literally.
fn pack(row: &[u8], out: &mut Vec<u8>) {
    const LONGEST: usize = 128;
    let run_at = |at: usize| {
        let rest = &row[at..];
        rest.iter().take(LONGEST).take_while(|&&b| b == rest[0]).count()
    };
    let mut at = 0;
    while at < row.len() {
        let run = run_at(at);
        if run >= 2 {
            out.extend([(257 - run) as u8, row[at]]);
            at += run;
            continue;
        }
        let start = at;
        while at < row.len() && at - start < LONGEST && run_at(at) < 3 {
            at += 1;
        }
        out.push((at - start - 1) as u8);
        out.extend(&row[start..at]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_the_segments_of_a_frame_most_significant_byte_first() {
        let mut data = vec![0; 64];
        data[0] = 2;
        data[4] = 64;
        data[8] = 68;
        // Two of 1, then 2 and 3; one of 128 does nothing; then four of 9.
        data.extend([255, 1, 1, 2, 3, 0, 128, 253, 9, 0]);
        data[8] = 70;
        let wanted = Wanted { columns: 2, rows: 2, allocated: 16 };
        let frame = decode(&data, wanted).expect("a frame");
        assert_eq!(frame.values, [0x109, 0x109, 0x209, 0x309]);
        assert_eq!((frame.bits, frame.is_lossy), (16, false));
    }

    #[test]
    fn refuses_what_is_no_frame() {
        let wanted = Wanted { columns: 2, rows: 2, allocated: 16 };
        let pixels = [1, 0, 2, 0, 3, 0, 3, 0];
        let whole = encode(&pixels, 2, 2);
        assert!(decode(&whole, wanted).is_ok());
        let changed = |at: usize, value: u8| {
            let mut data = whole.clone();
            data[at] = value;
            decode(&data, wanted).map(|_| ()).expect_err("refused")
        };
        assert_eq!(changed(0, 15), Fault::Damaged, "fifteen segments");
        assert_eq!(changed(4, 10), Fault::Damaged, "a segment in the header");
        assert_eq!(changed(10, 1), Fault::Truncated, "an offset past the end");
        assert_eq!(whole[71], 255, "the run of two in the second row");
        assert_eq!(changed(71, 127), Fault::Damaged, "more pixels than the frame has");
        for n in 0..whole.len() - 2 {
            assert!(decode(&whole[..n], wanted).is_err(), "{n} bytes");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_to_itself(
            seed in prop::collection::vec((any::<u16>(), 1..300usize), 1..8),
            columns in 1..40usize,
        ) {
            let values = seed.iter().flat_map(|&(v, n)| std::iter::repeat_n(v, n));
            let mut values: Vec<u16> = values.collect();
            values.resize(values.len().next_multiple_of(columns), 7);
            let pixels: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let wanted = Wanted { columns, rows: values.len() / columns, allocated: 16 };
            let encoded = encode(&pixels, 2, columns);
            prop_assert_eq!(encoded.len() % 2, 0);
            let frame = decode(&encoded, wanted).expect("decodes");
            prop_assert!(frame.values.iter().zip(&values).all(|(&a, &b)| a == u32::from(b)));
        }

        #[test]
        fn random_bytes_never_panic(data in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&data, Wanted { columns: 5, rows: 3, allocated: 16 });
        }
    }
}
