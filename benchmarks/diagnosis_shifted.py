"""The classifiers on animals whose scanner and tumour differ from all that they learned from.

    python benchmarks/diagnosis_shifted.py --out build/shifted [--page docs/reference/diagnosis-benchmark.md]

Six groups of animals, half of each with a tumour: in five of them one thing lies beyond the ranges of the training
(blur, noise, the scale of greys and with it what is above the threshold, the shape of bone and field, the size of
lesions), in the last all of them. Beside the networks stand three baselines, fitted to animals of the training's kind:
bone volume since the first week with a threshold, a logistic regression on the bone measures and their change, and a
network taught and asked slice by slice, without the maximum over slices (--single CHECKPOINT, made by the Makefile).
What is found of each animal is kept in OUT: a second run only does what is left.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from diagnosis_tables.page import FAMILIAR, FITTED, TOLERANCES, page_of
from napari_bonemet.diagnose.attention.checks import centre_of_bone, hide_and_ask, points_at
from napari_bonemet.diagnose.attention.maps import highest_place, where_it_looked
from napari_bonemet.diagnose.classifier import LesionClassifier
from napari_bonemet.diagnose.registry import SINGLE, TOGETHER, load_classifier
from napari_bonemet.forecast.benchmark.pool import over
from napari_bonemet.forecast.shipped import shipped_checkpoint
from napari_bonemet.io.atomic import write_json
from napari_bonemet.morphometry.measure import measure_series
from napari_bonemet.phantom.cohort import CohortOptions, animals
from napari_bonemet.phantom.leg import LegOptions, SyntheticLeg, make_leg
from napari_bonemet.phantom.variety import varied
from napari_bonemet.progress import NO_PROGRESS
from napari_bonemet.scan import Scan
from napari_bonemet.series import ScanSeries
from napari_bonemet.torch_import import import_torch

# The first is all bone, which the threshold on its change looks at.
MEASURES = ("Tt.BV", "BV/TV", "BS/BV", "Conn.D", "Tb.Th", "Tb.Sp", "Tb.N", "Ct.Ar", "Ct.Th", "Ct.Po")
# Every so many scans, the peak of the map is healed and the network is asked again.
HEALED_OF = 6


@dataclass(frozen=True)
class Group:
    """Animals that differ from those of the training in some way."""

    name: str
    shifted: tuple[str, ...] = ()
    gain: tuple[float, ...] = (1.0,)
    shape: bool = False


GROUPS = (
    Group("blur", ("blur_um",)),
    Group("noise", ("noise_sd",)),
    Group("grey scale", gain=(0.85, 1.15)),
    Group("shape", shape=True),
    Group("lesion size", ("aggressiveness",)),
    Group("all of them", ("blur_um", "noise_sd", "jitter_voxels", "aggressiveness"), (0.85, 1.15), True),
)


def legs_of(group: Group, each: int, seed: int) -> Iterator[tuple[LegOptions, float]]:
    """The animals of a group, and by what the greys of each are multiplied."""
    leg = LegOptions(strain="BALB/c", shape=(40, 92, 112)) if group.shape else LegOptions()
    cohort = CohortOptions(controls=each, tumours=each, seed=seed, leg=leg, variety="wide")
    for number, animal in enumerate(animals(cohort)):
        shifted = varied(animal, "shifted", group.shifted) if group.shifted else animal
        yield shifted, group.gain[number % len(group.gain)]


def rescaled(scan: Scan, gain: float) -> Scan:
    """As a scanner of another calibration would have it."""
    return scan if gain == 1 else replace(scan, voxels=np.clip(scan.to_numpy() * gain, 0, 255).astype(np.uint8))


def found_in(leg: SyntheticLeg, gain: float, networks: Mapping[str, LesionClassifier]) -> list[dict[str, Any]]:
    """One row for each week: the truth, the bone measures, and what each network says."""
    weeks = ScanSeries(tuple(rescaled(scan, gain) for scan in leg.registered()))
    measured = measure_series(weeks)
    rows = []
    for number, (scan, lost) in enumerate(zip(weeks, leg.truth.lesion_labels, strict=True)):
        if not number:
            continue  # nobody has a lesion yet, nor any change
        row: dict[str, Any] = {
            "animal": leg.options.subject,
            "injected": leg.options.tumour,
            "week": scan.week,
            "lost_mm3": float(np.count_nonzero(lost) * scan.grid.voxel_volume_mm3),
            "measures": [measured[number].values.get(name, 0.0) for name in MEASURES],
            "first": [measured[0].values.get(name, 0.0) for name in MEASURES],
        }
        for name, network in networks.items():
            row[name] = _said(network, weeks.scans[: number + 1], lost > 0, name != "slice by slice")
        rows.append(row)
    return rows


def _said(network: LesionClassifier, weeks: Sequence[Scan], lesion: np.ndarray, mapped: bool) -> dict[str, Any]:
    scan, earlier = weeks[-1], weeks[:-1]
    said = network.classify(scan, earlier=earlier)
    odds = np.log(said.per_slice.astype(np.float64)) - np.log1p(-said.per_slice.astype(np.float64))
    found: dict[str, Any] = {
        "probability": said.probability,
        "mean_log_odds": float(odds.mean()),
        "strangeness": said.strangeness,
    }
    if mapped and said.lesion and lesion.any():
        place = highest_place(where_it_looked(network, scan, earlier=earlier))
        found["points"] = [points_at(place, lesion, tolerance) for tolerance in TOLERANCES]
        middle = centre_of_bone(scan)
        found["centre_points"] = [points_at(middle, lesion, tolerance) for tolerance in TOLERANCES]
        if int(said.probability * 1e4) % HEALED_OF == 0:  # some of them, the same in every run
            healed = hide_and_ask(network, scan, earlier=earlier)
            found["healed"] = [healed.before, healed.without_peak, healed.without_other]
    return found


@dataclass(frozen=True)
class Case:
    """An animal to look at, with which networks, and where what is found of it is kept."""

    animal: LegOptions
    gain: float
    files: tuple[tuple[str, Path], ...]
    place: Path

    def look(self) -> None:
        """Make the animal, ask the networks, keep what they say."""
        networks = _loaded(self.files)
        self.place.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.place, {"rows": found_in(make_leg(self.animal), self.gain, networks)})


@cache
def _loaded(files: tuple[tuple[str, Path], ...]) -> Mapping[str, LesionClassifier]:
    import_torch().set_num_threads(1)
    return {name: load_classifier(path) for name, path in files}


def looked_up(
    out: Path, name: str, options: Iterator[tuple[LegOptions, float]], files: Mapping[str, Path], workers: int
) -> list[dict[str, Any]]:
    """The rows of a group, from OUT where they are."""
    folder = out / name.replace(" ", "-")
    cases = [Case(leg, gain, tuple(files.items()), folder / f"{leg.subject}.json") for leg, gain in options]
    left = [case for case in cases if not case.place.is_file()]
    for _ in over(Case.look, left, workers=workers, words=name, progress=NO_PROGRESS):
        pass
    rows = [row for case in cases for row in json.loads(case.place.read_text())["rows"]]
    print(f"{name}: {len(rows)} scans", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/shifted"), help="what was found of each animal")
    parser.add_argument("--page", type=Path, help="write the tables to this page")
    parser.add_argument("--networks", nargs="+", choices=(TOGETHER, SINGLE), default=(TOGETHER, SINGLE))
    parser.add_argument("--weeks", type=Path, help="checkpoint of lesion-weeks; the shipped one when not given")
    parser.add_argument("--single", type=Path, help="checkpoint of the network that was taught slice by slice")
    parser.add_argument("--each", type=int, default=17, help="animals with a tumour in each group, and as many without")
    parser.add_argument("--seed", type=int, default=900, help="the shipped classifiers learned from those of seed 1")
    parser.add_argument("--workers", type=int, default=1, help="animals at a time")
    given = parser.parse_args()
    files = {name: shipped_checkpoint(name) for name in given.networks if name == SINGLE or not given.weeks}
    files |= {TOGETHER: given.weeks} if given.weeks else {}
    files |= {"slice by slice": given.single} if given.single else {}
    out = given.out / hashlib.sha256(b"".join(path.read_bytes() for path in files.values())).hexdigest()[:12]
    each, workers = given.each, given.workers
    fitted = CohortOptions(controls=each, tumours=each, seed=given.seed + 1, variety="wide")
    slow = {name: path for name, path in files.items() if name == "slice by slice"}
    kinds = {FITTED: looked_up(out, FITTED, ((a, 1.0) for a in animals(fitted)), slow, workers)}
    familiar = replace(fitted, seed=given.seed + 2)
    kinds[FAMILIAR] = looked_up(out, "familiar", ((a, 1.0) for a in animals(familiar)), files, workers)
    for number, group in enumerate(GROUPS):
        legs = legs_of(group, each, given.seed + 10 + number)
        kinds[group.name] = looked_up(out, group.name, legs, files, workers)
    text = page_of(kinds, tuple(files))
    print(text)
    if given.page:
        given.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
