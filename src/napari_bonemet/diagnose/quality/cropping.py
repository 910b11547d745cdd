"""What the network sees of a slice: the bone, found by a threshold, in a square around it (section 3.3)."""

import numpy as np
from scipy import ndimage
from skimage import measure

from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.errors import InputError
from napari_bonemet.scan import Scan

_HIGHEST_GREY, _LOWEST_HU = 255.0, -250.0
# Without its intercept CT has no value below 0; fat always is.
_FAT_HU = -50.0


def require_values(scan: Scan, options: QualityOptions) -> None:
    """Raise InputError when the voxels cannot be what the network was trained on."""
    voxels = scan.to_numpy()
    low, high = float(voxels.min()), float(voxels.max())
    if options.values == "HU" and low > _FAT_HU and high > options.bone_from:
        raise InputError(
            f"{scan.title}: these are no Hounsfield units",
            expected="fat or air below -50, bone above 150",
            found=f"{low:g} to {high:g}",
            remedy="Export the series with its rescale slope and intercept, or name its values: --values grey",
        )
    if options.values == "grey" and (low < -_HIGHEST_GREY or high > 2 * _HIGHEST_GREY):
        raise InputError(f"{scan.title}: these are no greys", expected="0 to 255", found=f"{low:g} to {high:g}")


def bone_of(plane: np.ndarray, bone_from: float, gap: float) -> np.ndarray:
    """The largest piece of bone in a slice with all that it encloses; (y, x) bool.

    Parameters
    ----------
    plane : ndarray, (y, x)
        Values of the slice.
    bone_from : float
        Bone is at and above this value.
    gap : float
        Gaps up to this width are closed, pixels: thin spongiosa and lytic holes belong to the bone.
    """
    reach = max(1, round(gap / 2))
    # Padded, so that closing does not eat what touches the rim.
    seen = np.pad(ndimage.median_filter(plane, 3) >= bone_from, reach + 1)
    if not seen.any():
        return np.zeros(plane.shape, dtype=bool)
    # Closing with a disc, by distances: grown by its radius, then shrunk by it.
    grown = ndimage.distance_transform_edt(~seen) <= reach
    closed = (ndimage.distance_transform_edt(grown) > reach)[reach + 1 : -reach - 1, reach + 1 : -reach - 1]
    pieces = measure.label(closed, connectivity=2)
    largest = pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(largest))


def squares_of(scan: Scan, options: QualityOptions, which: np.ndarray | None = None) -> np.ndarray:
    """The squares that the network looks at, one for each slice.

    Parameters
    ----------
    scan : Scan
        Hounsfield units or greys, as `options` say.
    options : QualityOptions
        Side, pixel, window and threshold.
    which : ndarray, (n,) int, optional
        The slices wanted; all when None.

    Returns
    -------
    ndarray, (n, crop, crop) uint8
        0 and 255 are the ends of the window; 0 far from the bone, and throughout where a slice shows none.

    Raises
    ------
    InputError
        When the values are not what the options say.
    """
    require_values(scan, options)
    voxels = scan.to_numpy()
    wanted = range(len(voxels)) if which is None else which
    zoom = (scan.spacing[1] / options.pixel_um, scan.spacing[2] / options.pixel_um)
    made = [_square(voxels[int(at)].astype(np.float32), zoom, options) for at in wanted]
    return np.stack(made) if made else np.zeros((0, options.crop, options.crop), np.uint8)


def _square(plane: np.ndarray, zoom: tuple[float, float], options: QualityOptions) -> np.ndarray:
    if max(abs(step - 1) for step in zoom) > 1e-3:
        # Halving without blur would let noise through that a coarser scanner averages.
        blur = [0.4 / step if step < 1 else 0.0 for step in zoom]
        plane = ndimage.zoom(ndimage.gaussian_filter(plane, blur), zoom, order=1)
    bone = bone_of(plane, options.bone_from, options.gap_um / options.pixel_um)
    side, half = options.crop, options.crop // 2
    if not bone.any():
        return np.zeros((side, side), np.uint8)
    around = options.around_um / options.pixel_um
    near = ndimage.distance_transform_edt(~bone) <= around
    low, high = options.window
    shown = np.where(near, np.clip((plane - low) / (high - low), 0, 1) * 255, 0)
    box = ndimage.find_objects(bone.astype(np.int8))[0]
    y, x = (round((part.start + part.stop) / 2) for part in box)
    padded = np.pad(shown, half)
    return np.asarray(np.rint(padded[y : y + side, x : x + side]), dtype=np.uint8)
