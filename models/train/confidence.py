"""How sure the network may say it is: the temperature of its logits, and what it makes of no head.

    cd models && python -m train.confidence --config train/full.toml --heads FOLDER... --model face.onnx

The temperature is the one by which the probabilities of the watched heads are the likeliest (Guo et al.,
2017, arXiv:1706.04599); the test heads tell how well it holds. Then the mean probability of what is called
face, eyes, nose and brain: on held-out heads as they are, stood on their heads, without their face, and on
scans without a face.
"""
import argparse
from pathlib import Path

import numpy as np
import onnxruntime

from . import classes, config, evaluate, space

TRIED = np.round(np.arange(0.8, 4.01, 0.05), 2)
BINS = 10


def probabilities(logits, temperature):
    """Of logits `[classes, n]`."""
    z = logits / temperature
    z = np.exp(z - z.max(0))
    return z / z.sum(0)


def inside_of(session, grid, values, affine):
    """Logits `[classes, n]` of the voxels inside a scan."""
    x, _, inside = space.network_input(values, affine, grid)
    return space.logits(session, x)[:, inside]


def likeliness(logits, known, temperature):
    """Minus the mean logarithm of the probability of what is known, air far from the head left out."""
    return -np.log(np.maximum(probabilities(logits, temperature)[known, np.arange(len(known))], 1e-9)).mean()


def error(logits, known, temperature):
    """Expected calibration error: how far confidence and accuracy lie apart, by bins of confidence."""
    p = probabilities(logits, temperature)
    sure, right = p.max(0), p.argmax(0) == known
    at = np.minimum((sure * BINS).astype(int), BINS - 1)
    return sum(abs(sure[at == b].mean() - right[at == b].mean()) * (at == b).mean() for b in range(BINS) if (at == b).any())


def told(logits, temperature):
    """The mean probability of what is called each of some parts, or nothing."""
    p = probabilities(logits, temperature)
    called, parts = logits.argmax(0), {}
    for name, members in (("brain", (classes.BRAIN,)), ("eyes", (classes.EYES,)), ("nose", (classes.NOSE,)), ("face", classes.FACE)):
        own = np.isin(called, members)
        if own.sum() > 100:
            parts[name] = round(float(p[:, own].max(0).mean()), 3)
    return parts


def held_out(settings, folders, session):
    """Of each held-out head: itself, logits and truth of its voxels, and its values and affine."""
    for head in evaluate.held_out(settings):
        values, known, _, affine = evaluate.read(head, folders)
        x, origin, inside = space.network_input(values, affine, settings.grid)
        logits = space.logits(session, x)
        truth = space.sample(known, affine, origin, space.MM, settings.grid, order=0)[0]
        near = inside & ((truth > 0) | (logits.argmax(0) > 0))
        yield head, logits[:, near], truth[near].astype(int), values, affine, known


def fit(settings, folders, model):
    """The temperature by which the probabilities of the watched heads are the likeliest."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    watched = [(z, y) for head, z, y, *_ in held_out(settings, folders, session) if head.role == "watch"]
    return float(min(TRIED, key=lambda t: np.mean([likeliness(z, y, t) for z, y in watched])))


def main():
    parser = argparse.ArgumentParser(prog="python -m train.confidence", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--heads", required=True, action="append", type=Path)
    parser.add_argument("--model", required=True, type=Path)
    options = parser.parse_args()
    settings = config.read(options.config)
    temperature = fit(settings, options.heads, options.model)
    print(f"temperature\t{temperature}")
    session = onnxruntime.InferenceSession(str(options.model), providers=["CPUExecutionProvider"])
    for head, logits, truth, values, affine, known in held_out(settings, options.heads, session):
        print(f"{head.name}\t{head.role}\terror {error(logits, truth, 1.0):.3f} -> {error(logits, truth, temperature):.3f}"
              f"\t{told(logits, temperature)}")
        turned = affine @ np.diag([1.0, -1, -1, 1])
        gone = np.where(np.isin(known, classes.FACE), values.min(), values)
        for change, scan in (("upside down", (values, turned)), ("without its face", (gone, affine))):
            print(f"{head.name}\t{change}\t{told(inside_of(session, settings.grid, *scan), temperature)}")
    for path in sorted({p for f in options.heads for p in Path(f).glob("neg_*.nii.gz")}):
        print(f"{path.name}\tno face\t{told(inside_of(session, settings.grid, *space.load(path)), temperature)}")


if __name__ == "__main__":
    main()
