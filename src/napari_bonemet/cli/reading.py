"""The input of every command: a folder in a BoneMet layout, or a single scan."""

from pathlib import Path

from napari_bonemet.cli.flags import Common
from napari_bonemet.errors import InputError
from napari_bonemet.progress import Progress
from napari_bonemet.series import ScanSeries


def read_legs(source: Path, common: Common, progress: Progress) -> tuple[ScanSeries, ...]:
    """The legs in `source`.

    Raises
    ------
    InputError
        When there is nothing there, it cannot be read, or the results would replace it.
    """
    from napari_bonemet.study.grey_legs import read_all_legs

    spare(source, common)
    return read_all_legs(source, spacing=common.voxel_size, progress=progress)


def spare(source: Path, common: Common) -> None:
    """Raise InputError when ``--overwrite`` could replace what is read: nothing would be left to do it again from."""
    if common.out is None or not common.overwrite or not source.exists():
        return
    out, read = common.out.resolve(), source.resolve()
    if out == read or out in read.parents:
        raise InputError(
            f"{common.out} holds the scans that are read, and --overwrite could replace them",
            remedy="Write to another folder, beside them or inside",
        )


def read_grey_legs(source: Path, common: Common, progress: Progress) -> tuple[ScanSeries, ...]:
    """The legs in `source` whose scans are greys; composites and maps beside them are left out.

    Raises
    ------
    InputError
        When there is no grey scan, or it cannot be read.
    """
    from napari_bonemet.study.grey_legs import only_greys

    return only_greys(read_legs(source, common, progress), source)


def read_grey_or_composite_legs(source: Path, common: Common, progress: Progress) -> tuple[ScanSeries, ...]:
    """The legs in `source` whose scans are greys, else those that are composites.

    Raises
    ------
    InputError
        When a leg is there twice, or cannot be read.
    """
    from napari_bonemet.study.grey_legs import require_different_legs, sorted_by_kind

    greys, others = sorted_by_kind(read_legs(source, common, progress))
    require_different_legs(greys or others, source)
    return greys or others
