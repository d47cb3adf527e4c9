use super::bits::Bits;
use super::{Fault, Header, Scan, Tables};
use crate::dicom::codec::zeros;

/// Decodes the scan of a lossless image (T.81 annex H).
pub(super) fn decode(
    coded: &[u8],
    header: &Header,
    scan: Scan,
    tables: &Tables,
) -> Result<Vec<u32>, Fault> {
    let Header { columns, rows, precision, .. } = *header;
    let predictor = scan.start;
    if !(1..=7).contains(&predictor) || scan.shift >= precision {
        return Err(Fault::Damaged);
    }
    let table = tables.huffman[0][scan.tables[0]].as_ref().ok_or(Fault::Damaged)?;
    // A restart may come after whole rows only.
    let rows_between = match tables.restart_interval {
        0 => usize::MAX,
        n if n.is_multiple_of(columns) => n / columns,
        _ => return Err(Fault::Unsupported),
    };
    let middle = 1 << (precision - scan.shift - 1);
    let mut bits = Bits::new(coded);
    let mut values: Vec<u32> = zeros(columns * rows)?;
    for row in 0..rows {
        let is_first = row % rows_between == 0;
        if is_first && row > 0 {
            bits.restart()?;
        }
        let (above, own) = values.split_at_mut(row * columns);
        let above = &above[above.len().saturating_sub(columns)..];
        let own = &mut own[..columns];
        for column in 0..columns {
            let difference = match u32::from(bits.symbol(table)?) {
                16 => 32768,
                n @ 0..=15 => bits.signed(n)?,
                _ => return Err(Fault::Damaged),
            };
            let predicted = match (is_first, column) {
                (true, 0) => middle,
                (true, _) => own[column - 1] as i32,
                (false, 0) => above[0] as i32,
                (false, _) => {
                    let a = own[column - 1] as i32;
                    let (b, c) = (above[column] as i32, above[column - 1] as i32);
                    match predictor {
                        1 => a,
                        2 => b,
                        3 => c,
                        4 => a + b - c,
                        5 => a + ((b - c) >> 1),
                        6 => b + ((a - c) >> 1),
                        _ => (a + b) >> 1,
                    }
                }
            };
            // Modulo 2^16 (T.81 H.1.2.1).
            own[column] = ((predicted + difference) & 0xffff) as u32;
        }
    }
    let most = u32::MAX >> (32 - precision);
    for value in &mut values {
        *value <<= scan.shift;
        if *value > most {
            return Err(Fault::Damaged);
        }
    }
    Ok(values)
}
