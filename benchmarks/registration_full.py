"""Registration of full-size pairs against tuned SimpleITK and itk-elastix: failures, corner error, CPU seconds.

    python benchmarks/registration_full.py --pairs 32 --size full --peers simpleitk elastix mi
    python benchmarks/registration_full.py --pairs 3 --size half --metric mi --peers simpleitk

The pairs are those of registration_pairs.py, made where they are not in --cache yet. The corner error is the largest
distance between the found and the true place over the eight corners of the bone's bounding box, in voxels; a peer
succeeds where it is under --success. CPU seconds are the process's (all threads, both scans already in memory);
"without" leaves resampling out, as the peers' do. "mi" is this package's own published metric.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from legs.bases import CACHE, SIZES
from ours import Judged, in_memory, register
from registration_pairs import Pair, pairs

LARGEST_ERROR, MOST_SECONDS = 0.15, 10.0
TIMES_FASTER = {"simpleitk": 15.0, "elastix": 25.0}


def peer(name: str) -> Callable[[Pair], tuple[float, float]]:
    """A function that gives a peer's corner error (nan where it gives up) and CPU seconds."""
    if name == "mi":
        return lambda pair: _of(register(pair, "mi"))
    from peers import elastix_peer, simpleitk_peer

    how = {"simpleitk": simpleitk_peer.register, "elastix": elastix_peer.register}[name]
    if name == "elastix":
        # itk takes seconds to load, which is nobody's registration.
        elastix_peer.load()

    def run(pair: Pair) -> tuple[float, float]:
        start = time.process_time()
        try:
            error = pair.corner_error(how(pair.fixed, pair.moving))
        except RuntimeError:
            error = float("nan")
        return error, time.process_time() - start

    return run


def _of(judged: Judged) -> tuple[float, float]:
    return judged.error, judged.without_resampling


def row(pair: Pair, own: Judged, others: dict[str, tuple[float, float]]) -> str:
    about = pair.about
    parts = [
        f"{about['pair']:2d}",
        f"{about['tilt_degrees']:4.1f}",
        f"{about['missing_slices'][0]:3d}/{about['missing_slices'][1]:3d}",
        f"{about['lesion_share']:6.1%}",
        f"{about['bone_in_view']:5.0%}",
        f"{own.error:8.3f}",
        f"{own.seconds:6.2f}",
        f"{own.without_resampling:6.2f}",
        f"{own.verdict:6s}",
        *(f"{error:8.3f} {seconds:6.2f}" for error, seconds in others.values()),
    ]
    return " | ".join(parts)


def summary(rows: list[tuple[Judged, dict[str, tuple[float, float]]]], peers: Sequence[str], success: float) -> None:
    errors = np.array([own.error for own, _ in rows])
    seconds = np.array([own.seconds for own, _ in rows])
    without = np.array([own.without_resampling for own, _ in rows])
    good = sum(own.verdict == "good" for own, _ in rows)
    print(f"\n{len(rows)} pairs: {np.count_nonzero(~(errors < success))} failures (bar: none)")
    print(f"largest corner error {errors.max():.3f} voxel, median {np.median(errors):.3f} (bar: {LARGEST_ERROR})")
    print(
        f"CPU s with resampling: largest {seconds.max():.2f}, median {np.median(seconds):.2f} (bar: {MOST_SECONDS:g})"
    )
    print(f"right pairs called good: {good} of {len(rows)} (bar: all)")
    for own in (own for own, _ in rows if own.verdict != "good"):
        print(f"   {own.verdict}: {own.reason}")
    for name in peers:
        results = np.array([others[name] for _, others in rows])
        found = results[:, 0] < success
        if not found.any():
            print(f"{name}: none of {len(rows)} succeeded")
            continue
        times = results[found, 1] / without[found]
        print(
            f"{name}: {found.sum()} of {len(rows)} succeeded, corner error there {np.median(results[found, 0]):.3f} "
            f"(largest {results[found, 0].max():.3f}), {np.median(results[found, 1]):.2f} CPU s, "
            f"{np.median(times):.1f} times ours ({times.min():.1f} to {times.max():.1f}; "
            f"bar: {TIMES_FASTER.get(name, 1.0):g})"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--size", choices=SIZES, default="half")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--metric", default=None, help="of registration; its default when not given")
    parser.add_argument("--peers", nargs="*", choices=("simpleitk", "elastix", "mi"), default=[])
    parser.add_argument("--success", type=float, default=0.5, help="corner error of a pair that is found, voxels")
    chosen = parser.parse_args(arguments)
    others = {name: peer(name) for name in chosen.peers}
    print("pair | tilt | missing | lesions | view | corner error | CPU s | without | verdict | " + " | ".join(others))
    rows = []
    for on_disk in pairs(chosen.pairs, chosen.size, chosen.cache, chosen.first):
        pair = in_memory(on_disk)
        if not rows:
            # Compiled code is compiled, or read from its cache, once.
            register(pair, chosen.metric)
        own = register(pair, chosen.metric)
        rows.append((own, {name: run(pair) for name, run in others.items()}))
        print(row(pair, *rows[-1]), flush=True)
    summary(rows, chosen.peers, chosen.success)


if __name__ == "__main__":
    main()
