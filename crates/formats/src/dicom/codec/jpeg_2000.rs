//! JPEG 2000 by `hayro-jpeg2000`, high-throughput JPEG 2000 by `dicom-toolkit-jpeg2000`.
//!
//! The second reads both, but its irreversible wavelet is off by twelve grey levels of 4096 on
//! average, so that it gets the reversible high-throughput frames alone.

use super::{Fault, Frame, Wanted};

/// Decodes one frame.
pub(super) fn decode(data: &[u8], wanted: Wanted) -> Result<Frame, Fault> {
    let head = Head::read(data)?;
    if (head.columns, head.rows) != (wanted.columns, wanted.rows) {
        return Err(Fault::OtherSize);
    }
    if head.n_components != 1 || head.bits > 16 {
        return Err(Fault::OtherFormat);
    }
    // A frame's length is even: a byte may follow the end of the codestream. A stream without its
    // end was cut, and would decode to less than it held.
    let end = data.windows(2).rposition(|w| w == [0xff, 0xd9]).ok_or(Fault::Truncated)?;
    let data = &data[..end + 2];
    let values = match (head.is_high_throughput, head.is_lossy) {
        (false, _) => classic(data, wanted)?,
        (true, false) => high_throughput(data, wanted)?,
        (true, true) => return Err(Fault::Unsupported),
    };
    // The decoders take signed values for unsigned ones and add half their range.
    let half = if head.is_signed { 1 << (head.bits - 1) } else { 0u32 };
    let all = u32::MAX >> (32 - head.bits);
    let values = values.into_iter().map(|v| v.wrapping_sub(half) & all).collect();
    Ok(Frame { values, bits: head.bits, is_lossy: head.is_lossy })
}

fn classic(data: &[u8], wanted: Wanted) -> Result<Vec<u32>, Fault> {
    use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
    let settings =
        DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let image = Image::new(data, &settings).map_err(|_| Fault::Damaged)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(|_| Fault::Damaged)?;
    let size = (image.width() as usize, image.height() as usize);
    let [component] = decoded.components() else { return Err(Fault::OtherFormat) };
    if size != (wanted.columns, wanted.rows) {
        return Err(Fault::OtherSize);
    }
    let most = ((1u32 << image.original_bit_depth().min(16)) - 1) as f32;
    Ok(component.samples().iter().map(|v| v.round().clamp(0.0, most) as u32).collect())
}

fn high_throughput(data: &[u8], wanted: Wanted) -> Result<Vec<u32>, Fault> {
    use dicom_toolkit_jpeg2000::{DecodeSettings, Image};
    let settings =
        DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let image = Image::new(data, &settings).map_err(|_| Fault::Damaged)?;
    let decoded = image.decode_native().map_err(|_| Fault::Damaged)?;
    if (decoded.width as usize, decoded.height as usize) != (wanted.columns, wanted.rows) {
        return Err(Fault::OtherSize);
    }
    Ok(match decoded.bytes_per_sample {
        1 => decoded.data.into_iter().map(u32::from).collect(),
        _ => {
            let (words, _) = decoded.data.as_chunks::<2>();
            words.iter().map(|&w| u16::from_le_bytes(w).into()).collect()
        }
    })
}

/// What the main header of the codestream says (ITU-T T.800 annex A).
struct Head {
    columns: usize,
    rows: usize,
    bits: u32,
    is_signed: bool,
    n_components: u16,
    /// Whether the wavelet is the irreversible one.
    is_lossy: bool,
    /// Whether blocks are coded as T.814 has it.
    is_high_throughput: bool,
}

impl Head {
    fn read(data: &[u8]) -> Result<Self, Fault> {
        // SOC, then SIZ.
        if !data.starts_with(&[0xff, 0x4f, 0xff, 0x51]) {
            return Err(Fault::Damaged);
        }
        let u32_at = |at: usize| {
            let bytes = data.get(at..at + 4).and_then(<[u8]>::first_chunk::<4>);
            bytes.map(|b| u32::from_be_bytes(*b) as usize).ok_or(Fault::Truncated)
        };
        let u16_at = |at: usize| {
            let bytes = data.get(at..at + 2).and_then(<[u8]>::first_chunk::<2>);
            bytes.map(|b| u16::from_be_bytes(*b)).ok_or(Fault::Truncated)
        };
        let columns = u32_at(8)?.checked_sub(u32_at(16)?).ok_or(Fault::Damaged)?;
        let rows = u32_at(12)?.checked_sub(u32_at(20)?).ok_or(Fault::Damaged)?;
        let n_components = u16_at(40)?;
        let [precision, dx, dy] = *data.get(42..45).ok_or(Fault::Truncated)? else {
            return Err(Fault::Truncated);
        };
        if (dx, dy) != (1, 1) {
            return Err(Fault::Unsupported);
        }
        let (bits, is_signed) = (u32::from(precision & 0x7f) + 1, precision & 0x80 != 0);
        // The other markers of the main header, up to the first tile-part.
        let mut at = 4 + usize::from(u16_at(4)?);
        loop {
            match u16_at(at)? {
                // COD: style, progression (4), levels, width, height, style, transformation.
                0xff52 => {
                    let &[style, transformation] =
                        data.get(at + 12..at + 14).ok_or(Fault::Truncated)?
                    else {
                        return Err(Fault::Truncated);
                    };
                    let (is_lossy, is_high_throughput) = (transformation == 0, style & 0x40 != 0);
                    return Ok(Self {
                        columns,
                        rows,
                        bits,
                        is_signed,
                        n_components,
                        is_lossy,
                        is_high_throughput,
                    });
                }
                0xff90 | 0xffd9 => return Err(Fault::Damaged),
                _ => at += 2 + usize::from(u16_at(at + 2)?).max(2),
            }
        }
    }
}
