use super::Fault;

/// A table of Huffman codes, by the 16 bits ahead.
pub(super) struct Huffman {
    /// Length of the code in the high byte, its symbol in the low one; 0 where no code is.
    by_bits: Vec<u16>,
}

impl Huffman {
    /// The table of `counts[n]` codes of `n + 1` bits, in order, for `symbols` (T.81 annex C).
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self, Fault> {
        let mut by_bits = vec![0; 1 << 16];
        let mut symbols = symbols.iter();
        let mut start = 0;
        for (length, &count) in (1..).zip(counts) {
            let n_ahead = 1 << (16 - length);
            for &symbol in symbols.by_ref().take(count.into()) {
                let places: &mut [u16] =
                    by_bits.get_mut(start..start + n_ahead).ok_or(Fault::Damaged)?;
                places.fill(length << 8 | u16::from(symbol));
                start += n_ahead;
            }
        }
        Ok(Self { by_bits })
    }
}

/// The bits of a scan, most significant first, without stuffed bytes.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    ahead: u64,
    n_ahead: u32,
    /// How many of the bits ahead, the last ones, were made up after the end of the data.
    n_made_up: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0, ahead: 0, n_ahead: 0, n_made_up: 0 }
    }

    /// The next symbol of `table`.
    pub(super) fn symbol(&mut self, table: &Huffman) -> Result<u8, Fault> {
        self.fill();
        let entry = table.by_bits[(self.ahead >> (self.n_ahead - 16) & 0xffff) as usize];
        if entry == 0 {
            return Err(if self.n_made_up > 0 { Fault::Truncated } else { Fault::Damaged });
        }
        self.drop(u32::from(entry >> 8))?;
        Ok((entry & 0xff) as u8)
    }

    /// A signed number of `n` bits, at most 16 (T.81 F.2.2.1, EXTEND).
    pub(super) fn signed(&mut self, n: u32) -> Result<i32, Fault> {
        if n == 0 {
            return Ok(0);
        }
        self.fill();
        let value = (self.ahead >> (self.n_ahead - n) & ((1 << n) - 1)) as i32;
        self.drop(n)?;
        Ok(if value < 1 << (n - 1) { value - (1 << n) + 1 } else { value })
    }

    /// Passes over the restart marker that must come next.
    pub(super) fn restart(&mut self) -> Result<(), Fault> {
        self.ahead = 0;
        self.n_ahead = 0;
        self.n_made_up = 0;
        while self.data.get(self.at + 1) == Some(&0xff) {
            self.at += 1;
        }
        match self.data.get(self.at..self.at + 2) {
            Some([0xff, 0xd0..=0xd7]) => self.at += 2,
            Some(_) => return Err(Fault::Damaged),
            None => return Err(Fault::Truncated),
        }
        Ok(())
    }

    fn drop(&mut self, n: u32) -> Result<(), Fault> {
        self.n_ahead -= n;
        if self.n_ahead < self.n_made_up { Err(Fault::Truncated) } else { Ok(()) }
    }

    /// Makes at least 48 bits lie ahead; zeros after the last byte and before a marker.
    fn fill(&mut self) {
        while self.n_ahead <= 48 {
            let byte = match self.data.get(self.at..) {
                Some([0xff, 0x00, ..]) => {
                    self.at += 2;
                    0xff
                }
                Some([0xff, ..] | []) | None => {
                    self.n_made_up += 8;
                    0
                }
                Some([byte, ..]) => {
                    self.at += 1;
                    *byte
                }
            };
            self.ahead = self.ahead << 8 | u64::from(byte);
            self.n_ahead += 8;
        }
    }
}
