"""The commands by name; the file of each is imported when it is asked for, so that help is instant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Listed:
    """A command as the overview lists it; `module` is its file in this folder."""

    name: str
    summary: str

    @property
    def module(self) -> str:
        """Where the command lives."""
        return f"napari_bonemet.cli.{self.name}"


LISTED = (
    Listed("demo", "The whole chain on the embedded synthetic leg: a good first run."),
    Listed("fetch", "Get chosen components, animals and weeks of the published BoneMet data set."),
    Listed("info", "What a folder or file holds: legs, weeks, sizes, voxel sizes."),
    Listed("convert", "Write scans in another format or layout."),
    Listed("separate", "Take hindlimb scans apart into spine, femora and tibiae."),
    Listed("register", "Bring the weeks of each leg onto one grid."),
    Listed("composite", "Bone lost, kept and formed between two weeks, with volumes."),
    Listed("remodel", "Remodelling between weeks, and lesions followed through them, as tables."),
    Listed("roi", "Crop registered weeks to the region of interest."),
    Listed("measure", "Bone measures of each leg and week; of a cohort with records, statistics, plots and a report."),
    Listed("cohort", "Write a cohort of synthetic animals: something to learn from, and to try things on."),
    Listed("spines", "Write CT of synthetic patients with spinal metastases, for the bone quality network."),
    Listed("train", "Fit a forecaster, or a classifier, to legs whose outcome is known; also by a recipe."),
    Listed("predict", "Forecast a week of each leg."),
    Listed("classify", "Tell how probable a bone lesion is in each leg and week."),
    Listed("response", "Tell from the weeks of each leg whether its animal responds to treatment."),
    Listed("evaluate", "Score forecasts against the true week, or a classifier on animals whose truth is known."),
    Listed("benchmark", "All forecasters on the same unseen animals: tables, plots and a page."),
    Listed("figure", "Draw weeks, composite, forecast, truth and difference."),
    Listed("film", "Weeks, samples of a forecast, or turning volumes as MP4 or GIF."),
    Listed("run", "The whole chain on a folder: register, composite, forecast, score, draw."),
    Listed("batch", "Many legs, on this machine's cores or a Dask cluster; started again, it does what is left."),
)

COMMANDS = {listed.name: listed for listed in LISTED}


def overview() -> str:
    """What ``napari-bonemet --help`` says."""
    width = max(len(listed.name) for listed in LISTED)
    lines = [f"  {listed.name:<{width}}  {listed.summary}" for listed in LISTED]
    return "\n".join(
        [
            "usage: napari-bonemet COMMAND ...",
            "",
            "Bone metastasis from weekly micro-CT: registration, composites, measures and forecasts.",
            "",
            *lines,
            "",
            "napari-bonemet COMMAND --help tells more of a command, with an example.",
            "Begin with:  napari-bonemet demo",
            "             napari-bonemet run FOLDER --out results",
            "--version prints the version.",
        ]
    )
