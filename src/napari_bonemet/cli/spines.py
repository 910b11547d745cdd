"""``napari-bonemet spines``: CT of synthetic patients with spinal metastases on disk, as a clinic's folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from napari_bonemet.cli.flags import Chosen, Common, EveryCommand
from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.vertebra.cohort import LABELS, SpineCohortOptions
from napari_bonemet.progress import Progress

ABOUT = f"""Write CT of synthetic patients with spinal metastases: made by a program, no data of any patient.

OUT holds a scan for each patient (NIfTI, Hounsfield units, axial slices of some vertebrae) and {LABELS}: patient, scan,
vertebra, slice, quality (normal, blastic, mixed, lytic), involvement of the posterolateral elements (none, unilateral,
bilateral), quality of the whole vertebra. The same seed makes the same patients.

Example: napari-bonemet spines --patients 40 --seed 1 --out spines"""
STEPS = (SpineCohortOptions,)
# The cohort itself says what patients are called.
HIDDEN = ("subject",)


@dataclass(frozen=True)
class Arguments:
    """Where they go; who the patients are stands below."""

    common: EveryCommand = field(default_factory=Common)


def run(own: Arguments, chosen: Chosen, terminal: Terminal, progress: Progress) -> Mapping[str, Any]:
    """Make the patients, and write them.

    Raises
    ------
    InputError
        When there are no patients, or something else than an earlier cohort is in the way.
    OutputError
        When the disk refuses.
    """
    from napari_bonemet.io.atomic import atomic_folder
    from napari_bonemet.phantom.vertebra.cohort import write_spines

    if own.common.spacing is not None:
        raise InputError("--spacing is for scans that are read", remedy="Give the pixel size as --pixel-mm")
    out = own.common.new_place()
    if out.is_dir() and any(out.iterdir()) and not (out / "spines.json").is_file():
        raise InputError(f"{out} holds no synthetic spines and is not replaced", remedy="Choose another place: --out")
    options = chosen(SpineCohortOptions)
    with atomic_folder(out, overwrite=own.common.overwrite) as folder:
        write_spines(folder, options, progress=progress)
    terminal.say(f"{options.patients} synthetic patients are in {out}, their labels in {out / LABELS}.")
    return {"out": str(out), "synthetic": True, "labels": str(out / LABELS), "options": options.as_record()}
