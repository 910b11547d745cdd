"""The classifiers to ask: those that come with the package, or one out of a checkpoint."""

from pathlib import Path

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.quality.classifier import BoneQualityClassifier
from napari_bonemet.forecast.shipped import shipped_checkpoint

SINGLE, TOGETHER = LesionClassifier.names


def load_classifier(path: str | Path | None = None, *, name: str = SINGLE, device: str = "cpu") -> LesionClassifier:
    """The classifier of a checkpoint.

    Parameters
    ----------
    path : path, optional
        The .safetensors file; the one that comes with the package when None.
    name : {"lesion-slices", "lesion-weeks"}
        Which of those that come with the package: of single weeks, or of weeks together.
    device : str
        Where it computes.

    Raises
    ------
    InputError
        When the file is missing, damaged, or holds another model.
    """
    return LesionClassifier.load(shipped_checkpoint(name) if path is None else path, device=device)


def load_quality_classifier(path: str | Path | None = None, *, device: str = "cpu") -> BoneQualityClassifier:
    """The bone quality classifier of a checkpoint; parameters and errors as :func:`load_classifier`."""
    name = BoneQualityClassifier.name
    return BoneQualityClassifier.load(shipped_checkpoint(name) if path is None else path, device=device)
