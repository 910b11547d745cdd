import dask.array as da
import numpy as np
import pytest

from napari_bonemet.errors import InputError
from napari_bonemet.processing.radiograph import radiographs
from napari_bonemet.scan import Scan


def bone() -> np.ndarray:
    voxels = np.full((40, 12, 10), 20, np.uint8)
    voxels[5:35, 3:6, 2] = 200
    voxels[20:35, 8, 7] = 100
    return voxels


def test_bone_is_summed_along_the_line_of_sight() -> None:
    seen = radiographs(Scan(bone(), (10.0,) * 3))
    assert seen.coronal.shape == (40, 10)
    assert seen.sagittal.shape == (40, 12)
    assert seen.coronal[25, 2] == 255
    assert seen.coronal[25, 7] == round(100 / 600 * 255)
    assert seen.sagittal[25, 8] == pytest.approx(100 / 200 * 255, abs=1)
    assert not seen.coronal[:5].any(), "what is not bone leaves no veil"
    assert not seen.coronal[:, 3].any()


def test_lazy_voxels_give_the_same() -> None:
    lazy = Scan(da.from_array(bone(), chunks=(7, 12, 10)), (10.0,) * 3)
    seen, straight = radiographs(lazy), radiographs(Scan(bone(), (10.0,) * 3))
    assert np.array_equal(seen.coronal, straight.coronal)
    assert np.array_equal(seen.sagittal, straight.sagittal)


def test_no_bone_is_said_in_words() -> None:
    with pytest.raises(InputError, match="shows no bone: expected grey values above 210"):
        radiographs(Scan(bone(), (10.0,) * 3), bone_threshold=210)
