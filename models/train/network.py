"""A small 3D U-Net. Trained as 3D convolutions; exported as 2D ones over `[D, C, H, W]`, which give
the same numbers and run faster in every runtime measured."""
import torch
import torch.nn.functional as F
from torch import nn


class Conv(nn.Module):
    """Convolution, batch norm, ReLU. A kernel of 1 or 3 keeps the size; kernel and stride 2 halve it."""

    def __init__(self, into, out, kernel=3, stride=1, act=True):
        super().__init__()
        self.conv = nn.Conv3d(into, out, kernel, stride, (kernel - 1) // 2 if stride == 1 else 0)
        self.norm = nn.BatchNorm3d(out, momentum=0.05) if act else None

    def forward(self, x):
        x = self.conv(x)
        return x if self.norm is None else F.relu(self.norm(x))

    def folded(self):
        """Weight and bias with the batch norm taken in."""
        weight, bias, norm = self.conv.weight, self.conv.bias, self.norm
        if norm is None:
            return weight, bias
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        return weight * gain.view(-1, 1, 1, 1, 1), (bias - norm.running_mean) * gain + norm.bias


class FaceNet(nn.Module):
    """`[N, 1, D, H, W]` to logits `[N, classes, D, H, W]`; D, H, W are multiples of 16."""

    def __init__(self, classes, channels, down, up):
        super().__init__()
        self.classes = classes
        n = len(channels)
        self.stem = Conv(1, channels[0], 2, 2)
        self.down = nn.ModuleList(Conv(channels[i], channels[i + 1], 2, 2) for i in range(n - 1))
        self.encode = nn.ModuleList(nn.Sequential(*(Conv(c, c) for _ in range(k))) for c, k in zip(channels, down))
        self.across = nn.ModuleList(Conv(channels[i + 1], channels[i], 1, act=False) for i in range(n - 1))
        self.decode = nn.ModuleList(
            nn.Sequential(*(Conv(channels[i], channels[i]) for _ in range(up[i]))) for i in range(n - 1))
        self.head = Conv(channels[0], classes * 8, 1, act=False)

    def walk(self, x, conv, grow):
        """The network, with the convolution and the upsampling to use."""
        def all_of(blocks, x):
            for block in blocks:
                x = conv(block, x)
            return x

        x, kept = conv(self.stem, x), []
        for i, blocks in enumerate(self.encode):
            x = all_of(blocks, conv(self.down[i - 1], x) if i else x)
            kept.append(x)
        for i in reversed(range(len(self.decode))):
            x = all_of(self.decode[i], grow(conv(self.across[i], x)) + kept[i])
        return conv(self.head, x)

    def halved(self, x):
        """`[N, 1, D, H, W]` to `[N, 8 classes, D/2, H/2, W/2]`, the eight voxels of a block as channels."""
        return self.walk(x, lambda block, x: block(x), lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest"))

    def forward(self, x):
        y = self.halved(x)
        n, _, d, h, w = y.shape
        y = y.view(n, self.classes, 2, 2, 2, d, h, w).permute(0, 1, 5, 2, 6, 3, 7, 4)
        return y.reshape(n, self.classes, 2 * d, 2 * h, 2 * w)


def halved_classes(y):
    """Classes `[N, D, H, W]` as `[N, 8, D/2, H/2, W/2]`, in the order of `FaceNet.halved`."""
    n, d, h, w = y.shape
    y = y.view(n, d // 2, 2, h // 2, 2, w // 2, 2).permute(0, 2, 4, 6, 1, 3, 5)
    return y.reshape(n, 8, d // 2, h // 2, w // 2)


class Flat(nn.Module):
    """The same network on `[D, C, H, W]`: what the first axis holds becomes channels. Batch 1.

    It gives `[D/2, 8 classes, H/2, W/2]`, the eight voxels of a block as channels of each class: to put them in
    their places would move every logit, where it is enough to move the classes (`space.whole`).
    """

    def __init__(self, net):
        super().__init__()
        self.net = net.eval()

    @staticmethod
    def conv(block, x):
        weight, bias = block.folded()
        kernel = weight.shape[2]
        d, c, h, w = map(int, x.shape)
        if kernel == 1:
            y = F.conv2d(x, weight[:, :, 0], bias)
        else:
            taps = torch.cat([weight[:, :, i] for i in range(kernel)], 1)
            if block.conv.stride[0] == kernel:
                y = F.conv2d(x.reshape(d // kernel, c * kernel, h, w), taps, bias, stride=kernel)
            else:
                beside = (torch.arange(d)[:, None] + torch.arange(kernel)).flatten()
                x = torch.index_select(F.pad(x, (0, 0, 0, 0, 0, 0, 1, 1)), 0, beside)
                y = F.conv2d(x.reshape(d, kernel * c, h, w), taps, bias, padding=1)
        return y if block.norm is None else F.relu(y)

    @staticmethod
    def grow(x):
        d, c, h, w = map(int, x.shape)
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return torch.cat([x, x], 1).reshape(2 * d, c, 2 * h, 2 * w)

    def forward(self, x):
        d, h, w = map(int, x.shape[2:])
        return self.net.walk(x.reshape(d, 1, h, w), self.conv, self.grow)
