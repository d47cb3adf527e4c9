"""What further training without a family of samples unlearns, and what each family costs in time.

    cd models && python -m train.ablation --config train/full.toml --start face.onnx --heads FOLDER --work FOLDER \\
        --table ../docs/images/ablation.tsv [--only FAMILY]

All runs begin with the same weights and go on for 150 steps, at a rate that is high enough to unlearn what is no
longer shown. A run goes on from its checkpoint in the work folder. The table has the runs that are there; with `--only`,
several can be trained side by side.
"""
import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from . import config, evaluate, export, generator, heads, loop, robustness

FAMILIES = {
    "none": (),
    "painted intensities": ("painted",),
    "smooth warps": ("warped",),
    "errors of scanners": ("errors", "wrapped"),
    "things beside the head": ("hardware",),
    "other proportions": ("infant", "toothless", "open_mouth"),
    "other anatomy": ("lesion", "open_skull", "no_ear", "beard"),
    "scans without a face": ("defaced", "brain_alone", "no_head", "shapes"),
}
"""What is left out of a run: the chances that are put to 0."""
CHANGES = {
    "turned": [robustness.turned(0, -30), robustness.turned(0, 30), robustness.turned(1, 30)],
    "thick": [robustness.thick(2, 6), robustness.thick(0, 6)],
    "worse": [robustness.noisy(0.15), robustness.shaded(0.75)],
}
"""How held-out heads are changed for the columns of the table."""
COLUMNS = ("face", "worst", "brain", "ears", "skin", *CHANGES, "false_face_ml", "ms")
N_TIMED = 60
"""Samples by which the time of a family is told."""
SHORT = {
    "steps": 150, "rate": 1e-3, "warm_up": 10, "decay_from": 0.5, "ramp": 1, "keep": 0.95, "batch": 2, "processes": 1,
    "save_every": 50, "watch_every": 1000,
}
"""How a run differs from the configuration given."""


def without(settings, family):
    """The settings of a run that leaves a family out."""
    chances = replace(settings.chances, **dict.fromkeys(FAMILIES[family], 0.0))
    return replace(settings, **SHORT, chances=chances)


def trained(settings, files, work, start):
    """The network of a run that begins with the weights of `start`, as a file."""
    work.mkdir(parents=True, exist_ok=True)
    checkpoint = loop.train(settings, files, work, start=start)
    export.export(settings, checkpoint, str(work / "face.onnx"))
    return work / "face.onnx"


def measured(settings, folders, model):
    """Means over the held-out heads: Dice of the network alone, and facial skin within 4 mm of what is drawn.

    `skin` is by labels as given, as those of heads that are changed must be. `worst` is the worst head's face,
    `false_face_ml` what is found in all scans without a face that are not trained on.
    """
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    scans = [evaluate.read(head, folders) for head in evaluate.held_out(settings)]

    def skin(change):
        return np.mean([robustness.recall(session, scan, change, settings.grid) for scan in scans])

    dice = []
    for scan in scans:
        seen = evaluate.run(session, *scan, settings.grid)
        dice.append(evaluate.score(seen.found, seen.known_on_skin(), seen.extent)["dice"])
    mean = {part: np.mean([d[part] for d in dice if part in d]) for part in ("face", "brain", "ears")}
    unseen = [p for p in evaluate.negatives(folders) if p.name.removesuffix(".nii.gz") not in settings.negatives]
    return {
        **{part: round(float(value), 3) for part, value in mean.items()},
        "worst": min(d["face"] for d in dice),
        "skin": round(float(skin(lambda *scan: scan)), 3),
        **{name: round(float(np.mean([skin(c) for c in changes])), 3) for name, changes in CHANGES.items()},
        "false_face_ml": round(sum(evaluate.false_face_ml(session, p, settings.grid) for p in unseen), 1),
    }


def timed(settings, files):
    """Processor time of one sample without each family, ms, the families in turn."""
    torch.set_num_threads(1)
    made = generator.Generator(settings, files, settings.seed)
    made.hard = 1.0
    spent = dict.fromkeys(FAMILIES, 0.0)
    for _ in range(N_TIMED):
        for family in FAMILIES:
            made.chances = without(settings, family).chances
            before = time.process_time()
            made.draw()
            spent[family] += time.process_time() - before
    return {family: round(1000 * seconds / N_TIMED) for family, seconds in spent.items()}


def table(figures, ms):
    """The runs as tab-separated text, the one that leaves nothing out first."""
    lines = ["\t".join(("left_out", *COLUMNS))]
    for family in FAMILIES:
        if family in figures:
            of_run = {**figures[family], "ms": ms[family]}
            lines.append("\t".join(str(v) for v in (family, *(of_run[c] for c in COLUMNS))))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="python -m train.ablation", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--start", required=True, help="an exported network")
    parser.add_argument("--heads", required=True, action="append", type=Path)
    parser.add_argument("--work", required=True, type=Path)
    parser.add_argument("--table", required=True, type=Path)
    parser.add_argument("--only", action="append", choices=FAMILIES, help="a family to leave out; repeatable")
    options = parser.parse_args()
    settings = config.read(options.config)
    options.work.mkdir(parents=True, exist_ok=True)
    files = heads.prepare(settings, options.heads, options.work)
    figures, ms = {}, _once(options.work / "ms.json", lambda: timed(settings, files))
    for family in FAMILIES:
        work = options.work / family.replace(" ", "_")
        told = work / "figures.json"
        if told.exists() or family in (options.only or FAMILIES):
            of_run = without(settings, family)
            figures[family] = _once(told, lambda: measured(of_run, options.heads, trained(of_run, files, work, options.start)))
    options.table.write_text(table(figures, ms))


def _once(path, make):
    """What a JSON file holds, made and written if it is not there."""
    if not path.exists():
        made = json.dumps(make())
        path.write_text(made + "\n")
    return json.loads(path.read_text())


if __name__ == "__main__":
    main()
