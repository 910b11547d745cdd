"""A cohort of synthetic animals on disk, in the layout of the BoneMet dataset, with its records and its truth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.io.atomic import atomic_file, write_json, write_table
from napari_bonemet.io.bonemet import write_series
from napari_bonemet.io.names import safe_name
from napari_bonemet.options import Between, Doc, Options
from napari_bonemet.phantom.leg import SyntheticLeg, make_leg
from napari_bonemet.phantom.options import LegOptions, stream
from napari_bonemet.phantom.slice_labels import LABELS, label_rows
from napari_bonemet.phantom.variety import Variety, varied
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json

RECORDS = "MiceMediRec.csv"
TRUTH = "truth"
RESPONDER, NON_RESPONDER = "responder", "non-responder"
# The first paper's animals were inoculated at this age (section 4.3).
AGE_AT_INOCULATION_WEEKS = 14


@dataclass(frozen=True)
class CohortOptions(Options):
    """Which synthetic animals there are, and how they are written."""

    controls: Annotated[int, Doc("Animals without a tumour."), Between(0, 100_000)] = 4
    tumours: Annotated[int, Doc("Animals with a tumour, untreated."), Between(0, 100_000)] = 8
    treated: Annotated[int, Doc("Animals with a tumour that is treated."), Between(0, 100_000)] = 0
    treatment_week: Annotated[int, Doc("Treatment starts after this week's scan."), Between(0, 26)] = 1
    treatment_strength: Annotated[
        float, Doc("0 does nothing, 1 stops lesions, above 1 bone grows back into them."), Between(0, 2)
    ] = 0.8
    responders: Annotated[
        float, Doc("Share of the treated animals that respond; the others have the resistant strength."), Between(0, 1)
    ] = 1.0
    resistant_strength: Annotated[
        float, Doc("What the treatment's strength is in an animal that does not respond."), Between(0, 2)
    ] = 0.0
    response_spread: Annotated[
        float, Doc("Standard deviation of the treatment's strength between animals."), Between(0, 1)
    ] = 0.0
    seed: Annotated[int, Doc("Which animals."), Between(0, 2**32 - 1)] = 0
    component: Annotated[
        Literal["Seg-CT", "Regist-CT"], Doc("Each week in its own pose, or on the grid of the first.")
    ] = "Regist-CT"
    format: Annotated[Literal["png", "zarr"], Doc("PNG slices or OME-Zarr.")] = "png"
    variety: Annotated[
        Variety,
        Doc(
            "Blur, noise, jitter and pace of the tumour: as given, or of each animal anew, of the ranges that "
            "classifiers learn from (wide) or from beyond them (shifted)."
        ),
    ] = "none"
    slice_labels: Annotated[
        bool, Doc("Also write labels.csv: what each slice shows, for the bone quality network.")
    ] = False
    leg: Annotated[LegOptions, Doc("Strain, weeks, grid and scanner of every animal.")] = field(
        default_factory=LegOptions
    )


@dataclass(frozen=True)
class Cohort:
    """A cohort on disk.

    Parameters
    ----------
    scans : Path
        Folder of the legs, in the layout of the dataset.
    records : Path
        CSV with one row per leg and week.
    truth : Path
        Folder with, per leg, ``truth.npz`` (bone, lesion_labels, compartments) and ``truth.json``.
    legs : tuple of str
        The legs by name.
    """

    scans: Path
    records: Path
    truth: Path
    legs: tuple[str, ...]


def animals(options: CohortOptions) -> tuple[LegOptions, ...]:
    """The animals of a cohort: controls, then tumours, then treated tumours.

    Animal n of a group is the same however many there are.
    """
    made = []
    groups = {"c": options.controls, "t": options.tumours, "r": options.treated}
    for group, count in groups.items():
        for number in range(1, count + 1):
            animal = replace(
                options.leg,
                seed=int(stream(options.seed, f"cohort {group}", number).integers(2**32)),
                subject=_name(options, group, number),
                tumour=group != "c",
                treatment_week=options.treatment_week if group == "r" else None,
                treatment_strength=_strength(options, number) if group == "r" else options.treatment_strength,
            )
            made.append(varied(animal, options.variety))
    return tuple(made)


def responses(options: CohortOptions) -> Mapping[str, bool]:
    """Whether each treated animal responds, by its name; as long as all do, what :func:`animals` gives is unchanged."""
    return {_name(options, "r", number): _responds(options, number) for number in range(1, options.treated + 1)}


def _name(options: CohortOptions, group: str, number: int) -> str:
    return f"synthetic-{options.seed}{group}{number}"


def _responds(options: CohortOptions, number: int) -> bool:
    return bool(stream(options.seed, "cohort response", number).random() < options.responders)


def _strength(options: CohortOptions, number: int) -> float:
    mean = options.treatment_strength if _responds(options, number) else options.resistant_strength
    away = float(np.clip(stream(options.seed, "cohort strength", number).standard_normal(), -2, 2))
    return float(np.clip(mean + options.response_spread * away, 0, 2))


def write_cohort(
    folder: str | Path,
    options: CohortOptions | None = None,
    *,
    overwrite: bool = False,
    progress: Progress = NO_PROGRESS,
) -> Cohort:
    """Make a cohort and write it, one leg after another.

    ``<folder>/Regist-CT/synthetic-0t1 left tibia/week 0/`` and so on hold the scans,
    ``<folder>/MiceMediRec.csv`` the records, ``<folder>/truth/`` the truth. The records are written last:
    where they are, the cohort is whole.

    Parameters
    ----------
    folder : path
        Made where missing.
    options : CohortOptions, optional
        The animals and how they are written.
    overwrite : bool
        Replace weeks that this package wrote before.
    progress : Progress
        Told how far it is.

    Raises
    ------
    InputError
        When there are no animals.
    OutputError
        When a week is there and may not be replaced, or the disk refuses.
    """
    options = options or CohortOptions()
    home = Path(folder)
    every = animals(options)
    if not every:
        raise InputError("There is no animal to write", remedy="Ask for at least one control or tumour")
    rows: list[dict[str, object]] = []
    known = responses(options)
    labels: list[dict[str, object]] = []
    legs = []
    for number, animal in enumerate(every):
        part = PartOf(progress, number / len(every), (number + 1) / len(every))
        part.message(f"{animal.subject} ({number + 1} of {len(every)})")
        leg = make_leg(animal, progress=PartOf(part, 0.0, 0.6))
        series = leg.series if options.component == "Seg-CT" else leg.registered()
        weeks = write_series(
            series, home / options.component, format=options.format, overwrite=overwrite, progress=PartOf(part, 0.6, 1)
        )
        _write_truth(leg, home / TRUTH / safe_name(series.leg))
        rows += list(_records(leg, known.get(animal.subject)))
        labels += list(label_rows(leg, weeks, home)) if options.slice_labels else []
        legs.append(series.leg)
    write_json(home / "cohort.json", {"synthetic": True, "options": options.as_record(), "legs": legs})
    if labels:
        write_table(home / LABELS, labels)
    write_table(home / RECORDS, rows)
    return Cohort(home / options.component, home / RECORDS, home / TRUTH, tuple(legs))


def _records(leg: SyntheticLeg, responds: bool | None) -> Iterator[dict[str, object]]:
    options, truth = leg.options, leg.truth
    voxel = options.grid.voxel_volume_mm3
    for index, week in enumerate(options.weeks):
        lesion = float(np.count_nonzero(truth.lesion_labels[index]) * voxel)
        added = float(np.count_nonzero(truth.added_labels[index]) * voxel)
        yield {
            "subject": options.subject,
            "side": options.side,
            "part": "tibia",
            "week": week,
            "age_weeks": AGE_AT_INOCULATION_WEEKS + week,
            "sex": "female",
            "strain": options.strain,
            "tumour": "yes" if options.tumour else "no",
            "treatment": _treatment(options, week),
            "treatment_strength": options.treatment_strength if options.treatment_week is not None else 0,
            "response": "" if responds is None else RESPONDER if responds else NON_RESPONDER,
            "diagnosis": "bone lesion" if lesion + added > 0 else "no lesion",
            "lesion_volume_mm3": round(lesion, 6),
            **({} if options.lesion_kind == "lytic" else {"added_bone_mm3": round(added, 6)}),
            "bone_volume_mm3": round(float(np.count_nonzero(truth.bone[index]) * voxel), 6),
            "seed": options.seed,
            "synthetic": "yes",
        }


def _treatment(options: LegOptions, week: int) -> str:
    if options.treatment_week is None:
        return "none"
    return f"from week {options.treatment_week}" if week > options.treatment_week else "not yet"


def _write_truth(leg: SyntheticLeg, folder: Path) -> None:
    truth = leg.truth
    added: dict[str, Any] = {}
    if leg.options.lesion_kind != "lytic":
        added["added_labels"] = np.stack(truth.added_labels)
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_file(folder / "truth.npz") as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            weeks=np.asarray(leg.options.weeks),
            bone=np.stack(truth.bone),
            lesion_labels=np.stack(truth.lesion_labels),
            compartments=truth.compartments,
            **added,
        )
    record: dict[str, Json] = {
        "synthetic": True,
        "options": leg.options.as_record(),
        "landmarks_um": dict(truth.landmarks_um),
        "poses": [pose.as_record() for pose in truth.poses],
        "lesions": [
            {
                "seed_um_zyx": list(lesion.seed_um),
                "onset_week": lesion.onset,
                "advance_um": {str(week): way for week, way in lesion.advance_um.items()},
            }
            for lesion in truth.lesions
        ],
    }
    write_json(folder / "truth.json", record)
