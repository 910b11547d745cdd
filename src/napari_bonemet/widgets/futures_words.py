"""What the Futures dock says of models, scores and lost bone, and the commands that do the same."""

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.copying import CopyLastWeek
from napari_bonemet.forecast.models.catalogue import architecture
from napari_bonemet.forecast.shipped import SHIPPED_FORECASTERS
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.options import as_flags
from napari_bonemet.processing.register.result import RegistrationOptions
from napari_bonemet.scan import Scan
from napari_bonemet.study.sample_check import SampleCheck
from napari_bonemet.widgets.copy_command import folder_named
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.futures_drawn import Drawn
from napari_bonemet.widgets.futures_run import CHECKPOINT, ONE_FUTURE, FutureOptions

__all__ = [
    "MODELS",
    "about_model",
    "check_rows",
    "check_words",
    "lost_rows",
    "predict_command",
    "score_rows",
    "verdict",
    "weeks_commands",
]

MODELS = {
    **{name: architecture(name).title for name in SHIPPED_FORECASTERS},
    "ridge": "ridge regression",
    "copy-last-week": "copy last week",
    CHECKPOINT: "from a file…",
}
# Spread over error at which samples are called right.
_TOO_SURE = 0.8
_SAMPLES = "What it draws are model samples, not confidence."
_ABOUT = {
    **dict.fromkeys(
        SHIPPED_FORECASTERS, f"Trained on synthetic legs alone; it needs the three weeks before. {_SAMPLES}"
    ),
    "stvae": f"Trained on synthetic legs alone; it looks at the last two or three weeks, however far apart. {_SAMPLES}",
    "ridge": "Fitted to this leg's own earlier weeks, or to synthetic legs where they are too few. One future.",
    "copy-last-week": "The baseline: the last seen week, unchanged. Nothing is trained.",
    CHECKPOINT: f"The file says what its model was trained on. {_SAMPLES}",
}


def about_model(model: str) -> str:
    """What a model was trained on, in a plain line."""
    return _ABOUT[model]


def score_rows(scores: ForecastScores) -> list[list[str]]:
    """The table of the dock: measure, the mean of the forecast, copy-last-week."""
    mine, copied = scores.forecast, scores.copied
    gain = "–" if scores.model == CopyLastWeek.name else f"{scores.gain_db:+.2f}"
    return [
        ["gain, dB", gain, "0"],
        ["PSNR, dB", _number(mine.psnr, 2), _number(copied.psnr, 2)],
        ["SSIM", _number(mine.ssim, 3), _number(copied.ssim, 3)],
        ["LPIPS", _number(mine.lpips, 3), _number(copied.lpips, 3)],
        ["lesion Dice", _number(mine.lesion_dice, 3), _number(copied.lesion_dice, 3)],
        ["lost, mm³", _number(mine.lost_mm3, 4), _number(copied.lost_mm3, 4)],
    ]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def lost_rows(drawn: Drawn) -> list[list[str]]:
    """Newly lost bone over the samples: least, mean, most, and that of the true week."""
    lost = drawn.lost_mm3
    values = (min(lost), sum(lost) / len(lost), max(lost), drawn.true_lost_mm3)
    return [["mm³", *(_number(value, 4) for value in values)]]


def check_rows(check: SampleCheck) -> list[list[str]]:
    """How far the samples can be believed: what is looked at, what was found, what would be right."""
    share = check.calibrated_covered
    calibrated = [] if share is None else [[f"in calibrated {check.level:.0%}", f"{share:.0%}", f"{check.level:.0%}"]]
    return [
        ["in range of samples", f"{check.covered:.0%}", f"{check.expected:.0%}"],
        *calibrated,
        ["spread / error", f"{check.spread_skill:.2f}", "1"],
    ]


def check_words(check: SampleCheck) -> str:
    """The same as a sentence."""
    ratio = check.spread_skill
    sure = "too sure" if ratio < _TOO_SURE else "not sure enough" if ratio > 1 / _TOO_SURE else "about as sure as right"
    return f"Over the bone of the last seen week the samples are {sure}."


def verdict(scores: ForecastScores) -> str:
    """What the table says, in a sentence a reader cannot misread."""
    gain = scores.gain_db
    if scores.model == CopyLastWeek.name:
        better = "the baseline that other models have to beat"
    elif abs(gain) < 0.005:
        better = "as good as copying the last week by PSNR"
    else:
        better = f"{abs(gain):.2f} dB {'better' if gain > 0 else 'worse'} than copying the last week by PSNR"
    lost = f"truly lost: {scores.true_lost_mm3:.4f} mm³"
    return f"{scores.model} is {better}; {lost}. PSNR is pooled over the volume, SSIM the mean over slices."


def predict_command(desk: Desk, options: FutureOptions, week: float | None) -> list[list[str]]:
    """The commands that draw the same futures of the weeks on the desk, from the folder that was opened.

    Raises
    ------
    InputError
        When the leg lies in no folder, its weeks were registered onto a scan of another bone, no week is chosen,
        or no checkpoint.
    """
    if week is None or desk.working is None:
        raise InputError("There is no week to forecast yet", remedy="Register the weeks first")
    commands, folder = weeks_commands(desk)
    model = ["--forecaster", options.model]
    if options.model == CHECKPOINT:
        if options.checkpoint is None:
            raise InputError("There is no checkpoint that a command could name", remedy="Choose a .safetensors file")
        model = ["--checkpoint", str(options.checkpoint)]
    many = [] if options.model in ONE_FUTURE else ["--samples", str(options.samples)]
    device = [] if options.model in ONE_FUTURE or options.device == "auto" else ["--device", options.device]
    flags = [*model, *many, "--seed", str(options.seed), "--week", f"{week:g}", *device]
    return [*commands, ["napari-bonemet", "predict", "--data", folder, *flags, "--out", "futures"]]


def weeks_commands(desk: Desk, *, whole: bool = False) -> tuple[list[list[str]], str]:
    """The commands that bring the weeks of the folder that was opened to where they are here, and their folder then.

    Parameters
    ----------
    whole : bool
        Not cropped.

    Raises
    ------
    InputError
        When the leg lies in no folder, or its weeks were registered onto a scan of another bone.
    """
    folder, commands = folder_named(desk), []
    if desk.registration is not None:
        flags = _register_flags(desk.registration.series.scans)
        commands.append(["napari-bonemet", "register", folder, "--out", "registered", *flags])
        folder = "registered"
    if desk.roi is not None and not whole:
        first, slices = desk.roi.first_slice, desk.roi.last_slice - desk.roi.first_slice + 1
        place = ["--first-slice", str(first), "--slices", str(slices)]
        commands.append(["napari-bonemet", "roi", folder, "--out", "region", *place])
        folder = "region"
    return commands, folder


def _register_flags(scans: tuple[Scan, ...]) -> list[str]:
    steps = [step for scan in scans for step in scan.history if step.name == "register"]
    # Only the week that the others were brought onto has no source; onto another bone, every week has one.
    if not steps or all(step.sources for step in steps):
        raise InputError(
            "The weeks were registered onto a scan of another bone, which no command could name here",
            remedy="Save the registered weeks (File > Save Selected Layers, BoneMet weeks), and open that folder",
        )
    return as_flags(RegistrationOptions.from_record(dict(steps[0].parameters)))
