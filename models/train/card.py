"""The card beside the weights: what the program must know, and where the training heads came from."""
import hashlib
import json
from pathlib import Path

from . import classes, space


def write(config, graph, temperature, model, int8, path):
    """Writes the card of an exported model, and of the same in eight bits."""
    grid = ", ".join(map(str, config.grid))
    r, a, s = config.grid
    quoted = ", ".join(f'"{name}"' for name in classes.NAMES)
    text = f'''# Card of {Path(model).name}. The program reads this file.
name = "efface face"
version = "{config.version}"
file = "{Path(model).name}"
sha256 = "{hashlib.sha256(Path(model).read_bytes()).hexdigest()}"
licence = "MIT"

[input]
name = "x"
shape = [1, 1, {grid}]   # batch, channel, R, A, S
type = "float32"
axes = "RAS"             # index grows to the right, to the front, upwards
spacing_mm = {space.MM}

[input.resampling]       # train/space.py is the reference
block_mean = "floor(2.0 / voxel_size + 0.001) voxels along each axis, at least 1; a rest at the end is dropped"
interpolation = "trilinear, indices clamped to 0..n-1"
inside = "voxel index within -0.5..n-0.5 on every axis"
placement = "centre of the head on x and y (0.5 to 99.5 % of the foreground of a 4 mm sampling); on z the same, or, taller than 230 mm, its top 14 mm under the grid's"
foreground = "p1 + 0.2 * (p99.5 - p1)"

[input.normalisation]
ct_rule = "if the 0.1th percentile is below -500, clip to [-1000, 1000] first"
low_percentile = 1.0
high_percentile = 99.5
percentile_of = "all voxels of the grid that are inside the scan; element floor(q * (n - 1)) of the sorted values"
formula = "clip((v - low) / (high - low), 0, 1); outside the scan 0; all 0 if high <= low"

[output]
name = "logits"
shape = [{r // 2}, {8 * len(classes.NAMES)}, {a // 2}, {s // 2}]   # blocks of R; of each class the eight voxels of a block, S fastest; blocks of A and S
# No softmax in the graph; class = argmax; outside the scan: background.
classes = [{quoted}]
face = {list(classes.FACE)}
temperature = {temperature}       # logits divided by it give calibrated probabilities

[int8]                   # the same network in eight bits, for ONNX Runtime
file = "{Path(int8).name}"
sha256 = "{hashlib.sha256(Path(int8).read_bytes()).hexdigest()}"

[graph]
opset = {graph["opset"]}
parameters = {graph["parameters"]}
operators = {json.dumps(graph["operators"])}
'''
    for head in (h for h in config.heads if h.role == "train"):
        text += f'''
[[training]]
name = "{head.name}"
origin = "{head.origin}"
licence = "{head.licence}"
'''
    Path(path).write_text(text)
