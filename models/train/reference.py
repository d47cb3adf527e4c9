"""Values that another implementation of the model's input and run is compared with.

    cd models && python -m train.reference face.onnx reference.json SCAN.nii.gz...
"""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnxruntime

from . import classes, space

PER_CLASS = 6
"""Voxels of each class found that are written down."""


def reference(session, path, rng):
    """Origin, input and logits of one scan: sums, and the values of some voxels of each class.

    `i` is the flat index into `[R, A, S]`, C order; `class_voxels` counts what lies inside the scan.
    """
    x, origin, inside = space.network_input(*space.load(path))
    logits = space.logits(session, x)
    found = (space.called(logits) * inside).ravel()
    flat = logits.reshape(len(classes.NAMES), -1)
    present = [c for c in range(len(classes.NAMES)) if (found == c).any()]
    voxels = np.concatenate([rng.choice(np.flatnonzero(found == c), PER_CLASS) for c in present])
    return {
        "origin_mm": [round(float(o), 6) for o in origin],
        "input_sum": float(x.sum(dtype=np.float64)),
        "class_voxels": [int((found == c).sum()) for c in range(len(classes.NAMES))],
        "samples": [
            {"i": int(i), "x": round(float(x.ravel()[i]), 6), "logits": [round(float(z), 5) for z in flat[:, i]]}
            for i in voxels
        ],
    }


def main():
    parser = argparse.ArgumentParser(prog="python -m train.reference", description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("scans", nargs="+", type=Path)
    options = parser.parse_args()
    session = onnxruntime.InferenceSession(str(options.model), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(7)
    scans = {path.name: reference(session, path, rng) for path in options.scans}
    sha256 = hashlib.sha256(options.model.read_bytes()).hexdigest()
    text = json.dumps({"model_sha256": sha256, "engine": f"onnxruntime {onnxruntime.__version__}", "scans": scans})
    options.out.write_text(text.replace('{"i"', '\n{"i"') + "\n")


if __name__ == "__main__":
    main()
