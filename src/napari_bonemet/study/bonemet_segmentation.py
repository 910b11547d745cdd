"""``ReconCTSegmentation``, driven as the supplementary's figure 4 prints it."""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_bonemet.errors import BoneMetError, InputError, OutputError
from napari_bonemet.io.atomic import write_json
from napari_bonemet.io.names import parts_of_name, safe_name
from napari_bonemet.io.write import write_scan
from napari_bonemet.processing.segment import SeparationOptions, SeparationResult, cut_part, separate_limbs
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.study.bonemet_config import PublishedConfig, one_line, week_of

_PARTS = ("left tibia", "right tibia", "left femur", "right femur", "spine")


class ReconCTSegmentation:
    """Takes hindlimb scans apart into tibiae, femora and spine.

    Parameters
    ----------
    config : dict
        ``week`` (" week 0", blanks do not matter), ``masterfolder`` and ``masterout`` as printed. Own keys: ``sides``
        ("auto", or "swapped" where left and right are told the wrong way round), ``spacing_um``, ``bone_threshold``,
        ``overwrite``.
    progress : Progress
        Listens.
    """

    def __init__(self, config: Mapping[str, Any], progress: Progress = NO_PROGRESS) -> None:
        self._config, self._progress = PublishedConfig(config), progress
        self._week = week_of(self._config.get("week"))
        self._options = SeparationOptions(
            bone_threshold=self._config.bone_threshold, sides=self._config.get("sides", "auto")
        )

    def split_image(
        self,
        input_folder: str | Path,
        image_title: Any,
        output_folder: str | Path | None = None,
        *,
        progress: Progress | None = None,
    ) -> SeparationResult:
        """Take one scan apart, and write its parts as ``<output_folder>/871 week 0 left tibia/`` and so on.

        ``871 week 0 separation.json`` beside them says where each part lay and how sure that is.

        Parameters
        ----------
        input_folder : path
            The slices of the scan.
        image_title : str or int
            The animal, 871 or "871"; of a longer title, "871 week 0 r" say, the animal is taken.
        output_folder : path, optional
            ``masterout`` when None.

        Raises
        ------
        InputError
            When the scan is not there, or nothing can be told apart in it.
        OutputError
            When results are there already and ``overwrite`` is not set, or the disk refuses.

        Warns
        -----
        UserWarning
            When the parts should be looked at before they are used.
        """
        progress = self._progress if progress is None else progress
        out = self._config.path("masterout") if output_folder is None else Path(output_folder)
        source = Path(input_folder)
        if not source.exists():
            raise InputError(f"{source} is not there", remedy="Check input_folder")
        scan = self._read(source)
        title = safe_name(f"{_animal(image_title)} week {scan.week:g}")
        self._spare([out / f"{title} {part}" for part in _PARTS])
        result = separate_limbs(scan, options=self._options, progress=PartOf(progress, 0.0, 0.5))
        self._write(result, out, title, PartOf(progress, 0.5, 1.0))
        if result.needs_review:
            notes = " ".join(result.notes)
            warnings.warn(f"{title}: look at the parts before you use them. {notes}", stacklevel=2)
        return result

    def batch(
        self,
        ids: Iterable[Any] | None = None,
        masterfolder: str | Path | None = None,
        output_folder: str | Path | None = None,
    ) -> dict[str, SeparationResult]:
        """Take apart the scans of several animals; one that cannot be does not stop the others.

        Parameters
        ----------
        ids : iterable of str or int, optional
            Animals, 871 and "871" alike; the three dots of the print are passed over. All that are there when None.
        masterfolder : path, optional
            Holds a folder of slices for each animal; the configuration's when None.

        Returns
        -------
        dict of SeparationResult
            By the names of the folders.

        Raises
        ------
        InputError
            When an animal has no folder.
        BoneMetError
            When scans could not be taken apart, with all reasons, once the others are written.
        """
        home = self._config.path("masterfolder") if masterfolder is None else Path(masterfolder)
        folders = _folders(home, ids)
        done: dict[str, SeparationResult] = {}
        failed: dict[str, str] = {}
        for count, folder in enumerate(folders):
            part = PartOf(self._progress, count / len(folders), (count + 1) / len(folders))
            try:
                done[folder.name] = self.split_image(folder, folder.name, output_folder, progress=part)
            except BoneMetError as error:
                failed[folder.name] = str(error)
        if failed:
            reasons = " ".join(f"{name}: {reason}" for name, reason in failed.items())
            raise BoneMetError(f"{len(failed)} of {len(folders)} scans could not be taken apart. {reasons}".rstrip("."))
        return done

    def _read(self, source: Path) -> Scan:
        scan = self._config.read(source, self._week)
        return replace(scan, kind=Kind.RECON, part="hindlimb", side=None)

    def _spare(self, places: Iterable[Path]) -> None:
        """Refuse before the long work, not after it."""
        there = [place for place in places if place.exists()]
        if there and not self._config.overwrite:
            raise OutputError(f"{there[0]} is there already", remedy="Move it away, or set config['overwrite'] = True")

    def _write(self, result: SeparationResult, out: Path, title: str, progress: Progress) -> None:
        places = [out / f"{title} {part.title}" for part in result.parts]
        for count, (part, place) in enumerate(zip(result.parts, places, strict=True)):
            share = PartOf(progress, count / len(places), (count + 1) / len(places))
            cut = cut_part(result, part, progress=PartOf(share, 0.0, 0.5))
            write_scan(cut, place, format="png", overwrite=self._config.overwrite, progress=PartOf(share, 0.5, 1.0))
        write_json(out / f"{title} separation.json", result.as_record())


def _animal(title: Any) -> str:
    """The animal in a title: "871" of 871, "871" or "871 week 0"."""
    text = one_line(str(title))
    stated = parts_of_name(text)
    return stated.subject or text


def _folders(home: Path, ids: Iterable[Any] | None) -> list[Path]:
    if not home.is_dir():
        raise InputError(f"{home} is not there", remedy="Check config['masterfolder']")
    there = sorted(entry for entry in home.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    if ids is None:
        return there
    wanted = list(dict.fromkeys(_animal(animal) for animal in ids if animal is not Ellipsis))
    known = {_animal(folder.name): folder for folder in there}
    missing = [animal for animal in wanted if animal not in known]
    if missing:
        raise InputError(
            f"{home} holds no scan of {', '.join(missing)}", found=", ".join(sorted(known)[:10]) or "nothing"
        )
    return [known[animal] for animal in wanted]
