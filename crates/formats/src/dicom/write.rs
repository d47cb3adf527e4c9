use volume::ByteOrder;

use super::syntax::Encoding;
use super::tag::Tag;

/// The length of what ends with a delimiter.
const UNDEFINED: usize = u32::MAX as usize;

/// Writes elements in an encoding (PS3.5 section 7).
pub(super) struct Writer<'a> {
    encoding: Encoding,
    out: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(encoding: Encoding, out: &'a mut Vec<u8>) -> Self {
        Self { encoding, out }
    }

    /// An element of a value; a byte is added where its length is odd.
    ///
    /// # Panics
    /// If the value is longer than its representation can say.
    pub(super) fn value(&mut self, tag: Tag, vr: [u8; 2], value: &[u8]) {
        let length = value.len().next_multiple_of(2);
        self.header(tag, vr, length);
        self.out.extend(value);
        if value.len() % 2 == 1 {
            self.out.push(padding(vr));
        }
    }

    /// A sequence of one item for each of `items`, their elements encoded.
    pub(super) fn sequence(&mut self, tag: Tag, items: &[Vec<u8>]) {
        let length: usize = items.iter().map(|item| item.len() + 8).sum();
        self.header(tag, *b"SQ", length);
        for item in items {
            self.item(Tag::ITEM, item.len());
            self.out.extend(item);
        }
    }

    /// Encapsulated pixel data, a fragment a frame, with the table of their offsets.
    pub(super) fn fragments(&mut self, frames: &[Vec<u8>]) {
        self.header(Tag::PIXELS, *b"OB", UNDEFINED);
        self.item(Tag::ITEM, 4 * frames.len());
        let mut start = 0usize;
        for frame in frames {
            self.u32(start as u32);
            start += frame.len() + 8;
        }
        for frame in frames {
            self.item(Tag::ITEM, frame.len());
            self.out.extend(frame);
        }
        self.item(Tag::SEQUENCE_END, 0);
    }

    /// Tag, representation and length, or [`UNDEFINED`].
    ///
    /// # Panics
    /// If the representation cannot say `length`.
    pub(super) fn header(&mut self, tag: Tag, vr: [u8; 2], length: usize) {
        assert!(length <= UNDEFINED, "elements are below 4 GiB");
        self.u16(tag.0);
        self.u16(tag.1);
        if self.encoding == Encoding::ImplicitLittle {
            self.u32(length as u32);
            return;
        }
        self.out.extend(vr);
        if super::elements::has_long_length(vr) {
            self.out.extend([0, 0]);
            self.u32(length as u32);
        } else {
            assert!(length <= 0xffff, "values of {vr:?} are below 64 KiB");
            self.u16(length as u16);
        }
    }

    fn item(&mut self, tag: Tag, length: usize) {
        self.u16(tag.0);
        self.u16(tag.1);
        assert!(length < UNDEFINED, "items are below 4 GiB");
        self.u32(length as u32);
    }

    fn u16(&mut self, number: u16) {
        self.out.extend(match self.encoding.byte_order() {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        });
    }

    fn u32(&mut self, number: u32) {
        self.out.extend(match self.encoding.byte_order() {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        });
    }
}

/// What makes the length of a value even (PS3.5 section 6.2).
pub(super) fn padding(vr: [u8; 2]) -> u8 {
    if matches!(&vr, b"UI" | b"OB" | b"UN") { 0 } else { b' ' }
}
