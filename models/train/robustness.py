"""How the network holds on held-out heads that are turned, thick-sliced, noisy, shaded, cut or scaled.

    cd models && python -m train.robustness --config train/full.toml --heads FOLDER --model face.onnx \\
        --table ../docs/images/robustness.tsv --picture ../docs/images/robustness.svg

Each head is changed as a scan would be: its affine turned or scaled, its voxels averaged, cut or
changed. The table has, for each change, the surface recall (facial skin within 4 mm of predicted face) of every head.
"""
import argparse
from pathlib import Path

import numpy as np
import onnxruntime
from scipy import ndimage

from . import config, evaluate, generator, labels

RANDOM = 20261124


def turned(axis, degrees):
    """About one axis of the patient, through the middle of the scan."""
    angles = [0.0] * 3
    angles[axis] = degrees

    def change(values, affine):
        return values, _about_middle(affine, values.shape, generator.rotation(angles))

    return change


def scaled(factor):
    def change(values, affine):
        return values, _about_middle(affine, values.shape, np.eye(3) * factor)

    return change


def _about_middle(affine, shape, matrix):
    middle = affine[:3, :3] @ ((np.array(shape) - 1) / 2) + affine[:3, 3]
    move = np.eye(4)
    move[:3, :3] = matrix
    move[:3, 3] = middle - matrix @ middle
    return move @ affine


def thick(axis, mm):
    """Slices of that many mm, each the mean of its voxels."""

    def change(values, affine):
        n = max(1, round(mm / labels.MM))
        kept = values.shape[axis] // n * n
        values = np.moveaxis(values, axis, 0)[:kept]
        values = np.moveaxis(values.reshape(-1, n, *values.shape[1:]).mean(1), 0, axis)
        step = np.eye(4)
        step[axis, axis], step[axis, 3] = n, (n - 1) / 2
        return values, affine @ step

    return change


def noisy(share):
    """Rician noise of that share of the range between the 1st and 99.5th percentile."""

    def change(values, affine):
        random = np.random.default_rng(RANDOM)
        low, high = np.quantile(values, (0.01, 0.995))
        one, other = share * (high - low) * random.standard_normal((2, *values.shape), np.float32)
        return low + np.hypot(values - low + one, other), affine

    return change


def shaded(strength):
    """A smooth field that runs from exp(-strength) to exp(strength), over some 100 mm."""

    def change(values, affine):
        random = np.random.default_rng(RANDOM)
        field = ndimage.zoom(random.standard_normal((4, 4, 4)), np.array(values.shape) / 4, order=3, grid_mode=True, mode="nearest")
        field *= strength / np.abs(field).max()
        low = values.min()
        return low + (values - low) * np.exp(field).astype(np.float32), affine

    return change


def cut(axis, from_low, share):
    """A share of the scan taken away at one end of an axis."""

    def change(values, affine):
        n = round(share * values.shape[axis])
        step = np.eye(4)
        step[axis, 3] = n if from_low else 0
        kept = slice(n, None) if from_low else slice(0, values.shape[axis] - n)
        return np.moveaxis(np.moveaxis(values, axis, 0)[kept], 0, axis), affine @ step

    return change


SERIES = {
    "turned about the left-right axis, degrees": [(d, turned(0, d)) for d in (-45, -30, -15, 0, 15, 30, 45)],
    "tilted to a side, degrees": [(d, turned(1, d)) for d in (0, 15, 30, 45)],
    "turned to a side, degrees": [(d, turned(2, d)) for d in (0, 15, 30, 45)],
    "axial slices, mm": [(t, thick(2, t)) for t in (1.5, 3, 4.5, 6, 7.5)],
    "sagittal slices, mm": [(t, thick(0, t)) for t in (1.5, 3, 4.5, 6, 7.5)],
    "noise, share of the range": [(s, noisy(s)) for s in (0, 0.05, 0.1, 0.15, 0.2)],
    "shading, exponent": [(s, shaded(s)) for s in (0, 0.25, 0.5, 0.75, 1.0)],
    "cut from below, share": [(s, cut(2, True, s)) for s in (0, 0.1, 0.2, 0.3)],
    "cut from the left, share": [(s, cut(0, True, s)) for s in (0, 0.1, 0.2, 0.3)],
    "size": [(s, scaled(s)) for s in (0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2)],
}


def recall(session, scan, change, grid):
    """The surface recall of a scan, as `evaluate.read` gives it, that is changed."""
    values, known, extent, affine = scan
    changed, moved = change(values, affine)
    # Labels move with the head, and keep their voxels where the image's are cut or thinned.
    of_labels = moved if changed.shape == values.shape else affine
    seen = evaluate.run(session, changed, known, extent, moved, grid, of_labels)
    return evaluate.score(seen.drawn, seen.known, seen.extent)["surface_recall"]


def measure(settings, folders, model):
    """Rows of `(series, setting, head, surface recall)`."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    heads = [(head.name.rsplit("/", 1)[-1], evaluate.read(head, folders)) for head in evaluate.held_out(settings)]
    for series, changes in SERIES.items():
        for setting, change in changes:
            for name, scan in heads:
                yield series, setting, name, recall(session, scan, change, settings.grid)


STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .small { font-size: 10px; fill: #57606a }
.grid { stroke: #d0d7de } .mean { stroke: #0969da; fill: none; stroke-width: 2 } .worst { stroke: #bc4c00; fill: none; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #30363d } .mean { stroke: #58a6ff } .worst { stroke: #f0883e }
}
"""
WIDE, HIGH, COLUMNS = 250, 130, 3


def draw(rows):
    """Mean and worst head of each series, one small plot each."""
    parts = ['<text x="8" y="16">facial skin within 4 mm of what is drawn as face: mean (blue) and worst (orange) of the held-out heads</text>']
    for n, series in enumerate(SERIES):
        left, top = 40 + (WIDE + 40) * (n % COLUMNS), 52 + (HIGH + 62) * (n // COLUMNS)
        settings = [setting for setting, _ in SERIES[series]]
        recalls = {s: [r for a, b, _, r in rows if (a, b) == (series, s) and r is not None] for s in settings}
        parts.append(f'<text x="{left}" y="{top - 8}">{series}</text>')
        for level in (0, 0.25, 0.5, 0.75, 1):
            y = top + HIGH * (1 - level)
            parts.append(f'<line class="grid" x1="{left}" x2="{left + WIDE}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text class="small" text-anchor="end" x="{left - 4}" y="{y + 3}">{level:g}</text>')

        def x(setting):
            return left + WIDE * (setting - settings[0]) / (settings[-1] - settings[0])

        for setting in settings:
            parts.append(f'<text class="small" text-anchor="middle" x="{x(setting):.1f}" y="{top + HIGH + 14}">{setting:g}</text>')
        for kind, of in (("mean", np.mean), ("worst", min)):
            points = " ".join(f"{x(s):.1f},{top + HIGH * (1 - of(recalls[s])):.1f}" for s in settings)
            parts.append(f'<polyline class="{kind}" points="{points}"/>')
    rows_of_plots = -(-len(SERIES) // COLUMNS)
    size = f'width="{(WIDE + 40) * COLUMNS + 20}" height="{52 + (HIGH + 62) * rows_of_plots}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n{body}\n</svg>\n'


def main():
    parser = argparse.ArgumentParser(prog="python -m train.robustness", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--heads", required=True, action="append", type=Path)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--table", required=True, type=Path)
    parser.add_argument("--picture", required=True, type=Path)
    options = parser.parse_args()
    rows = list(measure(config.read(options.config), options.heads, options.model))
    lines = ["series\tsetting\thead\tsurface_recall"] + ["\t".join(map(str, row)) for row in rows]
    options.table.write_text("\n".join(lines) + "\n")
    options.picture.write_text(draw(rows))


if __name__ == "__main__":
    main()
