"""How networks learn: the options, and what is told after every epoch."""

from dataclasses import dataclass
from typing import Annotated

from napari_bonemet.options import Between, Doc, Options, Unit


@dataclass(frozen=True)
class TrainingOptions(Options):
    """How the network learns; the defaults are those of the first paper (section 4.2.8) where it gives any."""

    epochs: Annotated[int, Doc("Times that every slice is seen."), Between(1, 10_000)] = 200
    minutes: Annotated[float, Doc("Stop after this time; 0 sets no limit."), Between(0, 1e5), Unit("min")] = 0.0
    patience: Annotated[
        int, Doc("Stop when the validation animals gained nothing for this many epochs."), Between(1, 10_000)
    ] = 30
    batch: Annotated[
        int | None,
        Doc("Slices, or blocks of slices, in a step; the network's own number when not given: 48, or 4 in 3D."),
        Between(1, 4096),
    ] = None
    learning_rate: Annotated[float, Doc("Adam's, at the start; it falls to 0 along a cosine."), Between(1e-7, 1)] = (
        0.002
    )
    kl_weight: Annotated[
        float,
        Doc(
            "Weight of the divergence in nats beside the mean squared error of a voxel, for a slice; for a block of "
            "slices by so much less. 1e-4 empties the latent."
        ),
        Between(0, 1),
    ] = 1e-6
    kl_warmup: Annotated[
        float,
        Doc("Share of the training in which that weight rises from 0, so that the latent is put to use first."),
        Between(0, 1),
    ] = 0.3
    edge_weight: Annotated[
        float, Doc("Weight of the edge mask, lambda; 0 is the plain squared error."), Between(0, 10)
    ] = 1.0
    edge_sigma: Annotated[float, Doc("Blur of the edge mask."), Between(0.1, 100), Unit("voxels")] = 5.0
    balanced: Annotated[
        bool, Doc("Draw slices with and without new lesions equally often, as the first paper does (section 4.1).")
    ] = False
    loose: Annotated[
        float,
        Doc("Share of the steps in which any two or more weeks are seen and any later one is forecast."),
        Between(0, 1),
    ] = 0.0
    half_precision: Annotated[bool, Doc("Compute in bfloat16: twice as fast on processors that know it.")] = False
    seed: Annotated[int, Doc("First weights, order of the slices, crops."), Between(0, 2**32 - 1)] = 0

    def kl_weight_at(self, share: float) -> float:
        """The weight of the divergence when `share` of the training is over."""
        return self.kl_weight * min(1.0, share / max(self.kl_warmup, 1e-9))


@dataclass(frozen=True)
class EpochReport:
    """How training stands after an epoch.

    Parameters
    ----------
    epoch : int
        Counted from 1.
    loss, reconstruction : float
        Mean over the epoch's steps; greys divided by 255, squared, unless the network says otherwise.
    kl_nats : float
        Divergence of posterior from prior; near 0 the latent says nothing.
    validation_gain_db : float or None
        By how much the mean of many samples beats copying the last week on the validation animals' squares.
    """

    epoch: int
    loss: float
    reconstruction: float
    kl_nats: float
    validation_gain_db: float | None
