"""NIfTI files as bytes: what a file stores, before any reader scales, flips or converts it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

HEADER_CLASSES = {348: nib.Nifti1Header, 540: nib.Nifti2Header}

# Fields of a header that may hold words about a patient. NIfTI-2 has no data_type and db_name.
FREE_TEXT = {
    348: ("data_type", "db_name", "descrip", "aux_file", "intent_name"),
    540: ("descrip", "aux_file", "intent_name", "unused_str"),
}


@dataclass
class GzipMember:
    """The fixed part of one gzip member's header (RFC 1952, 2.3)."""

    flags: int
    mtime: int


@dataclass
class NiftiBytes:
    """One NIfTI image, decompressed, as bytes.

    header_bytes: the 348 or 540 bytes of the header.
    between: all bytes between the header and the voxels; of a pair, what follows the header in its
        own file and what precedes the voxels in the image file.
    data: the voxels' bytes, first axis fastest, byte order of the file.
    after: the bytes behind the voxels.
    """

    paths: list[Path]
    members: list[list[GzipMember]]
    header: nib.Nifti1Header
    header_bytes: bytes
    between: bytes
    data: bytes
    after: bytes

    @property
    def size(self) -> int:
        """Bytes of the header: 348 or 540."""
        return len(self.header_bytes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis, first axis fastest in memory."""
        return tuple(int(n) for n in self.header.get_data_shape())

    @property
    def affine(self) -> np.ndarray:
        """4x4: voxel index to RAS mm, sform before qform, as nibabel decides it."""
        return self.header.get_best_affine()

    def field(self, name: str) -> bytes:
        """The bytes of a header field, as in the file."""
        kind, offset = self.header.structarr.dtype.fields[name][:2]
        return self.header_bytes[offset : offset + kind.itemsize]

    def codes(self) -> np.ndarray:
        """Stored bytes, one row a voxel: uint8 array [frames, nk * nj * ni, bytes a voxel]."""
        each = self.header.get_data_dtype().itemsize
        n_grid = int(np.prod(self.shape[:3]))
        return np.frombuffer(self.data, np.uint8).reshape(-1, n_grid, each)


def gunzip(content: bytes) -> tuple[bytes, list[GzipMember]]:
    """Decompressed bytes and the header of each gzip member; plain bytes give no member."""
    if content[:2] != b"\x1f\x8b":
        return content, []
    decoded, members = [], []
    while content[:2] == b"\x1f\x8b":
        members.append(GzipMember(content[3], struct.unpack_from("<I", content, 4)[0]))
        member = zlib.decompressobj(wbits=31)
        decoded.append(member.decompress(content))
        if not member.eof:
            raise ValueError("gzip data ends early")
        content = member.unused_data
    if content.strip(b"\0"):
        raise ValueError("bytes follow the gzip data")
    return b"".join(decoded), members


def pair_of(path: Path) -> tuple[Path, Path]:
    """Header file and image file of a pair, given either."""
    gz = ".gz" if path.name.endswith(".gz") else ""
    stem = path.name.removesuffix(gz).removesuffix(".hdr").removesuffix(".img")
    found = []
    for ending in (".hdr", ".img"):
        names = [f"{stem}{ending}{gz}", f"{stem}{ending}", f"{stem}{ending}.gz"]
        found.append(next((path.with_name(n) for n in names if path.with_name(n).exists()), path.with_name(names[0])))
    return found[0], found[1]


def read(path: Path) -> NiftiBytes:
    """Reads a single NIfTI file or a pair (either of its files), version 1 or 2, any byte order."""
    paths = list(pair_of(path)) if ".hdr" in path.suffixes or ".img" in path.suffixes else [path]
    contents, members = zip(*(gunzip(p.read_bytes()) for p in paths))
    first = contents[0]
    sizes = {struct.unpack(order + "i", first[:4])[0]: order for order in "<>"}
    size = next((s for s in sizes if s in HEADER_CLASSES), None)
    if size is None:
        raise ValueError(f"{path.name} does not start with a NIfTI header")
    header = HEADER_CLASSES[size](first[:size], endianness=sizes[size], check=False)
    start = int(header["vox_offset"])
    if len(paths) == 1 and start == 0:
        start = size + 4
    image = contents[-1]
    n_bytes = int(np.prod(header.get_data_shape())) * header.get_data_dtype().itemsize
    if len(image) < start + n_bytes:
        raise ValueError(f"{paths[-1].name} ends before its voxels do")
    between = first[size:start] if len(paths) == 1 else first[size:] + image[:start]
    return NiftiBytes(
        paths, list(members), header, first[:size], between,
        image[start : start + n_bytes], image[start + n_bytes :],
    )
