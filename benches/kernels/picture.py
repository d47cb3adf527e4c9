"""Draws a record of kernels as a picture: how many times as fast as the best peer, on a logarithmic scale.

    python benches/kernels/picture.py benches/records/RECORD-kernels.tsv docs/images/kernels.svg

One file for light and dark pages: its colours follow the reader's.
"""
import csv
import math
import sys
from html import escape
from pathlib import Path

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .small { font-size: 11px; fill: #57606a }
.grid { stroke: #d0d7de } .one { stroke: #57606a; stroke-width: 1.5 } .span { stroke: #8c959f; stroke-width: 2 }
.mr256 { fill: #0969da } .ct512 { fill: #bc4c00 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 }
  .grid { stroke: #30363d } .one { stroke: #9198a1 } .span { stroke: #6e7681 }
  .mr256 { fill: #58a6ff } .ct512 { fill: #f0883e }
}
"""
VOLUMES = {"mr256": "MR, 256 x 256 x 256", "ct512": "CT, 512 x 512 x 300"}
SHORT = {"opencv-python-headless": "OpenCV", "connected-components-3d": "cc3d", "numpy": "NumPy"}
LEFT, WIDE, ROW, TOP = 350, 470, 22, 56


def read(path):
    """For each kernel the ratio on each volume, at the widest level, and the peers."""
    with open(path) as file:
        rows = list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t"))
    widest = rows[-1]["kernel"].rsplit("/", 1)[1]
    found = {}
    for row in rows:
        kernel, kind, volume, level = row["kernel"].split("/")
        if level == widest:
            peers, ratios = found.setdefault(f"{kernel} {kind}", ([], {}))
            ratios[volume] = float(row["ratio"])
            peers += [row["peer"]] if row["peer"] not in peers else []
    return widest, found


def draw(widest, found):
    order = sorted(found, key=lambda name: -min(found[name][1].values()))
    ends = [math.floor(min(min(r.values()) for _, r in found.values()) * 10) / 10, max(max(r.values()) for _, r in found.values())]
    low, high = math.log10(min(ends[0], 0.5)), math.log10(ends[1] * 1.3)

    def x(ratio):
        return LEFT + WIDE * (math.log10(ratio) - low) / (high - low)

    bottom = TOP + ROW * len(order)
    parts = [f'<text x="{LEFT}" y="18">times as fast as the best peer, one thread, {widest}</text>']
    for n, (volume, text) in enumerate(VOLUMES.items()):
        at = LEFT + 190 * n
        parts.append(f'<circle class="{volume}" cx="{at + 5}" cy="32" r="5"/><text class="small" x="{at + 15}" y="36">{text}</text>')
    for tick in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        if low <= math.log10(tick) <= high:
            kind = "one" if tick == 1 else "grid"
            parts.append(f'<line class="{kind}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 8}" y2="{bottom}"/>')
            parts.append(f'<text class="small" text-anchor="middle" x="{x(tick):.1f}" y="{bottom + 14}">{tick:g}</text>')
    for n, name in enumerate(order):
        peers, ratios = found[name]
        y = TOP + ROW * (n + 0.5)
        peers = escape(", ".join(SHORT.get(peer, peer) for peer in peers))
        parts.append(f'<text x="8" y="{y + 4:.1f}">{escape(name)}</text>')
        parts.append(f'<text class="small" text-anchor="end" x="{LEFT - 12}" y="{y + 4:.1f}">{peers}</text>')
        ends = [x(r) for r in ratios.values()]
        parts.append(f'<line class="span" x1="{min(ends):.1f}" x2="{max(ends):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts += [f'<circle class="{v}" cx="{x(r):.1f}" cy="{y:.1f}" r="5"/>' for v, r in ratios.items()]
    size = f'width="{LEFT + WIDE + 20}" height="{bottom + 24}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n{body}\n</svg>\n'


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(*read(sys.argv[1])))
