"""The network in eight bits, for ONNX Runtime, and what that costs.

    cd models && python -m train.quantise --config train/full.toml --heads FOLDER... --model face.onnx --out face_int8.onnx

Weights a channel, activations calibrated on training heads. Prints the Dice of brain and face of every
held-out head with both networks.
"""
import argparse
import tempfile
from pathlib import Path

import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from . import config, evaluate, space

CALIBRATED_ON = 8


class Heads(CalibrationDataReader):
    """The network's input for some training heads."""

    def __init__(self, settings, folders):
        kept = [head for head in settings.heads if head.role == "train"][:CALIBRATED_ON]
        inputs = []
        for head in kept:
            values, _, _, affine = evaluate.read(head, folders)
            inputs.append({"x": space.network_input(values, affine, settings.grid)[0]})
        self.inputs = iter(inputs)

    def get_next(self):
        return next(self.inputs, None)


def quantise(settings, folders, model, out):
    """Writes `model` in eight bits to `out`."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(model), str(prepared))
        quantize_static(
            str(prepared), str(out), Heads(settings, folders), quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


def main():
    parser = argparse.ArgumentParser(prog="python -m train.quantise", description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True, type=Path)
    parser.add_argument("--heads", required=True, action="append", type=Path)
    parser.add_argument("--model", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    settings = config.read(options.config)
    quantise(settings, options.heads, options.model, options.out)
    sessions = [onnxruntime.InferenceSession(str(p), providers=["CPUExecutionProvider"]) for p in (options.model, options.out)]
    for head in evaluate.held_out(settings):
        scan = evaluate.read(head, options.heads)
        for session, bits in zip(sessions, ("32", "8")):
            seen = evaluate.run(session, *scan, settings.grid)
            truth = seen.known_on_skin()
            alone, as_drawn = (evaluate.score(f, truth, seen.extent)["dice"] for f in (seen.found, seen.drawn))
            print(f"{head.name}\t{bits} bits\tbrain {as_drawn.get('brain')}\tface {as_drawn['face']}\tof the network {alone['face']}")


if __name__ == "__main__":
    main()
