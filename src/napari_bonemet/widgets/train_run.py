"""What the Train dock runs beside the screen, and the commands that do the same."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.models.catalogue import architecture
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.geometry import Triple
from napari_bonemet.metrics.table import ForecastScores
from napari_bonemet.options import Between, Doc, Options, Unit, as_flags
from napari_bonemet.progress import Progress, report
from napari_bonemet.study.holding_out import HoldOut
from napari_bonemet.study.training import TrainedNetwork, TrainingPlan, held_out_words, train_network
from napari_bonemet.study.training_legs import SyntheticAnimals

__all__ = ["Kept", "Said", "TrainOptions", "held_out_rows", "plan_of", "result_words", "train", "train_commands"]

# Below this the samples of a network are all but one and the same.
_SILENT_NATS = 0.5


_NO_LOSS = (
    "None of them lost bone in that week: whether it finds lesions is not known. Hold out others, by name or by "
    "another seed."
)


@dataclass(frozen=True)
class TrainOptions(Options):
    """What is asked of a training before all else."""

    minutes: Annotated[
        float, Doc("Stop after this time; 0 trains until nothing more is gained."), Between(0, 1e5), Unit("min")
    ] = 20.0
    seed: Annotated[
        int, Doc("First weights, order of the slices, animals made and held out."), Between(0, 2**31 - 2)
    ] = 0
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"], Doc("Where it trains; auto takes the fastest that is there.")
    ] = "auto"
    weeks_seen: Annotated[tuple[float, ...], Doc("The weeks that the network sees, in even steps.")] = (0.0, 1.0, 2.0)
    target_week: Annotated[float, Doc("The week that it learns to forecast."), Between(0, 500)] = 3.0
    held_out: Annotated[
        int,
        Doc("Share of the animals that it does not learn from: they tell when to stop, and how good it is."),
        Between(0, 90),
        Unit("% of animals"),
    ] = 20
    animals_held_out: Annotated[
        tuple[str, ...], Doc("Animals to hold out by name, spaces between, in place of a share.")
    ] = ()


@dataclass(frozen=True)
class Said:
    """A sentence of a training: what it learns from, or what it leaves out."""

    text: str
    warning: bool = False


@dataclass(frozen=True, eq=False)
class Kept:
    """The trained network, before it is scored."""

    model: Any


def plan_of(
    network: str,
    chosen: TrainOptions,
    animals: SyntheticAnimals | None,
    folders: tuple[Path, ...],
    spacing: Triple | None,
    *,
    options: NetworkOptions,
    training: TrainingOptions,
) -> TrainingPlan:
    """What the dock asks for, as the core takes it.

    Raises
    ------
    InputError
        When synthetic animals are asked for in weeks that are no whole numbers.
    """
    share = None if chosen.animals_held_out else chosen.held_out / 100
    weeks = (*chosen.weeks_seen, chosen.target_week)
    return TrainingPlan(
        network,
        chosen.weeks_seen,
        chosen.target_week,
        folders=folders,
        cohort=None if animals is None else animals.cohort(weeks, chosen.seed),
        spacing=spacing,
        hold_out=HoldOut(chosen.animals_held_out, share, seed=chosen.seed),
        options=options,
        training=training,
        device=chosen.device,
    )


def train(plan: TrainingPlan, progress: Progress) -> TrainedNetwork:
    """Train; what is said on the way, the epochs, and the network once it is there are reported to `progress`.

    Raises
    ------
    InputError
        As :func:`~napari_bonemet.study.training.train_network`.
    Cancelled
        When the user asked to stop.
    """
    progress.message("reading the scans" if plan.cohort is None else "making synthetic animals")
    return train_network(
        plan,
        say=lambda text: report(progress, Said(text)),
        warn=lambda text: report(progress, Said(text, warning=True)),
        trained=lambda model: report(progress, Kept(model)),
        progress=progress,
    )


def held_out_rows(scores: tuple[ForecastScores, ...]) -> list[list[str]]:
    """The table of the dock: measure, forecast, copy-last-week, and what truly came; means over the legs held out."""
    pairs = [(row.forecast, row.copied) for row in scores]
    rows = []
    for name, label, digits in (("psnr", "PSNR, dB", 2), ("ssim", "SSIM", 3), ("lesion_dice", "lesion Dice", 3)):
        rows.append([label, *(_mean([getattr(pair[side], name) for pair in pairs], digits) for side in (0, 1)), ""])
    lost = (_mean([pair[side].lost_mm3 for pair in pairs], 4) for side in (0, 1))
    return [*rows, ["lost, mm³", *lost, _mean([row.true_lost_mm3 for row in scores], 4)]]


def _mean(values: list[float | None], digits: int) -> str:
    there = [value for value in values if value is not None]
    return f"{sum(there) / len(there):.{digits}f}" if there else "–"


def result_words(made: TrainedNetwork) -> str:
    """How good the network is, and what to beware of."""
    record = made.model.training
    lines = [f"{made.model.name}, best after epoch {record['best_epoch']} of {record['epochs']}."]
    if made.scores:
        lines.append(held_out_words(made.scores, made.samples))
        lines.append("These animals chose the epoch: on others it may be a little less.")
        if not any(row.true_lost_mm3 for row in made.scores):
            lines.append(_NO_LOSS)
    else:
        lines.append("No animal was held out: nothing is known of how good it is.")
    if 0 < record["kl_nats"] < _SILENT_NATS:
        lines.append(
            f"Its latent holds {record['kl_nats']:.2f} nats: samples will hardly differ. Train longer, or lower the "
            "KL weight."
        )
    return " ".join(lines)


def train_commands(plan: TrainingPlan) -> list[list[str]]:
    """The commands that train the same network: on the folders, or on a synthetic cohort that is written first.

    Raises
    ------
    InputError
        When there is nothing to learn from.
    """
    if plan.cohort is None and not plan.folders:
        raise InputError("There is nothing to learn from yet", remedy="Add a folder of registered weeks")
    commands: list[list[str]] = []
    data = [str(folder) for folder in plan.folders]
    if plan.cohort is not None:
        commands.append(["napari-bonemet", "cohort", *as_flags(plan.cohort), "--out", "cohort"])
        data = [f"cohort/{plan.cohort.component}"]
    training = as_flags(plan.training)
    if plan.training.seed != TrainingOptions().seed:
        at = training.index("--seed")
        del training[at : at + 2]
    weeks = ["--inputs", *(f"{week:g}" for week in plan.inputs), "--target", f"{plan.target:g}"]
    held = ["--validation", *plan.hold_out.animals]
    if plan.hold_out.share is not None:
        held = ["--validation-share", f"{plan.hold_out.share:g}"]
    spacing = [] if plan.spacing is None else ["--spacing", *(f"{size:g}" for size in plan.spacing)]
    device = [] if plan.device == "auto" else ["--device", plan.device]
    flags = [*weeks, *held, *spacing, *training, *_network_flags(plan), "--seed", str(plan.training.seed), *device]
    out = ["--out", f"{plan.network}.safetensors"]
    commands.append(["napari-bonemet", "train", "--network", plan.network, "--data", *data, *flags, *out])
    return commands


def _network_flags(plan: TrainingPlan) -> list[str]:
    """Flags of the network's own options, but for those that its name stands for, which are no flags."""
    if plan.options is None:
        return []
    usual = type(plan.options)()
    fixed = {name: getattr(usual, name) for name in architecture(plan.network).fixed}
    return as_flags(replace(plan.options, **fixed))
