"""Compiled search for the edges of a volume."""

from numba import njit


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def _steepness(grey, z, y, x):  # type: ignore[no-untyped-def]
    a = float(grey[z + 1, y, x]) - float(grey[z - 1, y, x])
    b = float(grey[z, y + 1, x]) - float(grey[z, y - 1, x])
    c = float(grey[z, y, x + 1]) - float(grey[z, y, x - 1])
    return 0.25 * (a * a + b * b + c * c)


@njit(nogil=True, cache=True, fastmath=True, inline="always")
def _is_edge(grey, steep, bright, z, y, x):  # type: ignore[no-untyped-def]
    return grey[z, y, x] > bright and _steepness(grey, z, y, x) > steep


@njit(nogil=True, cache=True, fastmath=True)
def count_edges(grey, steep, bright, per_slice, start, stop):  # type: ignore[no-untyped-def]
    """Count the edge voxels of each slice: squared gradient above `steep`, in greys per voxel, and bone."""
    nz, ny, nx = grey.shape
    for z in range(max(1, start), min(nz - 1, stop)):
        count = 0
        for y in range(1, ny - 1):
            for x in range(1, nx - 1):
                count += _is_edge(grey, steep, bright, z, y, x)
        per_slice[z] = count


@njit(nogil=True, cache=True, fastmath=True)
def list_edges(grey, steep, bright, every, first, out, start, stop):  # type: ignore[no-untyped-def]
    """Write the index of every so many-th edge voxel; `first` is the number of edges before each slice."""
    nz, ny, nx = grey.shape
    for z in range(max(1, start), min(nz - 1, stop)):
        number = first[z]
        for y in range(1, ny - 1):
            for x in range(1, nx - 1):
                if _is_edge(grey, steep, bright, z, y, x):
                    if number % every == 0:
                        place = number // every
                        out[place, 0], out[place, 1], out[place, 2] = z, y, x
                    number += 1


@njit(nogil=True, cache=True)
def gradients_at(grey, index, values, slopes):  # type: ignore[no-untyped-def]
    """Greys and central differences, per voxel, at voxels inside the volume; both are written."""
    for i in range(index.shape[0]):
        z, y, x = index[i, 0], index[i, 1], index[i, 2]
        values[i] = grey[z, y, x]
        slopes[i, 0] = 0.5 * (float(grey[z + 1, y, x]) - float(grey[z - 1, y, x]))
        slopes[i, 1] = 0.5 * (float(grey[z, y + 1, x]) - float(grey[z, y - 1, x]))
        slopes[i, 2] = 0.5 * (float(grey[z, y, x + 1]) - float(grey[z, y, x - 1]))


@njit(nogil=True, cache=True)
def keep_edges(grey, index, steep, bright, kept):  # type: ignore[no-untyped-def]
    """Write which of the voxels lie inside the volume and are edges."""
    nz, ny, nx = grey.shape
    for i in range(index.shape[0]):
        z, y, x = index[i, 0], index[i, 1], index[i, 2]
        inside = 1 <= z < nz - 1 and 1 <= y < ny - 1 and 1 <= x < nx - 1
        kept[i] = inside and _is_edge(grey, steep, bright, z, y, x)
