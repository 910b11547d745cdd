"""The response classifier: trained, asked, saved and loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit

from napari_bonemet.diagnose.measures import calibration
from napari_bonemet.diagnose.models.response import build_response_network
from napari_bonemet.diagnose.report.result import ClassifierResult, Opinion
from napari_bonemet.diagnose.report.scores import scores_of
from napari_bonemet.diagnose.response.cases import ResponseCase, require_both
from napari_bonemet.diagnose.response.opinion import ResponseOpinion
from napari_bonemet.diagnose.response.options import ResponseOptions
from napari_bonemet.diagnose.response.projections import NAME, pictures, project
from napari_bonemet.diagnose.response.validation import NETWORK, CrossValidated, cross_validate, result_of
from napari_bonemet.forecast.checkpoint import Checkpoint, require_fit
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.forecast.weights import fill, half_state
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.series import ScanSeries


@dataclass(frozen=True, eq=False)
class ResponseClassifier(Saved):
    """Tells from the weeks of a leg whether its animal responds to treatment; by :meth:`fit` or :meth:`load`.

    A 3D network over (week, row, column) looks at X-ray-like projections of the registered weeks (Xu et al.,
    Comput Med Imaging Graph 2023, section 2.4; they classify the necrosis rate under chemotherapy). It is given no
    measure of the tumour or of lesions. Its probabilities are calibrated on what was said of legs while they were held
    out in a cross-validation, as if half of the animals responded.

    Parameters
    ----------
    options : ResponseOptions
        What it looks at, and how it was trained.
    network : torch.nn.Module
        The weights.
    spacing : tuple of float
        Voxel size (z, y, x) of the scans that it learned from, micrometres.
    factor, shift : float
        Calibrated log odds are ``factor * log odds + shift``.
    training : mapping
        On what and how it was trained, with cross-validated figures.
    synthetic : bool
        Whether any of those legs was made by the generator.
    device : str
        Where it computes.
    """

    name: ClassVar[str] = NAME

    options: ResponseOptions
    network: Any
    spacing: Triple
    factor: float = 1.0
    shift: float = 0.0
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False
    device: str = "cpu"

    @classmethod
    def fit(
        cls,
        cases: Sequence[ResponseCase],
        spacing: Triple,
        *,
        options: ResponseOptions | None = None,
        folds: int = 3,
        device: str = "cpu",
        progress: Progress = NO_PROGRESS,
    ) -> tuple[Self, CrossValidated]:
        """Cross-validate on legs, then train on all of them.

        Parameters
        ----------
        cases : sequence of ResponseCase
            Legs of treated animals.
        spacing : tuple of float
            Voxel size (z, y, x) of their scans, micrometres.
        options : ResponseOptions, optional
            The network, and how it learns.
        folds : int
            Of the cross-validation.
        device : str
            Where torch computes.
        progress : Progress
            Told every step; every fold is reported as a FoldDone.

        Returns
        -------
        classifier : ResponseClassifier
            Trained on every leg.
        validated : CrossValidated
            What networks like it said of each leg while it was held out.

        Raises
        ------
        InputError
            When there are fewer animals of one kind than folds.
        Cancelled
            When the user asked to stop; nothing is kept.
        """
        from napari_bonemet.diagnose.response.training import train_response

        options = options or ResponseOptions()
        require_both(cases, "train on")
        share = folds / (folds + 1.5)
        validated = cross_validate(cases, options, folds=folds, device=device, progress=PartOf(progress, 0.0, share))
        made = train_response(cases, options, device=device, progress=PartOf(progress, share, 1.0))
        factor, shift = calibration(validated.log_odds, np.array([case.responds for case in cases]))
        record = _record(cases, validated.result, made.minutes, made.losses, folds)
        synthetic = any(case.synthetic for case in cases)
        return cls(options, made.network, spacing, factor, shift, record, synthetic, device), validated

    def on(self, device: str) -> Self:
        """The same classifier, computing on `device` ("cpu", "cuda", "mps")."""
        return replace(self, network=self.network.to(device), device=device)

    def classify(self, series: ScanSeries, *, progress: Progress = NO_PROGRESS) -> ResponseOpinion:
        """How probable it is that the animal of a leg responds.

        Parameters
        ----------
        series : ScanSeries
            The registered weeks of one leg: all that it was trained to see; others are left alone.
        progress : Progress
            Told of each week.

        Raises
        ------
        InputError
            When a week is missing, the weeks are not on one grid or of another voxel size than it learned from, or
            they show no bone.
        Cancelled
            When the user asked to stop.
        """
        progress.message(f"looking at {series.leg}")
        chosen = series.select(self.options.weeks)
        require_fit(chosen, model=self.name, input_kind="grey", spacing=self.spacing)
        seen = project(chosen, self.options, progress=progress)
        probability = float(self._probabilities(pictures(seen, self.options)[None])[0])
        return ResponseOpinion(
            subject=chosen.baseline.subject,
            side=chosen.baseline.side,
            part=chosen.baseline.part,
            weeks=self.options.weeks,
            model=self.name,
            probability=probability,
            synthetic=chosen.synthetic,
            trained_on_synthetic=self.synthetic,
        )

    def evaluate(self, cases: Sequence[ResponseCase], protocol: str) -> ClassifierResult:
        """What it says of legs whose response is known, none of which it learned from."""
        said = self._probabilities(np.stack([case.pictures for case in cases]))
        opinions = [Opinion.of_two(NETWORK, said)]
        return result_of(cases, opinions, self.options, protocol, trained_on_synthetic=self.synthetic)

    def _probabilities(self, seen: np.ndarray) -> np.ndarray:
        from napari_bonemet.diagnose.response.training import log_odds_of

        return np.asarray(expit(self.factor * log_odds_of(self.network, seen, self.device) + self.shift))

    def checkpoint(self) -> Checkpoint:
        """All of it, ready for the disk; floating weights in half precision."""
        return Checkpoint(
            name=self.name,
            configuration={**self.options.as_record(), "factor": self.factor, "shift": self.shift},
            tensors=half_state(self.network),
            input_kind="grey",
            spacing=self.spacing,
            weeks=self.options.weeks,
            training=self.training,
            synthetic=self.synthetic,
        )

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, *, device: str = "cpu") -> Self:
        """Out of a checkpoint that was read.

        Raises
        ------
        InputError
            When it holds another model, or its tensors are not those of the network that it describes.
        """
        checkpoint.require(cls.name)
        record: dict[str, Any] = dict(checkpoint.configuration)
        factor, shift = float(record.pop("factor", 1.0)), float(record.pop("shift", 0.0))
        options = ResponseOptions.from_record(record)
        network = fill(build_response_network(options), checkpoint).to(device).eval()
        return cls(
            options, network, checkpoint.spacing, factor, shift, checkpoint.training, checkpoint.synthetic, device
        )


def _record(
    cases: Sequence[ResponseCase], result: ClassifierResult, minutes: float, losses: Sequence[float], folds: int
) -> dict[str, Json]:
    return {
        "animals": len({case.animal for case in cases}),
        "animal_names": [*sorted({case.animal for case in cases})],
        "legs": len(cases),
        "responders": sum(case.responds for case in cases),
        "generator": [*sorted({version for case in cases for version in case.generator})],
        "minutes": round(minutes, 2),
        "losses": [round(loss, 4) for loss in losses],
        "cross_validation": {
            "folds": folds,
            "protocol": result.protocol,
            "opinions": [each.as_record() for each in scores_of(result)],
        },
    }
