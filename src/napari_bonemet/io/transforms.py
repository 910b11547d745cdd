"""Rigid transforms on disk: ``.tfm`` for ITK, Slicer and their kin, ``.json`` with units in its names.

A ``.tfm`` follows ITK's convention: it maps points of the fixed scan to the moving scan, in the order x y z,
in millimetres, each scan's zero at the centre of its first voxel. That is where ITK puts a stack of slices that
states no origin, so that ``sitk.Resample(moving, fixed, sitk.ReadTransform(path))`` does what
:func:`napari_bonemet.resample.resample` does.
"""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from napari_bonemet.errors import InputError
from napari_bonemet.geometry import Grid, as_triple
from napari_bonemet.io.atomic import atomic_file, write_json
from napari_bonemet.io.sidecar import read_json
from napari_bonemet.transform import RigidTransform

_UM_PER_MM = 1000.0
_LARGEST_BYTES = 2**20
# Text files print rotations to some six digits; more than this is scaling or shear.
_NEARLY_RIGID = 1e-4
# The linear transforms in three axes that ITK writes, with how many parameters each has, and how many fixed ones.
_LINEAR: dict[str, tuple[int, tuple[int, ...]]] = {
    "AffineTransform": (12, (3,)),
    "MatrixOffsetTransformBase": (12, (3,)),
    "Euler3DTransform": (6, (3, 4)),
    "VersorRigid3DTransform": (6, (3,)),
    "VersorTransform": (3, (3,)),
    "TranslationTransform": (3, (0,)),
    "Similarity3DTransform": (7, (3,)),
    "ScaleVersor3DTransform": (9, (3,)),
    "ScaleSkewVersor3DTransform": (15, (3,)),
    "IdentityTransform": (0, (0,)),
}
_CHAIN = "CompositeTransform"
_HEAD = "#Insight Transform File V1.0"
_CONVENTION = (
    "maps points (z, y, x, micrometres) of the fixed scan to the moving scan: moving = rotation @ fixed + shift"
)


def write_transform(transform: RigidTransform, path: str | Path, *, fixed: Grid, moving: Grid) -> Path:
    """Write `transform` as ITK's ``.tfm``, or as ``.json`` by the suffix, whole or not at all.

    Parameters
    ----------
    transform : RigidTransform
        Fixed to moving.
    path : path
        Ends in .tfm (or .txt), or in .json.
    fixed, moving : Grid
        The grids of the two scans.

    Raises
    ------
    InputError
        For another suffix.
    OutputError
        When the disk refuses.
    """
    path = Path(path)
    if _is_json(path):
        record = {"schema": 1, "convention": _CONVENTION, **transform.as_record()}
        origins = {"fixed_origin_um_zyx": list(fixed.origin), "moving_origin_um_zyx": list(moving.origin)}
        return write_json(path, {**record, **origins})
    import SimpleITK as sitk  # noqa: N813 -- its customary name

    local = _move_zeros(transform, fixed.origin, moving.origin, into_scans=True)
    # As a matrix, because ITK's versors and Euler angles lose digits near a half and a quarter turn.
    itk = sitk.AffineTransform(3)
    itk.SetMatrix(local.matrix[::-1, ::-1].ravel().tolist())
    itk.SetTranslation((np.asarray(local.shift)[::-1] / _UM_PER_MM).tolist())
    with atomic_file(path) as temporary:
        sitk.WriteTransform(itk, str(temporary))
    return path


def read_transform(path: str | Path, *, fixed: Grid, moving: Grid) -> RigidTransform:
    """Read a rigid transform from ``.tfm`` or ``.json``.

    Parameters
    ----------
    path : path
        Written by :func:`write_transform`, or by ITK, Slicer or the like in ITK's convention.
    fixed, moving : Grid
        The grids of the two scans.

    Raises
    ------
    InputError
        When the file is missing, damaged, or holds a transform that is not rigid.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path} is not there", remedy="Check the path")
    return _from_json(path, fixed, moving) if _is_json(path) else _from_tfm(path, fixed, moving)


def _is_json(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in (".tfm", ".txt", ".json"):
        raise InputError(f"{path.name} is no name for a transform", expected="a name ending in .tfm or .json")
    return suffix == ".json"


def _from_json(path: Path, fixed: Grid, moving: Grid) -> RigidTransform:
    record = read_json(path)
    try:
        stated = RigidTransform.from_record(record)
        origins = [as_triple(record[key], "origin") for key in ("fixed_origin_um_zyx", "moving_origin_um_zyx")]
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise InputError(f"{path} holds no rigid transform", found=f"{error}") from error
    local = _move_zeros(stated, origins[0], origins[1], into_scans=True)
    return _move_zeros(local, fixed.origin, moving.origin, into_scans=False)


def _from_tfm(path: Path, fixed: Grid, moving: Grid) -> RigidTransform:
    import SimpleITK as sitk  # noqa: N813 -- its customary name

    _check_text(path)
    try:
        itk = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise InputError(f"{path} is not a transform that ITK can read", remedy="Write it again") from error
    matrix, shift = _linear(itk)
    if not np.isfinite(matrix).all() or not np.allclose(matrix @ matrix.T, np.eye(3), atol=_NEARLY_RIGID):
        raise InputError(f"{path} is not rigid", expected="a rotation and a shift", found="scaling or shear")
    if np.linalg.det(matrix) < 0:
        raise InputError(f"{path} is not rigid", expected="a rotation and a shift", found="a mirror image")
    rotation = Rotation.from_matrix(matrix[::-1, ::-1]).as_matrix()
    local = _rigid(rotation, shift[::-1] * _UM_PER_MM)
    return _move_zeros(local, fixed.origin, moving.origin, into_scans=False)


def _check_text(path: Path) -> None:
    """Refuse what ITK would read past the end of: it trusts the number of parameters in the file."""
    text = path.read_bytes()[:_LARGEST_BYTES].decode("latin-1")
    if not text.startswith(_HEAD):
        raise InputError(f"{path} is not a transform file", expected=f"a text beginning with {_HEAD}")
    blocks = text.split("Transform: ")[1:]
    for block in blocks:
        name, _, dimensions = block.split("\n", 1)[0].strip().partition("_")
        if name == _CHAIN and dimensions.endswith("_3_3"):
            continue
        if name not in _LINEAR or not dimensions.endswith("_3_3"):
            raise InputError(f"{path} is not rigid", expected="a rotation and a shift in three axes", found=name[:60])
        count, fixed = _LINEAR[name]
        if _count(block, "Parameters") != count or _count(block, "FixedParameters") not in fixed:
            raise InputError(f"{path} is damaged", expected=f"{count} parameters of {name}", remedy="Write it again")
    if not blocks:
        raise InputError(f"{path} holds no transform")


def _count(block: str, key: str) -> int:
    """How many numbers a line of a transform file holds; -1 where the line is missing or holds something else."""
    found = re.search(rf"^{key}:(.*)$", block, re.MULTILINE)
    try:
        values = [float(word) for word in found[1].split()] if found else [math.nan]
    except ValueError:
        return -1
    return len(values) if all(map(math.isfinite, values)) else -1


def _linear(itk: Any) -> tuple[np.ndarray, np.ndarray]:
    """The matrix and shift (x y z, millimetres) of a linear transform."""
    zero = np.asarray(itk.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.asarray(itk.TransformPoint(axis)) - zero for axis in np.eye(3).tolist()]
    return np.column_stack(columns), zero


def _move_zeros(transform: RigidTransform, fixed: Any, moving: Any, *, into_scans: bool) -> RigidTransform:
    """The same motion with each scan's zero moved into its first voxel, or back."""
    sign = 1.0 if into_scans else -1.0
    return _rigid(
        transform.matrix, transform((sign * fixed[0], sign * fixed[1], sign * fixed[2])) - sign * np.asarray(moving)
    )


def _rigid(matrix: np.ndarray, shift: np.ndarray) -> RigidTransform:
    rows = tuple(as_triple(row, "rotation") for row in matrix.tolist())
    return RigidTransform((rows[0], rows[1], rows[2]), as_triple(shift.tolist(), "shift"))
