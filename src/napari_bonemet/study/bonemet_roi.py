"""``RoICompositeCropper``, driven as the supplementary's figure 6 prints it."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.io.slices import slice_names
from napari_bonemet.io.tree import find_scans
from napari_bonemet.io.write import write_scan
from napari_bonemet.processing.roi import RoiOptions, RoiResult, crop_roi
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries
from napari_bonemet.study.bonemet_config import PublishedConfig, below_junction, complete, number

_SLICES = 300


class RoICompositeCropper:
    """Crops composites, or registered greys, to the slices below the proximal tibia-fibula junction.

    Parameters
    ----------
    config : dict
        ``foldername``, ``first_slice_selected``, ``last_slice_selected`` and
        ``first_slice_selected_below_t-f_junction`` as printed; the printed code reads the last with ``above``, so
        both spellings are put into the dictionary, whichever is there. Own keys: ``slices`` (how many to keep; the
        number in ``foldername`` or 300), ``remove_fibula`` (False), ``spacing_um``, ``bone_threshold``, ``overwrite``.
    progress : Progress
        Listens.
    """

    def __init__(self, config: Mapping[str, Any], progress: Progress = NO_PROGRESS) -> None:
        self._config, self._progress = PublishedConfig(config), progress
        complete(config)

    def crop_roi(
        self,
        input_folder: str | Path,
        output_folder: str | Path,
        first_slice_selected: Any = None,
        last_slice_selected: Any = None,
        first_slice_below_tf_junction: Any = None,
    ) -> dict[str, RoiResult]:
        """Crop the scan in a folder, or every scan in the folders below it, and write the slices that are kept.

        Parameters
        ----------
        input_folder : path
            Slices of one composite, or a folder of such folders.
        output_folder : path
            The slices go into it, or into a folder for each scan in it. It may lie in `input_folder`.
        first_slice_selected, last_slice_selected : int, optional
            Slices to keep, both included, counted from 0. None or a placeholder in words finds them: the first below
            the junction, and as many as the configuration says.
        first_slice_below_tf_junction : int, optional
            How many slices below the junction to leave out; the configuration's when None.

        Returns
        -------
        dict of RoiResult
            By the name of the scan's folder: slices kept, confidence, reason.

        Raises
        ------
        InputError
            When there is no scan, the junction cannot be found, or the slices lie outside.
        OutputError
            When results are there already and ``overwrite`` is not set, or the disk refuses.
        """
        source, out = Path(input_folder), Path(output_folder)
        if not source.is_dir():
            raise InputError(f"{source} is not there", remedy="Check the path")
        offset = first_slice_below_tf_junction
        chosen = (
            number(first_slice_selected, "first_slice_selected"),
            number(last_slice_selected, "last_slice_selected"),
            number(below_junction(self._config) if offset is None else offset, "first_slice_below_tf_junction") or 0,
        )
        scans = list(_scans(source, out))
        if not scans:
            raise InputError(f"{source} holds no scans", expected="slices, or folders of slices")
        done: dict[str, RoiResult] = {}
        for count, path in enumerate(scans):
            part = PartOf(self._progress, count / len(scans), (count + 1) / len(scans))
            result = self._crop(path, chosen, PartOf(part, 0.0, 0.5))
            place = out if path == source else out / path.relative_to(source)
            write_scan(
                result.series[0],
                place,
                format="png",
                overwrite=self._config.overwrite,
                progress=PartOf(part, 0.5, 1.0),
            )
            done[path.name] = result
        return done

    def _crop(self, path: Path, chosen: tuple[int | None, int | None, int], progress: Progress) -> RoiResult:
        first, last, offset = chosen
        series = ScanSeries((self._config.read(path),))
        count = self._count()
        if first is not None and last is not None:
            if last < first:
                raise InputError("The last slice lies before the first", found=f"{first} and {last}")
            count = last - first + 1
        elif last is not None:
            first = max(0, last - count + 1)
            count = last - first + 1
        if first is None and offset:
            found = crop_roi(series, options=self._options(count, None))
            first = found.first_slice + offset
        return crop_roi(series, options=self._options(count, first), progress=progress)

    def _options(self, count: int, first: int | None) -> RoiOptions:
        wanted: dict[str, Any] = {"slices": count, "first_slice": first, "bone_threshold": self._config.bone_threshold}
        if self._config.flag("remove_fibula", False):
            wanted["remove_fibula"] = True
        return RoiOptions(preset="junction", **wanted)

    def _count(self) -> int:
        stated = number(self._config.get("slices"), "config['slices']")
        if stated is not None:
            return stated
        named = re.search(r"(\d+)\s*slices", str(self._config.get("foldername", "")))
        return int(named[1]) if named else _SLICES


def _scans(source: Path, out: Path) -> Iterator[Path]:
    """The scans of a folder; what was cropped before may lie in it."""
    if len(slice_names(source)) > 1:
        yield source
        return
    for path in find_scans(source):
        if path.resolve() != out.resolve() and out.resolve() not in path.resolve().parents:
            yield path
