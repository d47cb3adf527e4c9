//! A compressed file to its uncompressed form and back.
//!
//! Whatever the form of the source, the buffers of a volume are the bytes of a native DICOM file:
//! those of the source with the pixel data decoded, the transfer syntax changed, and every other
//! element as it was. What a lossless form can be written again is packed so by [`pack`].

use std::io::{Read, Write as _};
use std::ops::Range;

use super::codec::{self, Codec, Wanted};
use super::contents::Contents;
use super::elements::{Elements, Kind};
use super::error::FileError;
use super::pixels::PixelFormat;
use super::syntax::{Encoding, Form};
use super::tag::{NUMBER_OF_FRAMES, PIXEL_DATA, TRANSFER_SYNTAX, Tag};
use super::write::Writer;
use crate::scan::Packing;

/// Up to this size a file may unpack whatever its own is.
const ALWAYS_ALLOWED_BYTES: usize = 64 << 20;
/// A frame of air compresses well, but what compresses better than this is no scan.
const LARGEST_RATIO: usize = 1000;

const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const RLE: &str = "1.2.840.10008.1.2.5";

/// The native form of the file `bytes`, and how it was packed.
///
/// Native files come back as they are. Memory is bounded by [`LARGEST_RATIO`].
///
/// # Errors
/// [`FileError`] if the file is no DICOM file, its transfer syntax cannot be decoded, or its data
/// are not what the header promises.
pub(super) fn unpack(bytes: Vec<u8>) -> Result<(Vec<u8>, Packing), FileError> {
    let meta = Meta::read(&bytes)?;
    match meta.form {
        Form::Native(_) => Ok((bytes, Packing::None)),
        Form::Deflated => {
            let limit = most_bytes(bytes.len());
            let mut native = with_syntax(&bytes[..meta.end], EXPLICIT_LITTLE)?;
            let start = native.len();
            let inflate = flate2::read::DeflateDecoder::new(&bytes[meta.end..]);
            let refused = FileError::Deflated { limit };
            match inflate.take(limit as u64 + 1).read_to_end(&mut native) {
                Ok(n) if n <= limit && native.len() > start => Ok((native, Packing::Deflated)),
                _ => Err(refused),
            }
        }
        Form::Encapsulated(codec) => decompress(&bytes, &meta, codec),
    }
}

/// The file that `native`, a file that [`unpack`] made with voxels changed or not, is written as;
/// `None` if that is `native` itself.
///
/// # Errors
/// [`FileError`] if `native` is no such file.
pub(crate) fn pack(native: &[u8], packing: Packing) -> Result<Option<Vec<u8>>, FileError> {
    match packing {
        Packing::Deflated => deflate(native).map(Some),
        Packing::Rle => to_rle(native).map(Some),
        Packing::None | Packing::Gzip | Packing::Decoded { .. } => Ok(None),
    }
}

fn most_bytes(found: usize) -> usize {
    found.saturating_mul(LARGEST_RATIO).max(ALWAYS_ALLOWED_BYTES)
}

/// What the file meta group says.
struct Meta {
    form: Form,
    /// Where the data set starts.
    end: usize,
}

impl Meta {
    fn read(bytes: &[u8]) -> Result<Self, FileError> {
        let (top, end) = Contents::read_meta(bytes)?;
        Ok(Self { form: Form::of(top.need_uid(TRANSFER_SYNTAX)?)?, end })
    }
}

/// Preamble and file meta group with another transfer syntax, group length corrected.
fn with_syntax(head: &[u8], uid: &str) -> Result<Vec<u8>, FileError> {
    let mut out = head[..132].to_vec();
    let mut elements = Elements::new(head, 132, Encoding::ExplicitLittle);
    let mut length_at = None;
    while let Some(element) = elements.next()? {
        let whole = element.at..element.value.end;
        match element.tag {
            Tag(2, 0) if element.value.len() == 4 => {
                out.extend(&head[whole]);
                length_at = Some(out.len());
            }
            tag if tag == TRANSFER_SYNTAX.tag => {
                Writer::new(Encoding::ExplicitLittle, &mut out).value(tag, *b"UI", uid.as_bytes());
            }
            _ => out.extend(&head[whole]),
        }
    }
    if let Some(at) = length_at {
        let length = (out.len() - at) as u32;
        out[at - 4..at].copy_from_slice(&length.to_le_bytes());
    }
    Ok(out)
}

fn decompress(bytes: &[u8], meta: &Meta, codec: Codec) -> Result<(Vec<u8>, Packing), FileError> {
    let contents = Contents::read(bytes)?;
    let missing = FileError::Missing { attribute: PIXEL_DATA };
    let fragments = match &contents.fragments {
        Some(range) => fragments(bytes, range.clone()),
        None if contents.pixels.is_some() => return Err(FileError::NotEncapsulated),
        None => return Err(missing),
    };
    let format = PixelFormat::read(&contents.top, contents.encoding, Some(*b"OW"))?;
    let n_frames = contents.top.whole(NUMBER_OF_FRAMES)?.unwrap_or(1);
    let [columns, rows] = format.matrix();
    let wanted_bytes = u128::from(format.plane_bytes()) * u128::from(n_frames);
    let found = bytes.len();
    if wanted_bytes > most_bytes(found) as u128 {
        return Err(FileError::TooDense { found, wanted: wanted_bytes });
    }
    let frames = frames(bytes, &fragments, n_frames)?;
    let mut pixels = Vec::with_capacity(wanted_bytes as usize + 1);
    let allocated = format.bits_allocated();
    let mut is_lossy = false;
    for (frame, pieces) in (1..).zip(frames) {
        let joined: Vec<u8>;
        let data = match &pieces[..] {
            [one] => &bytes[one.clone()],
            many => {
                joined = many.iter().flat_map(|piece| &bytes[piece.clone()]).copied().collect();
                &joined
            }
        };
        let decoded = codec::decode(codec, data, Wanted { columns, rows, allocated })
            .map_err(|fault| FileError::Decode { frame, fault })?;
        is_lossy |= decoded.is_lossy;
        format.store(&decoded.values, decoded.bits, &mut pixels);
    }
    let packing = match codec {
        Codec::Rle => Packing::Rle,
        _ => Packing::Decoded {
            lossy_method: is_lossy.then_some(match codec {
                Codec::JpegLs => "ISO_14495_1",
                Codec::Jpeg2000 => "ISO_15444_1",
                Codec::Rle | Codec::Jpeg => "ISO_10918_1",
            }),
            ratio: pixels.len() as f64 / fragments.iter().map(Range::len).sum::<usize>() as f64,
        },
    };
    let mut native = with_syntax(&bytes[..meta.end], EXPLICIT_LITTLE)?;
    let vr = if allocated == 8 { *b"OB" } else { *b"OW" };
    replace_pixels(bytes, meta.end, &mut native, |out| {
        Writer::new(Encoding::ExplicitLittle, out).value(Tag::PIXELS, vr, &pixels);
    })?;
    Ok((native, packing))
}

/// Copies the data set of `bytes` that starts at `start` to `out`, with `write` in the place of
/// its pixel data and without the tables that tell where frames start.
fn replace_pixels(
    bytes: &[u8],
    start: usize,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<(), FileError> {
    let mut elements = Elements::encapsulated(bytes, start);
    let (mut kept, mut write) = (start, Some(write));
    while let Some(element) = elements.next()? {
        let is_top = elements.path().is_empty();
        let is_pixels =
            element.tag == Tag::PIXELS && matches!(element.kind, Kind::Value | Kind::Fragments);
        if is_top && (is_pixels || OFFSET_TABLES.contains(&element.tag)) {
            out.extend(&bytes[kept..element.at]);
            kept = elements.offset();
            if is_pixels && let Some(write) = write.take() {
                write(out);
            }
        }
    }
    out.extend(&bytes[kept..]);
    Ok(())
}

/// Extended Offset Table and Extended Offset Table Lengths.
const OFFSET_TABLES: [Tag; 2] = [Tag(0x7fe0, 0x0001), Tag(0x7fe0, 0x0002)];

/// The contents of the items of `range`, which the walk has checked: the offset table, then one
/// fragment each.
fn fragments(bytes: &[u8], range: Range<usize>) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut at = range.start;
    while at + 8 <= range.end {
        let length = [bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]];
        let start = at + 8;
        at = start + u32::from_le_bytes(length) as usize;
        all.push(start..at);
    }
    all
}

/// The fragments of each frame (PS3.5 annex A.4): one a frame, all for the only frame, or as the
/// offset table says.
fn frames(
    bytes: &[u8],
    fragments: &[Range<usize>],
    n_frames: u64,
) -> Result<Vec<Vec<Range<usize>>>, FileError> {
    let refused = |found| FileError::Fragments { found, frames: n_frames };
    let (table, fragments) = fragments.split_first().ok_or(refused(0))?;
    if n_frames == 0 || (fragments.len() as u64) < n_frames {
        return Err(refused(fragments.len()));
    }
    if n_frames == 1 {
        return Ok(vec![fragments.to_vec()]);
    }
    if fragments.len() as u64 == n_frames {
        return Ok(fragments.iter().map(|fragment| vec![fragment.clone()]).collect());
    }
    let (starts, _) = bytes[table.clone()].as_chunks::<4>();
    if starts.len() as u64 != n_frames {
        return Err(refused(starts.len()));
    }
    let first = fragments[0].start;
    let mut frames: Vec<Vec<Range<usize>>> = Vec::new();
    let mut starts = starts.iter().map(|s| u32::from_le_bytes(*s) as usize).peekable();
    for fragment in fragments {
        if starts.next_if(|&start| start == fragment.start - first).is_some() {
            frames.push(Vec::new());
        }
        frames.last_mut().ok_or(refused(0))?.push(fragment.clone());
    }
    if frames.len() as u64 == n_frames { Ok(frames) } else { Err(refused(frames.len())) }
}

fn deflate(native: &[u8]) -> Result<Vec<u8>, FileError> {
    let (_, end) = Contents::read_meta(native)?;
    let packed = with_syntax(&native[..end], DEFLATED)?;
    let mut encoder = flate2::write::DeflateEncoder::new(packed, flate2::Compression::default());
    let written = encoder.write_all(&native[end..]).and_then(|()| encoder.finish());
    let mut packed = written.map_err(|_| FileError::Deflated { limit: native.len() })?;
    // A file has an even length (PS3.5 A.5).
    if packed.len() % 2 == 1 {
        packed.push(0);
    }
    Ok(packed)
}

fn to_rle(native: &[u8]) -> Result<Vec<u8>, FileError> {
    let contents = Contents::read(native)?;
    let missing = FileError::Missing { attribute: PIXEL_DATA };
    let (pixels, vr) = contents.pixels.clone().ok_or(missing)?;
    let format = PixelFormat::read(&contents.top, contents.encoding, vr)?;
    let [columns, _] = format.matrix();
    let n_bytes = usize::from(format.bits_allocated() / 8);
    let plane_bytes = format.plane_bytes() as usize;
    let (_, end) = Contents::read_meta(native)?;
    let mut packed = with_syntax(&native[..end], RLE)?;
    replace_pixels(native, end, &mut packed, |out| {
        let frames = native[pixels].chunks_exact(plane_bytes);
        let frames: Vec<_> =
            frames.map(|frame| codec::rle::encode(frame, n_bytes, columns)).collect();
        Writer::new(Encoding::ExplicitLittle, out).fragments(&frames);
    })?;
    Ok(packed)
}
