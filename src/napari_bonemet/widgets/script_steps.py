"""The scripts of the docks: the weeks brought to where they are, then the step with the options filled in."""

from collections.abc import Mapping, Sequence
from typing import Any

from napari_bonemet.errors import InputError
from napari_bonemet.forecast.registry import load_forecaster
from napari_bonemet.metrics.similarity import psnr, ssim
from napari_bonemet.morphometry.measure import MeasureOptions
from napari_bonemet.processing.composite import compose_weeks
from napari_bonemet.processing.register import RegistrationOptions, register_weeks
from napari_bonemet.processing.roi import RoiOptions, crop_roi
from napari_bonemet.processing.segment import SeparationOptions, separate_limbs
from napari_bonemet.study.common import cut_forecast_to, seen_in_every_week
from napari_bonemet.study.device import choose_device
from napari_bonemet.study.figure_job import FigureOptions, draw_legs
from napari_bonemet.study.figure_record import save_montage
from napari_bonemet.study.figure_sources import FigureSources, read_sources
from napari_bonemet.study.forecasting import forecaster_for
from napari_bonemet.study.measure_legs import measure_leg
from napari_bonemet.study.options import StudyOptions
from napari_bonemet.study.remodelling import remodel_leg
from napari_bonemet.study.training import TrainingPlan, train_network
from napari_bonemet.widgets.composite_parts import Recipe
from napari_bonemet.widgets.desk import Desk
from napari_bonemet.widgets.diagnosis.run import DiagnosisOptions
from napari_bonemet.widgets.futures_drawn import BONE_THRESHOLD
from napari_bonemet.widgets.futures_run import CHECKPOINT, ONE_FUTURE, FutureOptions
from napari_bonemet.widgets.measures_lesion_run import remodelling_as
from napari_bonemet.widgets.script import Script, scanned_script, weeks_script

__all__ = [
    "compare_script",
    "compose_script",
    "crop_script",
    "diagnosis_script",
    "figure_script",
    "forecast_script",
    "lesions_script",
    "measure_script",
    "register_script",
    "separate_script",
    "train_script",
]


def register_script(desk: Desk, options: RegistrationOptions) -> str:
    """Registers the weeks as scanned."""
    script = scanned_script(desk)
    script.add(
        f"registration = {script.call(register_weeks, 'weeks', options=options)}",
        "for quality in registration.quality:",
        '    print(f"week {quality.week:g}: {quality.verdict}, {quality.reason}")',
    )
    return script.text()


def crop_script(desk: Desk, options: RoiOptions) -> str:
    """Crops the weeks, registered where they are, to the region of interest."""
    script = weeks_script(desk, whole=True)
    script.add(f"region = {script.call(crop_roi, 'weeks', options=options)}", "print(region.landmark, region.reason)")
    return script.text()


def compose_script(desk: Desk, recipes: Mapping[float, Recipe]) -> str:
    """Makes the composites of the weeks.

    Raises
    ------
    InputError
        When there is none to make.
    """
    if not recipes:
        raise InputError("There are no two weeks to lay over one another yet", remedy="Register the weeks first")
    script = weeks_script(desk)
    recipe = next(iter(recipes.values()))
    given = [f"weeks.select({script.code((recipe.baseline, *recipes))})", f"baseline_week={recipe.baseline!r}"]
    script.add(
        f"composites = dict({script.call(compose_weeks, *given, options=recipe.options)})",
        "for week, composite in composites.items():",
        "    print(week, composite.volumes)",
    )
    return script.text()


def measure_script(desk: Desk, options: MeasureOptions) -> str:
    """Measures the weeks."""
    script = weeks_script(desk)
    script.add(
        f"measures = {script.use(measure_leg)}(weeks, {script.code(options)})",
        "for week in measures:",
        "    print(week.week, dict(week.values))",
    )
    return script.text()


def lesions_script(desk: Desk, options: MeasureOptions) -> str:
    """Finds the lesions of the weeks, and follows them."""
    script = weeks_script(desk)
    script.add(
        f"found = {script.call(remodel_leg, 'weeks', options=remodelling_as(options))}", "print(found.lesion_rows())"
    )
    return script.text()


def forecast_script(desk: Desk, options: FutureOptions, week: float | None) -> str:
    """Draws the futures of a week.

    Raises
    ------
    InputError
        When no week is chosen, or no checkpoint.
    """
    if week is None or desk.working is None:
        raise InputError("There is no week to forecast yet", remedy="Register the weeks first")
    script = weeks_script(desk)
    seen = script.use(seen_in_every_week)
    script.add(f"seen = weeks.until({week!r})")
    if options.model == CHECKPOINT:
        if options.checkpoint is None:
            raise InputError("There is no checkpoint that a script could name", remedy="Choose a .safetensors file")
        device = f"{script.use(choose_device)}({options.device!r})"
        script.add(f"model = {script.use(load_forecaster)}({script.code(options.checkpoint)}, device={device})")
    else:
        study = StudyOptions(forecaster=options.model, seed=options.seed, device=options.device)
        whole = f"{seen}(seen, {BONE_THRESHOLD!r}), {week!r}, {script.code(study)}"
        script.add(f"model, fitted_on = {script.use(forecaster_for)}({whole})")
    samples = "1" if options.model in ONE_FUTURE else repr(options.samples)
    cut = script.use(cut_forecast_to)
    script.add(
        f"forecast = model.predict(seen, {week!r}, samples={samples}, seed={options.seed!r})",
        f"forecast = {cut}(forecast, {seen}(weeks, {BONE_THRESHOLD!r}).baseline.grid)",
        "print(forecast.model, len(forecast.samples), forecast.note)",
    )
    return script.text()


def diagnosis_script(desk: Desk, options: DiagnosisOptions, week: float | None, *, forecast: bool) -> str:
    """Classifies the weeks.

    Raises
    ------
    InputError
        When a forecast is to be classified, too: a script draws it first.
    """
    from napari_bonemet.diagnose.registry import load_classifier
    from napari_bonemet.diagnose.together.leg import diagnose_together

    if forecast:
        raise InputError(
            "The script would have to draw the forecast first", remedy="Take the tick off 'and the forecast'"
        )
    script = weeks_script(desk)
    device = f"device={script.use(choose_device)}({options.device!r})"
    file = f"name={options.network!r}, " if options.checkpoint is None else f"{script.code(options.checkpoint)}, "
    series = desk.shown
    if series is not None and series.on_one_grid:
        script.add(f"weeks = {script.use(seen_in_every_week)}(weeks, {BONE_THRESHOLD!r})")
    shown = "" if week is None else f" if diagnosis.week == {week!r}"
    script.add(
        f"classifier = {script.use(load_classifier)}({file}{device})",
        f"told = {script.use(diagnose_together)}(classifier, weeks.scans)",
        f"diagnoses = [diagnosis for diagnosis in told{shown}]",
        "for diagnosis in diagnoses:",
        "    print(diagnosis.week, diagnosis.probability, diagnosis.note)",
    )
    return script.text()


def compare_script(desk: Desk, pair: Sequence[float]) -> str:
    """Compares two weeks slice by slice."""
    script = weeks_script(desk)
    one, other = (f"weeks.at_week({week!r}).to_numpy()" for week in pair)
    script.add(
        f"for z, (one, other) in enumerate(zip({one}, {other}, strict=True)):",
        f"    print(z, {script.use(psnr)}(one, other, data_range=255), {script.use(ssim)}(one, other, data_range=255))",
    )
    return script.text()


def figure_script(sources: FigureSources, options: FigureOptions) -> str:
    """Draws a montage of what lies on disk, with the record from which it is made again."""
    script = Script()
    made = f"{script.use(draw_legs)}({script.use(read_sources)}(sources), options=options)"
    script.add(
        f"sources = {script.code(sources)}",
        f"options = {script.code(options)}",
        f"figure = {made}",
        f"{script.use(save_montage)}(figure, 'figure.png', options=options, sources=sources)",
    )
    return script.text()


def separate_script(desk: Desk, options: SeparationOptions) -> str:
    """Looks for the limbs in every scan of the folder that was opened."""
    script: Script = scanned_script(desk)
    script.add(
        f"separated = [{script.call(separate_limbs, 'scan', options=options)} for scan in weeks]",
        "for result in separated:",
        "    print(result.scan.title, [part.title for part in result.parts])",
    )
    return script.text()


def train_script(plan: TrainingPlan) -> str:
    """Trains the network.

    Raises
    ------
    InputError
        When there is nothing to learn from.
    """
    if plan.cohort is None and not plan.folders:
        raise InputError("There is nothing to learn from yet", remedy="Add a folder of registered weeks")
    script = Script()
    made: Any = script.code(plan)
    script.add(
        f"plan = {made}",
        f"trained = {script.use(train_network)}(plan, say=print, warn=print)",
        f"trained.model.save({f'{plan.network}.safetensors'!r})",
    )
    return script.text()
