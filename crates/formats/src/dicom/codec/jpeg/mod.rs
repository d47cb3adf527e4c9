//! JPEG of one component (ITU-T T.81): baseline and extended sequential of 8 and 12 bits, and
//! lossless of 2 to 16 bits with all seven predictors, all with Huffman codes.
//!
//! Written here since no decoder without a system library reads 12 bits.

mod bits;
mod dct;
mod lossless;
#[cfg(test)]
mod tests;

use super::{Fault, Frame, Wanted};
use bits::Huffman;

/// What the markers of an image say, up to its scan.
#[derive(Default)]
struct Tables {
    /// By number: for DC or lossless, and for AC.
    huffman: [[Option<Huffman>; 4]; 2],
    /// By number, in zigzag order.
    quantisation: [Option<[u16; 64]>; 4],
    /// Units between restarts; 0 for none.
    restart_interval: usize,
}

/// The frame header.
#[derive(Clone, Copy)]
struct Header {
    is_lossless: bool,
    /// Bits of a sample.
    precision: u32,
    columns: usize,
    rows: usize,
    /// Which quantisation table.
    quantisation: usize,
}

/// The scan header.
#[derive(Clone, Copy)]
struct Scan {
    /// The tables of codes, for DC and for AC.
    tables: [usize; 2],
    /// Start of the spectrum; in lossless the predictor.
    start: u8,
    /// The point transform.
    shift: u32,
}

/// Decodes one frame.
pub(super) fn decode(data: &[u8], wanted: Wanted) -> Result<Frame, Fault> {
    let mut markers = Markers { data, at: 0 };
    if markers.next()? != 0xd8 {
        return Err(Fault::Damaged);
    }
    let mut tables = Tables::default();
    let mut header = None;
    loop {
        let marker = markers.next()?;
        match marker {
            0xc4 => read_huffman(markers.body()?, &mut tables)?,
            0xdb => read_quantisation(markers.body()?, &mut tables)?,
            0xdd => match *markers.body()? {
                [high, low] => tables.restart_interval = u16::from_be_bytes([high, low]).into(),
                _ => return Err(Fault::Damaged),
            },
            0xc0 | 0xc1 | 0xc3 if header.is_none() => {
                let read = read_header(markers.body()?, marker == 0xc3)?;
                if (read.columns, read.rows) != (wanted.columns, wanted.rows) {
                    return Err(Fault::OtherSize);
                }
                header = Some(read);
            }
            // Progressive, hierarchical, arithmetic: no transfer syntax in use has them.
            0xc2 | 0xc5..=0xcf => return Err(Fault::Unsupported),
            0xda => {
                let header = header.ok_or(Fault::Damaged)?;
                let scan = read_scan(markers.body()?)?;
                let coded = &data[markers.at..];
                let values = if header.is_lossless {
                    lossless::decode(coded, &header, scan, &tables)?
                } else {
                    dct::decode(coded, &header, scan, &tables)?
                };
                let is_lossy = !header.is_lossless || scan.shift > 0;
                return Ok(Frame { values, bits: header.precision, is_lossy });
            }
            0xe0..=0xef | 0xfe => {
                markers.body()?;
            }
            _ => return Err(Fault::Damaged),
        }
    }
}

struct Markers<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Markers<'a> {
    /// The next marker; any number of fill bytes may stand before it.
    fn next(&mut self) -> Result<u8, Fault> {
        if *self.data.get(self.at).ok_or(Fault::Truncated)? != 0xff {
            return Err(Fault::Damaged);
        }
        loop {
            self.at += 1;
            match *self.data.get(self.at).ok_or(Fault::Truncated)? {
                0xff => {}
                marker => {
                    self.at += 1;
                    return Ok(marker);
                }
            }
        }
    }

    /// The parameters of the marker just read.
    fn body(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.data.get(self.at..self.at + 2).ok_or(Fault::Truncated)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if length < 2 {
            return Err(Fault::Damaged);
        }
        let body = self.data.get(self.at + 2..self.at + length).ok_or(Fault::Truncated)?;
        self.at += length;
        Ok(body)
    }
}

fn read_huffman(mut body: &[u8], tables: &mut Tables) -> Result<(), Fault> {
    while let Some((&what, rest)) = body.split_first() {
        let counts = rest.first_chunk::<16>().ok_or(Fault::Damaged)?;
        let n: usize = counts.iter().map(|&n| usize::from(n)).sum();
        let symbols = rest.get(16..16 + n).ok_or(Fault::Damaged)?;
        let class = tables.huffman.get_mut(usize::from(what >> 4)).ok_or(Fault::Damaged)?;
        let table = class.get_mut(usize::from(what & 15)).ok_or(Fault::Damaged)?;
        *table = Some(Huffman::new(counts, symbols)?);
        body = &rest[16 + n..];
    }
    Ok(())
}

fn read_quantisation(mut body: &[u8], tables: &mut Tables) -> Result<(), Fault> {
    while let Some((&what, rest)) = body.split_first() {
        let table = tables.quantisation.get_mut(usize::from(what & 15)).ok_or(Fault::Damaged)?;
        let n_bytes = 1 + usize::from(what >> 4 != 0);
        let values = rest.get(..64 * n_bytes).ok_or(Fault::Damaged)?;
        let mut steps = [0; 64];
        for (step, bytes) in steps.iter_mut().zip(values.chunks_exact(n_bytes)) {
            *step = bytes.iter().fold(0, |all, &b| all << 8 | u16::from(b));
        }
        *table = Some(steps);
        body = &rest[64 * n_bytes..];
    }
    Ok(())
}

fn read_header(body: &[u8], is_lossless: bool) -> Result<Header, Fault> {
    let &[precision, r0, r1, c0, c1, n_components, ref components @ ..] = body else {
        return Err(Fault::Damaged);
    };
    if n_components != 1 {
        return Err(Fault::OtherFormat);
    }
    let is_known =
        if is_lossless { (2..=16).contains(&precision) } else { precision == 8 || precision == 12 };
    let &[_, _, quantisation] = components else { return Err(Fault::Damaged) };
    if !is_known || quantisation > 3 {
        return Err(Fault::Damaged);
    }
    Ok(Header {
        is_lossless,
        precision: precision.into(),
        columns: u16::from_be_bytes([c0, c1]).into(),
        rows: u16::from_be_bytes([r0, r1]).into(),
        quantisation: quantisation.into(),
    })
}

fn read_scan(body: &[u8]) -> Result<Scan, Fault> {
    let &[1, _, tables, start, _, shifts] = body else { return Err(Fault::Damaged) };
    let tables = [tables >> 4, tables & 15].map(usize::from);
    if tables.iter().any(|&t| t > 3) {
        return Err(Fault::Damaged);
    }
    Ok(Scan { tables, start, shift: u32::from(shifts & 15) })
}
