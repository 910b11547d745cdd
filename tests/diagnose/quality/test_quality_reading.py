"""A clinic's folder: DICOM series in Hounsfield units, and a table of labels."""

from pathlib import Path

import numpy as np
import pytest

from napari_bonemet.bone_quality import UNKNOWN, Involvement, Quality
from napari_bonemet.diagnose.quality.labels import read_labels
from napari_bonemet.diagnose.quality.reading import read_labelled
from napari_bonemet.diagnose.quality.synthetic import slices_of_spine
from napari_bonemet.errors import InputError
from napari_bonemet.phantom.vertebra.spine import SyntheticSpine

from .conftest import TINY


def write_series(spine: SyntheticSpine, folder: Path, *, intercept: int = -1024) -> None:
    """A DICOM series of the patient, the uppermost slice first, values stored without the intercept."""
    import pydicom
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

    folder.mkdir(parents=True)
    voxels = (spine.scan.to_numpy() + 1024).astype(np.uint16)
    gap, *pixel = (step / 1000 for step in spine.scan.spacing)
    for z, plane in enumerate(voxels):
        found = pydicom.Dataset()
        found.file_meta = pydicom.dataset.FileMetaDataset()
        found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        found.SOPClassUID, found.SOPInstanceUID, found.Modality = CTImageStorage, f"1.2.3.{z + 1}", "CT"
        found.SeriesInstanceUID, found.InstanceNumber = "1.2.3", len(voxels) - z
        found.ImagePositionPatient, found.ImageOrientationPatient = [0.0, 0.0, z * gap], [1, 0, 0, 0, 1, 0]
        found.PixelSpacing = pixel
        found.SamplesPerPixel, found.PhotometricInterpretation = 1, "MONOCHROME2"
        found.Rows, found.Columns = plane.shape
        found.BitsAllocated, found.BitsStored, found.HighBit, found.PixelRepresentation = 16, 16, 15, 0
        if intercept:
            found.RescaleSlope, found.RescaleIntercept = 1, intercept
        found.PixelData = plane.tobytes()
        found.save_as(folder / f"{len(voxels) - z:03}.dcm", enforce_file_format=True)


def table(path: Path, spine: SyntheticSpine, scan: str, *, columns: str = "") -> Path:
    lines = ["scan,slice,patient,vertebra,quality,involvement" + columns]
    for at in np.flatnonzero(spine.vertebra).tolist():
        quality, sides = Quality(int(spine.quality[at])).word, Involvement(int(spine.involvement[at])).word
        lines.append(f"{scan},{at},{spine.options.subject},{spine.vertebra[at]},{quality},{sides}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_dicom_in_hounsfield_units_gives_the_slices_of_the_patient(
    spines: list[SyntheticSpine], tmp_path: Path
) -> None:
    spine = spines[0]
    write_series(spine, tmp_path / "patient 1" / "CT")
    found, synthetic = read_labelled([table(tmp_path / "labels.csv", spine, "patient 1/CT")], TINY)
    known = slices_of_spine(spine, TINY)
    assert np.array_equal(found.squares, known.squares)
    assert np.array_equal(found.quality, known.quality)
    assert np.array_equal(found.involvement, known.involvement)
    assert found.patients == {spine.options.subject}
    assert not synthetic  # nothing in DICOM says so
    assert next(iter(found.segment_quality.values())) in {int(each) for each in Quality}
    again, _ = read_labelled([tmp_path], TINY)
    assert np.array_equal(again.squares, found.squares)


def test_a_series_without_its_intercept_is_refused_in_words(spines: list[SyntheticSpine], tmp_path: Path) -> None:
    write_series(spines[0], tmp_path / "CT", intercept=0)
    with pytest.raises(InputError, match="rescale slope and intercept"):
        read_labelled([table(tmp_path / "labels.csv", spines[0], "CT")], TINY)


def test_the_vertebra_is_what_the_table_says_or_what_most_slices_show(
    spines: list[SyntheticSpine], tmp_path: Path
) -> None:
    write_series(spines[0], tmp_path / "CT")
    rows = ["CT,3,lytic,,1", "CT,4,blastic,,1", "CT,5,lytic,,1", "CT,6,normal,mixed,2", "CT,7,normal,,3"]
    (tmp_path / "labels.csv").write_text("scan,slice,quality,vertebra_quality,vertebra\n" + "\n".join(rows))
    found, _ = read_labelled([tmp_path / "labels.csv"], TINY)
    assert list(found.segment_quality.values()) == [Quality.LYTIC, Quality.MIXED, Quality.NORMAL]
    assert found.patients == {"CT"}
    assert set(found.involvement.tolist()) == {UNKNOWN}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("scan,slice\nCT,1\n", "no table of bone quality"),
        ("scan,slice,quality\nCT,1,odd\n", "line 2: the label is not known"),
        ("scan,slice,quality\nCT,x,lytic\n", "the slice cannot be found"),
        ("scan,slice,quality\nCT,1,lytic\nCT,1,normal\n", "slice 1 of CT twice"),
        ("scan,slice,quality\n", "no row"),
    ],
)
def test_tables_that_cannot_be_used(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        read_labels(tmp_path)


def test_a_slice_that_is_not_there(spines: list[SyntheticSpine], tmp_path: Path) -> None:
    write_series(spines[0], tmp_path / "CT")
    (tmp_path / "labels.csv").write_text("scan,slice,quality\nCT,999,lytic\n")
    with pytest.raises(InputError, match="no slice 999"):
        read_labelled([tmp_path], TINY)
    with pytest.raises(InputError, match="cannot be read"):
        read_labels(tmp_path / "missing.csv")
