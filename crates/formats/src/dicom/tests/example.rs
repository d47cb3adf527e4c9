//! Small DICOM files, written by hand.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::dicom::syntax::Encoding;
use crate::dicom::tag::{Attribute, Tag};
use crate::dicom::tag::{
    BITS_ALLOCATED, BITS_STORED, COLUMNS, HIGH_BIT, IMAGE_TYPE, MODALITY, NUMBER_OF_FRAMES,
    ORIENTATION, PATIENT_ID, PATIENT_NAME, PHOTOMETRIC, PIXEL_DATA, PIXEL_REPRESENTATION,
    PIXEL_SPACING, POSITION, RESCALE_SLOPE, ROWS, SAMPLES_PER_PIXEL, SERIES_INSTANCE, SOP_CLASS,
    SOP_INSTANCE,
};

/// The value of an element.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Number(u16),
    Bytes(Vec<u8>),
    Items(Vec<DataSet>),
}

/// Elements with their value representations.
pub(super) type DataSet = BTreeMap<Tag, ([u8; 2], Value)>;

/// A file to be written.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) preamble: u8,
    pub(super) syntax: &'static str,
    pub(super) encoding: Encoding,
    /// Whether sequences and items end with a delimiter.
    pub(super) is_undefined: bool,
    pub(super) elements: DataSet,
}

pub(super) const SYNTAXES: [(&str, Encoding); 3] = [
    ("1.2.840.10008.1.2", Encoding::ImplicitLittle),
    ("1.2.840.10008.1.2.1", Encoding::ExplicitLittle),
    ("1.2.840.10008.1.2.2", Encoding::ExplicitBig),
];

impl Example {
    /// Plane `k` of a series: 3 columns, 2 rows, pixel `n` has the value `16 * k + n`.
    pub(super) fn plane(k: u16) -> Self {
        let (syntax, encoding) = SYNTAXES[1];
        let elements = DataSet::new();
        let mut it = Self { preamble: 0, syntax, encoding, is_undefined: false, elements };
        it.text(SOP_CLASS, b"UI", "1.2.840.10008.5.1.4.1.1.4");
        it.text(SOP_INSTANCE, b"UI", &format!("2.25.{}", 100 + k));
        it.text(SERIES_INSTANCE, b"UI", "2.25.7");
        it.text(MODALITY, b"CS", "MR");
        it.text(PATIENT_NAME, b"PN", "Secret^Name");
        it.text(PATIENT_ID, b"LO", "secret");
        it.text(POSITION, b"DS", &format!("-10\\-20\\{}", 3 * k));
        it.text(ORIENTATION, b"DS", "1\\0\\0\\0\\1\\0");
        it.text(PIXEL_SPACING, b"DS", "2\\1.5");
        it.text(PHOTOMETRIC, b"CS", "MONOCHROME2");
        it.number(SAMPLES_PER_PIXEL, 1);
        it.number(ROWS, 2);
        it.number(COLUMNS, 3);
        it.number(BITS_ALLOCATED, 16);
        it.number(BITS_STORED, 12);
        it.number(HIGH_BIT, 11);
        it.number(PIXEL_REPRESENTATION, 0);
        it.pixels(&(0..6).map(|n| 16 * k + n).collect::<Vec<_>>());
        it
    }

    /// An enhanced object with a frame at each height of `z_mm`, of the echo beside it.
    pub(super) fn enhanced(frames: &[(f64, u16)]) -> Self {
        let mut it = Self::plane(0);
        for attribute in [POSITION, ORIENTATION, PIXEL_SPACING] {
            it.elements.remove(&attribute.tag);
        }
        it.text(SOP_CLASS, b"UI", "1.2.840.10008.5.1.4.1.1.4.1");
        it.text(IMAGE_TYPE, b"CS", "ORIGINAL\\PRIMARY");
        it.text(NUMBER_OF_FRAMES, b"IS", &frames.len().to_string());
        let one = |attribute: Attribute, vr: &[u8; 2], text: &str| {
            Value::Items(vec![DataSet::from([(
                attribute.tag,
                (*vr, Value::Text(text.to_owned())),
            )])])
        };
        let shared = DataSet::from([
            (Tag(0x0020, 0x9116), (*b"SQ", one(ORIENTATION, b"DS", "1\\0\\0\\0\\1\\0"))),
            (Tag(0x0028, 0x9110), (*b"SQ", one(PIXEL_SPACING, b"DS", "2\\1.5"))),
            (Tag(0x0028, 0x9145), (*b"SQ", one(RESCALE_SLOPE, b"DS", "0.5"))),
        ]);
        let own = |(n, (z, echo)): (usize, &(f64, u16))| {
            let echo = (Tag(0x0018, 0x9082), (*b"US", Value::Number(*echo)));
            let number = (Tag(0x0020, 0x9156), (*b"US", Value::Number(n as u16)));
            let position = one(POSITION, b"DS", &format!("-10\\-20\\{z}"));
            DataSet::from([
                (Tag(0x0018, 0x9114), (*b"SQ", Value::Items(vec![DataSet::from([echo])]))),
                (Tag(0x0020, 0x9111), (*b"SQ", Value::Items(vec![DataSet::from([number])]))),
                (Tag(0x0020, 0x9113), (*b"SQ", position)),
            ])
        };
        let own = frames.iter().enumerate().map(own).collect();
        it.set(Tag::SHARED_GROUPS, b"SQ", Value::Items(vec![shared]));
        it.set(Tag::FRAME_GROUPS, b"SQ", Value::Items(own));
        it.pixels(&(0..6 * frames.len() as u16).collect::<Vec<_>>());
        it
    }

    pub(super) fn set(&mut self, tag: Tag, vr: &[u8; 2], value: Value) {
        self.elements.insert(tag, (*vr, value));
    }

    pub(super) fn text(&mut self, attribute: Attribute, vr: &[u8; 2], text: &str) {
        self.set(attribute.tag, vr, Value::Text(text.to_owned()));
    }

    pub(super) fn number(&mut self, attribute: Attribute, number: u16) {
        self.set(attribute.tag, b"US", Value::Number(number));
    }

    /// Sets pixels of 16 bits, in the byte order of the encoding as it is now.
    pub(super) fn pixels(&mut self, values: &[u16]) {
        let big = self.encoding == Encoding::ExplicitBig;
        let bytes = values.iter().flat_map(|v| if big { v.to_be_bytes() } else { v.to_le_bytes() });
        self.set(PIXEL_DATA.tag, b"OW", Value::Bytes(bytes.collect()));
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![self.preamble; 128];
        out.extend(b"DICM");
        let writer = |encoding| Writer { encoding, is_undefined: self.is_undefined };
        let syntax = Value::Text(self.syntax.to_owned());
        writer(Encoding::ExplicitLittle).element(&mut out, Tag(2, 0x10), *b"UI", &syntax);
        for (&tag, (vr, value)) in &self.elements {
            writer(self.encoding).element(&mut out, tag, *vr, value);
        }
        out
    }
}

/// Names and bytes of files, as they are opened.
pub(super) fn files<'a>(
    examples: impl IntoIterator<Item = &'a Example>,
) -> Vec<(OsString, Vec<u8>)> {
    let named = |(n, e): (usize, &Example)| (OsString::from(format!("{n}.dcm")), e.bytes());
    examples.into_iter().enumerate().map(named).collect()
}

struct Writer {
    encoding: Encoding,
    is_undefined: bool,
}

impl Writer {
    fn element(&self, out: &mut Vec<u8>, tag: Tag, vr: [u8; 2], value: &Value) {
        let bytes = self.value(value);
        self.u16(out, tag.0);
        self.u16(out, tag.1);
        let is_open = self.is_undefined && matches!(value, Value::Items(_));
        let length = if is_open { u32::MAX } else { bytes.len() as u32 };
        if self.encoding == Encoding::ImplicitLittle {
            self.u32(out, length);
        } else {
            out.extend(vr);
            if matches!(&vr, b"OB" | b"OW" | b"OF" | b"SQ" | b"UN" | b"UT") {
                out.extend([0, 0]);
                self.u32(out, length);
            } else {
                self.u16(out, length as u16);
            }
        }
        out.extend(bytes);
        if is_open {
            self.delimiter(out, Tag::SEQUENCE_END, 0);
        }
    }

    fn value(&self, value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        match value {
            Value::Text(text) => {
                out.extend(text.bytes());
                out.resize(text.len().next_multiple_of(2), b' ');
            }
            Value::Number(number) => self.u16(&mut out, *number),
            Value::Bytes(bytes) => out.extend(bytes),
            Value::Items(items) => {
                for item in items {
                    let mut inside = Vec::new();
                    for (&tag, (vr, value)) in item {
                        self.element(&mut inside, tag, *vr, value);
                    }
                    let length = if self.is_undefined { u32::MAX } else { inside.len() as u32 };
                    self.delimiter(&mut out, Tag::ITEM, length);
                    out.extend(inside);
                    if self.is_undefined {
                        self.delimiter(&mut out, Tag::ITEM_END, 0);
                    }
                }
            }
        }
        out
    }

    fn delimiter(&self, out: &mut Vec<u8>, tag: Tag, length: u32) {
        self.u16(out, tag.0);
        self.u16(out, tag.1);
        self.u32(out, length);
    }

    fn u16(&self, out: &mut Vec<u8>, number: u16) {
        match self.encoding {
            Encoding::ExplicitBig => out.extend(number.to_be_bytes()),
            _ => out.extend(number.to_le_bytes()),
        }
    }

    fn u32(&self, out: &mut Vec<u8>, number: u32) {
        match self.encoding {
            Encoding::ExplicitBig => out.extend(number.to_be_bytes()),
            _ => out.extend(number.to_le_bytes()),
        }
    }
}
