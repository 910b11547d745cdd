"""Bone lost in true continuations of each animal's past: what the spread of a forecast is held to.

They are costly, a third of a second each at 48 x 100 x 100 voxels, so what an animal's futures lose is kept.
"""

import json
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from napari_bonemet.forecast.benchmark.pool import over
from napari_bonemet.forecast.benchmark.store import Cohort, key_of
from napari_bonemet.io.names import safe_name
from napari_bonemet.progress import NO_PROGRESS, Progress


def true_futures(
    cohort: Cohort, count: int, root: Path, *, bone_threshold: float, workers: int = 1, progress: Progress = NO_PROGRESS
) -> Mapping[str, tuple[float, ...]]:
    """Net bone lost in `count` true futures of each animal since the last seen week, cubic millimetres.

    Parameters
    ----------
    cohort : Cohort
        The animals.
    count : int
        Futures of each; more than were kept are made in addition.
    root : Path
        Where they are kept, one JSON file per animal.
    bone_threshold : float
        Bone is above this grey value.

    Raises
    ------
    OutputError
        When the disk refuses.
    Cancelled
        When the user asked to stop; what is made stays.
    """
    folder = root / f"{key_of(cohort.source)} bone above {bone_threshold:g}"
    names = cohort.source.names
    make = partial(_complete, cohort, folder, count, bone_threshold)
    found = dict(over(make, names, workers=workers, words="true futures", progress=progress))
    progress.advance(1.0)
    return {name: found[name][:count] for name in names}


def _complete(cohort: Cohort, folder: Path, count: int, bone_threshold: float, name: str) -> tuple[float, ...]:
    """What is kept of one animal's futures, and the rest made anew."""
    from napari_bonemet.io.atomic import write_json
    from napari_bonemet.metrics.lost_bone import LostBone

    animal = cohort.animal(name)
    lost, path = LostBone.since(animal.seen[-1], bone_threshold=bone_threshold), folder / f"{safe_name(name)}.json"
    # What the animal's own last week lost tells whether what is kept was counted as it would be now.
    own = lost.mm3(animal.truth)
    kept = _read(path, own)
    if len(kept) >= count:
        return kept
    made = kept + tuple(lost.mm3(cohort.source.future(name, seed)) for seed in range(len(kept), count))
    write_json(path, {"animal": name, "own_mm3": own, "lost_mm3": list(made)})
    return made


def _read(path: Path, own: float) -> tuple[float, ...]:
    if not path.is_file():
        return ()
    record = json.loads(path.read_text(encoding="utf-8"))
    return tuple(record["lost_mm3"]) if math.isclose(record["own_mm3"], own, rel_tol=1e-9, abs_tol=1e-12) else ()
