"""Compiled counting of the 2 x 2 x 2 neighbourhoods ("cells") of a mask within a region."""

from numba import njit


@njit(nogil=True, cache=True)
def count_cells(bone, region, whole, partial, start, stop):  # type: ignore[no-untyped-def]
    """Count, for cells that begin at slice `start` - 1 to `stop` - 1, what their eight voxels hold.

    Voxel (dz, dy, dx) of a cell is bit 4 dz + 2 dy + dx. `whole`, (256,): cells inside the region, by bone.
    `partial`, (256, 256): cells with some voxels in it, by region and bone; bits beyond the region are 0.
    """
    nz, ny, nx = bone.shape
    for z in range(start, stop):
        for y in range(ny + 1):
            solid, inside = 0, 0
            for x in range(nx + 1):
                # What was the right half of the last cell is the left half of this one.
                solid, inside = (solid >> 1) & 0b01010101, (inside >> 1) & 0b01010101
                if x < nx:
                    for dz in range(2):
                        zz = z - 1 + dz
                        if zz < 0 or zz >= nz:
                            continue
                        for dy in range(2):
                            yy = y - 1 + dy
                            if yy < 0 or yy >= ny:
                                continue
                            if region[zz, yy, x]:
                                bit = 2 << (4 * dz + 2 * dy)
                                inside |= bit
                                if bone[zz, yy, x]:
                                    solid |= bit
                if inside == 255:
                    whole[solid] += 1
                elif inside:
                    partial[inside, solid] += 1
