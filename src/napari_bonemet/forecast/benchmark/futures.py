"""Bone lost in true continuations of each animal's past: what the spread of a forecast is held to.

They are costly, a third of a second each at 48 x 100 x 100 voxels, so what an animal's futures lose is kept.
"""

import json
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
    there = {name: _read(folder, name) for name in names}
    short = [name for name in names if len(there[name]) < count]
    make = partial(_extend, cohort, folder, count, bone_threshold)
    for name, lost in over(make, short, workers=workers, words="true futures", progress=progress):
        there[name] = lost
        progress.check()
    progress.advance(1.0)
    return {name: lost[:count] for name, lost in there.items()}


def _read(folder: Path, name: str) -> tuple[float, ...]:
    path = folder / f"{safe_name(name)}.json"
    if not path.is_file():
        return ()
    return tuple(json.loads(path.read_text(encoding="utf-8"))["lost_mm3"])


def _extend(cohort: Cohort, folder: Path, count: int, bone_threshold: float, name: str) -> tuple[float, ...]:
    from napari_bonemet.io.atomic import write_json
    from napari_bonemet.metrics.lost_bone import LostBone

    kept = _read(folder, name)
    lost = LostBone.since(cohort.animal(name).seen[-1], bone_threshold=bone_threshold)
    made = kept + tuple(lost.mm3(cohort.source.future(name, seed)) for seed in range(len(kept), count))
    write_json(folder / f"{safe_name(name)}.json", {"animal": name, "lost_mm3": list(made)})
    return made
