#!/usr/bin/env python3
"""Draws the surface of a head, before and after removal, and slices through its face.

usage: render.py SCAN [DEFACED] OUT.png [--dark] [--panel 360] [--no-slices]
  SCAN, DEFACED   NIfTI files
Rows: the surface of SCAN from the front, left three-quarter, left and right; that of DEFACED from the
same places; axial, sagittal and coronal slices of both. Left and right are the patient's: seen from the
front, and in axial and coronal slices, the patient's right is on the left of the picture. Blue is surface
that removal opened.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from surface import (
    DARK, LIGHT, VIEWS, Look, Surface, Volume, box_of, crop, head_of, render, surface_of, threshold, to_ras,
)

GAP = 12
MARGIN_MM = 10


def surface_row(head: Surface, original: Surface | None, look: Look, panel: int, frame: np.ndarray) -> list[np.ndarray]:
    """One picture a view, [rows, columns, RGB] 0..1. frame: lowest and highest index of the head, [2, 3]."""
    size = (panel, int(panel * 1.06))
    low, high = frame
    mm = max((high - low)[1] / size[0], (high - low)[0] / size[0], (high - low)[2] / size[1]) * 1.08
    centre = (low + high) / 2
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda view: render(head, view, centre, look, size, mm, original), VIEWS.values()))


def face_point(before: Volume, after: Volume | None, field: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Index through which slices are laid: the middle of what was removed, else behind the nose tip."""
    if after is not None:
        removed = (np.abs(before.values - after.values) > 0.1 * (window[1] - window[0])) & (field > 0.5)
        if removed.any():
            x, y, z = np.nonzero(removed)
            return np.array([np.median(x), np.percentile(y, 60), np.median(z)], int)
    solid = np.argwhere(field > 0.5)
    middle = np.median(solid, axis=0)
    near = solid[np.abs(solid[:, 0] - middle[0]) < 12]
    tip = near[near[:, 1].argmax()]
    return np.array([middle[0], tip[1] - 25, tip[2]], int)


def slices(volume: Volume, point: np.ndarray, window: tuple[float, float], size: int, mm: float) -> list[np.ndarray]:
    """Axial, sagittal and coronal slice through `point`, [size, size, RGB] 0..1."""
    x, y, z = point
    planes = [
        (volume.values[::-1, :, z], volume.inside[::-1, :, z]),
        (volume.values[x, ::-1, :], volume.inside[x, ::-1, :]),
        (volume.values[::-1, y, :], volume.inside[::-1, y, :]),
    ]
    pictures = []
    for values, inside in planes:
        grey = np.clip((values - window[0]) / (window[1] - window[0]), 0, 1) ** 0.8
        picture = np.repeat((grey * (inside > 0.5))[..., None], 3, axis=2)
        pictures.append(fit(picture.transpose(1, 0, 2)[::-1], size, mm))
    return pictures


def fit(picture: np.ndarray, size: int, mm: float) -> np.ndarray:
    """A slice of 1 mm pixels scaled to `mm` a pixel and centred on a black square."""
    rows, columns = picture.shape[:2]
    image = Image.fromarray((picture * 255).astype(np.uint8))
    image = image.resize((max(1, round(columns / mm)), max(1, round(rows / mm))), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (size, size))
    square.paste(image, ((size - image.width) // 2, (size - image.height) // 2))
    return np.asarray(square, np.float32) / 255


def window_of(values: np.ndarray) -> tuple[float, float]:
    """Values shown black and white: -200 to 400 HU in CT, else percentiles."""
    low, high = np.percentile(values, [1, 99.7])
    return (-200.0, 400.0) if low < -500 else (float(low), float(high))


def sheet(rows: list[tuple[str, list[np.ndarray]]], look: Look) -> Image.Image:
    """All pictures on one page, each row of pictures under its title."""
    title = 30
    width = max(sum(p.shape[1] + GAP for p in pictures) for _, pictures in rows) + GAP
    height = sum(title + pictures[0].shape[0] for _, pictures in rows) + GAP
    ground = tuple(int(255 * c) for c in look.ground)
    ink = (60, 66, 74) if sum(look.ground) > 1.5 else (190, 196, 204)
    page = Image.new("RGB", (width, height), ground)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(17)
    top = 0
    for name, pictures in rows:
        draw.text((GAP + 4, top + 7), name, fill=ink, font=font)
        left = GAP
        for picture in pictures:
            page.paste(Image.fromarray((picture * 255 + 0.5).astype(np.uint8)), (left, top + title))
            left += picture.shape[1] + GAP
        top += title + pictures[0].shape[0]
    return page


def draw(scan: Path, defaced: Path | None, out: Path, look: Look, panel: int, with_slices: bool) -> None:
    """Writes the sheet of one head."""
    before = to_ras(scan)
    level, air = threshold(before)
    bottom, top = box_of(before, level)
    low = np.maximum(bottom - MARGIN_MM, 0)
    high = np.minimum(top + MARGIN_MM, before.values.shape)
    part = tuple(slice(a, b) for a, b in zip(low, high))
    level = level if np.isscalar(level) else level[part]
    before = crop(before, low, high)
    field = head_of(before, level, air)
    frame = np.array([bottom, top]) - low
    head = surface_of(field)
    rows = [("before", surface_row(head, None, look, panel, frame))]
    after = None
    if defaced is not None:
        after = to_ras(defaced, before)
        rows.append(("after", surface_row(surface_of(head_of(after, level, air)), head, look, panel, frame)))
    if with_slices:
        window = window_of(before.values[before.inside > 0.5])
        point = face_point(before, after, field, window)
        columns = 3 if after is None else 6
        size = (4 * panel + 3 * GAP - (columns - 1) * GAP) // columns
        mm = max(before.values.shape) / size
        pictures = slices(before, point, window, size, mm)
        if after is not None:
            pictures += slices(after, point, window, size, mm)
        rows.append(("slices before" + ("" if after is None else " and after"), pictures))
    sheet(rows, look).save(out)


def main() -> None:
    """Reads the arguments and draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scan", type=Path)
    parser.add_argument("files", type=Path, nargs="+", metavar="[DEFACED] OUT.png")
    parser.add_argument("--dark", action="store_true", help="dark ground")
    parser.add_argument("--panel", type=int, default=360, help="width of one view in pixels")
    parser.add_argument("--no-slices", action="store_true")
    options = parser.parse_args()
    if len(options.files) > 2:
        parser.error("give SCAN [DEFACED] OUT.png")
    defaced = options.files[0] if len(options.files) == 2 else None
    look = DARK if options.dark else LIGHT
    draw(options.scan, defaced, options.files[-1], look, options.panel, not options.no_slices)


if __name__ == "__main__":
    main()
