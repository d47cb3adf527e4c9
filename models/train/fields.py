"""Random numbers, masks and fields on a grid `[R, A, S]`; lengths are in voxels."""
import math
import random

import torch
import torch.nn.functional as F


def between(low, high):
    """A uniform random number."""
    return random.uniform(low, high)


def index(shape):
    """The index of every voxel, `[3, R, A, S]`."""
    return torch.stack(torch.meshgrid(*[torch.arange(n, dtype=torch.float32) for n in shape], indexing="ij"))


def point(values):
    """Three numbers as `[3, 1, 1, 1]`."""
    return torch.as_tensor(values, dtype=torch.float32).view(3, 1, 1, 1)


def direction(spread=(1.0, 1.0, 1.0)):
    """A random unit vector `[3, 1, 1, 1]`, of normal components with these deviations."""
    return point(F.normalize(torch.randn(3) * torch.tensor(spread), dim=0))


def widened(mask, steps):
    """A mask and what is that many voxels from it, diagonals counted as one."""
    for axis, n in enumerate(mask.shape):
        out = mask.clone()
        for by in range(1, min(steps, n - 1) + 1):
            out.narrow(axis, by, n - by).logical_or_(mask.narrow(axis, 0, n - by))
            out.narrow(axis, 0, n - by).logical_or_(mask.narrow(axis, by, n - by))
        mask = out
    return mask


def stamped(shape, points, radius):
    """The balls of one radius about each of some points, as a mask."""
    out = torch.zeros(shape, dtype=torch.bool)
    for centre in points.tolist():
        low = [max(0, math.floor(c - radius)) for c in centre]
        high = [min(n, math.ceil(c + radius) + 1) for c, n in zip(centre, shape)]
        if any(a >= b for a, b in zip(low, high)):
            continue
        r2 = sum(((torch.arange(a, b) - c) ** 2).view([-1 if i == axis else 1 for i in range(3)])
                 for axis, (a, b, c) in enumerate(zip(low, high, centre)))
        out[low[0]:high[0], low[1]:high[1], low[2]:high[2]] |= r2 < radius**2
    return out


def smooth_noise(shape, cell, amplitude):
    """White noise on cells of that many voxels, interpolated."""
    coarse = torch.randn(1, 1, *(max(2, round(n / cell)) for n in shape)) * amplitude
    return F.interpolate(coarse, size=shape, mode="trilinear", align_corners=True)[0, 0]


def blurred(x, sigma):
    """Gaussian; sigma of each axis in voxels. What lies outside is as the nearest voxel."""
    for axis, s in enumerate(sigma):
        if s < 0.2:
            continue
        radius = max(1, math.ceil(2.5 * s))
        kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / s) ** 2)
        kernel /= kernel.sum()
        n = x.shape[axis]
        first, last = x.narrow(axis, 0, 1), x.narrow(axis, n - 1, 1)
        longer = torch.cat([first] * radius + [x] + [last] * radius, axis)
        x = longer.narrow(axis, 0, n) * kernel[0]
        for by, weight in enumerate(kernel[1:].tolist(), 1):
            x.add_(longer.narrow(axis, by, n), alpha=weight)
    return x


def pick(volumes, at, mode):
    """Volumes `[C, i, j, k]` at positions `[3, R, A, S]` in voxels; zero outside."""
    n = volumes.shape[1:]
    grid = torch.stack([2 * at[a] / (n[a] - 1) - 1 for a in (2, 1, 0)], -1)
    return F.grid_sample(volumes[None], grid[None], mode=mode, padding_mode="zeros", align_corners=True)[0]
