use super::bits::Bits;
use super::{Fault, Header, Scan, Tables};
use crate::dicom::codec::zeros;

/// Decodes the scan of a sequential image of 8 x 8 blocks (T.81 annex F).
pub(super) fn decode(
    coded: &[u8],
    header: &Header,
    scan: Scan,
    tables: &Tables,
) -> Result<Vec<u32>, Fault> {
    let Header { columns, rows, precision, .. } = *header;
    let steps = tables.quantisation[header.quantisation].as_ref().ok_or(Fault::Damaged)?;
    let table =
        |class: usize| tables.huffman[class][scan.tables[class]].as_ref().ok_or(Fault::Damaged);
    let (dc, ac) = (table(0)?, table(1)?);
    let cosines = cosines();
    let (middle, most) = ((1 << (precision - 1)) as f32, ((1 << precision) - 1) as f32);
    let mut bits = Bits::new(coded);
    let mut values: Vec<u32> = zeros(columns * rows)?;
    let mut level = 0i32;
    let across = columns.div_ceil(8);
    for block in 0..across * rows.div_ceil(8) {
        if block > 0 && tables.restart_interval > 0 && block % tables.restart_interval == 0 {
            bits.restart()?;
            level = 0;
        }
        let mut coefficients = [0f32; 64];
        let n = u32::from(bits.symbol(dc)?);
        if n > 15 {
            return Err(Fault::Damaged);
        }
        level = level.wrapping_add(bits.signed(n)?);
        coefficients[0] = level as f32 * f32::from(steps[0]);
        let mut k = 1;
        while k < 64 {
            let symbol = bits.symbol(ac)?;
            let (n_zeros, n) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if n == 0 && n_zeros < 15 {
                break;
            }
            k += n_zeros;
            let value = bits.signed(n)? as f32;
            let place = *ZIGZAG.get(k).ok_or(Fault::Damaged)?;
            coefficients[place] = value * f32::from(steps[k]);
            k += 1;
        }
        let samples = inverse(&coefficients, &cosines);
        let (row, column) = (block / across * 8, block % across * 8);
        for (y, samples) in samples.chunks_exact(8).enumerate().take(rows - row) {
            let start = (row + y) * columns + column;
            let n = (columns - column).min(8);
            for (value, sample) in values[start..start + n].iter_mut().zip(samples) {
                *value = (sample + middle).round().clamp(0.0, most) as u32;
            }
        }
    }
    Ok(values)
}

/// `cosines[u][x]` is half of C(u) cos((2x + 1) u pi / 16).
fn cosines() -> [[f32; 8]; 8] {
    std::array::from_fn(|u| {
        std::array::from_fn(|x| {
            let scale = if u == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
            let angle = (2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0;
            (scale * angle.cos() / 2.0) as f32
        })
    })
}

/// The inverse cosine transform of a block, rows then columns (T.81 A.3.3).
fn inverse(coefficients: &[f32; 64], cosines: &[[f32; 8]; 8]) -> [f32; 64] {
    let mut along_rows = [0f32; 64];
    for v in 0..8 {
        for x in 0..8 {
            along_rows[8 * v + x] = (0..8).map(|u| coefficients[8 * v + u] * cosines[u][x]).sum();
        }
    }
    let mut samples = [0f32; 64];
    for x in 0..8 {
        for y in 0..8 {
            samples[8 * y + x] = (0..8).map(|v| along_rows[8 * v + x] * cosines[v][y]).sum();
        }
    }
    samples
}

/// Where the coefficients of a block lie, in the order in which they are coded (T.81 A.3.6).
const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];
