"""Films as files: GIF by Pillow, MP4 by the ffmpeg that the package imageio-ffmpeg brings."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

from napari_bonemet.errors import InputError, OutputError
from napari_bonemet.figures.arrows import ARROW_COLOURS
from napari_bonemet.figures.film import Film
from napari_bonemet.figures.theme import INKS
from napari_bonemet.io.atomic import atomic_file, write_json

__all__ = ["FILM_FORMATS", "mp4_there", "require_writer", "save_film"]

FILM_FORMATS = ("mp4", "gif")
_COLOURS = 255
_SHORTEST_GIF_MS = 20  # players show anything shorter at a pace of their own


def mp4_there() -> bool:
    """Whether the writer of MP4 is installed."""
    try:
        require_writer(Path("film.mp4"))
    except InputError:
        return False
    return True


def require_writer(path: Path) -> str:
    """The format of a film's name, once it is certain that it can be written.

    Raises
    ------
    InputError
        When the name ends otherwise, or the writer of MP4 is not installed.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FILM_FORMATS:
        raise InputError(f"A film cannot be saved as {path.name}", expected=" or ".join(f".{f}" for f in FILM_FORMATS))
    if kind == "mp4":
        try:
            import imageio_ffmpeg  # type: ignore[import-not-found,import-untyped,unused-ignore]

            imageio_ffmpeg.get_ffmpeg_exe()
        except (ImportError, RuntimeError) as error:
            raise InputError(
                "The writer of MP4 is not installed",
                remedy='Install it: pip install "napari-bonemet[film]" (or pip install imageio-ffmpeg), or save a .gif',
            ) from error
    return kind


def save_film(film: Film, path: str | Path, record: Mapping[str, Any], *, fps: int, overwrite: bool = True) -> Path:
    """Draw every frame and write the film, and its record beside it, each whole or not at all.

    Parameters
    ----------
    film : Film
        Its frames are used up.
    path : path
        Ends in .mp4 or .gif.
    record : mapping
        Plain JSON values.
    fps : int
        Frames in a second of an MP4; in a GIF each frame has its own time.

    Raises
    ------
    InputError
        When the name ends otherwise, or the writer of MP4 is not installed.
    OutputError
        When the disk or the writer refuses.
    """
    path = Path(path)
    kind = require_writer(path)
    with atomic_file(path, overwrite=overwrite) as temporary:
        (_write_mp4 if kind == "mp4" else _write_gif)(film, temporary, fps)
        digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
        told = {**record, "frames": film.count, "slice": film.slice_index, "file": path.name, "file_sha256": digest}
        write_json(path.with_name(f"{path.name}.json"), told, overwrite=overwrite)
    return path


def _write_gif(film: Film, path: Path, fps: int) -> None:
    from PIL import Image

    del fps
    palette = Image.new("P", (1, 1))
    palette.putpalette(_palette())
    pictures, times = [], []
    for frame in film.frames:
        pictures.append(Image.fromarray(frame.pixels).quantize(palette=palette, dither=Image.Dither.NONE))
        times.append(max(_SHORTEST_GIF_MS, round(frame.seconds * 1000)))
    first, *rest = pictures
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=times, loop=0)


def _palette() -> list[int]:
    """One palette for all frames: greys, and the few colours that say something, with their edges to light and dark.

    A palette made for the frame would give up the rare colours first, and the red of an arrow is rare.
    """
    inks = [ink for theme in INKS.values() for ink in (theme.paper, theme.warning)]
    colours = [np.array(to_rgb(ink)) * 255 for ink in (*ARROW_COLOURS.values(), *inks) if ink != "#ffffff"]
    edges = [c + (end - c) * share for c in colours for end in (0.0, 255.0) for share in (0.0, 0.25, 0.5, 0.75)]
    greys = np.linspace(0, 255, _COLOURS - len(edges))[:, None].repeat(3, axis=1)
    return [int(value) for colour in (*greys, *edges) for value in np.rint(colour)]


def _write_mp4(film: Film, path: Path, fps: int) -> None:
    import imageio_ffmpeg

    writer: Any = None
    try:
        for pixels, times in _repeated(film, fps):
            if writer is None:
                rows, columns = pixels.shape[:2]
                writer = imageio_ffmpeg.write_frames(
                    str(path.with_name(f"{path.name}.mp4")),
                    (columns, rows),
                    fps=fps,
                    codec="libx264",
                    quality=8,
                    macro_block_size=2,
                    ffmpeg_log_level="error",
                    output_params=["-movflags", "+faststart"],
                )
                writer.send(None)
            for _ in range(times):
                writer.send(pixels)
    except OSError as error:
        raise OutputError(f"The film {path.name} could not be written", found=str(error)[:200]) from error
    finally:
        if writer is not None:
            writer.close()
        made = path.with_name(f"{path.name}.mp4")
        if made.is_file():
            made.replace(path)


def _repeated(film: Film, fps: int) -> Iterator[tuple[np.ndarray, int]]:
    for frame in film.frames:
        yield np.ascontiguousarray(frame.pixels), max(1, round(frame.seconds * fps))
