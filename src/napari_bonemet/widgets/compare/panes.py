"""Items as layers for cells: greys alike, maps with their colour bars, composites in the colours of their classes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from matplotlib.colors import to_hex
from napari.layers import Image, Labels, Layer

from napari_bonemet.errors import InputError
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.widgets.compare.items import PREDICTED, PROBABILITY, SPREAD, Difference, Item
from napari_bonemet.widgets.futures_drawn import BONE_THRESHOLD
from napari_bonemet.widgets.large import pyramid_of
from napari_bonemet.widgets.layers import KEY, contrast_of, layer_tuple
from napari_bonemet.widgets.looks import (
    TOO_LITTLE,
    TOO_MUCH,
    difference_colormap,
    grey_limits,
    legend,
    look_like_bone,
    look_like_difference,
    look_of_share,
    look_of_spread,
    share_colormap,
    with_colorbar,
)

__all__ = ["LINKED", "Panes", "caption_of", "panes_of", "require_room"]

CELL = "cell"
LINKED = ("contrast_limits", "gamma", "iso_threshold", "rendering")
# Graphics cards of laptops have 4 GB or more; all cells together must fit beside everything else.
MOST_BYTES = 3 * 2**30


@dataclass
class Panes:
    """The layers of the cells, and which of them need care of their own.

    Parameters
    ----------
    layers : list of Layer
        In the order of the cells.
    greys : list of Image
        Those that show greys, with one contrast.
    difference, share : Image or None
        Those whose colours differ between slices and volumes.
    by_key : dict
        The layer of each item.
    """

    layers: list[Layer] = field(default_factory=list)
    greys: list[Image] = field(default_factory=list)
    difference: Image | None = None
    share: Image | None = None
    by_key: dict[str, Layer] = field(default_factory=dict)

    def for_volume(self, volume: bool) -> None:
        """Take the colours that suit slices, or volumes."""
        if self.difference is not None:
            self.difference.colormap = difference_colormap(volume=volume)
        if self.share is not None:
            self.share.colormap = share_colormap(volume=volume)


def panes_of(items: Sequence[Item], difference: Difference | None = None) -> Panes:
    """Layers of `items`, and of the difference last; not yet in a viewer."""
    panes = Panes()
    for item in items:
        layer = _layer(item.scan, item.title, _look(item))
        panes.layers.append(layer)
        panes.by_key[item.key] = layer
        if item.is_map:
            with_colorbar(layer)
        elif isinstance(layer, Image):
            panes.greys.append(layer)
        if item.key == PROBABILITY:
            panes.share = layer
    look_alike(panes.greys, [item.scan for item in items if not item.is_map and item.scan.kind != Kind.COMPOSITE])
    if difference is not None:
        panes.difference = _layer(difference.scan, difference.title)
        look_like_difference(panes.difference, difference.scan.to_numpy())
        panes.layers.append(panes.difference)
    return panes


def caption_of(panes: Panes) -> str:
    """What the colours of the cells mean, as rich text; nothing where all are greys."""
    lines = []
    if panes.difference is not None:
        most = panes.difference.contrast_limits[1]
        lines.append(
            f"{panes.difference.name}: <b style='color:{to_hex(TOO_MUCH)}'>orange</b> where the first has more grey, "
            f"<b style='color:{to_hex(TOO_LITTLE)}'>blue</b> where it has less; full colour at ±{most:.0f} greys."
        )
    if panes.share is not None:
        lines.append(f"{panes.share.name}: pale where all samples have bone, dark where none has; colour is doubt.")
    if SPREAD in panes.by_key:
        lines.append("Spread: standard deviation over the samples, in greys; how far they disagree, no confidence.")
    if any(isinstance(layer, Labels) for layer in panes.layers):
        lines.append(legend("colour"))
    return "<br>".join(lines)


def look_alike(layers: Sequence[Image], scans: Sequence[Scan]) -> None:
    """Give layers of greys one contrast, and draw them as bone in 3D."""
    if not layers:
        return
    limits = grey_limits(scans)
    look_like_bone(layers, BONE_THRESHOLD if limits == (0.0, 255.0) else sum(limits) / 2)
    for layer in layers:
        layer.contrast_limits = limits


def _look(item: Item) -> dict[str, Any] | None:
    if item.key == PROBABILITY:
        return look_of_share()
    return look_of_spread(contrast_of(item.scan)[1]) if item.key == SPREAD else None


def _layer(scan: Scan, title: str, look: dict[str, Any] | None = None) -> Any:
    # As labels a composite has the colours of its classes, which `what` would take from it.
    composite = scan.kind == Kind.COMPOSITE
    data, attributes, kind = layer_tuple(scan, what="" if composite else CELL, look=look)
    attributes = {**attributes, "name": title}
    if composite:
        # Nor may it be taken for the composite of the desk.
        record = {**attributes["metadata"][KEY], "what": CELL, "predicted": title.startswith(PREDICTED)}
        attributes["metadata"] = {KEY: record}
    return (Labels if kind == "labels" else Image)(data, **attributes)


def require_room(layers: Sequence[Layer]) -> None:
    """Refuse volumes that are too much for a graphics card.

    Raises
    ------
    InputError
        When all together are larger than 3 GB.
    """
    # Large scans are shown at a level that fits.
    needed = sum(int(layer.data.size) * layer.data.dtype.itemsize for layer in layers if pyramid_of(layer) is None)
    if needed > MOST_BYTES:
        raise InputError(
            f"{len(layers)} volumes of this size are too much for the graphics memory",
            expected=f"at most {MOST_BYTES / 2**30:.0f} GB",
            found=f"{needed / 2**30:.1f} GB",
            remedy="Crop to the region of interest first, or show fewer cells",
        )
