//! A data set with some elements changed: every other byte is copied as it is.
//!
//! Lengths that count what changed are corrected, those of sequences and items as well as the
//! retired group lengths of the top level.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use volume::ByteOrder;

use super::elements::{Element, Elements, Kind};
use super::error::FileError;
use super::syntax::Encoding;
use super::tag::Tag;
use super::write::Writer;

/// What becomes of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    /// It stays as it is; of a sequence, what is in it is edited in turn.
    Keep,
    /// It goes, with all that is in it.
    Drop,
    /// It gets another value, for an element that is no sequence.
    Value(Vec<u8>),
}

/// A data set in the pieces that it was rewritten in.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// All before the value of the pixel data, or all there is.
    pub(super) before: Vec<u8>,
    /// Where the pixel data lie in the source.
    pub(super) pixels: Range<usize>,
    /// All behind them.
    pub(super) after: Vec<u8>,
}

/// Rewrites the data set of `bytes` that `elements` is about to walk through.
///
/// `top` holds encoded elements of the top level, by tag: they take the place of an element of
/// the same tag, or are put in order. `edit` says what becomes of every other element; it is given
/// the element and the sequences around it. The pixel data of the top level are not asked about.
///
/// # Errors
/// [`FileError`] as [`Elements::next`].
pub(super) fn rewrite<'a>(
    bytes: &'a [u8],
    mut elements: Elements<'a>,
    mut top: BTreeMap<Tag, Vec<u8>>,
    edit: &mut dyn FnMut(&Element, &[Tag]) -> Edit,
) -> Result<Rewritten, FileError> {
    let tags: BTreeSet<Tag> = top.keys().copied().collect();
    let encoding = elements.encoding();
    let mut out = Out::default();
    let mut depth = 0usize;
    let mut dropped_below = None;
    while let Some(element) = elements.next()? {
        let path = match element.kind {
            Kind::Sequence => &elements.path()[..elements.path().len() - 1],
            _ => elements.path(),
        };
        let whole = element.at..elements.offset();
        match element.kind {
            Kind::End => {
                depth -= 1;
                match dropped_below {
                    None => out.close(&bytes[element.value.clone()], &element, &elements),
                    Some(level) if level == depth => dropped_below = None,
                    Some(_) => {}
                }
                continue;
            }
            Kind::Sequence | Kind::Item => depth += 1,
            Kind::Value | Kind::Fragments => {}
        }
        if dropped_below.is_some() {
            continue;
        }
        let is_container = matches!(element.kind, Kind::Sequence | Kind::Item);
        let mut edited = Edit::Keep;
        if path.is_empty() && element.kind != Kind::Item {
            out.put_before(&mut top, element.tag, encoding);
            if let Some(set) = top.remove(&element.tag) {
                out.bytes().extend(set);
            }
            // Also where it stands out of order, behind its place.
            if tags.contains(&element.tag) {
                edited = Edit::Drop;
            }
        }
        if edited == Edit::Keep && !(path.is_empty() && element.tag == Tag::PIXELS) {
            edited = if element.kind == Kind::Item { Edit::Keep } else { edit(&element, path) };
        }
        match edited {
            Edit::Drop if is_container => dropped_below = Some(depth - 1),
            Edit::Drop => {}
            Edit::Value(value) if !is_container => {
                let vr = element.vr.unwrap_or(*b"UN");
                Writer::new(elements.encoding(), out.bytes()).value(element.tag, vr, &value);
            }
            _ if is_container => {
                out.bytes().extend(&bytes[whole]);
                out.open(&element);
            }
            _ if path.is_empty() && element.tag == Tag::PIXELS => {
                out.bytes().extend(&bytes[element.at..element.value.start]);
                out.after.extend(&bytes[element.value.end..whole.end]);
                out.pixels = Some(element.value);
            }
            _ => {
                out.bytes().extend(&bytes[whole]);
                if path.is_empty() && element.tag.1 == 0 && element.value.len() == 4 {
                    out.group = Some((element.tag.0, out.len()));
                }
            }
        }
    }
    out.put_before(&mut top, Tag(u16::MAX, u16::MAX), encoding);
    out.end_group(u16::MAX, encoding);
    let Out { before, pixels, after, .. } = out;
    Ok(Rewritten { before, pixels: pixels.unwrap_or_default(), after })
}

#[derive(Default)]
struct Out {
    before: Vec<u8>,
    pixels: Option<Range<usize>>,
    after: Vec<u8>,
    /// Where the contents of each open sequence and item begin.
    open: Vec<usize>,
    /// The group whose length was written, and where what it counts begins.
    group: Option<(u16, usize)>,
}

impl Out {
    fn bytes(&mut self) -> &mut Vec<u8> {
        if self.pixels.is_some() { &mut self.after } else { &mut self.before }
    }

    fn len(&self) -> usize {
        self.before.len() + self.after.len() + self.pixels.as_ref().map_or(0, Range::len)
    }

    /// Writes those of `top` that come before the element `tag`.
    fn put_before(&mut self, top: &mut BTreeMap<Tag, Vec<u8>>, tag: Tag, encoding: Encoding) {
        while let Some(first) = top.first_entry().filter(|first| *first.key() < tag) {
            let group = first.key().0;
            let set = first.remove();
            self.end_group(group, encoding);
            self.bytes().extend(set);
        }
        self.end_group(tag.0, encoding);
    }

    /// Corrects the length of the group before `group`.
    fn end_group(&mut self, group: u16, encoding: Encoding) {
        if let Some((_, start)) = self.group.take_if(|(open, _)| *open != group) {
            self.set_length(start, encoding.byte_order());
        }
    }

    fn open(&mut self, element: &Element) {
        // A start of 0, which nothing can have, stands for what ends with a delimiter.
        let start = if element.is_open { 0 } else { self.len() };
        self.open.push(start);
    }

    fn close(&mut self, delimiter: &[u8], element: &Element, elements: &Elements<'_>) {
        self.bytes().extend(delimiter);
        match self.open.pop() {
            Some(start) if start > 0 && !element.is_open => {
                self.set_length(start, elements.encoding().byte_order());
            }
            _ => {}
        }
    }

    /// Writes the length of all from `start` on into the four bytes before it.
    fn set_length(&mut self, start: usize, order: ByteOrder) {
        let length = (self.len() - start) as u32;
        let bytes = match order {
            ByteOrder::Little => length.to_le_bytes(),
            ByteOrder::Big => length.to_be_bytes(),
        };
        let place = if start <= self.before.len() {
            &mut self.before[start - 4..start]
        } else {
            let shift = self.before.len() + self.pixels.as_ref().map_or(0, Range::len);
            &mut self.after[start - shift - 4..start - shift]
        };
        place.copy_from_slice(&bytes);
    }
}
