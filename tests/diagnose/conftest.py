"""Small scans whose lesions are known, and a classifier that was trained on them within seconds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.options import ClassifierOptions
from napari_bonemet.scan import Kind, Scan
from napari_bonemet.torch_import import import_torch

SPACING = (60.0, 60.0, 60.0)
QUICK = ClassifierOptions(
    crop=32, width=4, epochs=14, batch=8, slices=6, learning_rate=0.02, dropout=0.0, label_smoothing=0.0, seed=1
)


@pytest.fixture(scope="session")
def ring() -> Callable[..., Scan]:
    """A bright ring in each slice; a lesion is a gap in it, in the slices that are named."""

    def make(
        seed: int,
        *,
        holes: tuple[int, ...] = (),
        shape: tuple[int, int, int] = (12, 40, 40),
        fine: int = 1,
        turn: float | None = None,
    ) -> Scan:
        """`fine` makes the same ring of so many times smaller voxels in the plane."""
        rng = np.random.default_rng(seed)
        z, height, width = shape
        y, x = np.mgrid[: height * fine, : width * fine] / fine
        move = rng.uniform(-2, 2, size=2)
        dy, dx = y - height / 2 - move[0], x - width / 2 - move[1]
        bone = np.abs(np.hypot(dy, dx) - 10) < 2.5
        angle = rng.uniform(-np.pi, np.pi) if turn is None else turn
        gap = np.abs(np.angle(np.exp(1j * (np.arctan2(dy, dx) - angle)))) < 0.7
        voxels = np.where(bone, 190.0, 20.0) * np.ones((z, 1, 1))
        for at in holes:
            voxels[at][gap & bone] = 20.0
        noise = rng.normal(0, 6, voxels.shape)
        made = np.clip(voxels + noise, 0, 255).astype(np.uint8)
        spacing = (SPACING[0], SPACING[1] / fine, SPACING[2] / fine)
        subject = f"{'t' if holes else 'c'}{seed}"
        return Scan(made, spacing, subject=subject, side="left", day=14.0, kind=Kind.REGIST, synthetic=True)

    return make


@pytest.fixture(scope="session")
def cohort(ring: Callable[..., Scan]) -> Callable[[int, int], tuple[list[Scan], list[bool]]]:
    """As many animals as asked for, every second one with a lesion in three slices."""

    def make(count: int, seed: int) -> tuple[list[Scan], list[bool]]:
        lesions = [bool(number % 2) for number in range(count)]
        scans = []
        for number, lesion in enumerate(lesions):
            first = int(np.random.default_rng([seed, number]).integers(1, 9))
            scans.append(ring(seed * 1000 + number, holes=(first, first + 1, first + 2) if lesion else ()))
        return scans, lesions

    return make


@pytest.fixture(scope="session")
def classifier(cohort: Callable[[int, int], tuple[list[Scan], list[bool]]]) -> LesionClassifier:
    """Trained on 32 rings and validated on 16 others, in a second or two; tests share it and change nothing in it."""
    scans, lesions = cohort(32, 1)
    # Of other numbers of threads come other weights, and some tests that ran before set one.
    torch = import_torch()
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        return LesionClassifier.fit(scans, lesions, options=QUICK, validation=cohort(16, 2))
    finally:
        torch.set_num_threads(threads)


@pytest.fixture
def untouched(classifier: LesionClassifier) -> LesionClassifier:
    """The same with a network of its own."""
    import copy

    return replace(classifier, network=copy.deepcopy(classifier.network))
