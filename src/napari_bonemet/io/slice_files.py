"""One slice, one file: what its header says, and its grey values (PNG, TIFF, BMP, JPG)."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tifffile
from PIL import Image

from napari_bonemet.errors import InputError
from napari_bonemet.io.raw import Bounded, hush, quiet, refusing, voxel_type

FORMS = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
}

# Modes of Pillow whose pixels are grey values as they are.
_GREY = {"L": np.uint8, "I;16": np.uint16, "I;16L": np.uint16, "I;16B": np.uint16, "I": np.int32, "F": np.float32}
_COLOUR = {"1", "P", "LA", "RGB", "RGBA"}
_PNG_END = b"IEND\xaeB`\x82"
_PNG_SIZE = slice(16, 24)
_PNG_BITS, _PNG_COLOUR = 24, 25

_ORDER: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}

# CCITT, LZW and JPEG.
_FOR_PILLOW = (2, 3, 4, 5, 6, 7)

# Deflate packs no tighter than this; a header that claims more is damaged.
_TIGHTEST = 1100
_SMALL = 2**20


@dataclass(frozen=True)
class SliceHeader:
    """What the header of a slice says.

    Parameters
    ----------
    shape : tuple of int
        Pixels (y, x).
    dtype : dtype
        Of the grey values that :func:`read_slice` gives.
    """

    shape: tuple[int, int]
    dtype: np.dtype

    def __str__(self) -> str:
        return f"{self.shape[0]} x {self.shape[1]} of {self.dtype}"


def probe(path: Path) -> SliceHeader:
    """Read the header of a slice alone, and check that the file is long enough for what it claims.

    Raises
    ------
    InputError
        For an empty, damaged, truncated or coloured file, or one of another kind than its suffix says.
    """
    form = FORMS[path.suffix.lower()]
    with refusing(path, f"a {form} slice"):
        size = path.stat().st_size
        if size == 0:
            raise InputError(f"{path.name} is empty", remedy="Export this slice again")
        header = _probe_tiff(path, size) if form == "TIFF" else _probe_image(path, form)
        if min(header.shape) < 1:
            raise InputError(f"{path.name} holds no pixels", found=str(header))
        if header.shape[0] * header.shape[1] * header.dtype.itemsize > _SMALL + _TIGHTEST * size:
            raise InputError(f"{path.name} is cut short", expected=str(header), found=f"{size} bytes")
        return header


def _probe_tiff(path: Path, size: int) -> SliceHeader:
    with tifffile.TiffFile(path) as tiff:
        check_chain(path, tiff)
        page = tiff.pages.first
        if len(tiff.pages) > 1:
            raise InputError(
                f"{path.name} holds a stack of pages, not one slice", remedy="Open it as a file of its own"
            )
        height, width = grey_page(path, page, size)
        kind = voxel_type(path, page.dtype)
        return SliceHeader((height, width), np.dtype(np.uint8) if kind.kind == "b" else kind.newbyteorder("="))


def check_chain(path: Path, tiff: Any) -> None:
    """See that the pages of a TIFF file, each of which names the next, come to an end.

    Raises
    ------
    InputError
        When they go in a circle, which tifffile would follow for ever.
    """
    form, stream = tiff.tiff, tiff.filehandle
    seen: set[int] = set()
    stream.seek(8 if form.is_bigtiff else 4)
    while (place := int.from_bytes(stream.read(form.offsetsize), _ORDER[form.byteorder])) != 0:
        if place in seen:
            raise InputError(f"The pages of {path.name} go in a circle", remedy="Export it again")
        seen.add(place)
        stream.seek(place)
        tags = int.from_bytes(stream.read(form.tagnosize), _ORDER[form.byteorder])
        stream.seek(place + form.tagnosize + tags * form.tagsize)


def grey_page(path: Path, page: Any, size: int) -> tuple[int, int]:
    """Height and width of a TIFF page of grey values whose data lies inside the file (`size` bytes).

    Raises
    ------
    InputError
        When the page holds colours, or its data lies beyond the end of the file.
    """
    if page.samplesperpixel != 1 or page.ndim != 2 or page.photometric not in (0, 1):
        raise InputError(f"{path.name} holds colours", expected="grey values", found=f"{page.samplesperpixel} samples")
    needed = (
        page.nbytes if page.bitspersample >= 8 else page.imagelength * -(-page.imagewidth * page.bitspersample // 8)
    )
    ends = [offset + count for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True)]
    packed = sum(page.databytecounts)
    if not ends or max(ends) > size or needed > (packed if page.compression == 1 else _SMALL + _TIGHTEST * packed):
        raise InputError(
            f"{path.name} is cut short", expected=f"{needed} bytes of pixels", found=f"a file of {size} bytes"
        )
    return int(page.imagelength), int(page.imagewidth)


def _probe_image(path: Path, form: str) -> SliceHeader:
    if form == "PNG":
        return _probe_png(path)
    with Bounded(path) as stream, Image.open(stream, formats=[form]) as image:
        width, height = image.size
        mode = image.mode
    if mode not in _GREY and mode not in _COLOUR:
        raise InputError(f"{path.name} holds colours", expected="grey values", found=mode)
    return SliceHeader((height, width), np.dtype(_GREY.get(mode, np.uint8)).newbyteorder("="))


def _probe_png(path: Path) -> SliceHeader:
    with path.open("rb") as stream:
        start = stream.read(_PNG_COLOUR + 1)
        stream.seek(max(0, path.stat().st_size - 4096))
        end = stream.read()
    if not start.startswith(b"\x89PNG\r\n\x1a\n") or len(start) <= _PNG_COLOUR:
        raise InputError(f"{path.name} is no PNG file, whatever its name says", remedy="Export this slice again")
    if start[_PNG_BITS] == 16 and start[_PNG_COLOUR] != 0:
        raise InputError(f"{path.name} holds colours of 16 bits", expected="grey values")
    if _PNG_END not in end:
        raise InputError(f"{path.name} is cut short", expected="the mark at the end of a PNG file")
    width, height = struct.unpack(">II", start[_PNG_SIZE])
    return SliceHeader((height, width), np.dtype(np.uint16 if start[_PNG_BITS] == 16 else np.uint8))


def read_slice(path: Path) -> np.ndarray:
    """The grey values of one slice, (y, x), in their stored type; 1-bit pixels become 0 and 255.

    Raises
    ------
    InputError
        For a damaged file, or one whose colours are not all greys.
    """
    form = FORMS[path.suffix.lower()]
    with refusing(path, f"a {form} slice"):
        if form == "TIFF":
            return read_tiff_page(path, 0)
        with Bounded(path) as stream, Image.open(stream, formats=[form]) as image:
            return _greys(path, image)


def write_png(path: Path, values: np.ndarray) -> None:
    """Write the grey values of one slice, (y, x), of 8 or 16 bits.

    Runs alone are looked for, and one filter serves all rows: noise hides longer repeats. Files are smaller than at the
    usual settings, and written in a sixth of the time.
    """
    import imagecodecs

    png = imagecodecs.PNG
    path.write_bytes(imagecodecs.png_encode(values, level=1, strategy=png.STRATEGY.RLE, filter=png.FILTER.SUB))


def read_tiff_page(path: Path, index: int) -> np.ndarray:
    """The grey values of one page of a TIFF file, (y, x).

    Packings that tifffile leaves to a further package are unpacked by Pillow, where it can.
    """
    with hush(), tifffile.TiffFile(path) as tiff:
        page: Any = tiff.pages[index]
        try:
            values = page.asarray()
        except ValueError:
            if page.compression not in _FOR_PILLOW:
                raise
            with quiet(), Bounded(path) as stream, Image.open(stream, formats=["TIFF"]) as image:
                image.seek(index)
                values = _greys(path, image)
        values = np.asarray(values, dtype=values.dtype.newbyteorder("="))
        return np.where(values, np.uint8(255), np.uint8(0)) if values.dtype == bool else values


def _greys(path: Path, image: Image.Image) -> np.ndarray:
    if image.mode in _GREY:
        values = np.asarray(image)
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode not in _COLOUR:
        raise InputError(f"{path.name} holds colours", expected="grey values", found=image.mode)
    colours = np.asarray(image.convert("RGB"))
    grey = colours[..., 0]
    if not (np.array_equal(grey, colours[..., 1]) and np.array_equal(grey, colours[..., 2])):
        raise InputError(f"{path.name} holds colours", expected="grey values", remedy="Export it as greyscale")
    return np.ascontiguousarray(grey)


def checked(values: np.ndarray, path: Path, header: SliceHeader) -> np.ndarray:
    """The values read from a slice, once they are what its header promised.

    Raises
    ------
    InputError
        When their size or type is another.
    """
    if values.shape != header.shape or values.dtype != header.dtype:
        size = " x ".join(map(str, values.shape))
        raise InputError(
            f"{path.name} is not what its header says", expected=str(header), found=f"{size} of {values.dtype}"
        )
    return values
