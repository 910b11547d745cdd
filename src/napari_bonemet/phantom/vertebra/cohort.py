"""Many synthetic patients: one after another, or on disk as a clinic's folder with its table of labels."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from napari_bonemet.bone_quality import Involvement, Quality
from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import write_json, write_table
from napari_bonemet.io.write import write_scan
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.phantom.options import stream
from napari_bonemet.phantom.vertebra.options import SpineOptions
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine, make_spine
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress

LABELS = "labels.csv"


@dataclass(frozen=True)
class SpineCohortOptions(Options):
    """Which synthetic patients there are."""

    patients: Annotated[int, Doc("Synthetic patients with CT of a stretch of spine."), Between(0, 100_000)] = 40
    seed: Annotated[int, Doc("Which patients."), Between(0, 2**32 - 1)] = 0
    spine: Annotated[SpineOptions, Doc("Vertebrae and scanner of every patient.")] = field(default_factory=SpineOptions)


def patients(options: SpineCohortOptions) -> tuple[SpineOptions, ...]:
    """The patients of a cohort; patient n is the same however many there are."""
    return tuple(
        replace(
            options.spine,
            seed=int(stream(options.seed, "patients", number).integers(2**32)),
            subject=f"synthetic-{options.seed}p{number}",
        )
        for number in range(1, options.patients + 1)
    )


def write_spines(
    folder: str | Path, options: SpineCohortOptions | None = None, *, progress: Progress = NO_PROGRESS
) -> Path:
    """Make patients, and write them as a clinic's folder: a scan each (NIfTI, HU), and ``labels.csv``.

    Parameters
    ----------
    folder : path
        Made where missing.
    options : SpineCohortOptions, optional
        The patients.

    Returns
    -------
    Path
        The table of labels, written last: where it is, the cohort is whole.

    Raises
    ------
    InputError
        When there are no patients.
    OutputError
        When something is there already, or the disk refuses.
    """
    options = options or SpineCohortOptions()
    home = Path(folder)
    if not options.patients:
        raise InputError("There is no patient to write", remedy="Ask for at least one")
    rows: list[dict[str, object]] = []
    for number, patient in enumerate(patients(options)):
        PartOf(progress, number / options.patients, (number + 1) / options.patients).message(patient.subject)
        spine = make_spine(patient)
        name = f"{patient.subject}.nii.gz"
        write_scan(spine.scan, home / name)
        rows += list(_rows(spine, name))
        progress.advance((number + 1) / options.patients)
    write_json(home / "spines.json", {"synthetic": True, "options": options.as_record()})
    return write_table(home / LABELS, rows)


def _rows(spine: SyntheticSpine, name: str) -> Iterator[dict[str, object]]:
    for at, number in enumerate(spine.vertebra.tolist()):
        if number:
            yield {
                "patient": spine.options.subject,
                "scan": name,
                "vertebra": number,
                "slice": at,
                "quality": Quality(int(spine.quality[at])).word,
                "involvement": Involvement(int(spine.involvement[at])).word,
                "vertebra_quality": spine.vertebra_quality(number).word,
                "synthetic": "yes",
            }
