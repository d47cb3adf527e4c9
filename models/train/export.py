"""The averaged weights as an ONNX file, checked against PyTorch."""
import warnings

import numpy as np
import onnx
import onnxruntime
import torch

from . import space
from .loop import network
from .network import Flat

OPSET = 17
TOLERANCE = 1e-3
"""Largest difference of a logit that the three forms may have."""


def export(config, checkpoint, path):
    """Writes the network as 2D convolutions; returns the graph's facts for the card."""
    net = network(config).eval()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu")["average"])
    x = torch.rand(1, 1, *config.grid, generator=torch.Generator().manual_seed(config.seed))
    with torch.no_grad():
        wanted = net(x).numpy()
        flat = Flat(net)
        with warnings.catch_warnings():
            # Sizes become constants of the graph, as they should: its input has one size.
            warnings.simplefilter("ignore")
            torch.onnx.export(flat, (x,), path, opset_version=OPSET, input_names=["x"],
                              output_names=["logits"], dynamo=False, do_constant_folding=True)
        of_flat = space.whole(flat(x).numpy())[None]
    graph = onnx.load(path)
    onnx.checker.check_model(graph)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    of_file = space.logits(session, x.numpy())[None]
    apart = max(float(np.abs(wanted - other).max()) for other in (of_flat, of_file))
    if apart > TOLERANCE:
        raise SystemExit(f"{path}: logits differ from the trained network's by {apart:.2e}")
    return {
        "opset": OPSET,
        "parameters": sum(p.numel() for p in net.parameters()),
        "operators": sorted({node.op_type for node in graph.graph.node}),
    }
