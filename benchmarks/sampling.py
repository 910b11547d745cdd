"""Sixteen futures of a leg by ST-VAE: seconds, memory and greys, against the whole network run anew for each of them.

    python benchmarks/sampling.py
    python benchmarks/sampling.py --size full --threads 2
    python benchmarks/sampling.py --size full --device cuda --memory 24

The naive loop runs encoder and decoder in float32 for every sample and every block of the whole volume, as PyTorch
lays tensors out by itself, and moves the future by convolutions. Where it would take longer than --seconds, some of
its blocks are timed, and the rest is reckoned from their voxels. The weights are random: what is drawn means nothing,
but takes as long. The leg is synthetic, 48 x 100 x 100 voxels of 30 micrometres; a full one is 300 x 539 x 509 voxels
of 10 micrometres, each voxel of a synthetic leg repeated three times along each axis, with noise of its own.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from napari_bonemet.forecast.blocks import Block, blocks_of, side_of_blocks
from napari_bonemet.forecast.models.catalogue import build
from napari_bonemet.forecast.models.stvae import STRIDE, StvaeOptions
from napari_bonemet.forecast.models.stvae_noise import NoiseOfLeg
from napari_bonemet.forecast.native_looks import HALO, NativeLooks
from napari_bonemet.forecast.network import NetworkForecaster
from napari_bonemet.phantom.leg import make_leg
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.progress import NO_PROGRESS

SHAPES = {"leg": (48, 100, 100), "full": (300, 539, 509)}
SPACING = {"leg": 30.0, "full": 10.0}
TIMES = 3
# bfloat16 products and sums, dense, and bytes, per second, of an H100 (NVIDIA H100 data sheet, SXM).
PEAK_TFLOPS, PEAK_TBS = 989.0, 3.35
GIB = 2**30
# What the naive loop holds for each voxel of a block and channel of its finest level, bytes.
NAIVE_BYTES = 24.0
SEED = 11


@dataclass(frozen=True)
class Timed:
    """What something took, seconds by the clock and of all cores."""

    wall: float
    cpu: float


def timed(work: Callable[[], Any], device: str) -> Timed:
    """How long `work` takes, the device's queue emptied before and after."""
    _wait(device)
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    _wait(device)
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def weeks_of(size: str) -> list[np.ndarray]:
    """Three weeks of a synthetic leg, greys, uint8."""
    shape = SHAPES[size]
    if size == "leg":
        return [scan.to_numpy() for scan in make_leg(LegOptions()).registered(0.35).scans[:3]]
    coarse = tuple(-(-side // TIMES) for side in shape)
    scans = make_leg(LegOptions(shape=coarse, noise_sd=0.0)).registered(0.35).scans[:3]
    cut, rng = tuple(slice(0, side) for side in shape), np.random.default_rng(0)
    grain = np.clip(np.rint(rng.normal(0, 6, 2**20)), -20, 20).astype(np.int16)
    made = []
    for scan in scans:
        week = scan.to_numpy().repeat(TIMES, 0).repeat(TIMES, 1).repeat(TIMES, 2)[cut]
        for number, plane in enumerate(week):
            noise = np.resize(np.roll(grain, int(rng.integers(2**20))), plane.shape)
            week[number] = np.clip(plane + noise, 0, 255)
        made.append(week)
    return made


def network_of(options: StvaeOptions) -> Any:
    """Random weights under which every layer and every noise says something."""
    torch.manual_seed(SEED)
    network = build("stvae", options)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
        network.train()
        for _ in range(3):
            network.see(torch.rand(2, options.weeks_seen, 16, 32, 32), torch.ones(2, options.weeks_seen))
    return network.eval()


class Naive:
    """The whole network anew for each sample, block by block."""

    def __init__(self, network: Any, weeks: list[np.ndarray], device: str) -> None:
        self.network = network.to(device).to(memory_format=torch.contiguous_format)
        self.options, self.device = network.options, device
        more = [(0, -side % STRIDE) for side in weeks[0].shape]
        self.weeks = [np.pad(week, more, mode="edge") for week in weeks]
        z, y, x = self.weeks[0].shape
        self.shape = (z, y, x)
        sides = side_of_blocks(self.shape, HALO, NAIVE_BYTES * self.options.width, 2 * GIB, STRIDE)
        self.blocks = list(blocks_of(self.shape, sides, HALO))

    def noise(self, number: int) -> NoiseOfLeg:
        """The noise of a sample: that of ours, too."""
        rng = np.random.default_rng(SEED).spawn(number + 1)[number]
        return NoiseOfLeg(self.options, self.shape, int(rng.integers(2**62)), self.device)

    def block(self, block: Block, noise: NoiseOfLeg) -> Any:
        """One block of a future, greys."""
        cut = np.stack([week[block.wide] for week in self.weeks]).astype(np.float32)[None] / np.float32(255)
        weeks, gaps = torch.from_numpy(cut).to(self.device), torch.ones((1, len(cut[0])), device=self.device)
        with torch.inference_mode():
            seen = self.network._seen(self.network.encoder(2 * weeks - 0.5, gaps - 1))
            k, c = torch.sigmoid(self.network.future(seen, noise.block(block.wide)))[0]
            last = weeks[0, -1]
            return (255 * (last * (1 - k) + k * c))[block.inner]

    def voxels(self, block: Block) -> float:
        """Voxels that are worked out for a block."""
        return float(np.prod([part.stop - part.start for part in block.wide]))

    def laid(self, drawn: Any, noise: NoiseOfLeg) -> Any:
        """The future moved, by convolutions, some slices at a time."""
        from napari_bonemet.forecast.models.stvae_place_network import shifted

        shift = noise.place * self.network.place.deviation.detach()
        parts = []
        for start in range(0, len(drawn), 32):
            first, last = max(0, start - 3), min(len(drawn), start + 35)
            slab = shifted(drawn[None, first:last], shift)[0]
            parts.append(slab[start - first : start - first + 32])
        return torch.cat(parts)[: len(drawn)]


def naive_seconds(naive: Naive, count: int, budget: float) -> tuple[float, float, str]:
    """Seconds of `count` samples by the clock and of all cores, and how they were found."""
    noise, whole = naive.noise(0), sum(naive.voxels(block) for block in naive.blocks)
    middle = len(naive.blocks) // 2
    naive.block(naive.blocks[middle], noise)
    wall = cpu = done = 0.0
    asked = [block for _ in range(count) for block in naive.blocks[middle:] + naive.blocks[:middle]]
    for block in asked:
        took = timed(lambda block=block: naive.block(block, noise), naive.device)
        wall, cpu, done = wall + took.wall, cpu + took.cpu, done + naive.voxels(block)
        if wall > budget:
            break
    drawn = torch.zeros(naive.shape, device=naive.device)[:64]
    with torch.inference_mode():
        laid = timed(lambda: naive.laid(drawn, noise), naive.device)
    share, slabs = count * whole / done, count * naive.shape[0] / len(drawn)
    how = "all timed" if share < 1.0001 else f"reckoned from {100 / share:.2g} % of its voxels"
    return wall * share + laid.wall * slabs, cpu * share + laid.cpu * slabs, how


def peak_gib(device: str) -> float:
    """The most memory held: on the card, or by the process."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / GIB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def difference(looks: NativeLooks, naive: Naive) -> tuple[float, float]:
    """Largest and mean difference in greys, where ours draws, in the naive loop's middle block before it is laid."""
    noise = naive.noise(0)
    block = naive.blocks[len(naive.blocks) // 2]
    with torch.inference_mode():
        ours = looks._direct(noise, NO_PROGRESS)
    there = np.zeros(naive.shape, bool)
    for one in looks.blocks:
        there[one.core] = True
    cut = tuple(slice(part.start, min(part.stop, side)) for part, side in zip(block.core, looks.trained, strict=True))
    mine = ours[cut].cpu().numpy()
    theirs = naive.block(block, noise).cpu().numpy()[tuple(slice(0, side) for side in mine.shape)]
    off = np.abs(mine - theirs)[there[cut]]
    return float(off.max()), float(off.mean())


def flops_of(looks: NativeLooks) -> float:
    """Products and sums of the convolutions of one future."""
    from torch.utils.flop_counter import FlopCounterMode

    # Channels that only fill up a card's matrix units are no work.
    looks.drawing._out = tuple(of[: looks.model.options.channels] for of in looks.drawing._out)
    with FlopCounterMode(display=False) as counter:
        looks.draw(np.random.default_rng(0), NO_PROGRESS)
    return float(counter.get_total_flops())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=tuple(SHAPES), default="leg")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--memory", type=float, default=4.0, help="GiB that drawing may take")
    parser.add_argument("--seconds", type=float, default=10.0, help="for the naive loop, and again for ours")
    parser.add_argument("--float32", action="store_true", help="ours without bfloat16")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    if chosen.float32:
        from napari_bonemet.forecast import native_looks

        native_looks.drawing_dtype = lambda _: torch.float32
    start = time.perf_counter()
    weeks = weeks_of(chosen.size)
    network = network_of(replace(StvaeOptions(), global_noise=0, fine_noise=0, local_noise=0))
    print(f"{chosen.size} {weeks[0].shape}, weeks made in {time.perf_counter() - start:.1f} s", flush=True)
    run(chosen, weeks, network.to(chosen.device))


def run(chosen: Any, weeks: list[np.ndarray], network: Any) -> None:
    """Time both, and print what there is to say."""
    device, count, gaps = chosen.device, chosen.samples, (1.0, 1.0, 1.0)
    model = NetworkForecaster("stvae", network.options, network, (SPACING[chosen.size],) * 3, device=device)

    def look(volumes: list[np.ndarray]) -> NativeLooks:
        return NativeLooks.at(model, volumes, gaps, model.spacing, NO_PROGRESS, memory_gib=chosen.memory)

    small = [week[:48, -140:-40, -140:-40] for week in weeks]
    if not any((week > 75).any() for week in small):
        small = [np.full_like(week, 120) for week in small]
    look(small).draw(np.random.default_rng(0), NO_PROGRESS)  # compiles what is compiled
    print("warm", flush=True)
    held: list[NativeLooks] = []
    looked = timed(lambda: held.append(look(weeks)), device)
    looks, out = held[0], np.empty(weeks[0].shape, np.float32)
    drawn, took = 0, [Timed(looked.wall, looked.cpu)]
    for rng in np.random.default_rng(SEED).spawn(count):
        took.append(timed(lambda rng=rng: looks.draw(rng, NO_PROGRESS, out=out), device))
        drawn += 1
        if sum(one.wall for one in took) > chosen.seconds and drawn > 1:
            break
    # The first draw still fills what is kept between draws.
    wall, cpu = (
        sum(getattr(one, kind) for one in took)
        + (count - drawn) * float(np.mean([getattr(one, kind) for one in took[2:]]))
        for kind in ("wall", "cpu")
    )
    inside = sum(float(np.prod([p.stop - p.start for p in b.core])) for b in looks.blocks) / float(weeks[0].size)
    peak = peak_gib(device)
    print(
        f"ours: {wall:.2f} s, {cpu:.2f} CPU s for {count} samples ({drawn} drawn), "
        f"{looked.wall:.2f} s ({looked.cpu:.2f} CPU s) of them to look; "
        f"{len(looks.blocks)} blocks, {100 * inside:.0f} % of the volume, {looks.drawing.itemsize * 8} bits, "
        f"kept {looks.keeps}; peak {peak:.2f} GiB",
        flush=True,
    )
    flops, bytes_moved = flops_of(looks), sum(t.nbytes for s in looks.seen.values() for t in s.levels) + 8 * out.size
    each = float(np.mean([one.wall for one in took[2:]]))
    print(
        f"a future: {each * 1e3:.0f} ms, {flops / 1e12:.3f} TFLOP, {flops / each / 1e12:.2f} TFLOP/s "
        f"({100 * flops / each / 1e12 / PEAK_TFLOPS:.2g} % of {PEAK_TFLOPS:g}), at least {bytes_moved / 1e9:.2f} GB "
        f"({100 * bytes_moved / each / 1e12 / PEAK_TBS:.2g} % of {PEAK_TBS:g} TB/s)",
        flush=True,
    )
    naive = Naive(network, weeks, device)
    naive_wall, naive_cpu, how = naive_seconds(naive, count, chosen.seconds)
    print(f"naive: {naive_wall:.1f} s, {naive_cpu:.1f} CPU s for {count} samples ({how}), {len(naive.blocks)} blocks")
    print(f"ratio: {naive_wall / wall:.1f} by the clock, {naive_cpu / cpu:.1f} in CPU seconds", flush=True)
    largest, mean = difference(looks, naive)
    print(f"difference in greys where ours draws: largest {largest:.3g}, mean {mean:.3g}")


if __name__ == "__main__":
    main()
