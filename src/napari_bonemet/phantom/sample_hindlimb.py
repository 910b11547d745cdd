"""The embedded sample of a scan that holds both hindlimbs."""

from napari_bonemet.phantom.hindlimb import HindlimbOptions, SyntheticHindlimb, make_hindlimb
from napari_bonemet.progress import NO_PROGRESS, Progress

# The usual field of view, coarse enough to be made while one waits.
SAMPLE = HindlimbOptions(shape=(336, 322, 304), spacing_um=80.0, seed=1)


def sample_hindlimb(*, progress: Progress = NO_PROGRESS) -> SyntheticHindlimb:
    """Both hindlimbs of a tumour mouse in week 3, made on the fly and always the same."""
    return make_hindlimb(SAMPLE, progress=progress)
