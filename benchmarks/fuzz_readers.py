"""Damaged files for every reader: each must be refused in words or read as a right-looking scan.

    python benchmarks/fuzz_readers.py --cases 20000

Small volumes are written in every format, damaged one at a time (bits flipped, ends cut off, numbers
swapped, sizes blown up, parts zeroed, repeated or moved) and read whole, in processes with little memory and
a clock. Anything but a scan or an InputError is a failure: another exception, a warning of a library, a
crash, a hang, a lack of memory. The exit status is 1 when there was one.
"""

import argparse
import gzip
import json
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.raw import ScanWarning
from napari_bonemet.io.registry import read_scan
from napari_bonemet.io.write import write_scan
from napari_bonemet.scan import Scan

SHAPE = (6, 9, 11)
MEMORY_BYTES = 3 * 2**30
SECONDS_A_CASE = 20
LIBTIFF = ("TIFF", "tempfile.tif", "LZW", "Strip")
NUMBERS = (0, -1, 1, 3, 255, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 10**30)
WORDS = ("0", "-1", "nan", "inf", "1e300", "-1e-300", "2147483648", "18446744073709551616", "", "abc", "1e9", "0.0")
LOG = """[System]
Scanner=SkyScan1272
[Reconstruction]
Reconstruction Program=NRecon
Pixel Size (um)=10.6
Section to Section Step=1
"""


def volume() -> np.ndarray:
    z, y, x = np.indices(SHAPE)
    return ((z * 37 + y * 11 + x * 5) % 251).astype(np.uint8)


def seeds(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Name of each kind to what is opened and what is damaged."""
    scan = Scan(volume(), (10.6, 10.6, 10.6), (5.0, 6.0, 7.0), "871", "left", 21.0)
    made: dict[str, tuple[Path, Path]] = {}
    for name in ("scan.nii", "scan.nii.gz", "scan.nrrd", "scan.mha", "scan.tif", "scan.zarr", "slices"):
        write_scan(scan, folder / name)
        made[name] = (folder / name, folder / name)
    made["slices"] = (folder / "slices", folder / "slices" / "slice_0003.png")
    made["sidecar"] = (folder / "slices", folder / "slices" / "scan.json")
    for name in ("zarr.json", "*/zarr.json"):
        made[f"zarr {name}"] = (folder / "scan.zarr", sorted((folder / "scan.zarr").glob(name))[0])
    del made["scan.zarr"]
    made |= _foreign(folder) | _slice_folders(folder) | _dicom(folder)
    return made


def _foreign(folder: Path) -> dict[str, tuple[Path, Path]]:
    import nrrd
    import SimpleITK

    image = SimpleITK.GetImageFromArray(volume().astype(np.int16))
    image.SetSpacing((0.0106, 0.0106, 0.0106))
    SimpleITK.WriteImage(image, folder / "packed.mha", useCompression=True)
    SimpleITK.WriteImage(image, folder / "pair.mhd")
    header = {"space directions": np.eye(3) * 0.0106, "space units": ["mm"] * 3, "encoding": "gzip"}
    nrrd.write(str(folder / "packed.nrrd"), volume(), header, index_order="C")
    nrrd.write(str(folder / "text.nrrd"), volume(), {**header, "encoding": "ascii"}, index_order="C")
    tifffile.imwrite(folder / "packed.tif", volume(), compression="zlib", photometric="minisblack")
    pages = [Image.fromarray(plane) for plane in volume()]
    pages[0].save(folder / "lzw.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    ome = {"axes": "ZYX", **{f"PhysicalSize{axis}": 10.6 for axis in "XYZ"}}
    tifffile.imwrite(folder / "scan.ome.tif", volume(), metadata=ome)
    names = ("packed.mha", "pair.mhd", "packed.nrrd", "text.nrrd", "packed.tif", "lzw.tif", "scan.ome.tif")
    return {name: (folder / name, folder / name) for name in names}


def _slice_folders(folder: Path) -> dict[str, tuple[Path, Path]]:
    made = {}
    for suffix in (".png", ".bmp", ".jpg", ".tif"):
        place = folder / f"skyscan{suffix[1:]}"
        place.mkdir()
        for z, plane in enumerate(volume()):
            if suffix == ".tif":
                tifffile.imwrite(place / f"rec{z:04d}.tif", plane, compression="zlib" if z % 2 else None)
            else:
                Image.fromarray(plane).save(place / f"rec{z:04d}{suffix}")
        (place / "rec.log").write_text(LOG)
        made[f"{suffix} slice"] = (place, place / f"rec0003{suffix}")
    made["log"] = (folder / "skyscanpng", folder / "skyscanpng" / "rec.log")
    return made


def _dicom(folder: Path) -> dict[str, tuple[Path, Path]]:
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, generate_uid

    place = folder / "dicom"
    place.mkdir()
    series = generate_uid(entropy_srcs=["napari-bonemet"])
    for z, plane in enumerate(volume()):
        found = pydicom.Dataset()
        found.file_meta = pydicom.dataset.FileMetaDataset()
        found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        found.SOPClassUID = found.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = f"{series}.{z}"[:64]
        found.SeriesInstanceUID, found.InstanceNumber = series, z
        found.ImagePositionPatient = [0, 0, round(z * 0.0106, 4)]
        found.ImageOrientationPatient, found.PixelSpacing = [1, 0, 0, 0, 1, 0], [0.0106, 0.0106]
        found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
        found.Rows, found.Columns = plane.shape
        found.BitsAllocated = found.BitsStored = 16
        found.HighBit, found.PixelRepresentation = 15, 0
        found.PixelData = plane.astype("<u2").tobytes()
        found.save_as(place / f"{z:03d}.dcm", enforce_file_format=True)
    return {"dicom": (place, place / "003.dcm")}


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _place(data: bytearray, chance: random.Random) -> int:
    # Headers are where the harm is done.
    return chance.randrange(min(len(data), 512) if chance.random() < 0.7 else len(data))


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.choice((0, _place(data, chance), chance.randrange(len(data)))) :]


def drop(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    del data[start : start + chance.choice((1, 4, 64))]


def zero(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    stop = min(len(data), start + chance.choice((1, 8, 256)))
    data[start:stop] = bytes([chance.choice((0, 255))]) * (stop - start)


def repeat(data: bytearray, chance: random.Random) -> None:
    start, target = _place(data, chance), _place(data, chance)
    data[target:target] = data[start : start + chance.choice((8, 64, 1024))]


def blow_up(data: bytearray, chance: random.Random) -> None:
    size, code = chance.choice(((2, "H"), (4, "I"), (8, "Q"), (4, "f"), (8, "d")))
    start = _place(data, chance)
    number = chance.choice(NUMBERS)
    if code in "HIQ":
        packed = (number % 256**size).to_bytes(size, chance.choice(("little", "big")))
    else:
        packed = struct.pack(chance.choice("<>") + code, chance.choice((float(number), float("nan"), float("inf"))))
    data[start : start + size] = packed


def swap_number(data: bytearray, chance: random.Random) -> None:
    digits = [i for i in range(min(len(data), 4096)) if chr(data[i]).isdigit()]
    if not digits:
        return blow_up(data, chance)
    start = stop = chance.choice(digits)
    while start > 0 and chr(data[start - 1]).isdigit():
        start -= 1
    while stop < len(data) and chr(data[stop]).isdigit():
        stop += 1
    data[start:stop] = chance.choice((chance.choice(WORDS), str(chance.choice(NUMBERS)))).encode()
    return None


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip_bits,
    cut,
    drop,
    zero,
    repeat,
    blow_up,
    blow_up,
    swap_number,
    swap_number,
)


def damaged(content: bytes, suffix: str, chance: random.Random) -> bytes:
    """`content` with one or two damages; packed headers and check sums are made good again half of the time."""
    mend = chance.random() < 0.5
    unpacked = mend and suffix == ".gz"
    data = bytearray(gzip.decompress(content) if unpacked else content)
    for _ in range(chance.choice((1, 1, 2))):
        if data:
            chance.choice(DAMAGES)(data, chance)
    if unpacked:
        return gzip.compress(bytes(data), 1)
    return _with_check_sums(bytes(data)) if mend and suffix == ".png" else bytes(data)


def _with_check_sums(png: bytes) -> bytes:
    parts, at = [png[:8]], 8
    while at + 12 <= len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        body = png[at + 4 : at + 8 + length]
        parts.append(png[at : at + 4] + body + zlib.crc32(body).to_bytes(4, "big"))
        at += 12 + length
    return b"".join(parts)


def outcome(path: Path, spacing: float | None) -> str:
    """What became of opening and reading all of `path`."""
    try:
        scan = read_scan(path, spacing=spacing)
        voxels = scan.to_numpy()
    except MissingSpacingError:
        return "spacing asked for"
    except InputError as error:
        if isinstance(error.__cause__, MemoryError):
            return "FAILURE out of memory"
        return "refused" if str(error).strip() else "FAILURE no words"
    except Exception:
        return f"FAILURE {traceback.format_exc(limit=-3)}"
    looks_right = voxels.ndim == 3 and voxels.size and min(scan.spacing) > 0 and np.isfinite(scan.origin).all()
    if not looks_right:
        return f"FAILURE {voxels.shape} {scan.spacing} {scan.origin}"
    return "read unharmed" if np.array_equal(voxels, volume()) else "read with other values"


def peak_mib() -> int:
    status = Path("/proc/self/status")
    if status.is_file():
        # Unlike ru_maxrss, which a process inherits from the one that started it.
        return int(status.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def work(seed: int, start: int, stop: int) -> None:
    """Run the cases from `start` to `stop`, a line for each before and after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with tempfile.TemporaryDirectory() as name:
        kinds = seeds(Path(name))
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ScanWarning)
        said: list[str] = []
        warnings.showwarning = lambda message, *_, **__: said.append(str(message))
        order = sorted(kinds)
        for case in range(start, stop):
            chance = random.Random(f"{seed} {case}")
            kind = order[case % len(order)]
            opened, target = kinds[kind]
            content = target.read_bytes()
            sys.stdout.write(json.dumps([case, kind]) + "\n")
            sys.stdout.flush()
            signal.alarm(SECONDS_A_CASE)
            try:
                target.write_bytes(damaged(content, target.suffix, chance))
                result = outcome(opened, chance.choice((None, 10.6)))
                if said:
                    result = f"FAILURE warned {said.pop()}"
                    said.clear()
            finally:
                # A new file, since the old one may still be mapped into memory.
                target.unlink()
                target.write_bytes(content)
            signal.alarm(0)
            peak = peak_mib()
            sys.stdout.write(json.dumps([case, kind, result, peak]) + "\n")


def run(seed: int, cases: int) -> tuple[Counter[tuple[str, str]], list[str], int]:
    """Counts by kind and outcome, the failures in words, and the largest memory in MiB."""
    counts: Counter[tuple[str, str]] = Counter()
    failures: list[str] = []
    peak, start = 0, 0
    while start < cases:
        command = [sys.executable, __file__, "--seed", str(seed), "--work", str(start), str(cases)]
        begun: tuple[int, str] | None = None
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            for line in process.stdout:
                case, kind, *rest = json.loads(line)
                begun = None if rest else (case, kind)
                if rest:
                    counts[kind, rest[0].split(" ")[0] if "FAILURE" in rest[0] else rest[0]] += 1
                    peak = max(peak, rest[1])
                    start = case + 1
                    if "FAILURE" in rest[0]:
                        failures.append(f"case {case}, {kind}: {rest[0]}")
            # libtiff, under Pillow, tells of damaged LZW pages itself, and cannot be asked not to.
            noise = "".join(line for line in process.stderr if not any(word in line for word in LIBTIFF))
        if noise:
            failures.append(f"words on the error stream before case {start}: {noise[-2000:]}")
        if begun is not None:
            failures.append(f"case {begun[0]}, {begun[1]}: the process died ({process.returncode})")
            counts[begun[1], "FAILURE"] += 1
            start = begun[0] + 1
        elif process.returncode:
            raise RuntimeError(f"the worker ended with {process.returncode}: {noise}")
    return counts, failures, peak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.seed, *arguments.work)
        return 0
    counts, failures, peak = run(arguments.seed, arguments.cases)
    totals: Counter[str] = Counter()
    for (kind, result), count in sorted(counts.items()):
        totals[result] += count
        print(f"{kind:20} {result:25} {count}")
    print(json.dumps({"cases": sum(totals.values()), **totals, "peak_mib": peak}))
    for failure in failures[:20]:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
