"""What a benchmark leaves to read: table.csv, and a page with its tables, plots and the command of each row."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from napari_bonemet.forecast.benchmark.baselines import BASELINES
from napari_bonemet.forecast.benchmark.columns import (
    BESIDE,
    COST,
    GREYS,
    LESIONS,
    LOST_BONE,
    SPREAD,
    Column,
    markdown,
)
from napari_bonemet.forecast.benchmark.options import BenchmarkOptions
from napari_bonemet.forecast.benchmark.settings import MAIN, Setting
from napari_bonemet.options import as_flags

PAGE, TABLE = "forecast-benchmark.md", "table.csv"

_COHORTS = {
    "synthetic": "synthetic legs, made by a program: they say how forecasters behave, and not how mice do",
    "femur": "blocks of a real mouse femur, whose weeks and lesions were made by a program",
    "lhdl": "blocks of real human trabecular bone, whose weeks and lesions were made by a program",
}
_NOTES = {
    "Greys": "Gain is pooled PSNR of the samples' mean over copying the last week, in brackets 95 % over animals (2.5 "
    "to 97.5 % of bootstrap draws of whole animals). SSIM and LPIPS are means over slices; greys up to 50 are set to 0 "
    "in both for the second SSIM.",
    "Lesions": "Of tumour animals. *New*: bone of week 2 that is gone in week 3 by the greys, opened once, in the "
    "forecast as in the truth (`evaluate` counts so). *Known*: held to the lesions as what made them knows them, voxel "
    "by voxel. AP is average precision over the bone of week 2, ranked by the grey that the mean loses.",
    "Spread": "Over all voxels, greys. CRPS is the fair one; of a deterministic row it is its mean error; the best of "
    "them is {best_deterministic}. 4x and 8x: fields pooled over cubes. The interval of the samples runs from the "
    "least to the largest where there are fewer than 19. The calibrated one was fitted on the validation animals.",
    "Lost bone": "Net bone lost since week 2 by the sum of its grey loss. True futures: other continuations of the "
    "same past, scanned alike.",
    "What rows cost": "Each is marked with its budget.",
}
_COLUMNS: dict[str, tuple[Column, ...]] = {
    "Greys": GREYS,
    "Lesions": LESIONS,
    "Spread": SPREAD,
    "Lost bone": LOST_BONE,
    "What rows cost": COST,
}


def page(
    options: BenchmarkOptions,
    lines: Sequence[Mapping[str, object]],
    beside: Sequence[Setting],
    plots: Sequence[Path],
    *,
    rows: Sequence[str] = (),
) -> str:
    """The page, in Markdown.

    Parameters
    ----------
    options : BenchmarkOptions
        Filled.
    lines : sequence of mapping
        Of the table.
    beside : sequence of Setting
        The cohorts beside the main one.
    plots : sequence of Path
        Pictures that lie beside the page.
    rows : sequence of str
        The words of the command that chose the rows.
    """
    main = [line for line in lines if line["test"] == MAIN]
    words = ["# Forecast benchmark", "", *_introduction(options, main, rows), ""]
    for plot in plots:
        words += [f"![{plot.stem.replace('-', ' ')}]({plot.name})", ""]
    for title, about in _NOTES.items():
        words += [f"## {title}", "", about.format(**main[0]), "", *markdown(main, _COLUMNS[title]), ""]
    for setting in beside:
        there = [line for line in lines if line["test"] == setting.name]
        if there:
            words += [f"## Beside: {setting.words}", "", _counted(there), "", *markdown(there, BESIDE), ""]
    return "\n".join([*words, *_commands(options, main)])


def _introduction(options: BenchmarkOptions, main: Sequence[Mapping[str, object]], rows: Sequence[str]) -> list[str]:
    first = main[0]
    ends = [float(str(first[name])) for name in ("copy_psnr_db", "still_psnr_db", "ceiling_psnr_db")]
    jitter = "our own registration" if options.jitter == "ours" else f"{options.jitter} voxel"
    shape = " x ".join(str(side) for side in options.shape or ())
    made = f"Written by `{command(options, *rows)}`; this file is what the command left in its folder."
    animals = (
        f"Animals: {_COHORTS[options.cohort]}. Week 3 from weeks 0, 1 and 2, {shape} voxels of {options.spacing_um:g} "
        f"µm, misregistration between the weeks: {jitter}. {_counted(main)} Trained on {options.training_animals} "
        f"other animals, stopped and calibrated by {options.validation_animals} more. Budget: {options.budget}."
    )
    scale = (
        f"Copying the last week stands at **{ends[0]:.2f} dB**, the truth without its noise at **{ends[2]:.2f} dB** "
        f"(the ceiling), and the truth without noise and without what registration left in week 3, which nobody can "
        f"foresee, at {ends[1]:.2f} dB (the still truth)."
    )
    return [made, "", animals, "", scale]


def _counted(lines: Sequence[Mapping[str, object]]) -> str:
    first = lines[0]
    samples = max(int(str(line["samples"])) for line in lines)
    return (
        f"{first['tumour_animals']} unseen animals with a tumour, {first['control_animals']} without; "
        f"{samples} future{'' if samples == 1 else 's'} of each."
    )


def command(options: BenchmarkOptions, *more: str) -> str:
    """The command line that makes this benchmark."""
    by_budget = BenchmarkOptions(budget=options.budget, cohort=options.cohort).filled().as_record()
    changed = [
        name for name, value in options.as_record().items() if value != by_budget[name] or name in ("budget", "cohort")
    ]
    flags = as_flags(BenchmarkOptions(**{name: getattr(options, name) for name in changed}))
    return " ".join(["napari-bonemet benchmark forecast --out benchmark", *flags, *more])


def _commands(options: BenchmarkOptions, main: Sequence[Mapping[str, object]]) -> list[str]:
    rows = dict.fromkeys((str(line["row"]), str(line["seed"])) for line in main if line["row"] not in BASELINES)
    if not rows:
        return []
    told = [command(options, *_words(name, seed)) for name, seed in rows]
    return ["## Each row by itself", "", "The baselines come with every row.", "", "```console", *told, "```", ""]


def _words(name: str, seed: str) -> tuple[str, ...]:
    given = name.removeprefix("file ")
    if given != name:
        return ("--networks", "--checkpoints", f"{given}.safetensors")
    return ("--networks", name, "--seeds", seed)
