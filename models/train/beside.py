"""What lies beside a head: it changes the air of a sample alone, and has no class.

`x` are the intensities, `found` the classes, both `[R, A, S]` at 2 mm; lengths are in voxels.
"""
import random

import torch

from . import classes
from .fields import between, direction, index, point, smooth_noise, stamped, widened


def things(x, found):
    """One to four things beside a head, each of one brightness, some with a texture."""
    air = found == classes.BACKGROUND
    head = (~air).nonzero().float()
    if len(head) < 100:
        return x
    for _ in range(random.randint(1, 4)):
        make = random.choices(list(KINDS), KINDS.values())[0]
        thing = make(found, head) & air
        bright = between(0.03, 1.0)
        if random.random() < 0.3:
            bright = bright * (1 + smooth_noise(x.shape, between(2, 8), between(0.05, 0.4)))
        x = torch.where(thing, torch.as_tensor(bright), x)
    return x


def plate(found, head):
    """A plate, a table or a deep cushion, at a distance or so near that it fills what the head leaves."""
    away = direction((1.0, 1.0, 0.3))
    height = ((index(found.shape) - point(head.mean(0))) * away).sum(0) - reach(head) * between(0.7, 1.2)
    return (height > 0) & (height < random.choice([1, 2, 4, 20]))


def shell(found, head):
    """A part of an ellipsoid's shell around the head, as of a coil."""
    away, from_middle = direction((1.0, 1.0, 0.3)), index(found.shape) - point(head.mean(0))
    r = (from_middle / point([between(0.9, 1.2) for _ in range(3)])).square().sum(0).sqrt()
    r0 = reach(head) * between(0.8, 1.4)
    return (r > r0) & (r < r0 + between(1, 4)) & ((from_middle * away).sum(0) > reach(head) * between(-1, 0.7))


def rod(found, head):
    """A straight rod, or a tube that is hollow."""
    along, away = direction(), direction((1.0, 1.0, 0.3))
    d = index(found.shape) - point(head.mean(0)) - away * reach(head) * between(0.6, 1.1)
    r = (d - along * (d * along).sum(0)).square().sum(0).sqrt()
    width = between(1, 5)
    return (r < width) & (r > random.choice([0, 0, width - 1.2]))


def helmet(found, head):
    """A layer of even thickness that follows the skin: a helmet, a cap, ear cushions, a mask."""
    away = direction() if random.random() < 0.6 else point([0.0, 0.0, 1.0])
    gap = random.choice([0, 0, 0, 1, 2])
    inner = widened(found != classes.BACKGROUND, gap)
    layer = widened(inner, random.randint(1, 5)) & ~inner
    height = ((index(found.shape) - point(head.mean(0))) * away).sum(0)
    return layer & (height > reach(head) * between(-0.6, 0.7))


def pillow(found, head):
    """A pillow in which the back of the head lies, as wide as the head or wider, with a round outline."""
    back = head[::16, 1].quantile(0.02)
    middle, size = head.mean(0), reach(head)
    right, front, up = index(found.shape) - point([middle[0], back + between(2, 20), middle[2] + between(-15, 15)])
    outline = (right / (size * between(0.6, 1.5))) ** 4 + (up / (size * between(0.5, 1.3))) ** 4 < 1
    # Its sides rise around the head.
    rise = between(0, 0.01) * right**2
    return outline & (front < rise.clamp(max=30)) & (front > rise.clamp(max=30) - between(8, 40))


def frame(found, head):
    """A stereotactic frame: a ring of bars around the head, posts that rise from it, and pins into the skin."""
    middle, (low, high) = head.mean(0), (head.amin(0), head.amax(0))
    level, bar = between(float(low[2]) + 10, float(middle[2])), between(1, 3)
    half = (high - low)[:2] / 2 + between(2, 14)
    centre = torch.tensor([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, level])
    at = index(found.shape) - point(centre)
    aside, along = at[0].abs() - half[0], at[1].abs() - half[1]
    outside = torch.maximum(aside, along)
    thing = (outside.abs() < bar) & (at[2].abs() < bar)
    tall = between(15, 50)
    post = torch.maximum(aside.abs(), (along + half[1] * between(0.1, 0.5)).abs()) < bar
    thing |= post & (at[2] > 0) & (at[2] < tall)
    for right in (-1.0, 1.0):
        for front in (-1.0, 1.0):
            pin = centre + torch.tensor([right * float(half[0]), front * float(half[1]) * 0.7, tall * 0.8])
            far = torch.linspace(0, 1, 60).view(-1, 1)
            target = torch.tensor([float(centre[0]), float(centre[1]), float(pin[2])])
            thing |= stamped(found.shape, pin + (target - pin) * far, between(0.8, 1.6))
    return thing


def tube(found, head):
    """A bent tube out of the mouth or the nose, hollow or not: for breath, or for food."""
    part = random.choice([classes.MOUTH, classes.NOSE])
    lips = (found == part).nonzero().float()
    if len(lips) < 60:
        return torch.zeros(found.shape, dtype=torch.bool)
    start = torch.stack([lips[:, 0].mean(), lips[:, 1].quantile(0.9), lips[:, 2].quantile(0.3)])
    ahead = start + torch.tensor([random.gauss(0, 6), between(10, 40), random.gauss(0, 8)])
    end = ahead + torch.tensor([random.gauss(0, 30), between(-20, 20), random.gauss(-20, 25)])
    t = torch.linspace(0, 1, 90).view(-1, 1)
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * ahead + t**2 * end
    width = between(1.2, 5)
    thing = stamped(found.shape, curve, width)
    return thing & ~stamped(found.shape, curve, width - 1.2) if width > 2.4 and random.random() < 0.6 else thing


def markers(found, head):
    """Electrodes, capsules or fiducials on the skin."""
    skin = ((found != classes.BACKGROUND) & widened(found == classes.BACKGROUND, 1)).nonzero().float()
    return stamped(found.shape, skin[torch.randint(len(skin), (random.randint(2, 25),))], between(1.5, 4))


KINDS = {plate: 3, shell: 2, rod: 2, helmet: 3, pillow: 3, frame: 2, tube: 2, markers: 2}
"""What may lie beside a head, and how often."""


def reach(head):
    """About how far a head reaches from its middle, from the places `[N, 3]` of its voxels."""
    return head.std(0).mean() * 1.7
