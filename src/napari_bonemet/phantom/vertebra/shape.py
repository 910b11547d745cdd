"""A healthy vertebra on a grid, as signed depths in millimetres, positive inside."""

from dataclasses import dataclass

import numpy as np

from napari_bonemet.phantom.vertebra.anatomy import VertebraAnatomy

Point = tuple[float, float, float]
_POWER = 2.4
_WAIST = 0.08


@dataclass(frozen=True, eq=False)
class VertebraShape:
    """Depths (z, y, x) float32, millimetres.

    Parameters
    ----------
    body : ndarray
        Into the body.
    posterior : ndarray
        Into pedicles, laminae and processes, wherever they are outside of the body.
    outline : ndarray
        Into the body's outline in the plane, whatever the height: the disc has it too.
    z, y, x : ndarray
        Coordinates in the vertebra's frame, open along the other axes where they can be.
    """

    body: np.ndarray
    posterior: np.ndarray
    outline: np.ndarray
    z: np.ndarray
    y: np.ndarray
    x: np.ndarray


def shape_vertebra(anatomy: VertebraAnatomy, heights: np.ndarray, plane: np.ndarray) -> VertebraShape:
    """The vertebra at some heights.

    Parameters
    ----------
    anatomy : VertebraAnatomy
        Its sizes.
    heights : ndarray, (z,)
        Above the middle of the body, millimetres.
    plane : ndarray, (side,)
        Coordinates of rows and of columns in the slices, millimetres, 0 in the middle.
    """
    z = heights.astype(np.float32)[:, None, None]
    y, x = _turned(anatomy, plane)
    canal_y = anatomy.half_depth + anatomy.canal_depth - 1.5
    canal = _oval(y - canal_y, x, anatomy.canal_depth, anatomy.canal_width)
    outline = np.minimum(_body_outline(anatomy, z, y, x), -canal)
    body = np.minimum(outline, np.float32(anatomy.height / 2) - np.abs(z))
    posterior = np.minimum(_posterior(anatomy, canal_y, z, y, x), -canal)
    return VertebraShape(
        body.astype(np.float32), np.minimum(posterior, -body).astype(np.float32), outline.astype(np.float32), z, y, x
    )


def _turned(anatomy: VertebraAnatomy, plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    row, column = (axis.astype(np.float32) for axis in np.meshgrid(plane, plane, indexing="ij"))
    row, column = row - anatomy.shift[0], column - anatomy.shift[1]
    cos, sin = np.float32(np.cos(anatomy.turn)), np.float32(np.sin(anatomy.turn))
    return (cos * row - sin * column)[None], (sin * row + cos * column)[None]


def _oval(y: np.ndarray, x: np.ndarray, half_y: float, half_x: float) -> np.ndarray:
    rho = (np.abs(y / half_y) ** _POWER + np.abs(x / half_x) ** _POWER) ** np.float32(1 / _POWER)
    return np.asarray((1 - rho) * min(half_y, half_x))


def _body_outline(anatomy: VertebraAnatomy, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    # The body is slimmest at its middle.
    along = np.clip(np.abs(z) * 2 / anatomy.height, 0, 1)
    slim = 1 - _WAIST * (1 - along * along)
    rho = (np.abs(y / anatomy.half_depth) ** _POWER + np.abs(x / anatomy.half_width) ** _POWER) ** (1 / _POWER)
    return np.asarray((slim - rho) * anatomy.half_depth)


def _posterior(anatomy: VertebraAnatomy, canal_y: float, z: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    bars = []
    for side in (-1.0, 1.0):
        bars += [_bar(z, y, x, bar) for bar in side_bars(anatomy, canal_y, side)]
    back = canal_y + anatomy.canal_depth + anatomy.lamina * 0.4
    tip = (-0.45 * anatomy.height, back + anatomy.spine, 0.0)
    bars.append(_bar(z, y, x, ((0.0, back, 0.0), tip, anatomy.process, 2.2)))
    return np.maximum.reduce(bars)


def side_bars(anatomy: VertebraAnatomy, canal_y: float, side: float) -> list[tuple[Point, Point, float, float]]:
    """Pedicle, lamina, joint and transverse process of a side (-1 right, 1 left): ends, radius, stretch along z."""
    h = anatomy.height
    wide = anatomy.canal_width + anatomy.pedicle * 0.75
    root = (0.18 * h, anatomy.half_depth * 0.55, side * wide)
    joint = (0.05 * h, canal_y + 0.35 * anatomy.canal_depth, side * (wide + 1.0))
    middle = (-0.12 * h, canal_y + anatomy.canal_depth + anatomy.lamina * 0.5, 0.0)
    tip = (0.1 * h, joint[1] + 3.0, side * (wide + anatomy.reach))
    return [
        (root, joint, anatomy.pedicle, 1.3),
        (joint, middle, anatomy.lamina, 2.4),
        (joint, (joint[0] - 0.35 * h, joint[1] + 2.0, joint[2]), anatomy.lamina * 1.5, 1.5),
        (joint, tip, anatomy.process, 1.2),
    ]


def _bar(z: np.ndarray, y: np.ndarray, x: np.ndarray, bar: tuple[Point, Point, float, float]) -> np.ndarray:
    start, stop, radius, tall = bar
    # A rod whose section is `tall` times as high as it is wide: z is squeezed, so that distances stay simple.
    a = np.array([start[0] / tall, start[1], start[2]], dtype=np.float32)
    way = np.array([stop[0] / tall, stop[1], stop[2]], dtype=np.float32) - a
    dz, dy, dx = z / np.float32(tall) - a[0], y - a[1], x - a[2]
    share = np.clip((dz * way[0] + dy * way[1] + dx * way[2]) / np.float32(way @ way), 0, 1)
    away = np.sqrt((dz - share * way[0]) ** 2 + (dy - share * way[1]) ** 2 + (dx - share * way[2]) ** 2)
    return np.asarray(np.float32(radius) - away)
