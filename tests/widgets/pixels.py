"""What stands on the screen, pixel by pixel, glass and bubbles over the canvas included."""

import numpy as np
from qtpy.QtWidgets import QWidget


def window_pixels(window: QWidget) -> np.ndarray:
    """The whole window as red, green and blue, int (rows, columns, 3)."""
    image = window.grab().toImage()
    bits = image.convertToFormat(image.Format.Format_RGBA8888)
    pixels = np.frombuffer(bits.constBits().asstring(bits.sizeInBytes()), np.uint8)
    return pixels.reshape(bits.height(), bits.bytesPerLine() // 4, 4)[:, : bits.width(), :3].astype(int)


def is_colour(pixels: np.ndarray, colour: str) -> np.ndarray:
    """Where `pixels` have a colour, "#rrggbb", but for a little."""
    return np.abs(pixels - [int(colour[n : n + 2], 16) for n in (1, 3, 5)]).sum(axis=-1) < 40
