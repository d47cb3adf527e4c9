"""What lies beside a head: it changes the air of a sample alone, and has no class.

`x` are the intensities, `found` the classes, both `[R, A, S]` at 2 mm.
"""
import random

import torch

from . import classes
from .fields import between, direction, index, point


def hardware(x, found):
    """Head holders, pillows, coils, tubes and frames: plates, rods and shells in the air, some touching."""
    at = index(x.shape)
    air = found == classes.BACKGROUND
    head = (~air).nonzero().float()
    if len(head) == 0:
        return x
    centre, reach = point(head.mean(0)), head.std(0).mean() * 1.7
    for _ in range(random.randint(1, 4)):
        bright = between(0.03, 1.0)
        kind = random.random()
        away = direction((1.0, 1.0, 0.3))
        if kind < 0.45:  # a plate or a pillow
            height = ((at - centre) * away).sum(0) - reach * between(0.7, 1.2)
            thing = (height > 0) & (height < random.choice([1, 2, 4, 20]))
        elif kind < 0.75:  # a shell around the head
            r = ((at - centre) / point([between(0.9, 1.2) for _ in range(3)])).square().sum(0).sqrt()
            r0 = reach * between(0.8, 1.4)
            thing = (r > r0) & (r < r0 + between(1, 4)) & (((at - centre) * away).sum(0) > reach * between(-1, 0.7))
        else:  # a tube or a rod
            along = direction()
            start = centre + away * reach * between(0.6, 1.1)
            d = at - start
            d = d - along * (d * along).sum(0)
            r = d.square().sum(0).sqrt()
            width = between(1, 5)
            thing = (r < width) & (r > random.choice([0, 0, width - 1.2]))
        x = torch.where(thing & air, torch.tensor(bright), x)
    return x
