"""A DICOM series: order by place, gaps and tilt told, greys as they are meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_bonemet.errors import InputError, MissingSpacingError
from napari_bonemet.io.raw import ScanWarning
from napari_bonemet.io.registry import read_scan

VOXELS = np.random.default_rng(0).integers(0, 4000, (5, 4, 6)).astype(np.uint16)


def write(folder: Path, places: list[tuple[float, float, float]], **changes: Any) -> Path:
    """One file a slice, the last slice first, so that names say nothing of the order."""
    import pydicom
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    folder.mkdir()
    for z, place in enumerate(places):
        found = pydicom.Dataset()
        found.file_meta = pydicom.dataset.FileMetaDataset()
        found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        found.SOPClassUID = CTImageStorage
        found.SOPInstanceUID = f"1.2.3.{z + 1}"
        found.SeriesInstanceUID, found.InstanceNumber = "1.2.3", z + 1
        found.ImagePositionPatient, found.ImageOrientationPatient = list(place), [1, 0, 0, 0, 1, 0]
        found.PixelSpacing = [0.0106, 0.0105]
        found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
        found.Rows, found.Columns = VOXELS.shape[1:]
        found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 16, 16, 15, 0
        found.PixelData = VOXELS[z].tobytes()
        for name, value in changes.items():
            if value is None:
                delattr(found, name)
            else:
                setattr(found, name, value)
        found.save_as(folder / f"{99 - z}.dcm", enforce_file_format=True)
    return folder


def straight(gap: float = 0.012) -> list[tuple[float, float, float]]:
    return [(1.0, 2.0, round(3 + z * gap, 6)) for z in range(5)]


def test_slices_are_ordered_by_place_and_kept_as_they_are(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "d", straight()))
    assert scan.voxels.dtype == np.uint16
    assert np.array_equal(scan.to_numpy(), VOXELS)
    assert scan.spacing == (12.0, 10.6, 10.5)
    assert scan.origin == (3000.0, 2000.0, 1000.0)
    assert "rescale" not in scan.history[-1].parameters


def test_rescaling_is_applied_where_it_changes_something(tmp_path: Path) -> None:
    scan = read_scan(write(tmp_path / "d", straight(), RescaleSlope=2, RescaleIntercept=-1000))
    assert scan.voxels.dtype == np.float32
    assert np.array_equal(scan.to_numpy(), VOXELS * 2.0 - 1000)
    assert scan.history[-1].parameters["rescale"] == [2.0, -1000.0]


def test_uneven_gaps_are_told(tmp_path: Path) -> None:
    places = straight()
    places[4] = (1.0, 2.0, 3.060)
    with pytest.warns(ScanWarning, match="uneven"):
        scan = read_scan(write(tmp_path / "d", places))
    assert scan.spacing[0] == pytest.approx(15.0)
    assert "uneven" in scan.history[-1].parameters["warnings"][0]


def test_a_tilted_gantry_is_told(tmp_path: Path) -> None:
    sheared = [(1.0, 2.0 + 0.002 * z, 3 + 0.012 * z) for z in range(5)]
    with pytest.warns(ScanWarning, match=r"tilted by 9.5 degrees"):
        read_scan(write(tmp_path / "d", sheared))
    with pytest.warns(ScanWarning, match="tilted by 12 degrees"):
        read_scan(write(tmp_path / "e", straight(), GantryDetectorTilt=12))


def test_another_direction_is_kept_in_the_history(tmp_path: Path) -> None:
    turned = write(tmp_path / "d", straight(), ImageOrientationPatient=[0, 1, 0, -1, 0, 0])
    scan = read_scan(turned)
    assert scan.history[-1].parameters["direction_lps"] == [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    assert np.array_equal(scan.to_numpy(), VOXELS)


def test_without_places_the_numbers_order_and_the_gap_is_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "d", straight(), ImagePositionPatient=None)
    with pytest.raises(MissingSpacingError):
        read_scan(folder)
    with pytest.warns(ScanWarning, match="ordered by their numbers"):
        assert np.array_equal(read_scan(folder, spacing=10).to_numpy(), VOXELS)
    stated = write(tmp_path / "e", straight(), ImagePositionPatient=None, SpacingBetweenSlices=0.02)
    with pytest.warns(ScanWarning):
        assert read_scan(stated).spacing == (20.0, 10.6, 10.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PhotometricInterpretation": "RGB"}, "holds colours"),
        ({"NumberOfFrames": 3}, "several frames"),
        ({"Rows": 400, "Columns": 400}, "cut short"),
        ({"ImagePositionPatient": [0, 0, 0]}, "lie at one place"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "orientation"),
        ({"PixelSpacing": [0, 0.1]}, "voxel size"),
    ],
)
def test_what_is_no_volume_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_scan(write(tmp_path / "d", straight(), **changes))


def test_damaged_and_strange_files_are_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "d", straight())
    whole = (folder / "97.dcm").read_bytes()
    for content in (b"", whole[:200], b"only words"):
        (folder / "97.dcm").write_bytes(content)
        with pytest.raises(InputError, match=r"97\.dcm"):
            read_scan(folder)
    (folder / "97.dcm").write_bytes(whole)
    other = write(tmp_path / "e", straight(), SeriesInstanceUID="1.2.4")
    (other / "99.dcm").rename(folder / "other.dcm")
    with pytest.raises(InputError, match="several DICOM series"):
        read_scan(folder)
