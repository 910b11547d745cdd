"""A trained network as a forecaster: futures drawn from weeks seen, saved and loaded as a checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

import numpy as np

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.calibration import Calibration
from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.forecast.forecaster import DETERMINISTIC, Forecast, as_future, before, summarise
from napari_bonemet.forecast.inputs import Steps, steps_to
from napari_bonemet.forecast.looks import Looks
from napari_bonemet.forecast.models.catalogue import ARCHITECTURES, build
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.native_looks import NativeLooks
from napari_bonemet.forecast.registry import checkpoint_loader, forecaster
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.forecast.shipped import SHIPPED_FORECASTERS, shipped_checkpoint
from napari_bonemet.forecast.weights import fill, half_state
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress, report
from napari_bonemet.provenance import Json, Step
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries

SAMPLES_NOTE = "Model samples, not confidence"


@dataclass(frozen=True, eq=False)
class NetworkForecaster(Saved):
    """A trained network; made by :func:`~napari_bonemet.forecast.fitting.fit_network` or :meth:`load`.

    Parameters
    ----------
    name : str
        The network's name in the registry.
    options : NetworkOptions
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
    calibration : Calibration or None
        How far off it truly is, where that was learned from animals that it was not trained on.
    memory_gib : float
        What drawing may take beside the weeks and the samples, where a network draws at native resolution.
    """

    name: str
    options: NetworkOptions
    network: Any
    spacing: Triple
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False
    device: str = "cpu"
    calibration: Calibration | None = None
    memory_gib: float = 4.0

    @property
    def deterministic(self) -> bool:
        """Whether all its samples would be the same."""
        return self.options.deterministic

    def on(self, device: str) -> Self:
        """The same forecaster, computing on `device` ("cpu", "cuda", "mps")."""
        return replace(self, network=self.network.to(device), device=device)

    def predict(
        self, seen: ScanSeries, week: float, *, samples: int = 1, seed: int = 0, progress: Progress = NO_PROGRESS
    ) -> Forecast:
        """Draw `samples` futures of `week`, each handed to `progress` as soon as it is there.

        A network that knows one future only draws one, however many are asked for, and says so in the note.

        Where the network sees no bone near, beyond its squares, a future is a copy of the last week. A week further
        ahead than the network's step is reached over the weeks between, each drawn in turn.

        Raises
        ------
        InputError
            When a week that it looks at is missing, the weeks are not on one grid, are no greys, or show no bone.
        Cancelled
            When the user asked to stop.
        """
        steps = steps_to(before(seen, week), week, self.options, self.name)
        last = steps.scans[-1]
        volumes = [scan.to_numpy() for scan in steps.scans]
        looks = self._looks(volumes, steps.gaps, last.spacing, PartOf(progress, 0.0, 0.3))
        drawn: list[Scan] = []
        count = 1 if self.deterministic else samples
        for number in range(count):
            progress.message(f"drawing future {number + 1} of {count}")
            part = PartOf(progress, 0.3 + 0.7 * number / count, 0.3 + 0.7 * (number + 1) / count)
            voxels = self._future(looks, volumes, steps, np.random.default_rng([seed, number]), part)
            drawn.append(as_future(last, voxels, week, self._step(week, seed, number)))
            report(progress, drawn[-1])
        threshold = self.options.bone_threshold
        note = self._note(looks.resampled, steps, samples)
        return summarise(drawn, week=week, model=self.name, seed=seed, bone_threshold=threshold, note=note)

    def sample(
        self,
        weeks: np.ndarray,
        n: int,
        generator: np.random.Generator,
        *,
        gaps: Sequence[float] | None = None,
        progress: Progress = NO_PROGRESS,
    ) -> np.ndarray:
        """Draw `n` futures one gap ahead; greys, float32, (n, z, y, x); all the same where it knows one only.

        Parameters
        ----------
        weeks : ndarray, (weeks, z, y, x)
            The weeks that the network looks at, oldest first, greys of its own voxel size.
        generator : numpy.random.Generator
            Where the noise comes from.
        gaps : sequence of float, optional
            Weeks from each to the next, and from the last to the forecast; the network's own step when None.

        Raises
        ------
        InputError
            When these are not as many weeks as the network looks at, or show no bone.
        """
        if len(weeks) != self.options.weeks_seen:
            raise InputError(
                f"{self.name} looks at another number of weeks",
                expected=f"{self.options.weeks_seen}",
                found=f"{len(weeks)}",
            )
        between = list(gaps) if gaps is not None else [self.options.gap_weeks] * len(weeks)
        looks = self._looks(list(weeks), between, self.spacing, PartOf(progress, 0.0, 0.3))
        rest = PartOf(progress, 0.3, 1.0)
        if self.deterministic:
            return np.repeat(looks.draw(generator, rest)[None], n, axis=0)
        parts = (PartOf(rest, number / n, (number + 1) / n) for number in range(n))
        made = np.empty((n, *looks.last.shape), dtype=np.float32)
        for future, one, part in zip(made, generator.spawn(n), parts, strict=True):
            looks.draw(one, part, out=future)
        return made

    def _looks(
        self, volumes: Sequence[np.ndarray], gaps: Sequence[float], spacing: Triple, progress: Progress
    ) -> Looks | NativeLooks:
        if self.options.native:
            return NativeLooks.at(self, volumes, gaps, spacing, progress, memory_gib=self.memory_gib)
        return Looks.at(self, volumes, gaps, spacing, progress)

    def _future(
        self,
        looks: Looks | NativeLooks,
        volumes: Sequence[np.ndarray],
        steps: Steps,
        rng: np.random.Generator,
        progress: Progress,
    ) -> np.ndarray:
        """One future of the last of the steps' weeks, over all those before it."""
        count = len(steps.weeks)
        drawn = looks.draw(rng, PartOf(progress, 0.0, 1 / count))
        seen, gaps = list(volumes), list(steps.gaps)
        for number, (earlier, later) in enumerate(zip(steps.weeks, steps.weeks[1:], strict=False), start=1):
            part = PartOf(progress, number / count, (number + 1) / count)
            seen, gaps = [*seen[1:], drawn], [*gaps[1:], later - earlier]
            again = self._looks(seen, gaps, steps.scans[-1].spacing, PartOf(part, 0.0, 0.3))
            drawn = again.draw(rng, PartOf(part, 0.3, 1.0))
        return drawn

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

    def _note(self, resampled: bool, steps: Steps, samples: int) -> str:
        first = DETERMINISTIC if self.deterministic else SAMPLES_NOTE
        note = f"{first}; trained on {'synthetic legs' if self.synthetic else 'scans'}"
        if resampled:
            note += f"; slices were resampled to the {self.spacing[1]:g} µm that it was trained on"
        if len(steps.weeks) > 1:
            note += f"; reached over {len(steps.weeks)} forecasts in a row"
        if self.deterministic and samples > 1:
            note += f" ({samples} samples were asked for)"
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
            calibration={} if self.calibration is None else self.calibration.as_record(),
        )

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, *, device: str = "cpu") -> Self:
        """Out of a checkpoint that was read.

        Raises
        ------
        InputError
            When its tensors are not those of the network that it describes.
        """
        checkpoint.require(*ARCHITECTURES)
        options = ARCHITECTURES[checkpoint.name].options.from_record(dict(checkpoint.configuration))
        network = fill(build(checkpoint.name, options), checkpoint).to(device).eval()
        record = checkpoint.calibration
        return cls(
            checkpoint.name,
            options,
            network,
            checkpoint.spacing,
            checkpoint.training,
            checkpoint.synthetic,
            device,
            Calibration.from_record(record) if record else None,
        )


def _load(checkpoint: Checkpoint, device: str) -> NetworkForecaster:
    return NetworkForecaster.from_checkpoint(checkpoint, device=device)


for _name in ARCHITECTURES:
    checkpoint_loader(_name)(_load)


def _shipped(name: str) -> NetworkForecaster:
    return NetworkForecaster.load(shipped_checkpoint(name))


for _name in SHIPPED_FORECASTERS:
    forecaster(_name)(partial(_shipped, _name))
