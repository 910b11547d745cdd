"""The figures of Xiong et al. as templates: the same columns, from one's own scans."""

from typing import Final

from napari_bonemet.figures.options import MontageOptions

# Figure 1: weeks seen, true week, prediction; a row for each animal.
# Figure 2: the same for several models, the true week last.
# Figure 3: predicted volumes seen from outside, with red arrows on what was over-predicted.
# Figure 4: weeks seen, true week, six samples, uncertainty map; a row for each slice.
# Figure 5: slices on which the prediction fails.
PAPER: Final[dict[str, MontageOptions]] = {
    "paper figure 1": MontageOptions(
        layout="table", show=("weeks", "truth", "predicted"), row_of="animals", width_mm=174.0
    ),
    "paper figure 2": MontageOptions(
        layout="table", show=("weeks", "models", "truth"), row_of="animals", width_mm=174.0
    ),
    "paper figure 3": MontageOptions(
        layout="table",
        show=("models", "truth"),
        row_of="animals",
        as_volumes=True,
        width_mm=114.0,
        colour_bars=False,
    ),
    "paper figure 4": MontageOptions(
        layout="table",
        show=("weeks", "truth", "samples", "probability"),
        rows=3,
        shown_samples=6,
        arrows=False,
        width_mm=174.0,
    ),
    "paper figure 5": MontageOptions(
        layout="table", show=("weeks", "truth", "predicted"), rows=2, choose="failures", width_mm=114.0
    ),
}
