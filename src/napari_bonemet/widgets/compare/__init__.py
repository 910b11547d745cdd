"""The Compare dock: linked cells by named layouts, two volumes in one view, and how alike they are slice by slice."""

from napari_bonemet.widgets.compare.dock import CompareDock

__all__ = ["CompareDock"]
