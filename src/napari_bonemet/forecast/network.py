"""The trained T-VAE as a forecaster: futures drawn from weeks seen, saved and loaded as a checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from napari_bonemet.forecast.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from napari_bonemet.forecast.forecaster import Forecast, as_future, before, summarise
from napari_bonemet.forecast.looks import Looks
from napari_bonemet.forecast.models.build import build_tvae
from napari_bonemet.forecast.models.tvae import TvaeOptions
from napari_bonemet.forecast.patches import inputs_for
from napari_bonemet.forecast.planes import Planes
from napari_bonemet.forecast.registry import checkpoint_loader, forecaster
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.forecast.training import TrainingOptions, train_tvae
from napari_bonemet.forecast.weights import fill, half_state
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress, report
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

NAMES = {"sigmoid": "tvae", "gate": "tvae-gate"}
SAMPLES_NOTE = "Model samples, not confidence"


@dataclass(frozen=True, eq=False)
class TvaeForecaster:
    """A trained T-VAE (2D); made by :meth:`fit` or :meth:`load`.

    Parameters
    ----------
    options : TvaeOptions
        Its shape, and what it looks at.
    network : torch.nn.Module
        The weights.
    spacing : tuple of float
        Voxel size (z, y, x) that it was trained on, micrometres.
    training : mapping
        On what and how it was trained, with held-out figures.
    synthetic : bool
        Whether any of those legs was made by the generator.
    device : str
        Where it computes.
    """

    options: TvaeOptions
    network: Any
    spacing: Triple
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False
    device: str = "cpu"

    deterministic = False

    @property
    def name(self) -> str:
        """The name in the registry: tvae with the output of the paper, tvae-gate with the gate."""
        return NAMES[self.options.output]

    @classmethod
    def fit(
        cls,
        legs: Sequence[ScanSeries],
        *,
        options: TvaeOptions | None = None,
        training: TrainingOptions | None = None,
        validation: Sequence[ScanSeries] = (),
        device: str = "cpu",
        progress: Progress = NO_PROGRESS,
    ) -> Self:
        """Train on every run of `weeks_seen` + 1 evenly spaced weeks of the legs.

        Parameters
        ----------
        legs : sequence of ScanSeries
            Registered greys, each leg on one grid, all of one voxel size.
        validation : sequence of ScanSeries
            Legs of other animals, to stop in time; their gain is kept in the record.
        progress : Progress
            Told every step; every epoch is reported as an EpochReport.

        Raises
        ------
        InputError
            When no leg has enough weeks, the weeks of a leg are not on one grid, or voxel sizes differ.
        Cancelled
            When the user asked to stop; nothing is kept.
        """
        from napari_bonemet.forecast.dataset import training_set
        from napari_bonemet.forecast.training_record import training_record

        options, training = options or TvaeOptions(), training or TrainingOptions()
        data = training_set(legs, options, progress=PartOf(progress, 0.0, 0.05))
        held_out = training_set(validation, options, data.spacing) if validation else None
        rest = PartOf(progress, 0.05, 1.0)
        made = train_tvae(data, options, training, validation=held_out, device=device, progress=rest)
        return cls(
            options=options,
            network=made.network,
            spacing=data.spacing,
            training=training_record(made, training, data, held_out, legs),
            synthetic=data.synthetic,
            device=device,
        )

    def on(self, device: str) -> Self:
        """The same forecaster, computing on `device` ("cpu", "cuda", "mps")."""
        return replace(self, network=self.network.to(device), device=device)

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Draw `samples` futures of `week`, each handed to `progress` as soon as it is there.

        Where the network sees no bone near, beyond its squares, a future is a copy of the last week.

        Raises
        ------
        InputError
            When a week that it looks at is missing, the weeks are not on one grid, are no greys, or show no bone.
        Cancelled
            When the user asked to stop.
        """
        weeks = before(seen, week)
        inputs = inputs_for(weeks, week, self.options.weeks_seen, self.options.gap_weeks, self.name)
        looks = Looks.at(self, inputs, PartOf(progress, 0.0, 0.3))
        drawn: list[Scan] = []
        for number in range(samples):
            progress.message(f"drawing future {number + 1} of {samples}")
            part = PartOf(progress, 0.3 + 0.7 * number / samples, 0.3 + 0.7 * (number + 1) / samples)
            voxels = looks.draw(np.random.default_rng([seed, number]), part)
            drawn.append(as_future(inputs[-1], voxels, week, self._step(week, seed, number)))
            report(progress, drawn[-1])
        note = self._note(looks.planes)
        threshold = self.options.bone_threshold
        return summarise(drawn, week=week, model=self.name, seed=seed, bone_threshold=threshold, note=note)

    def _step(self, week: float, seed: int, number: int) -> Step:
        parameters: dict[str, Json] = {
            "model": self.name,
            "week": week,
            "seed": seed,
            "sample": number,
            "options": self.options.as_record(),
            "trained_on_synthetic_legs": self.synthetic,
        }
        return Step("forecast", parameters)

    def _note(self, planes: Planes) -> str:
        note = f"{SAMPLES_NOTE}; trained on {'synthetic legs' if self.synthetic else 'scans'}"
        if planes.resampled:
            note += f"; slices were resampled to the {self.spacing[1]:g} µm that it was trained on"
        return note

    def checkpoint(self) -> Checkpoint:
        """All of it, ready for the disk; floating weights in half precision, whose error is far below a grey."""
        back = range(self.options.weeks_seen, 0, -1)
        return Checkpoint(
            name=self.name,
            configuration=self.options.as_record(),
            tensors=half_state(self.network),
            input_kind="grey",
            spacing=self.spacing,
            weeks=tuple(-self.options.gap_weeks * n for n in back),
            training=self.training,
            synthetic=self.synthetic,
        )

    def save(self, path: str | Path) -> Path:
        """Write it as a safetensors file.

        Raises
        ------
        OutputError
            When the disk refuses.
        """
        return save_checkpoint(self.checkpoint(), path)

    @classmethod
    def load(cls, path: str | Path, *, device: str = "cpu") -> Self:
        """Read it.

        Raises
        ------
        InputError
            When the file is missing, damaged, or no checkpoint of a T-VAE.
        """
        return cls.from_checkpoint(load_checkpoint(path), device=device)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, *, device: str = "cpu") -> Self:
        """Out of a checkpoint that was read.

        Raises
        ------
        InputError
            When its tensors are not those of the network that it describes.
        """
        options = TvaeOptions.from_record(dict(checkpoint.configuration))
        network = fill(build_tvae(options), checkpoint).to(device).eval()
        return cls(options, network, checkpoint.spacing, checkpoint.training, checkpoint.synthetic, device)


@checkpoint_loader("tvae")
@checkpoint_loader("tvae-gate")
def _load(checkpoint: Checkpoint, device: str) -> TvaeForecaster:
    return TvaeForecaster.from_checkpoint(checkpoint, device=device)


@forecaster("tvae")
def _shipped_tvae() -> TvaeForecaster:
    return TvaeForecaster.load(shipped_checkpoint("tvae"))


@forecaster("tvae-gate")
def _shipped_gate() -> TvaeForecaster:
    return TvaeForecaster.load(shipped_checkpoint("tvae-gate"))
