"""How sure each part is, and why, in words."""

import numpy as np

from napari_bonemet.processing.segment.anatomy import Limb
from napari_bonemet.processing.segment.body import Body
from napari_bonemet.processing.segment.coarse import Coarse
from napari_bonemet.processing.segment.result import PartName

# A lumbar vertebra of a mouse holds about 5.
_SPINE_MM3 = 10.0


def judge(
    name: PartName, mask: np.ndarray, limb: Limb | None, body: Body | None, coarse: Coarse
) -> tuple[float, str, bool]:
    """Confidence (0 to 1), reason, and whether the part lies with its proximal end at the larger z."""
    cut = _cut(mask)
    if limb is None:
        return _spine(mask, body, coarse, cut)
    words, confidence = _knee(limb)
    if name == "tibia":
        words = [*limb.leg.seen, *words]
        confidence *= float(np.clip(limb.leg.score / 2.5, 0.3, 1.0))
        if limb.ankle is None:
            words.append("its ankle is not in the field")
        turned = limb.tibia.way[0] < 0
    else:
        axis = limb.femur
        turned = axis is not None and axis.way[0] > 0
        volume = float(mask.sum()) * float(np.prod(coarse.grid.spacing)) * 1e-9
        if volume < 2.0:
            confidence *= 0.6
            words.append(f"only {volume:.1f} mm³ of it are in the field")
    if cut:
        words.append(cut)
    if body is not None:
        words.append(body.reason)
        confidence *= float(np.clip(body.sure + 0.4, 0.4, 1.0))
    return float(np.clip(confidence, 0, 1)), _sentence(words), bool(turned)


def _spine(mask: np.ndarray, body: Body | None, coarse: Coarse, cut: str) -> tuple[float, str, bool]:
    volume = float(coarse.share[mask].sum()) * float(np.prod(coarse.grid.spacing)) * 1e-9
    words = [f"{volume:.1f} mm³ of bone between the hips and towards the head", *([cut] if cut else [])]
    # Little of it may be as well a hip bone or the root of the tail.
    sure = 1.0 if body is None else float(np.clip(body.sure + 0.4, 0, 1))
    confidence = float(np.clip(volume / _SPINE_MM3, 0.3, 0.9)) * sure
    return confidence, _sentence(words), body is not None and bool(body.caudal[0] < 0)


def _knee(limb: Limb) -> tuple[list[str], float]:
    if limb.knee is None:
        return ["its knee was not found"], 0.4
    depth = limb.knee.depth
    words = [f"at the knee there is {depth:.0%} less bone than beside it"]
    rival = limb.knee.rival / max(depth, 1e-6)
    confidence = float(np.clip(depth / 0.6, 0.2, 1.0)) * float(np.clip(1.6 - rival, 0.4, 1.0))
    if rival > 0.95:
        words.append("another place beside it is nearly as slim")
    return words, confidence


def _cut(mask: np.ndarray) -> str:
    edges = []
    for axis, names in enumerate(
        (("first slice", "last slice"), ("first row", "last row"), ("first column", "last column"))
    ):
        along = np.atleast_1d(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        edges += [name for name, there in zip(names, (along[0], along[-1]), strict=True) if there]
    return f"the field cuts it ({', '.join(edges)})" if edges else ""


def _sentence(words: list[str]) -> str:
    return "; ".join(dict.fromkeys(words))
