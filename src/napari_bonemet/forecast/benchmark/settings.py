"""Cohorts that the same rows are tested on beside the main one: other registration, other mice, other scanners."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from napari_bonemet.errors import InputError
from napari_bonemet.phantom.options import LegOptions
from napari_bonemet.provenance import Json

MAIN = "main"
OURS = "ours"


@dataclass(frozen=True)
class Setting:
    """How the animals of a cohort are made.

    Parameters
    ----------
    name : str
        Of the test in the table: "main", "jitter 0".
    words : str
        What it is, for the page.
    jitter : str
        Voxels that registration leaves, or "ours": registered by this package.
    changes : mapping
        Options of the generator that differ from those of the training animals.
    """

    name: str
    words: str
    jitter: str = "0.35"
    changes: Mapping[str, Json] = field(default_factory=dict)

    @property
    def outside(self) -> bool:
        """Whether the generator's settings are outside those of the training."""
        return bool(self.changes)


BESIDE = (
    Setting("jitter-0", "no misregistration between the weeks", "0"),
    Setting("jitter-ours", "each week in a pose of its own, registered by this package", OURS),
    Setting("aggressive", "a tumour 1.7 times as aggressive", changes={"aggressiveness": 1.7}),
    Setting("shaky", "a misregistration of 0.6 voxel", "0.6", changes={"jitter_voxels": 0.6}),
    Setting("balb-c", "another strain, BALB/c", changes={"strain": "BALB/c"}),
    Setting("noisy", "noise of 10 grey values in place of 6", changes={"noise_sd": 10.0}),
)
# What real bones can be tested on: their edits know no strain and no scanner.
FOR_REAL_BONES = ("jitter-0", "shaky")


def settings_beside(wanted: Sequence[str] | None, *, real: bool, jitter: str) -> tuple[Setting, ...]:
    """The cohorts beside, by name; all that are possible when None, none for ("no",).

    Cohorts that differ in their animals have the misregistration of the main one.

    Raises
    ------
    InputError
        When a name is not known.
    """
    possible = [setting for setting in BESIDE if not real or setting.name in FOR_REAL_BONES]
    names = [setting.name for setting in possible]
    if wanted is not None and tuple(wanted) == ("no",):
        return ()
    strangers = sorted(set(wanted or ()) - set(names))
    if strangers:
        raise InputError("These cohorts are not known", expected=", ".join(names), found=", ".join(strangers))
    chosen = [setting for setting in possible if wanted is None or setting.name in wanted]
    laid = [replace(s, jitter=jitter) if s.outside and s.name != "shaky" else s for s in chosen]
    return tuple(s for s in laid if s.outside or s.jitter != jitter)


def main_setting(jitter: str) -> Setting:
    """The cohort that rows are trained and mainly tested on."""
    return Setting(MAIN, "as the animals trained on", jitter)


def leg_of(setting: Setting, shape: tuple[int, int, int], spacing_um: float) -> LegOptions:
    """The generator's options for a cohort of this setting."""
    jitter = 0.0 if setting.jitter == OURS else float(setting.jitter)
    record: dict[str, Json] = {"shape": list(shape), "spacing_um": spacing_um, "jitter_voxels": jitter}
    return LegOptions.from_record({**LegOptions().as_record(), **record, **setting.changes})
