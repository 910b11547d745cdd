"""Results as small tables on the terminal."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from napari_bonemet.cli.terminal import Terminal
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.processing.composite_result import CompositeResult
from napari_bonemet.processing.register.result import RegistrationResult
from napari_bonemet.study.remodelling import LegRemodelling


def show_registration(terminal: Terminal, result: RegistrationResult) -> None:
    """Angles, shifts, overlap and verdict of each week."""
    table = Table("week", "turned by °, z y x", "shifted by µm, z y x", "overlap", "verdict", title=result.series.leg)
    for quality in result.quality:
        table.add_row(
            f"{quality.week:g}",
            _triple(quality.angles_degrees, 1),
            _triple(quality.shift_um, 0),
            f"{quality.overlap:.2f}",
            f"{quality.verdict}: {quality.reason}",
        )
    terminal.show(table)


def show_volumes(terminal: Terminal, leg: str, composites: Sequence[tuple[float, CompositeResult]]) -> None:
    """Bone lost, formed and kept since the baseline, cubic millimetres."""
    table = Table("week", "lost mm³", "formed mm³", "kept mm³", "baseline mm³", title=leg)
    for week, result in composites:
        found = result.volumes
        numbers = (found.resorbed_mm3, found.formed_mm3, found.conserved_mm3, found.baseline_mm3)
        table.add_row(f"{week:g}", *(f"{number:.4g}" for number in numbers))
    terminal.show(table)


def show_lesions(terminal: Terminal, made: LegRemodelling) -> None:
    """The lesions of each week, and the remodelling since the baseline."""
    table = Table("week", "MV/BV %", "EV/BV %", "lesions", "volume mm³", "largest mm³", "holes", title=made.series.leg)
    since = {item.week: item.whole for item in made.remodelling if item.baseline_week == made.series.weeks[0]}
    for week, found in made.lesions:
        change = since.get(week)
        numbers = (change.formed_percent, change.resorbed_percent) if change else (None, None)
        volumes = (_number(found.volume_mm3, ".4g"), _number(found.largest_mm3, ".4g"))
        shares = (_number(number, ".2f") for number in numbers)
        table.add_row(f"{week:g}", *shares, str(len(found)), *volumes, str(len(found.perforations)))
    terminal.show(table)


def show_scores(terminal: Terminal, scores: Sequence[ForecastScores]) -> None:
    """Each forecast's scores, and what copying the last week scored."""
    table = Table("leg", "week", "model", "PSNR dB", "SSIM", "LPIPS", "lesion Dice", "copying: PSNR", "SSIM")
    for row in scores:
        table.add_row(
            row.leg,
            _number(row.week, "g"),
            row.model,
            _number(row.psnr, ".2f"),
            _number(row.ssim, ".3f"),
            _number(row.lpips, ".3f"),
            _number(row.lesion_dice, ".3f"),
            _number(row.copy_psnr, ".2f"),
            _number(row.copy_ssim, ".3f"),
        )
    terminal.show(table)


def _number(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def _triple(values: Sequence[Any], digits: int) -> str:
    return " ".join(f"{value:.{digits}f}" for value in values)
