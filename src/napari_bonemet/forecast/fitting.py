"""Training any network of the catalogue on legs, to a forecaster that can be saved."""

from collections.abc import Sequence
from pathlib import Path

from napari_bonemet.forecast.models.catalogue import options_for, training_for
from napari_bonemet.forecast.models.options import NetworkOptions
from napari_bonemet.forecast.network import NetworkForecaster
from napari_bonemet.forecast.training_options import TrainingOptions
from napari_bonemet.progress import NO_PROGRESS, PartOf, Progress
from napari_bonemet.series import ScanSeries


def fit_network(
    name: str,
    legs: Sequence[ScanSeries],
    *,
    validation: Sequence[ScanSeries] = (),
    options: NetworkOptions | None = None,
    training: TrainingOptions | None = None,
    device: str = "cpu",
    resume: Path | None = None,
    progress: Progress = NO_PROGRESS,
) -> NetworkForecaster:
    """Train a network on every run of `weeks_seen` + 1 evenly spaced weeks of the legs.

    Parameters
    ----------
    name : str
        Which network.
    legs : sequence of ScanSeries
        Registered greys, each leg on one grid, all of one voxel size.
    validation : sequence of ScanSeries
        Legs of other animals, to stop in time; their gain is kept in the record.
    options, training
        The network's shape and how it learns; its own defaults when None.
    resume : Path, optional
        File in which the training is kept after every epoch, and from which it goes on where it is there.
    progress : Progress
        Told every step; every epoch is reported as an EpochReport.

    Raises
    ------
    InputError
        When there is no such network, no leg has enough weeks, the weeks of a leg are not on one grid, voxel sizes
        differ, or `resume` holds another training.
    Cancelled
        When the user asked to stop; nothing is kept but `resume`.
    """
    from napari_bonemet.forecast.dataset import training_set
    from napari_bonemet.forecast.training import train
    from napari_bonemet.forecast.training_record import training_record

    options, training = options_for(name, options), training_for(name, training)
    data = training_set(legs, options, progress=PartOf(progress, 0.0, 0.04))
    held_out = None
    if validation:
        held_out = training_set(validation, options, data.spacing, PartOf(progress, 0.04, 0.05))
    rest = PartOf(progress, 0.05, 1.0)
    made = train(name, data, options, training, validation=held_out, device=device, resume=resume, progress=rest)
    return NetworkForecaster(
        name=name,
        options=options,
        network=made.network,
        spacing=data.spacing,
        training=training_record(made, training, data, held_out, legs),
        synthetic=data.synthetic,
        device=device,
    )
