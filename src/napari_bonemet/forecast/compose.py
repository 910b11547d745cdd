"""From a network's maps to greys; torch comes in late."""

from typing import Any

from napari_bonemet.torch_import import import_torch


def resized(images: Any, side: int) -> Any:
    """Slices (n, t, z, y, x) with their planes resized to (side, side), smoothed where that makes them smaller."""
    torch = import_torch()
    if images.shape[-1] == side and images.shape[-2] == side:
        return images
    smaller = images.shape[-1] > side
    flat = images.flatten(0, 2)[:, None]
    made = torch.nn.functional.interpolate(flat, size=(side, side), mode="bilinear", antialias=smaller)
    return made[:, 0].unflatten(0, images.shape[:3])


def compose(maps: Any, last: Any) -> Any:
    """The next week (n, z, y, x), 0 to 1, from maps (n, channels, z, y, x) before the sigmoid and the last week.

    One channel is the next week itself; two are k and c of x (1 - k) + k c, with x the last week.
    """
    torch = import_torch()
    maps = torch.sigmoid(resized(maps.float(), last.shape[-1]))
    if maps.shape[1] == 1:
        return maps[:, 0]
    k, c = maps[:, 0], maps[:, 1]
    return last * (1 - k) + k * c


def one_future(network: Any, seen: Any, noise: Any, last: Any) -> Any:
    """A future (n, z, y, x), 0 to 1, that a network draws from what it saw, laid where it says it lies."""
    drawn = compose(network.future(seen, noise), last)
    return network.placed(drawn, noise) if hasattr(network, "placed") else drawn
