"""Compares a NIfTI scan with its defaced copy, byte by byte."""

from __future__ import annotations

import re
from pathlib import Path

import nibabel as nib
import numpy as np

from nifti_bytes import FREE_TEXT, NiftiBytes, read

FNAME, FCOMMENT, FEXTRA = 8, 16, 4
GEOMETRY_MM = 1e-3


def check_nifti(original: Path, output: Path, mask: Path | None = None, record: dict | None = None) -> list[str]:
    """Differences that a defaced copy must not have, each a sentence; an empty list if there is none.

    mask: NIfTI file on the scan's own grid, uint8, 1 = removed.
    record: what efface wrote about the scan; its `header` says which text was kept or cleared.
    """
    before, after = read(original), read(output)
    problems = check_gzip(before, after)
    problems += check_header(before, after, record)
    if before.shape != after.shape or len(before.data) != len(after.data):
        return problems + [f"extent: {before.shape} became {after.shape}"]
    removed = None
    if mask is not None:
        removed, found = read_mask(mask, before)
        problems += found
    if mask is None or removed is not None:
        flat = None if removed is None else removed.ravel(order="F")
        problems += check_codes(before.codes(), after.codes(), flat)
    return problems


def check_gzip(before: NiftiBytes, after: NiftiBytes) -> list[str]:
    """The output is compressed where the original is; its gzip headers tell no name and no time."""
    problems = []
    for source, path, members in zip(before.members, after.paths, after.members):
        if bool(source) != bool(members):
            problems.append(f"{path.name}: compressed {bool(members)}, the original {bool(source)}")
        for member in members:
            if member.flags & FNAME:
                problems.append(f"{path.name}: the gzip header holds a file name")
            if member.flags & (FCOMMENT | FEXTRA):
                problems.append(f"{path.name}: the gzip header holds a comment or extra field")
            if member.mtime != 0:
                problems.append(f"{path.name}: the gzip header holds the time {member.mtime}")
    return problems


def check_header(before: NiftiBytes, after: NiftiBytes, record: dict | None) -> list[str]:
    """Every field equal byte by byte, free text blank, and the record right about what was cleared."""
    if (before.size, before.header.endianness) != (after.size, after.header.endianness):
        return ["header: another version or byte order"]
    if len(before.paths) != len(after.paths):
        return ["files: a pair became a single file, or the reverse"]
    problems = []
    text = FREE_TEXT[before.size]
    for name in before.header.structarr.dtype.names:
        if name not in text and before.field(name) != after.field(name):
            problems.append(f"header: {name} {before.header[name]} became {after.header[name]}")
    if not np.array_equal(nib_affine(before), nib_affine(after), equal_nan=True):
        problems.append("affine: the output lies elsewhere")

    told = (record or {}).get("header", {})
    listed = {key: set(told.get(key, [])) for key in ("kept", "cleared")}
    keep = bool(record and (record.get("options") or {}).get("keep_header_text"))
    places = {name: (before.field(name), after.field(name)) for name in text}
    places["extensions"] = (before.between, after.between)
    places["bytes after the data"] = (before.after, after.after)
    for name, (was, now) in places.items():
        if keep and was != now:
            problems.append(f"header: {name} was to be kept and changed")
        if not keep:
            problems += check_blank(name, was, now, record)
        held = bool(was if name == "bytes after the data" else was.strip(b"\0"))
        key = "kept" if keep else "cleared"
        if record is not None and held != (name in listed[key]):
            problems.append(f"record: header.{key} is wrong about {name}, which held {'text' if held else 'nothing'}")
    return problems


def check_blank(name: str, was: bytes, now: bytes, record: dict | None) -> list[str]:
    """One place for free text, blank as it should be; `descrip` names the program."""
    problems = []
    if name == "descrip":
        said = now.rstrip(b"\0").decode("latin-1")
        version = re.escape(record["version"]) if record else r"\S+"
        if not re.fullmatch(rf"efface {version}: face removed", said):
            problems.append(f"header: descrip is {said!r}, not efface's own text")
    elif name == "bytes after the data":
        if now:
            problems.append(f"file: {len(now)} bytes follow the voxels")
    elif now.strip(b"\0"):
        text = now.strip(b"\0")[:40]
        problems.append(f"header: {name} still holds {text!r}")
    if name == "extensions" and len(was) != len(now):
        problems.append(f"header: {len(was)} bytes before the voxels became {len(now)}")
    return problems


def nib_affine(image: NiftiBytes) -> np.ndarray:
    """All a header says of its place, as nibabel reads it: two affines 4x4 in mm and their codes."""
    q, s = image.header.get_qform(coded=True), image.header.get_sform(coded=True)
    empty = np.full((4, 4), np.nan)
    rows = [m if m is not None else empty for m in (image.affine, q[0], s[0])]
    return np.vstack(rows + [np.array([[q[1], s[1], 0, 0]])])


def read_mask(path: Path, scan: NiftiBytes) -> tuple[np.ndarray | None, list[str]]:
    """The mask as a bool array [ni, nj, nk], or None, and what is wrong with it."""
    image = nib.load(path)
    codes = np.asanyarray(image.dataobj.get_unscaled())
    problems = []
    if image.get_data_dtype() != np.uint8:
        problems.append(f"mask: stored as {image.get_data_dtype()}, not uint8")
    if not np.allclose(image.affine, scan.affine, rtol=0, atol=GEOMETRY_MM):
        problems.append("mask: lies elsewhere than the scan")
    if codes.shape != scan.shape[:3]:
        return None, problems + [f"mask: extent {codes.shape}, the scan has {scan.shape[:3]}"]
    if not np.isin(codes, (0, 1)).all():
        problems.append("mask: holds values other than 0 and 1")
    return codes != 0, problems


def check_codes(before: np.ndarray, after: np.ndarray, removed: np.ndarray | None) -> list[str]:
    """Stored codes equal outside the mask; under it one fill value.

    before, after: uint8 [frames, voxels, bytes a voxel]; removed: bool [voxels], the same order,
    or None if there is no mask: then the changed voxels must hold one value.
    """
    problems = []
    changed = (before != after).any(axis=2)
    under = changed if removed is None else np.broadcast_to(removed, changed.shape)
    if removed is not None and (changed & ~under).any():
        frame, voxel = np.argwhere(changed & ~under)[0]
        n = int((changed & ~under).sum())
        problems.append(f"voxels: {n} changed outside the mask, the first is number {voxel} of frame {frame}")
    fills = np.unique(after[under], axis=0) if under.any() else after[:0, 0]
    if len(fills) > 1:
        values = ", ".join(f.tobytes().hex() for f in fills[:4])
        problems.append(f"voxels: {len(fills)} values where one fill value is wanted (bytes {values})")
    return problems
