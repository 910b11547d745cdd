"""One leg of a batch: what is to be done, and whether it was done before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Triple
from napari_bonemet.io.bonemet import LegFiles
from napari_bonemet.io.names import safe_name
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.options import Options, describe
from napari_bonemet.provenance import Json, __version__
from napari_bonemet.study.batch_inputs import contents_of
from napari_bonemet.study.batch_options import BatchOptions

# Written last into a leg's folder, which appears as a whole: where it is, the leg is done.
RECORD = "job.json"


@dataclass(frozen=True)
class LegJob:
    """What is to be done with one leg.

    Parameters
    ----------
    files : LegFiles
        Where its weeks lie.
    out : Path
        Where the folders of the legs go.
    options : BatchOptions
        What is made of it.
    spacing : tuple of float, optional
        Voxel size (z, y, x) in micrometres, where the files state none.
    reference : Path, optional
        A reference bone, which the baseline is brought onto.
    overwrite : bool
        Whether a result of other options or other scans may be replaced.
    """

    files: LegFiles
    out: Path
    options: BatchOptions
    spacing: Triple | None = None
    reference: Path | None = None
    overwrite: bool = False

    @property
    def leg(self) -> str:
        """The leg in the dataset's words: "871 left tibia"."""
        return self.files.leg

    @property
    def folder(self) -> Path:
        """Where its results go."""
        return self.out / safe_name(self.leg)

    def made_from(self, contents: Mapping[str, str]) -> dict[str, Json]:
        """All that its result depends on, as plain JSON values; `contents` from :func:`contents_of`."""
        return {
            "options": self.options.as_record(),
            "spacing_um_zyx": None if self.spacing is None else list(self.spacing),
            "inputs_sha256": dict(contents),
        }


@dataclass(frozen=True)
class Standing:
    """How a leg stands before anything is done.

    Parameters
    ----------
    record : dict, optional
        What is written in its folder, where a batch made it.
    differs : tuple of str
        What it was made from that is not so now, in words; empty where nothing differs.
    foreign : bool
        Whether there is a folder of that name that no batch made, which is never replaced.
    """

    record: dict[str, Any] | None = None
    differs: tuple[str, ...] = ()
    foreign: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.record is not None and not self.differs


def standing_of(job: LegJob, contents: Mapping[str, str] | None = None) -> Standing:
    """Whether a leg was done, and done from what would be used now.

    Parameters
    ----------
    job : LegJob
        The leg.
    contents : mapping of str, optional
        From :func:`contents_of`; only the options are compared when None.
    """
    if not job.folder.exists() or (job.folder.is_dir() and not any(job.folder.iterdir())):
        return Standing()
    try:
        record = read_json(job.folder / RECORD)
        made_from = dict(record["made_from"])
        differs = (*_other_options(job.options, made_from["options"]), *_others(job, made_from, contents))
    except (InputError, KeyError, TypeError, ValueError):
        return Standing(foreign=True)
    return Standing(record, tuple(differs))


def refuse_to_replace(job: LegJob, standing: Standing) -> InputError | None:
    """Why a leg cannot be done where it is to go; None where it can."""
    if standing.foreign:
        return InputError(
            f"{job.folder} was not made by a batch, and is not replaced", remedy="Choose another place with --out"
        )
    if standing.differs and not job.overwrite:
        return InputError(
            f"{job.folder} was made otherwise",
            found="; ".join(standing.differs),
            remedy="Choose another place with --out, or do such legs again with --overwrite",
        )
    return None


def record_of_job(job: LegJob, contents: Mapping[str, str], summary: Mapping[str, Json]) -> dict[str, Json]:
    """What is written beside a leg's results: what they were made from, and what came out in short."""
    return {
        "made_by": "napari-bonemet",
        "version": __version__,
        "leg": job.leg,
        "made_from": job.made_from(contents),
        "summary": dict(summary),
    }


def contents_of_job(job: LegJob) -> dict[str, str]:
    """What the files of a job hold, by week."""
    return contents_of(job.files, job.reference)


def _other_options(wanted: Options, recorded: Mapping[str, Any]) -> Iterator[str]:
    try:
        made = type(wanted).from_record(recorded)
    except InputError:
        yield "options that this version does not know"
        return
    yield from _differences(wanted, made)


def _differences(wanted: Options, made: Options) -> Iterator[str]:
    for option in describe(type(wanted)):
        now, before = getattr(wanted, option.name), getattr(made, option.name)
        if isinstance(now, Options) and isinstance(before, Options):
            yield from _differences(now, before)
        elif now != before:
            yield f"{option.label} {before} then, {now} now"


def _others(job: LegJob, made_from: Mapping[str, Any], contents: Mapping[str, str] | None) -> Iterator[str]:
    spacing = None if job.spacing is None else list(job.spacing)
    if made_from["spacing_um_zyx"] != spacing:
        yield f"voxel size {made_from['spacing_um_zyx']} then, {spacing} now"
    before: dict[str, str] = dict(made_from["inputs_sha256"])
    weeks = [f"week {week:g}" for week, _ in job.files.weeks] + (["reference"] if job.reference else [])
    if sorted(before) != sorted(weeks):
        yield f"{', '.join(before)} then, {', '.join(weeks)} now"
    elif contents is not None:
        yield from (f"{label} has other voxels now" for label in weeks if contents.get(label) != before[label])
