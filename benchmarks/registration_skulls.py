"""One real mouse head registered to another, against the best rigid fit of their landmarks.

    python benchmarks/registration_skulls.py ../shared/data

45 landmarks were set by hand on each of two heads (BALB/cJ, BALB/cByJ). Two animals differ, so even the best rigid fit
of the landmarks themselves (Kabsch) leaves a distance; the bar is a root mean square within 25 % of that, both ways.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_bonemet.processing.register import register_weeks
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from ours import options_of

NAMES = ("BALB_CJ_", "BALB_CBYJ_")
WITHIN = 1.25
THRESHOLD = 40.0


def load(data: Path, name: str) -> tuple[Scan, np.ndarray]:
    """A head and its landmarks, (z, y, x) micrometres, in one frame."""
    import nibabel

    image = nibabel.load(data / "mouse_skull" / f"{name}.nii.gz")
    # The image's x and y run to the left and the back, as the landmarks' do.
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    step, first = np.diag(to_lps)[:3] * 1000, to_lps[:3, 3] * 1000
    if not (np.allclose(to_lps[:3, :3], np.diag(np.diag(to_lps)[:3])) and (step > 0).all()):
        raise ValueError(f"{name}: the axes of the image are not those of its landmarks: {to_lps}")
    voxels = np.ascontiguousarray(np.asarray(image.dataobj).T)
    scan = Scan(voxels, step[::-1].tolist(), first[::-1].tolist(), subject=name, day=0.0, part="head")
    markup = json.loads((data / "mouse_skull" / f"{name}.mrk.json").read_text(encoding="utf-8"))["markups"][0]
    if (markup["coordinateSystem"], markup["coordinateUnits"]) != ("LPS", "mm"):
        raise ValueError(f"{name}: landmarks are not in LPS millimetres")
    points = sorted(markup["controlPoints"], key=lambda point: int(point["label"]))
    return scan, np.array([point["position"][::-1] for point in points]) * 1000


def best_fit(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """`fixed` moved as near to `moving` as a rigid motion can (Kabsch)."""
    one, other = fixed - fixed.mean(axis=0), moving - moving.mean(axis=0)
    left, _, right = np.linalg.svd(one.T @ other)
    turn = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return one @ left @ turn @ right + moving.mean(axis=0)


def distances(points: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    apart = np.linalg.norm(points - others, axis=1)
    return float(np.sqrt((apart**2).mean())), float(apart.mean())


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="bone is above this grey")
    parser.add_argument("--metric", default=None, help="of registration; its default when not given")
    chosen = parser.parse_args(arguments)
    heads = [load(chosen.data, name) for name in NAMES]
    options = options_of(chosen.metric, bone_threshold=chosen.threshold)
    ratios = []
    for fixed, moving in (heads, heads[::-1]):
        start = time.process_time()
        result = register_weeks(ScanSeries((moving[0],)), reference=fixed[0], options=options)
        seconds = time.process_time() - start
        root, mean = distances(result.transforms[0](fixed[1]), moving[1])
        least_root, least_mean = distances(best_fit(fixed[1], moving[1]), moving[1])
        ratios.append(root / least_root)
        print(
            f"{moving[0].subject} to {fixed[0].subject}: landmarks {root:.0f} µm apart (mean {mean:.0f}); "
            f"best rigid fit of the landmarks leaves {least_root:.0f} (mean {least_mean:.0f}); {ratios[-1]:.3f} times; "
            f"{result.quality[0].verdict}: {result.quality[0].reason}; {seconds:.1f} CPU s",
            flush=True,
        )
    print(f"largest ratio {max(ratios):.3f} (bar: {WITHIN})")


if __name__ == "__main__":
    main()
