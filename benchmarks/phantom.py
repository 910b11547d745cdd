"""How long a synthetic leg takes: python benchmarks/phantom.py."""

import time

from napari_bonemet.phantom.leg import LegOptions, make_leg


def main() -> None:
    for shape, spacing in (((48, 100, 100), 30.0), ((96, 200, 200), 15.0)):
        options = LegOptions(shape=shape, spacing_um=spacing)
        wall, cpu = time.perf_counter(), time.process_time()
        weeks = len(make_leg(options).series)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{weeks} weeks of {shape} at {spacing:g} µm: {cpu:.2f} CPU s, {wall:.2f} s")


if __name__ == "__main__":
    main()
