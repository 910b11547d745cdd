"""X-ray-like projections of the weeks of a leg, all on one frame around the bone."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import require_fit
from napari_bonemet.processing.radiograph import bone_sums
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

NAME = "response"
_WHITE = 255.0
# Pictures are told in shares of the baseline's brightest line of sight, one or two of which may be out of all measure.
_BRIGHT = 0.99


@dataclass(frozen=True, eq=False)
class Projections:
    """The weeks of one leg as pictures.

    Parameters
    ----------
    paths : ndarray, (views, weeks, rows, columns) float32
        Length of bone of grey 255 on each line of sight, millimetres: the line integral of grey over 255. Rows run
        down the shaft; columns from medial to lateral (coronal) and from anterior to posterior (sagittal).
    views : tuple of str
        "coronal", "sagittal".
    """

    paths: np.ndarray
    views: tuple[str, ...]


def project(series: ScanSeries, options: ResponseOptions, *, progress: Progress = NO_PROGRESS) -> Projections:
    """Project the weeks that `options` name.

    The frame's middle is the middle of the field along the shaft, and the middle of the first week's bone across it.
    A right leg is mirrored, so that medial is on one side.

    Parameters
    ----------
    series : ScanSeries
        Registered: the weeks on one grid. Greys.
    options : ResponseOptions
        Weeks, views, pixels.
    progress : Progress
        Told of each week.

    Raises
    ------
    InputError
        When a week is missing, the weeks are not on one grid, they are no greys, or the first shows no bone.
    """
    chosen = series.select(options.weeks)
    chosen.require_one_grid("Response to treatment")
    require_fit(chosen, model=NAME, input_kind="grey", spacing=chosen.baseline.spacing)
    views = ("coronal", "sagittal") if options.views == "both" else (options.views,)
    middles: dict[str, float] = {}
    weeks = []
    for number, scan in enumerate(chosen):
        part = PartOf(progress, number / len(chosen), (number + 1) / len(chosen))
        sums = dict(zip(("coronal", "sagittal"), _paths(scan, options, part), strict=True))
        middles = middles or {view: _middle(scan, sums[view]) for view in views}
        weeks.append(np.stack([_framed(sums[view], scan, view, middles[view], options) for view in views]))
    return Projections(np.stack(weeks, axis=1), views)


def _paths(scan: Scan, options: ResponseOptions, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    coronal, sagittal = bone_sums(scan, bone_threshold=options.bone_threshold, progress=progress)
    _, y, x = scan.spacing
    return coronal * (y / 1000 / _WHITE), sagittal * (x / 1000 / _WHITE)


def _middle(scan: Scan, path: np.ndarray) -> float:
    """Where the middle of the bone lies, in columns."""
    if not path.any():
        raise InputError(f"{scan.title} shows no bone", remedy="Lower the bone threshold")
    across = path.sum(axis=0)
    return float(across @ np.arange(across.size) / across.sum())


def _framed(path: np.ndarray, scan: Scan, view: str, middle: float, options: ResponseOptions) -> np.ndarray:
    """Rows and columns of `options.pixel_um` around the middle; zero beyond the field."""
    along, across = scan.spacing[0], scan.spacing[2 if view == "coronal" else 1]
    steps = (options.pixel_um / along, options.pixel_um / across)
    # As far as the new pixels are larger they are means, not samples.
    smooth = ndimage.gaussian_filter(path, [max(0.0, (step - 1) / 2) for step in steps], mode="nearest")
    mirrored = view == "coronal" and scan.side == "right"
    z = (path.shape[0] - 1) / 2 + _places(options.rows) * steps[0]
    x = middle + _places(options.columns) * steps[1] * (-1 if mirrored else 1)
    found = ndimage.map_coordinates(smooth, np.meshgrid(z, x, indexing="ij"), order=1, mode="constant")
    return np.asarray(found, dtype=np.float32)


def _places(count: int) -> np.ndarray:
    return np.arange(count) - (count - 1) / 2


def pictures(projections: Projections, options: ResponseOptions) -> np.ndarray:
    """What the network sees of a leg.

    Returns
    -------
    ndarray, (channels, weeks, rows, columns) float32
        Of each view the paths (or what a film loses on them), as shares of the first week's brightest; then, where
        asked for, their change since the first week.
    """
    seen = projections.paths
    if options.projection == "film":
        seen = -np.expm1(-options.absorption * seen)
    first = seen[:, :1]
    brightest = np.array([np.quantile(view[view > 0], _BRIGHT) for view in first], dtype=np.float32)
    seen = seen / brightest[:, None, None, None]
    return np.concatenate([seen, seen - seen[:, :1]]).astype(np.float32) if options.change else seen.astype(np.float32)
