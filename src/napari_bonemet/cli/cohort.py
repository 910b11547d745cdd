"""``napari-bonemet cohort``: synthetic animals on disk, in the layout of the BoneMet dataset."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.cohort import RECORDS, TRUTH, CohortOptions
from napari_bonemet.phantom.slice_labels import LABELS
from napari_bonemet.progress import Progress

ABOUT = """Write a cohort of synthetic animals: made by a program, no data of any mouse.

OUT/Regist-CT/<leg>/week N holds the scans (Seg-CT: as scanned, each week in its own pose), OUT/MiceMediRec.csv a
row for each leg and week with its diagnosis and lesion volume, OUT/truth what the generator knows: bone, lesions,
poses. The same seed makes the same animals. The cohort appears whole or not at all.

Example: napari-bonemet cohort --controls 4 --tumours 8 --seed 1 --out cohort"""
STEPS = (CohortOptions,)
# Of one leg alone: the cohort itself says who has a tumour, and what the animals are called.
HIDDEN = ("tumour", "subject", "continued_after", "continued_seeds")

_LIST = "cohort.json"


@dataclass(frozen=True)
class Arguments:
    """Where it goes; who the animals are stands below."""

    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Make the animals, and write them.

    Raises
    ------
    InputError
        When there are no animals, or something else than an earlier cohort is in the way.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.io.atomic import atomic_folder
    from napari_bonemet.phantom.cohort import write_cohort

    if own.common.spacing is not None:
        raise InputError("--spacing is for scans that are read", remedy="Give the voxel size as --spacing-um")
    out = own.common.new_place()
    _spare_others(out)
    options = chosen(CohortOptions)
    with atomic_folder(out, overwrite=own.common.overwrite) as folder:
        made = write_cohort(folder, options, progress=progress)
    cohort = replace(made, scans=out / made.scans.name, records=out / RECORDS, truth=out / TRUTH)
    counts = {"without a tumour": options.controls, "with one": options.tumours, "with a treated one": options.treated}
    groups = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    weeks = ", ".join(f"{week:g}" for week in options.leg.weeks)
    terminal.say(
        f"{len(cohort.legs)} synthetic animals ({groups}) in weeks {weeks} are in {cohort.scans}, "
        f"{RECORDS} and {TRUTH} beside it."
    )
    return {
        "out": str(out),
        "synthetic": True,
        "scans": str(cohort.scans),
        "records": str(cohort.records),
        "truth": str(cohort.truth),
        "legs": list(cohort.legs),
        "options": options.as_record(),
    }


def _spare_others(out: Path) -> None:
    """Raise InputError where ``--overwrite`` would take what is no part of a cohort along with it."""
    if not out.is_dir() or not any(out.iterdir()):
        return
    ours = {"Seg-CT", "Regist-CT", RECORDS, LABELS, TRUTH, _LIST}
    others = sorted(entry.name for entry in out.iterdir() if entry.name not in ours)
    if others or not (out / _LIST).is_file():
        found = ", ".join(others[:3]) or f"no {_LIST}"
        raise InputError(
            f"{out} holds more than a synthetic cohort and is not replaced",
            found=found,
            remedy="Choose another place with --out",
        )
