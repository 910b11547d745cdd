"""The Annotate dock: arrows, labels, distances, angles and areas on native layers, in micrometres and millimetres."""

from napari_bonemet.widgets.annotate.dock import AnnotateDock

__all__ = ["AnnotateDock"]
