"""The bone quality classifier: trained, asked, saved and loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np

from napari_bonemet.bone_quality import UNKNOWN
from napari_bonemet.diagnose.folds import require_apart
from napari_bonemet.diagnose.quality.building import build_quality_network
from napari_bonemet.diagnose.quality.cropping import squares_of
from napari_bonemet.diagnose.quality.diagnosis import QualityDiagnosis
from napari_bonemet.diagnose.quality.options import QualityOptions
from napari_bonemet.diagnose.quality.slices import LabelledSlices
from napari_bonemet.diagnose.quality.voting import vote
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.forecast.weights import fill, half_state
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Scan

__all__ = ["BoneQualityClassifier", "QualityOptions"]


@dataclass(frozen=True, eq=False)
class BoneQualityClassifier(Saved):
    """Tells blastic, mixed, lytic and normal bone, slice by slice; by :meth:`fit` or :meth:`load`.

    Parameters
    ----------
    options : QualityOptions
        What it looks at, and how it was trained.
    network : torch.nn.Module
        The weights.
    vote_threshold : int
        A lesion class wins a segment where more slices than this show it.
    training : mapping
        On what and how it was trained, with figures of patients held out.
    synthetic : bool
        Whether any of those scans was made by a generator.
    device : str
        Where it computes.
    """

    name: ClassVar[str] = "bone-quality"

    options: QualityOptions
    network: Any
    vote_threshold: int = 0
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False
    device: str = "cpu"

    @classmethod
    def fit(
        cls,
        slices: LabelledSlices,
        validation: LabelledSlices | None = None,
        *,
        options: QualityOptions | None = None,
        synthetic: bool = False,
        device: str = "cpu",
        progress: Progress = NO_PROGRESS,
    ) -> Self:
        """Train on slices whose quality is known.

        Parameters
        ----------
        slices : LabelledSlices
            To learn from.
        validation : LabelledSlices, optional
            Of other patients: they choose how many votes a lesion needs; their figures are kept in the record.
        options : QualityOptions, optional
            The network, and how it learns.
        synthetic : bool
            Whether a generator made the slices.
        device : str
            Where torch computes.
        progress : Progress
            Told every step; every epoch is reported as a QualityEpoch.

        Raises
        ------
        InputError
            When a patient is both in training and validation, a class has no slice, or quality is not learned at all.
        MissingWeightsError
            When the weights of ImageNet were asked for and are not there.
        Cancelled
            When the user asked to stop; nothing is kept.
        """
        from napari_bonemet.diagnose.quality.figures_of import figures_of, threshold_of
        from napari_bonemet.diagnose.quality.training import train_quality

        options = options or QualityOptions()
        if options.sharing == "involvement-alone":
            raise InputError("A classifier of bone quality has to learn it", remedy="Choose another --sharing")
        if validation is not None:
            require_apart(slices.patients, validation.patients)
        if not (slices.involvement != UNKNOWN).any():
            options = replace(options, involvement=False)
        made = train_quality(slices, options, device=device, progress=PartOf(progress, 0.0, 0.97))
        record: dict[str, Json] = {
            "of": "bone",
            "patients": len(slices.patients),
            "animal_names": [*sorted(slices.patients)],
            "slices": len(slices),
            "classes": {**slices.counts()},
            "epochs": len(made.epochs),
            "minutes": round(made.minutes, 2),
            "history": [
                {"epoch": each.epoch, "loss": round(each.loss, 4), "learned": round(each.learned, 3)}
                for each in made.epochs
            ],
        }
        threshold = 0
        if validation is not None and len(validation):
            threshold = threshold_of(made.network, validation, device)
            record["validation"] = {
                **figures_of(made.network, validation, threshold, device),
                "animals": [*sorted(validation.patients)],
                "protocol": "patients that were not trained on; they chose the votes that a lesion needs",
            }
        return cls(options, made.network, threshold, record, synthetic, device)

    def classify(
        self, scan: Scan, *, segment: np.ndarray | None = None, progress: Progress = NO_PROGRESS
    ) -> QualityDiagnosis:
        """What each slice of a scan shows, and each segment by the votes of its slices.

        Parameters
        ----------
        scan : Scan
            Axial slices; Hounsfield units or greys, as the network was trained on.
        segment : ndarray, (z,) int, optional
            Which vertebra each slice belongs to; slices of 0 are passed over. The whole scan is one when None.

        Raises
        ------
        InputError
            When the values are not what the network knows, segments do not fit the scan, or no slice shows bone.
        """
        from napari_bonemet.diagnose.quality.training import opinion_of

        where = np.arange(scan.shape[0])
        if segment is not None:
            if len(segment) != len(where):
                raise InputError(
                    f"{scan.title}: vertebrae do not fit the scan",
                    expected=f"one for each of {len(where)} slices",
                    found=f"{len(segment)}",
                )
            where = np.flatnonzero(segment)
        squares = squares_of(scan, self.options, where)
        shown = squares.any(axis=(1, 2))
        if not shown.any():
            raise InputError(f"{scan.title} shows no bone", expected=f"values of {self.options.bone_from:g} and more")
        where, squares = where[shown], squares[shown]
        numbers = np.zeros(len(where), dtype=np.int64) if segment is None else np.asarray(segment)[where]
        said = opinion_of(self.network, squares, self.device, progress)
        quality, probability = said.quality, said.known
        verdict = {
            int(number): vote(quality[numbers == number], probability[numbers == number], self.vote_threshold)
            for number in np.unique(numbers)
        }
        return QualityDiagnosis(
            scan=scan.title,
            slices=where,
            segment=numbers,
            probability=probability,
            involvement=said.involvement,
            verdict=verdict,
            synthetic=scan.synthetic,
            trained_on_synthetic=self.synthetic,
            note=self._note(),
        )

    def _note(self) -> str:
        learned = "synthetic bone alone" if self.synthetic else "scans"
        return f"A network's opinion, research use; trained on {learned}"

    def checkpoint(self) -> Checkpoint:
        """All of it, ready for the disk; floating weights in half precision."""
        pixel = self.options.pixel_um
        return Checkpoint(
            name=self.name,
            configuration={**self.options.as_record(), "vote_threshold": self.vote_threshold},
            tensors=half_state(self.network),
            input_kind=self.options.values,
            spacing=(pixel, pixel, pixel),
            weeks=(0.0,),
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
        configuration = dict(checkpoint.configuration)
        threshold = int(str(configuration.pop("vote_threshold", 0)))
        options = QualityOptions.from_record(configuration)
        network = fill(build_quality_network(options, trained=True), checkpoint).to(device).eval()
        return cls(options, network, threshold, checkpoint.training, checkpoint.synthetic, device)
