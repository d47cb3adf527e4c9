//! JPEG-LS, by `pure_jpegls`.

use super::{Fault, Frame, Wanted};

/// Decodes one frame.
pub(super) fn decode(data: &[u8], wanted: Wanted) -> Result<Frame, Fault> {
    let head = Head::read(data)?;
    if (head.columns, head.rows) != (wanted.columns, wanted.rows) {
        return Err(Fault::OtherSize);
    }
    if head.n_components != 1 {
        return Err(Fault::OtherFormat);
    }
    // A frame's length is even: a byte may follow the end of the image.
    let end = data.windows(2).rposition(|w| w == [0xff, 0xd9]).ok_or(Fault::Truncated)?;
    let (values, columns, rows) =
        jpegls::decode(&data[..end + 2], wanted.columns as u32, wanted.rows as u32)
            .map_err(|_| Fault::Damaged)?;
    if (columns as usize, rows as usize) != (wanted.columns, wanted.rows) {
        return Err(Fault::OtherSize);
    }
    let values = values.into_iter().map(u32::from).collect();
    Ok(Frame { values, bits: head.bits, is_lossy: head.near > 0 })
}

/// What the markers before the scan say.
struct Head {
    columns: usize,
    rows: usize,
    bits: u32,
    n_components: u8,
    near: u8,
}

impl Head {
    fn read(data: &[u8]) -> Result<Self, Fault> {
        if !data.starts_with(&[0xff, 0xd8]) {
            return Err(Fault::Damaged);
        }
        let mut at = 2;
        let mut frame = None;
        loop {
            let &[mark, marker, high, low] = data.get(at..at + 4).ok_or(Fault::Truncated)? else {
                return Err(Fault::Truncated);
            };
            if mark != 0xff {
                return Err(Fault::Damaged);
            }
            let length = usize::from(u16::from_be_bytes([high, low]));
            let body = data.get(at + 4..at + 2 + length).ok_or(Fault::Truncated)?;
            match (marker, body) {
                (0xf7, &[bits, r0, r1, c0, c1, n_components, ..]) => {
                    let rows = u16::from_be_bytes([r0, r1]).into();
                    let columns = u16::from_be_bytes([c0, c1]).into();
                    let bits = bits.into();
                    frame = Some(Self { columns, rows, bits, n_components, near: 0 });
                }
                (0xda, &[_, .., near, _interleave, _transform]) => {
                    return frame.map(|frame| Self { near, ..frame }).ok_or(Fault::Damaged);
                }
                (0xf7 | 0xda, _) => return Err(Fault::Damaged),
                _ => {}
            }
            at += 2 + length;
        }
    }
}
