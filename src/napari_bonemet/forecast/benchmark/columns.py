"""What the tables of the page show of a line: heads, and how a figure with its interval is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of the page.

    Parameters
    ----------
    head : str
        Its title.
    name : str
        Of the figure.
    form : str
        How it is written: a format specification.
    interval : bool
        Whether its 95 % interval stands behind it.
    """

    head: str
    name: str
    form: str = ".2f"
    interval: bool = False


ROW = (Column("row", "row", ""), Column("seed", "seed", ""))
COST = (
    *ROW,
    Column("parameters", "parameters", ","),
    Column("training animals", "training_animals", ""),
    Column("budget, min", "budget_minutes", "g"),
    Column("trained, min", "training_minutes", ".1f"),
    Column("samples / s", "samples_per_second", ".3g"),
    Column("device", "device", ""),
    Column("threads", "threads", ""),
    Column("KL weight", "kl_weight", "g"),
    Column("KL, nats", "kl_nats", ".2f"),
)
GREYS = (
    *ROW,
    Column("gain, dB", "gain_db", "+.2f", True),
    Column("way to the ceiling", "share_of_way", ".0%"),
    Column("way to the still truth", "share_of_still", ".0%"),
    Column("tumour", "gain_tumour_db", "+.2f", True),
    Column("control", "gain_control_db", "+.2f", True),
    Column("worst animal", "worst_gain_db", "+.2f"),
    Column("per slice", "gain_slices_db", "+.2f"),
    Column("single sample", "gain_single_db", "+.2f"),
    Column("best of N", "gain_best_db", "+.2f"),
    Column("over T-VAE", "gain_over_tvae_db", "+.2f"),
    Column("SSIM over copying", "ssim_gain", "+.3f", True),
    Column("SSIM", "ssim", ".3f"),
    Column("SSIM, background 0", "ssim_bone", ".3f"),
    Column("LPIPS", "lpips", ".4f"),
)
LESIONS = (
    *ROW,
    Column("Dice, new", "dice_new", ".2f", True),
    Column("AP, new", "ap_new", ".2f", True),
    Column("AP of the share of samples", "ap_new_share", ".2f"),
    Column("AP of the calibrated probability", "ap_new_calibrated", ".2f"),
    Column("Dice, known lesions", "dice_new_known", ".2f", True),
    Column("AP, known lesions", "ap_new_known", ".2f", True),
    Column("Dice, any", "dice_any", ".2f"),
)
SPREAD = (
    *ROW,
    Column("mean error", "mean_error", ".2f"),
    Column("CRPS", "crps", ".2f", True),
    Column("CRPS / best deterministic error", "crps_over_deterministic", ".2f", True),
    Column("spread / skill", "spread_skill", ".2f", True),
    Column("4x", "spread_skill_4x", ".2f"),
    Column("8x", "spread_skill_8x", ".2f"),
    Column("calibrated", "spread_skill_calibrated", ".2f"),
    Column("90 % coverage, samples", "coverage_90_raw", ".2f"),
    Column("calibrated", "coverage_90", ".3f", True),
)
LOST_BONE = (
    *ROW,
    Column("of the true loss", "lost_of_true", ".2f", True),
    Column("correlation", "lost_correlation", ".2f", True),
    Column("spread / skill", "lost_spread_skill", ".2f", True),
    Column("of tumour animals", "lost_spread_skill_tumour", ".2f"),
    Column("90 % coverage", "lost_coverage_90", ".2f", True),
    Column("of tumour animals", "lost_coverage_90_tumour", ".2f"),
    Column("variance / true futures'", "lost_variance_ratio", ".2f", True),
    Column("median of animals", "lost_variance_ratio_median", ".2f"),
    Column("calibrated: spread / skill", "lost_spread_skill_calibrated", ".2f"),
    Column("90 % coverage", "lost_coverage_90_calibrated", ".2f", True),
    Column("variance", "lost_variance_ratio_calibrated", ".2f"),
)
BESIDE = (
    *ROW,
    Column("copying, dB", "copy_psnr_db", ".2f"),
    Column("gain, dB", "gain_db", "+.2f", True),
    Column("tumour", "gain_tumour_db", "+.2f"),
    Column("control", "gain_control_db", "+.2f"),
    Column("Dice, new", "dice_new", ".2f"),
    Column("spread / skill", "spread_skill", ".2f"),
    Column("90 % coverage, calibrated", "coverage_90", ".2f", True),
    Column("lost bone, 90 % coverage", "lost_coverage_90", ".2f"),
)


def markdown(lines: Sequence[Mapping[str, object]], columns: Sequence[Column]) -> list[str]:
    """A table in Markdown; columns of which no line has the figure are left out."""
    shown = [column for column in columns if any(line.get(column.name) is not None for line in lines)]
    head = [f"| {' | '.join(column.head for column in shown)} |", f"|{' --- |' * len(shown)}"]
    return [*head, *(f"| {' | '.join(written(line, column) for column in shown)} |" for line in lines)]


def written(line: Mapping[str, object], column: Column) -> str:
    """A figure as it stands in its cell, empty where there is none."""
    value = line.get(column.name)
    if value is None:
        return ""
    text = format(value, column.form)
    ends = [line.get(f"{column.name}_{end}") for end in ("low", "high")]
    if not column.interval or None in ends:
        return text
    return f"{text} ({' to '.join(format(end, column.form) for end in ends)})"
