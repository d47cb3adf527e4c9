"""Draws the course of a training from its log: the loss, and what watched heads reach.

    cd models && python -m train.curve LOG... ../docs/images/training.svg

Several logs, of a run that was gone on with elsewhere, are read in turn.
"""
import re
import sys
from pathlib import Path

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f } .small { font-size: 10px; fill: #57606a }
.grid { stroke: #d0d7de } polyline { fill: none; stroke-width: 1.8 }
.c0 { stroke: #57606a } .c1 { stroke: #0969da } .c2 { stroke: #bc4c00 } .c3 { stroke: #1a7f37 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #30363d }
  .c0 { stroke: #9198a1 } .c1 { stroke: #58a6ff } .c2 { stroke: #f0883e } .c3 { stroke: #3fb950 }
}
"""
LEFT, WIDE, HIGH, GAP = 44, 640, 170, 66


def read(paths):
    """Loss by step, and for each watched head its Dice of face and brain by step."""
    loss, watched, step = {}, {}, 0
    for line in "".join(Path(p).read_text() for p in paths).splitlines():
        if found := re.search(r"step (\d+)\tloss ([\d.]+)", line):
            step = int(found[1])
            loss[step] = float(found[2])
        elif found := re.match(r"watch\t(\S+)\tbrain ([\d.]+).* FACE ([\d.]+)", line):
            head = watched.setdefault(found[1].rsplit("/", 1)[-1], {})
            head[step] = float(found[2]), float(found[3])
    return loss, watched


def plot(top, title, lines, low, high, steps):
    """One plot; `lines` are `(class of its colour, {step: value})`."""
    parts = [f'<text x="{LEFT}" y="{top - 10}">{title}</text>']
    for n in range(5):
        value, y = low + (high - low) * n / 4, top + HIGH * (1 - n / 4)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{LEFT + WIDE}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="small" text-anchor="end" x="{LEFT - 5}" y="{y + 3}">{value:.2g}</text>')
    for step in range(0, steps + 1, 1000):
        parts.append(f'<text class="small" text-anchor="middle" x="{LEFT + WIDE * step / steps:.1f}" y="{top + HIGH + 14}">{step}</text>')
    for kind, values in lines:
        at = ((s, min(max(v, low), high)) for s, v in sorted(values.items()))
        points = " ".join(f"{LEFT + WIDE * s / steps:.1f},{top + HIGH * (1 - (v - low) / (high - low)):.1f}" for s, v in at)
        parts.append(f'<polyline class="{kind}" points="{points}"/>')
    return parts


def draw(loss, watched):
    steps = max(loss)
    parts = plot(30, "loss (mean of recent steps)", [("c0", loss)], 0, 2, steps)
    for n, (name, of) in enumerate((("brain", 0), ("face", 1))):
        top = 30 + (HIGH + GAP) * (n + 1)
        lines = [(f"c{i + 1}", {s: v[of] for s, v in head.items()}) for i, head in enumerate(watched.values())]
        parts += plot(top, f"Dice of the {name}, watched heads", lines, 0.6, 1, steps)
        for i, head in enumerate(watched):
            x = LEFT + 250 + 130 * i
            parts.append(f'<polyline class="c{i + 1}" points="{x},{top - 14} {x + 16},{top - 14}"/>')
            parts.append(f'<text class="small" x="{x + 20}" y="{top - 10}">{head}</text>')
    size = f'width="{LEFT + WIDE + 20}" height="{30 + 3 * (HIGH + GAP) - 30}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{STYLE}</style>\n{body}\n</svg>\n'


if __name__ == "__main__":
    Path(sys.argv[-1]).write_text(draw(*read(sys.argv[1:-1])))
