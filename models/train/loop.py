"""The training loop: one process a core, or one with a GPU; goes on from its last checkpoint."""
import math
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F

from . import begin, classes
from .generator import Generator, plain
from .network import FaceNet, halved_classes

WEIGHT = (0.8, 0.9, 1.7, 1.5, 2.2, 1.2, 1.4, 1.4, 1.8, 0.8, 0.8, 0.8)
"""Of each class in the cross-entropy."""
CLIP = 5.0


class Stream(torch.utils.data.IterableDataset):
    """A generator in a loader's worker. `progress` (shared) is the step reached."""

    def __init__(self, config, files, seed, progress):
        self.config, self.files, self.seed, self.progress = config, files, seed, progress

    def __iter__(self):
        info = torch.utils.data.get_worker_info()
        if info:
            torch.set_num_threads(1)
        made = Generator(self.config, self.files, self.seed + 1000 * (info.id if info else 0))
        while True:
            made.hard = min(1.0, self.progress.value / max(self.config.ramp, 1))
            yield made.draw()


def network(config):
    """An untrained network."""
    return FaceNet(len(classes.NAMES), config.channels, config.down, config.up)


def loss(z, y):
    """Cross-entropy and soft Dice over the classes present. `z` `[N, C, ...]` logits, `y` `[N, ...]`."""
    n = z.shape[1]
    log = F.log_softmax(z.float(), 1)
    picked = log.gather(1, y[:, None])[:, 0]
    weight = torch.tensor(WEIGHT, device=z.device)[y]
    entropy = -(weight * picked).sum() / weight.sum()
    flat = y.flatten()
    count = torch.bincount(flat, minlength=n).float()
    both = torch.zeros(n, device=z.device).index_add(0, flat, picked.exp().flatten())
    dice = (2 * both + 1) / (log.exp().sum((0, *range(2, z.dim()))) + count + 1)
    return entropy + (1 - dice[count > 50]).mean()


def train(config, files, work, minutes=None, start=None):
    """Trains to `config.steps`, or for that many minutes but at least a step.

    Without a checkpoint in `work` it begins with the weights of the exported network `start`, if given.
    Returns the checkpoint, which holds the averaged weights.
    """
    if config.processes == 1:
        _worker(0, config, files, str(work), minutes, start, 0)
    else:
        port = 20000 + os.getpid() % 20000
        mp.spawn(_worker, (config, files, str(work), minutes, start, port), config.processes)
    return Path(work) / "checkpoint.pt"


def _worker(rank, config, files, work, minutes, start, port):
    torch.set_num_threads(config.threads)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    many = config.processes > 1
    if many:
        dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=config.processes)
    torch.manual_seed(config.seed)
    checkpoint = Path(work) / "checkpoint.pt"
    net = network(config)
    if start and not checkpoint.exists():
        begin.begin(net, start, begin_with(config, files))
    net = net.to(device, memory_format=torch.channels_last_3d)
    optimiser = torch.optim.AdamW(net.parameters(), config.rate, weight_decay=1e-4)
    average = {k: v.clone() for k, v in net.state_dict().items()}
    step, seconds = 0, 0.0
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        average, step, seconds = saved["average"], saved["step"], saved["seconds"]
    progress = mp.Value("l", step)
    seed = config.seed + 7919 * (rank + 1) + 104729 * step
    loader = iter(torch.utils.data.DataLoader(
        Stream(config, files, seed, progress), config.batch, num_workers=config.loaders))
    log = open(Path(work) / "log.txt", "a") if rank == 0 else None
    began, mean = time.time(), None
    net.train()
    first = step
    while step < config.steps and (step == first or not _over(began, minutes, many)):
        for group in optimiser.param_groups:
            group["lr"] = rate(config, step)
        x, y = next(loader)
        x = x.to(device, memory_format=torch.channels_last_3d)
        with torch.autocast(device.type, torch.bfloat16):
            z = net.halved(x)
        n, _, d, h, w = z.shape
        some = torch.randperm(8)[:4]  # half of each block's voxels: half of the loss's time
        value = loss(z.view(n, len(classes.NAMES), 8, d, h, w)[:, :, some], halved_classes(y.to(device).long())[:, some])
        optimiser.zero_grad()
        value.backward()
        if many:
            _average_gradients(net, config.processes)
        torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
        optimiser.step()
        keep = min(config.keep, step / (step + 20))
        for key, now in net.state_dict().items():
            if now.is_floating_point():
                average[key].lerp_(now, 1 - keep)
        step += 1
        progress.value = step
        mean = value.item() if mean is None else 0.97 * mean + 0.03 * value.item()
        if rank:
            continue
        if step % 20 == 0:
            spent = seconds + time.time() - began
            print(f"{spent:.0f} s\tstep {step}\tloss {mean:.4f}\trate {rate(config, step):.5f}", file=log, flush=True)
        if step % config.save_every == 0 or step == config.steps:
            _save(checkpoint, net, optimiser, average, step, seconds + time.time() - began)
        if step % config.watch_every == 0:
            print(watch(config, files, average, device), file=log, flush=True)
    if rank == 0:
        _save(checkpoint, net, optimiser, average, step, seconds + time.time() - began)
    if many:
        dist.destroy_process_group()


def begin_with(config, files, n=24):
    """Samples, the same in every process, by which a network that begins with given weights is set."""
    made = Generator(config, files, config.seed)
    made.hard = 1.0
    return [made.draw()[0] for _ in range(n)]


def rate(config, step):
    """The learning rate at a step."""
    start = config.decay_from * config.steps
    fall = max(0.0, (step - start) / max(config.steps - start, 1))
    return config.rate * min(1.0, (step + 1) / config.warm_up) * (0.49 * (1 + math.cos(math.pi * fall)) + 0.02)


def _over(began, minutes, many):
    over = torch.tensor(float(minutes is not None and time.time() - began > 60 * minutes))
    if many:
        dist.broadcast(over, 0)
    return bool(over)


def _average_gradients(net, processes):
    grads = [p.grad for p in net.parameters()]
    flat = torch.cat([g.flatten() for g in grads]) / processes
    dist.all_reduce(flat)
    for g, part in zip(grads, flat.split([g.numel() for g in grads])):
        g.copy_(part.view_as(g))


def _save(path, net, optimiser, average, step, seconds):
    part = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "average": average,
                "step": step, "seconds": seconds}, part)
    part.rename(path)


@torch.no_grad()
def watch(config, files, weights, device):
    """Dice of each class on the heads that are watched, as one line of text."""
    net = network(config).to(device)
    net.load_state_dict(weights)
    net.eval()
    lines = []
    for head in (h for h in config.heads if h.role == "watch"):
        x, y = plain(files[head.name], config.grid)
        with torch.autocast(device.type, torch.bfloat16):
            found = net(x[None, None].to(device))[0].argmax(0).cpu()
        dice = []
        for i, name in enumerate(classes.NAMES[1:], 1):
            a, b = found == i, y == i
            if b.sum() >= 60:
                dice.append(f"{name} {2 * (a & b).sum() / (a.sum() + b.sum()):.2f}")
        a, b = (torch.isin(v, torch.tensor(classes.FACE)) for v in (found, y))
        dice.append(f"FACE {2 * (a & b).sum() / (a.sum() + b.sum()).clamp(min=1):.2f}")
        lines.append(f"watch\t{head.name}\t{' '.join(dice)}")
    return "\n".join(lines)
