//! Walks the elements of a data set in place, by byte ranges.
//!
//! A stack of open sequences and items stands in for recursion, and nothing is allocated on a
//! length's word: depth costs a few bytes each, up to [`MAX_DEPTH`]. The encoding is that of
//! PS3.5 section 7; a sequence of VR `UN` and undefined length is implicit little endian inside
//! (PS3.5 section 6.2.2).

use std::ops::Range;

use volume::ByteOrder;

use super::error::{FileError, Malformation};
use super::syntax::Encoding;
use super::tag::Tag;

/// Sequences within sequences that are followed; enhanced objects use five or six.
pub(super) const MAX_DEPTH: usize = 64;

const UNDEFINED: u32 = u32::MAX;

/// What the walk came upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An element with a value.
    Value,
    /// The start of a sequence; [`Elements::path`] now ends with it.
    Sequence,
    /// The start of an item of the sequence that ends the path.
    Item,
    /// The end of an item or of a sequence, which the path has left; the value is its delimiter.
    End,
    /// Encapsulated pixel data; the value is its items, without the delimiter behind them.
    Fragments,
}

/// One stop of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) tag: Tag,
    /// `None` where the encoding leaves it out.
    pub(super) vr: Option<[u8; 2]>,
    /// The first byte of the tag.
    pub(super) at: usize,
    /// The bytes of the value; empty for sequences and items.
    pub(super) value: Range<usize>,
    /// Whether a delimiter ends it.
    pub(super) is_open: bool,
}

/// A sequence or item whose end lies ahead.
#[derive(Debug, Clone)]
struct Open {
    is_item: bool,
    /// Where it ends; `None` where a delimiter says so.
    end: Option<usize>,
    /// Where it or the innermost of what holds it ends at the latest.
    limit: usize,
    encoding: Encoding,
}

/// The walk over a data set.
#[derive(Debug, Clone)]
pub(super) struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
    encoding: Encoding,
    open: Vec<Open>,
    path: Vec<Tag>,
    is_encapsulated: bool,
}

impl<'a> Elements<'a> {
    /// Walks `bytes` from the offset `at` to their end.
    pub(super) fn new(bytes: &'a [u8], at: usize, encoding: Encoding) -> Self {
        Self { bytes, at, encoding, open: Vec::new(), path: Vec::new(), is_encapsulated: false }
    }

    /// The same walk where pixel data may be compressed, in items (PS3.5 annex A.4).
    pub(super) fn encapsulated(bytes: &'a [u8], at: usize) -> Self {
        Self { is_encapsulated: true, ..Self::new(bytes, at, Encoding::ExplicitLittle) }
    }

    /// The encoding of what comes next.
    pub(super) fn encoding(&self) -> Encoding {
        self.open.last().map_or(self.encoding, |top| top.encoding)
    }

    /// The offset of what comes next.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// The sequences that are open, outermost first.
    pub(super) fn path(&self) -> &[Tag] {
        &self.path
    }

    /// The next element, start of a sequence or start of an item; `None` at the end of the data
    /// set.
    ///
    /// # Errors
    /// [`FileError`] if the bytes end early, break the encoding's rules, or nest deeper than
    /// [`MAX_DEPTH`]. The walk must then stop.
    pub(super) fn next(&mut self) -> Result<Option<Element>, FileError> {
        if self.open.last().is_some_and(|top| top.end == Some(self.at)) {
            let tag = self.close();
            return Ok(Some(self.stop(Kind::End, tag, None, self.at, self.at..self.at)));
        }
        if self.at == self.bytes.len() {
            return match self.open.last() {
                None => Ok(None),
                Some(_) => Err(self.malformed(Malformation::NeverClosed)),
            };
        }
        let start = self.at;
        let encoding = self.encoding();
        let tag = Tag(self.u16(encoding)?, self.u16(encoding)?);
        let found = match self.open.last().map(|top| (top.is_item, top.end.is_none())) {
            Some((false, _)) if tag == Tag::ITEM => {
                let length = self.u32(encoding)?;
                self.push(start, true, length, encoding)?;
                let stop = self.stop(Kind::Item, tag, None, start, self.at..self.at);
                Element { is_open: length == UNDEFINED, ..stop }
            }
            Some((false, true)) if tag == Tag::SEQUENCE_END => self.end(start, encoding)?,
            Some((true, true)) if tag == Tag::ITEM_END => self.end(start, encoding)?,
            Some((false, _)) => return Err(malformed(start, Malformation::NotAnItem)),
            _ => self.element(start, tag, encoding)?,
        };
        Ok(Some(found))
    }

    fn element(
        &mut self,
        start: usize,
        tag: Tag,
        encoding: Encoding,
    ) -> Result<Element, FileError> {
        if tag.0 == Tag::ITEM.0 {
            return Err(malformed(start, Malformation::StrayDelimiter));
        }
        let (vr, length) = self.vr_and_length(start, encoding)?;
        let is_undefined = length == UNDEFINED;
        if self.is_encapsulated && is_undefined && tag == Tag::PIXELS {
            let value = self.fragments(start)?;
            let stop = self.stop(Kind::Fragments, tag, vr.copied(), start, value);
            return Ok(Element { is_open: true, ..stop });
        }
        let inside = match vr {
            Some(b"SQ") => Some(encoding),
            Some(b"UN") if is_undefined => Some(Encoding::ImplicitLittle),
            None if is_undefined && tag != Tag::PIXELS => Some(encoding),
            None if !is_undefined && tag != Tag::PIXELS && self.looks_like_items(length) => {
                Some(encoding)
            }
            _ if is_undefined => return Err(malformed(start, Malformation::UndefinedLength)),
            _ => None,
        };
        let vr = vr.copied();
        if let Some(inside) = inside {
            if self.path.len() == MAX_DEPTH {
                return Err(FileError::TooDeep { limit: MAX_DEPTH });
            }
            self.push(start, false, length, inside)?;
            self.path.push(tag);
            let stop = self.stop(Kind::Sequence, tag, vr, start, self.at..self.at);
            return Ok(Element { is_open: is_undefined, ..stop });
        }
        let value = self.take(start, length as usize)?;
        Ok(self.stop(Kind::Value, tag, vr, start, value))
    }

    /// Passes over the items of encapsulated pixel data and the delimiter behind them; returns
    /// the range of the items.
    fn fragments(&mut self, start: usize) -> Result<Range<usize>, FileError> {
        let first = self.at;
        loop {
            let (at, encoding) = (self.at, Encoding::ExplicitLittle);
            let tag = Tag(self.u16(encoding)?, self.u16(encoding)?);
            let length = self.u32(encoding)?;
            match (tag, length) {
                (Tag::ITEM, UNDEFINED) => {
                    return Err(malformed(at, Malformation::UndefinedLength));
                }
                (Tag::ITEM, _) => {
                    self.take(start, length as usize)?;
                }
                (Tag::SEQUENCE_END, 0) => return Ok(first..at),
                _ => return Err(malformed(at, Malformation::NotAnItem)),
            }
        }
    }

    fn stop(
        &self,
        kind: Kind,
        tag: Tag,
        vr: Option<[u8; 2]>,
        at: usize,
        value: Range<usize>,
    ) -> Element {
        Element { kind, tag, vr, at, value, is_open: false }
    }

    fn vr_and_length(
        &mut self,
        start: usize,
        encoding: Encoding,
    ) -> Result<(Option<&'static [u8; 2]>, u32), FileError> {
        if encoding == Encoding::ImplicitLittle {
            return Ok((None, self.u32(encoding)?));
        }
        let at = self.take(start, 2)?;
        let found = &self.bytes[at];
        if let Some(vr) = LONG_VRS.iter().find(|vr| vr[..] == *found) {
            self.take(start, 2)?;
            return Ok((Some(vr), self.u32(encoding)?));
        }
        match SHORT_VRS.iter().find(|vr| vr[..] == *found) {
            Some(vr) => Ok((Some(vr), u32::from(self.u16(encoding)?))),
            None => Err(malformed(start, Malformation::UnknownVr)),
        }
    }

    /// Whether the value ahead starts with an item: where no VR is written, a sequence of defined
    /// length shows in no other way.
    fn looks_like_items(&self, length: u32) -> bool {
        length >= 8 && self.bytes[self.at..].starts_with(&[0xfe, 0xff, 0x00, 0xe0])
    }

    fn push(
        &mut self,
        start: usize,
        is_item: bool,
        length: u32,
        encoding: Encoding,
    ) -> Result<(), FileError> {
        let (end, limit) = if length == UNDEFINED {
            (None, self.limit())
        } else {
            let end = self.reach(start, length as usize)?;
            (Some(end), end)
        };
        self.open.push(Open { is_item, end, limit, encoding });
        Ok(())
    }

    /// A delimiter, its tag read: leaves the item or sequence that it ends.
    fn end(&mut self, start: usize, encoding: Encoding) -> Result<Element, FileError> {
        if self.u32(encoding)? != 0 {
            return Err(malformed(start, Malformation::StrayDelimiter));
        }
        let tag = self.close();
        let stop = self.stop(Kind::End, tag, None, start, start..self.at);
        Ok(Element { is_open: true, ..stop })
    }

    /// Leaves the innermost item or sequence; returns the tag by which it began.
    fn close(&mut self) -> Tag {
        match self.open.pop() {
            Some(closed) if !closed.is_item => self.path.pop().unwrap_or(Tag::ITEM),
            _ => Tag::ITEM,
        }
    }

    fn limit(&self) -> usize {
        self.open.last().map_or(self.bytes.len(), |top| top.limit)
    }

    /// The offset `n` bytes ahead, if what is open, and the file, reach that far.
    fn reach(&self, start: usize, n: usize) -> Result<usize, FileError> {
        let limit = self.limit();
        match self.at.checked_add(n) {
            Some(end) if end <= limit => Ok(end),
            _ if limit < self.bytes.len() => Err(malformed(start, Malformation::Overrun)),
            _ => Err(FileError::Truncated { at: start, len: self.bytes.len() }),
        }
    }

    fn take(&mut self, start: usize, n: usize) -> Result<Range<usize>, FileError> {
        let end = self.reach(start, n)?;
        let taken = self.at..end;
        self.at = end;
        Ok(taken)
    }

    fn u16(&mut self, encoding: Encoding) -> Result<u16, FileError> {
        let at = self.take(self.at, 2)?.start;
        let bytes = [self.bytes[at], self.bytes[at + 1]];
        Ok(match encoding.byte_order() {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        })
    }

    fn u32(&mut self, encoding: Encoding) -> Result<u32, FileError> {
        let (first, second) = (self.u16(encoding)?, self.u16(encoding)?);
        Ok(match encoding.byte_order() {
            ByteOrder::Little => u32::from(second) << 16 | u32::from(first),
            ByteOrder::Big => u32::from(first) << 16 | u32::from(second),
        })
    }

    fn malformed(&self, what: Malformation) -> FileError {
        malformed(self.at, what)
    }
}

pub(super) fn malformed(at: usize, what: Malformation) -> FileError {
    FileError::Malformed { at, what }
}

/// Value representations with a length of 4 bytes (PS3.5 table 7.1-1).
const LONG_VRS: &[[u8; 2]] = &[
    *b"OB", *b"OD", *b"OF", *b"OL", *b"OV", *b"OW", *b"SQ", *b"SV", *b"UC", *b"UN", *b"UR", *b"UT",
    *b"UV",
];

/// Value representations with a length of 2 bytes (PS3.5 table 7.1-2).
const SHORT_VRS: &[[u8; 2]] = &[
    *b"AE", *b"AS", *b"AT", *b"CS", *b"DA", *b"DS", *b"DT", *b"FD", *b"FL", *b"IS", *b"LO", *b"LT",
    *b"PN", *b"SH", *b"SL", *b"SS", *b"ST", *b"TM", *b"UI", *b"UL", *b"US",
];

/// Whether elements of this value representation have a length of 4 bytes.
pub(super) fn has_long_length(vr: [u8; 2]) -> bool {
    LONG_VRS.contains(&vr)
}
