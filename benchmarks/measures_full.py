"""Processor time and memory of every measure of one region of interest: python benchmarks/measures_full.py.

Writes a synthetic region of the published size (300 x 539 x 509, 10.6 µm, from 0.3 mm below the growth plate down) as
slices, runs ``napari-bonemet measure`` on it as a user would, and prints the seconds, the peak memory and the table.
"""

import argparse
import csv
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from napari_bonemet.io.bonemet import write_series
from napari_bonemet.phantom.leg import LegOptions, make_leg

SHAPE, SPACING_UM, START_UM = (300, 539, 509), 10.6, 300.0
MOST_SECONDS, MOST_GIB = 60.0, 2.0


def write_region(shape: tuple[int, int, int], folder: Path) -> None:
    leg = make_leg(LegOptions(shape=shape, spacing_um=SPACING_UM, start_um=START_UM, weeks=(0,), tumour=False))
    write_series(leg.registered(0.0), folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", type=int, nargs=3, default=SHAPE, metavar=("Z", "Y", "X"))
    shape = tuple(parser.parse_args().shape)
    with tempfile.TemporaryDirectory() as place:
        scans, table = Path(place) / "scans", Path(place) / "measures.csv"
        # In a process of its own: what this one holds would be counted as the command's.
        maker = multiprocessing.get_context("spawn").Process(target=write_region, args=(shape, scans))
        maker.start()
        maker.join()
        command = [sys.executable, "-m", "napari_bonemet", "measure", str(scans), "--out", str(table)]
        start = time.perf_counter()
        _, status, used = os.wait4(subprocess.Popen(command).pid, 0)
        wall = time.perf_counter() - start
        if status:
            raise SystemExit(f"napari-bonemet measure came to {os.waitstatus_to_exitcode(status)}")
        with table.open(newline="", encoding="utf-8-sig") as file:
            (row,) = csv.DictReader(file)
    for name, value in row.items():
        print(f"  {name:24} {value}")
    seconds, gib = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
    print(f"{shape} voxels: {seconds:.1f} CPU s (bar {MOST_SECONDS:g}), {wall:.1f} s by the clock,", end=" ")
    print(f"{gib:.2f} GiB at most (bar {MOST_GIB:g}); files read and the program started included")


if __name__ == "__main__":
    main()
