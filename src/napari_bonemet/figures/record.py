"""What a figure was made from, as plain JSON values."""

from collections.abc import Sequence

from napari_bonemet.figures.options import MontageOptions
from napari_bonemet.figures.panel import Panel
from napari_bonemet.provenance import Json, __version__, fingerprint


def record_of_montage(panels: Sequence[Panel], title: str, options: MontageOptions) -> dict[str, Json]:
    """How to make the figure again: options, and for each panel its scan's fingerprint and history."""
    return {
        "made_by": "napari-bonemet",
        "version": __version__,
        "title": title,
        "options": options.as_record(),
        "panels": [_record_of_panel(panel) for panel in panels],
    }


def _record_of_panel(panel: Panel) -> dict[str, Json]:
    scan = panel.scan
    return {
        "title": panel.title,
        "kind": panel.kind,
        "scan": scan.title,
        "component": scan.kind.value,
        "synthetic": scan.synthetic,
        "shape_zyx": list(scan.shape),
        "spacing_um_zyx": list(scan.spacing),
        "origin_um_zyx": list(scan.origin),
        "sha256": fingerprint(scan.voxels),
        "arrows": [{"point_um_zyx": list(arrow.point), "meaning": arrow.meaning} for arrow in panel.arrows],
        "history": [step.as_record() for step in scan.history],
    }
