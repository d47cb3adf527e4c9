"""A network that begins with the weights of an exported one, where its checkpoint is not at hand."""
import numpy as np
import onnx
import torch
from onnx import numpy_helper

from .network import Conv


@torch.no_grad()
def begin(net, path, images):
    """Takes over the weights of an exported network of the same design.

    Its batch norms were taken into its convolutions. They are set here to the mean and deviation that
    `images`, each `[1, D, H, W]`, have at each of them, so that the network gives what the file gives.
    """
    graph = onnx.load(path).graph
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    blocks = _in_order(net)
    if len(nodes) != len(blocks):
        raise SystemExit(f"{path}: {len(nodes)} convolutions where the configuration has {len(blocks)}")
    for node, block in zip(nodes, blocks):
        weight, bias = (np.array(values[name]) for name in node.input[1:3])
        shape, kernel = block.conv.weight.shape, block.conv.weight.shape[2]
        # The taps along the first axis lie one after the other among the channels.
        weight = weight.reshape(shape[0], kernel, shape[1], *shape[3:]).transpose(0, 2, 1, 3, 4)
        if weight.shape != tuple(shape):
            raise SystemExit(f"{path}: a convolution of {weight.shape} where the configuration has {tuple(shape)}")
        block.conv.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        block.conv.bias.copy_(torch.from_numpy(bias))
    normed = [block for block in blocks if block.norm is not None]
    for block in normed:
        norm = block.norm
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.fill_(1)
        norm.bias.zero_()
    sums = _sums(net.eval(), normed, images)
    for block, (n, total, square) in zip(normed, sums):
        mean = total / n
        spread = (square / n - mean**2).clamp(min=1e-6)
        block.norm.running_mean.copy_(mean)
        block.norm.running_var.copy_(spread)
        block.norm.weight.copy_((spread + block.norm.eps).sqrt())
        block.norm.bias.copy_(mean)


def _in_order(net):
    """The blocks in the order of their use."""
    blocks = []

    def conv(block, x):
        assert isinstance(block, Conv)
        blocks.append(block)
        return block(x)

    with torch.no_grad():
        size = 2 ** (len(net.down) + 1)
        net.eval().walk(torch.zeros(1, 1, size, size, size), conv, lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3).repeat_interleave(2, 4))
    return blocks


def _sums(net, blocks, images):
    """For each block: the number, sum and sum of squares of each channel of its convolution."""
    sums = [[0, 0.0, 0.0] for _ in blocks]

    def watch(own):
        def seen(_, __, out):
            own[0] += out[:, 0].numel()
            own[1] = own[1] + out.double().sum((0, 2, 3, 4)).float()
            own[2] = own[2] + out.double().square().sum((0, 2, 3, 4)).float()

        return seen

    hooks = [block.conv.register_forward_hook(watch(own)) for block, own in zip(blocks, sums)]
    for image in images:
        net.halved(image[None])
    for hook in hooks:
        hook.remove()
    return sums
