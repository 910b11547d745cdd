"""The lesion classifier: trained, asked, saved and loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit

from napari_bonemet.diagnose.diagnosis import Diagnosis
from napari_bonemet.diagnose.models.lesion_slices import build_slice_network
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.diagnose.slices import SliceView, this_week, view_of
from napari_bonemet.diagnose.strangeness.familiar import PREFIX, Familiar
from napari_bonemet.diagnose.strangeness.statistics import scan_statistics, slice_statistics
from napari_bonemet.diagnose.together.weeks import seen_with
from napari_bonemet.errors import InputError
from napari_bonemet.forecast.checkpoint import Checkpoint
from napari_bonemet.forecast.saved import Saved
from napari_bonemet.forecast.weights import fill, half_state
from napari_bonemet.geometry import Triple
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.provenance import Json
from napari_bonemet.scan import Kind, Scan

__all__ = ["ClassifierOptions", "LesionClassifier"]

# Distances between slices further from those of the training than this are told of in the note.
_OTHER_SLICES = 0.1


@dataclass(frozen=True, eq=False)
class LesionClassifier(Saved):
    """A slice network that tells scans with an osteolytic lesion from those without; by :meth:`fit` or :meth:`load`.

    The network turns each slice into features, none of them negative. The volume's features are, one by one,
    the highest of its slices (BoneMet, section 3.3). One linear head, whose weights are not negative either,
    turns features into log odds: **the volume's probability is what the head says of the volume's features,
    a slice's is what the same head says of that slice's**. So a probability of a slice means: how probable a
    lesion were if the whole scan showed only this. The volume's is never below that of any slice, and above the
    highest where slices show different signs; `slice_index` is the slice of the highest. A slice without any bone
    has features of zero, and the least probability of all.

    Probabilities are calibrated on the validation animals as if half of the scans had a lesion.

    Parameters
    ----------
    options : ClassifierOptions
        What it looks at, and how it was trained.
    network : torch.nn.Module
        The weights.
    spacing : tuple of float
        Voxel size (z, y, x) that it was trained on, micrometres.
    training : mapping
        On what and how it was trained, with held-out figures.
    synthetic : bool
        Whether any of those scans was made by the generator.
    device : str
        Where it computes.
    familiar : Familiar or None
        What the scans of its training were like; None in checkpoints that do not say.
    """

    names: ClassVar[tuple[str, ...]] = ("lesion-slices", "lesion-weeks")

    options: ClassifierOptions
    network: Any
    spacing: Triple
    training: Mapping[str, Json] = field(default_factory=dict)
    synthetic: bool = False
    device: str = "cpu"
    familiar: Familiar | None = None

    @property
    def name(self) -> str:
        """What it is called in the registry: whether it sees a week alone, or earlier ones too."""
        return self.names[self.options.together > 1]

    @classmethod
    def fit(
        cls,
        scans: Sequence[Scan],
        labels: Sequence[bool],
        *,
        options: ClassifierOptions | None = None,
        validation: tuple[Sequence[Scan], Sequence[bool]] | None = None,
        beside: Sequence[Scan] = (),
        device: str = "cpu",
        progress: Progress = NO_PROGRESS,
    ) -> Self:
        """Train on scans, of which it is known whether they show a lesion, but not where.

        Parameters
        ----------
        scans : sequence of Scan
            Greys of one voxel size. Where the options see weeks together, each is seen with the earlier ones of its
            leg among these and those `beside`, on one grid.
        labels : sequence of bool
            Whether each shows a lesion.
        options : ClassifierOptions, optional
            The network, and how it learns.
        validation : (scans, labels), optional
            Scans of other animals, to stop in time and to calibrate; their figures are kept in the record.
        beside : sequence of Scan
            Scans that are not learned from, but seen as earlier weeks beside those of their own leg.
        device : str
            Where torch computes.
        progress : Progress
            Told every step; every epoch is reported as a ClassifierEpoch.

        Raises
        ------
        InputError
            When labels are missing, or all the same; voxel sizes differ; a scan is no grey scan or shows no bone;
            an animal is both in training and validation.
        Cancelled
            When the user asked to stop; nothing is kept.
        """
        from napari_bonemet.diagnose.fitting import fit_classifier

        options = options or ClassifierOptions()
        made = fit_classifier(
            scans, labels, options, validation=validation, beside=beside, device=device, progress=progress
        )
        return cls(options, made.network, made.spacing, made.record, made.synthetic, device, made.familiar)

    def on(self, device: str) -> Self:
        """The same classifier, computing on `device` ("cpu", "cuda", "mps")."""
        return replace(self, network=self.network.to(device), device=device)

    def classify(self, scan: Scan, *, earlier: Sequence[Scan] = (), progress: Progress = NO_PROGRESS) -> Diagnosis:
        """How probable a lesion is in a scan, and in each of its slices.

        Any number and size of slices will do: the network looks at squares around the bone. Slices of another
        voxel size than it knows are resampled in their plane.

        Parameters
        ----------
        scan : Scan
            The week to judge.
        earlier : sequence of Scan
            The weeks before it, on its grid, in their order; a classifier of single weeks leaves them alone.
        progress : Progress
            Told how far it is.

        Raises
        ------
        InputError
            When the scan is a composite or a map, its greys are not 0 to 255, it shows no bone, or the earlier weeks
            lie on another grid.
        Cancelled
            When the user asked to stop.
        """
        progress.message(f"looking at {scan.title}")
        view = self.view(scan, earlier, PartOf(progress, 0.0, 0.3))
        features, statistics = self._features(view, PartOf(progress, 0.3, 1.0))
        highest = features.max(axis=0)
        volume, slices = self._probabilities(highest)[0], self._probabilities(features)
        return Diagnosis(
            subject=scan.subject,
            side=scan.side,
            week=scan.week,
            model=self.name,
            probability=float(volume),
            per_slice=slices,
            slice_index=int(slices.argmax()),
            synthetic=scan.synthetic,
            trained_on_synthetic=self.synthetic,
            note=self._note(scan, view, alone=not earlier),
            part=scan.part,
            strangeness=None if self.familiar is None else self.familiar.strangeness(highest, statistics),
        )

    def view(self, scan: Scan, earlier: Sequence[Scan] = (), progress: Progress = NO_PROGRESS) -> SliceView:
        """Where in the slices of a scan it looks; parameters and errors as :meth:`classify`."""
        seen = seen_with(scan, earlier, self.options.together)
        crop, threshold = self.options.crop, self.options.bone_threshold
        return view_of(seen, self.spacing, crop=crop, bone_threshold=threshold, progress=progress)

    def _features(self, view: SliceView, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
        """Features (z, channels) of each slice: the highest over its squares, zero where it shows no bone.

        Beside them the statistics of the scan, where the classifier knows what its training was like.
        """
        from napari_bonemet.diagnose.training import features_of

        found, figures = [], []
        for _, bone, squares in view.slabs(progress):
            count, many = squares.shape[:2]
            flat = squares.reshape(count * many, *squares.shape[2:])
            strongest = features_of(self.network, flat, self.device).reshape(count, many, -1).max(axis=1)
            found.append(np.where(bone[:, None], strongest, np.float32(0)))
            if self.familiar is not None:
                seen = flat[np.repeat(bone, many)]
                figures.append(slice_statistics(this_week(seen), self.options.bone_threshold))
        features = np.concatenate(found)
        every = [each for each in figures if len(each)]
        return features, scan_statistics(np.concatenate(every)) if every else np.zeros(0)

    def _probabilities(self, features: np.ndarray) -> np.ndarray:
        from napari_bonemet.diagnose.training import log_odds_of

        return np.atleast_1d(expit(log_odds_of(self.network, features, self.device))).astype(np.float32)

    def _note(self, scan: Scan, view: SliceView, *, alone: bool) -> str:
        note = f"A network's opinion, research use; trained on {'synthetic legs' if self.synthetic else 'scans'}"
        if scan.part != "tibia":
            note += f"; it learned from tibiae, and this is called a {scan.part}"
        if scan.kind is Kind.PREDICTION:
            note += "; of a forecast, not of a scan: the network never learned from forecasts"
        if alone and self.options.together > 1 and scan.week:
            note += "; no earlier week was shown, and it learned to see them together"
        if view.planes.resampled:
            note += f"; slices were resampled to the {self.spacing[1]:g} µm that it was trained on"
        if abs(scan.spacing[0] / self.spacing[0] - 1) > _OTHER_SLICES:
            note += f"; slices lie {scan.spacing[0]:g} µm apart, {self.spacing[0]:g} µm where it was trained"
        return note

    def checkpoint(self) -> Checkpoint:
        """All of it, ready for the disk; floating weights in half precision."""
        return Checkpoint(
            name=self.name,
            configuration=self.options.as_record(),
            tensors=half_state(self.network) | (self.familiar.tensors() if self.familiar else {}),
            input_kind="grey",
            spacing=self.spacing,
            weeks=tuple(-float(back) for back in reversed(range(self.options.together))),
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
        if checkpoint.name not in cls.names:
            expected = " or ".join(cls.names)
            raise InputError("The checkpoint holds no lesion classifier", expected=expected, found=checkpoint.name)
        options = ClassifierOptions.from_record(dict(checkpoint.configuration))
        familiar = Familiar.from_tensors(checkpoint.tensors)
        own = {name: tensor for name, tensor in checkpoint.tensors.items() if not name.startswith(PREFIX)}
        network = fill(build_slice_network(options), replace(checkpoint, tensors=own)).to(device).eval()
        return cls(options, network, checkpoint.spacing, checkpoint.training, checkpoint.synthetic, device, familiar)
