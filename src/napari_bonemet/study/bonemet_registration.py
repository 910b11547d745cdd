"""``CTRegistration``, driven as the supplementary's figure 5 prints it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_bonemet.errors import BoneMetError, InputError, OutputError
from napari_bonemet.io.atomic import write_json
from napari_bonemet.io.bonemet import find_legs
from napari_bonemet.io.names import name_parts
from napari_bonemet.io.slices import slice_names
from napari_bonemet.io.transforms import write_transform
from napari_bonemet.io.tree import find_scans
from napari_bonemet.io.write import write_scan
from napari_bonemet.processing.register import RegistrationOptions, RegistrationResult, register_weeks
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import __version__
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.bonemet_config import PublishedConfig, one_line, slices, week_of
from napari_bonemet.study.write import registration_rows


class CTRegistration:
    """Registers separated bones: week 0 to a reference bone, later weeks to their own registered week 0.

    Parameters
    ----------
    config : dict
        ``workspace``, ``outputdir``, ``refdir``, ``img_z_range``, ``ref_z_range``, ``initial_transform_angles``
        (radians, ITK's angle about z) and ``BASELINE_REG`` as printed. The printed angles leave out a part of the
        circle; the whole circle is searched, whatever is listed, unless the own key ``search_whole_circle`` is False:
        then the listed angles alone are tried first, by mutual information, as published. Other own keys: ``metric``,
        ``spacing_um``, ``bone_threshold``, ``overwrite``.
    progress : Progress
        Listens.
    """

    def __init__(self, config: Mapping[str, Any], progress: Progress = NO_PROGRESS) -> None:
        self._config, self._progress = PublishedConfig(config), progress
        # Said at once, not after the first scan was read.
        self._options = self._registration_options()
        self._to_reference = self._config.flag("BASELINE_REG", True)
        self._moving_range = slices(self._config.get("img_z_range"), "img_z_range")
        self._fixed_range = slices(self._config.get("ref_z_range"), "ref_z_range")

    def register_ct(
        self,
        input_folder: str | Path | None,
        ct_id: str,
        week: Any = None,
        output_folder: str | Path | None = None,
        *,
        progress: Progress | None = None,
    ) -> RegistrationResult:
        """Register one scan, and write it with its transformation.

        ``<output_folder>/<ct_id>/`` holds the slices; ``<ct_id>.tfm`` beside it maps points of the registered scan to
        the scan as it was (ITK: x y z, millimetres); ``<ct_id>.json`` holds angles, shift, quality and verdict.

        Parameters
        ----------
        input_folder : path, optional
            The folder that holds the scan's folder; ``workspace`` when None.
        ct_id : str
            The name of the scan's folder, "871 week 0 left tibia".
        week : int or str, optional
            Used where the name states none.
        output_folder : path, optional
            ``outputdir`` when None.

        Raises
        ------
        InputError
            When the scan, the reference or the registered week 0 is not there, or shows no bone.
        OutputError
            When results are there already and ``overwrite`` is not set, or the disk refuses.
        """
        progress = self._progress if progress is None else progress
        home = self._config.path("workspace") if input_folder is None else Path(input_folder)
        out = self._config.path("outputdir") if output_folder is None else Path(output_folder)
        place, name = _place_of(home, ct_id)
        target = out / name
        if target.exists() and any(target.iterdir()) and not self._config.overwrite:
            raise OutputError(f"{target} is there already", remedy="Move it away, or set config['overwrite'] = True")
        whole = self._config.read(place, week_of(week))
        moving = _cut(whole, self._moving_range)
        part = PartOf(progress, 0.0, 0.8)
        result = self._to_the_reference(moving, part) if self._to_reference else self._to_week_0(moving, out, part)
        self._write(whole, result, target, PartOf(progress, 0.8, 1.0))
        return result

    def batch_register(
        self,
        input_folder: str | Path | None,
        ct_ids: Iterable[Any],
        week: Any = None,
        output_folder: str | Path | None = None,
    ) -> dict[str, RegistrationResult]:
        """Register several scans; one that cannot be registered does not stop the others.

        Parameters
        ----------
        ct_ids : iterable of str
            As in :meth:`register_ct`; the three dots of the print are passed over.

        Returns
        -------
        dict of RegistrationResult
            By name.

        Raises
        ------
        BoneMetError
            When scans could not be registered, with all reasons, once the others are written.
        """
        names = [one_line(str(ct_id)) for ct_id in ct_ids if ct_id is not Ellipsis]
        done: dict[str, RegistrationResult] = {}
        failed: dict[str, str] = {}
        for count, name in enumerate(names):
            part = PartOf(self._progress, count / len(names), (count + 1) / len(names))
            try:
                done[name] = self.register_ct(input_folder, name, week, output_folder, progress=part)
            except BoneMetError as error:
                failed[name] = str(error)
        if failed:
            reasons = " ".join(f"{name}: {reason}" for name, reason in failed.items())
            raise BoneMetError(f"{len(failed)} of {len(names)} scans could not be registered. {reasons}".rstrip("."))
        return done

    def _registration_options(self) -> RegistrationOptions:
        wanted: dict[str, Any] = {"bone_threshold": self._config.bone_threshold}
        if self._config.get("metric") is not None:
            wanted["metric"] = str(self._config.get("metric"))
        listed = self._config.get("initial_transform_angles")
        if listed is not None and not self._config.flag("search_whole_circle", True):
            # In (z, y, x) a turn about z has the other sign than in ITK's x y z.
            turns = tuple(float(-np.rad2deg(float(angle))) for angle in listed)
            wanted |= {"metric": "mi", "turns": turns}
        return RegistrationOptions(**wanted)

    def _to_the_reference(self, moving: Scan, progress: Progress) -> RegistrationResult:
        reference = self._config.read(_reference_for(moving, self._config.path("refdir")))
        fixed = _cut(reference, self._fixed_range)
        return register_weeks(ScanSeries((moving,)), options=self._options, reference=fixed, progress=progress)

    def _to_week_0(self, moving: Scan, out: Path, progress: Progress) -> RegistrationResult:
        if moving.week == 0:
            raise InputError(
                f"{moving.title} is the baseline itself", remedy="Set config['BASELINE_REG'] = True for week 0"
            )
        refdir = self._config.get("refdir")
        path = _registered_week_0(moving, [Path(str(refdir))] if refdir else [], out)
        baseline = replace(self._config.read(path, 0.0), subject=moving.subject, side=moving.side, part=moving.part)
        fixed = _cut(baseline, self._fixed_range)
        options = replace(self._options, baseline_week=0.0)
        result = register_weeks(ScanSeries((fixed, moving)), options=options, progress=progress)
        return replace(
            result,
            series=ScanSeries((result.series.at_week(moving.week or 0.0),)),
            transforms=result.transforms[-1:],
            quality=result.quality[-1:],
        )

    def _write(self, whole: Scan, result: RegistrationResult, target: Path, progress: Progress) -> None:
        (scan,), (transform,) = result.series.scans, result.transforms
        write_scan(scan, target, format="png", overwrite=self._config.overwrite, progress=progress)
        write_transform(transform, target.with_name(f"{target.name}.tfm"), fixed=scan.grid, moving=whole.grid)
        row: Any = registration_rows(result)[0]
        record = {
            "scan": target.name,
            "version": __version__,
            "options": self._options.as_record(),
            "mirrored": result.mirrored,
            **row,
        }
        write_json(target.with_name(f"{target.name}.json"), record)


def _cut(scan: Scan, kept: slice) -> Scan:
    return scan if kept == slice(None) else scan.crop((kept, slice(None), slice(None)))


def _place_of(home: Path, ct_id: str) -> tuple[Path, str]:
    """Where a scan lies, and its name; blanks in it count as one, since the print breaks names over lines."""
    name = one_line(str(ct_id))
    if not home.is_dir():
        raise InputError(f"{home} is not there", remedy="Check input_folder, or config['workspace']")
    for entry in sorted(home.iterdir()):
        if one_line(entry.name) == name or (entry.is_file() and one_line(entry.name).startswith(f"{name}.")):
            return entry, name
    there = ", ".join(sorted(entry.name for entry in home.iterdir())[:5])
    raise InputError(f"{home} holds no scan {name!r}", found=there or "nothing", remedy="Check the id")


def _reference_for(moving: Scan, refdir: Path) -> Path:
    """The reference bone of that side, else the only one there is."""
    if not refdir.is_dir():
        raise InputError(f"{refdir} is not there", remedy="Check config['refdir']")
    found = [refdir] if len(slice_names(refdir)) > 1 else list(find_scans(refdir))
    if len(found) == 1:
        return found[0]
    same = [path for path in found if name_parts(path, root=refdir).side == moving.side]
    if len(same) == 1:
        return same[0]
    raise InputError(
        f"{refdir} holds {'no' if not found else 'more than one'} reference for {moving.leg}",
        expected=f"one scan, or one whose name says {moving.side}",
        found=", ".join(path.name for path in found[:5]) or "no scans",
    )


def _registered_week_0(moving: Scan, refdirs: list[Path], out: Path) -> Path:
    """Where the registered week 0 of the leg lies: in ``refdir``, beside the output, or in it."""
    looked = [*refdirs, out.parent / "week 0", out.parent, out]
    for place in dict.fromkeys(looked):
        for path in _weeks_0(place, moving):
            return path
    raise InputError(
        f"{moving.leg} has no registered week 0",
        expected=f"{moving.subject} week 0 {moving.side or ''} {moving.part} in ".replace("  ", " ")
        + " or ".join(str(place) for place in dict.fromkeys(looked)),
        remedy="Register it first, with config['BASELINE_REG'] = True, or name its folder in config['refdir']",
    )


def _weeks_0(place: Path, moving: Scan) -> Iterator[Path]:
    if not place.is_dir():
        return
    names = " ".join(word for word in (moving.subject, "week 0", moving.side, moving.part) if word)
    for direct in (place / names, place / moving.leg / "week 0"):
        if direct.is_dir():
            yield direct
    try:
        legs = find_legs(place)
    except InputError:
        return
    for leg in legs:
        if leg.leg == moving.leg and leg.kind is Kind.REGIST:
            yield from (path for week, path in leg.weeks if week == 0)
