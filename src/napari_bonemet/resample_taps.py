"""The weighted sum over the voxels around one place, written as vectors: what a compiler of scalar code misses.

Left to itself the compiler reads the 64 voxels of a cubic sum one by one, and interpolation is most of the time
that registration takes. Here one instruction stream serves every machine: wide vectors where there are some.

The compiled kernels are kept by the stamp of ``resample_kernels.py``: after a change here, touch that file.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Weight of tap t as a polynomial of the fraction, lowest power first: POLYNOMIAL[power][t].
_LINEAR = ((1.0, 0.0), (-1.0, 1.0))
# Keys, IEEE Trans Acoust Speech Signal Process 1981, 29:1153-1160, a = -1/2.
_CUBIC = ((0.0, 1.0, 0.0, 0.0), (-0.5, 0.0, 0.5, 0.0), (1.0, -2.5, 2.0, -0.5), (-0.5, 1.5, -1.5, 0.5))

_FLOAT, _INDEX = ir.FloatType(), ir.IntType(32)
_FAST = ("fast",)


def _shuffled(builder: Any, vector: Any, lanes: Sequence[int], other: Any = None) -> Any:
    other = other or ir.Constant(vector.type, ir.Undefined)
    return builder.shuffle_vector(vector, other, ir.Constant(ir.VectorType(_INDEX, len(lanes)), list(lanes)))


def _repeated(builder: Any, number: Any, lanes: int) -> Any:
    single = ir.Constant(ir.VectorType(_FLOAT, 1), ir.Undefined)
    return _shuffled(builder, builder.insert_element(single, number, ir.Constant(_INDEX, 0)), [0] * lanes)


def _weights(builder: Any, fraction: Any, polynomial: Sequence[Sequence[float]], taps: Sequence[int]) -> Any:
    """The weights of `taps`, one a lane, by Horner's rule."""
    lanes = ir.VectorType(_FLOAT, len(taps))
    powers = [ir.Constant(lanes, [ir.Constant(_FLOAT, power[tap]) for tap in taps]) for power in polynomial]
    repeated, weights = _repeated(builder, fraction, len(taps)), powers[-1]
    for power in reversed(powers[:-1]):
        weights = builder.fadd(builder.fmul(weights, repeated, flags=_FAST), power, flags=_FAST)
    return weights


def _as_floats(builder: Any, greys: Any, dtype: Any) -> Any:
    lanes = greys.type.count
    wide, floats = ir.VectorType(ir.IntType(32), lanes), ir.VectorType(_FLOAT, lanes)
    if isinstance(dtype, types.Float):
        return greys if dtype.bitwidth == 32 else builder.fptrunc(greys, floats)
    if dtype.bitwidth >= 32:
        return builder.sitofp(greys, floats) if dtype.signed else builder.uitofp(greys, floats)
    return builder.sitofp(builder.sext(greys, wide) if dtype.signed else builder.zext(greys, wide), floats)


def _plane_of(builder: Any, first: Any, row: Any, width: int, size: int) -> Any:
    """`width` rows of `width` voxels from the pointer `first` on, one after the other in one vector."""
    rows = []
    for j in range(width):
        at = builder.gep(first, [builder.mul(row, ir.Constant(row.type, j))])
        loaded = builder.load(builder.bitcast(at, ir.VectorType(at.type.pointee, width).as_pointer()))
        # A row begins anywhere: no more than one voxel's alignment is promised.
        loaded.align = size
        rows.append(loaded)
    while len(rows) > 1:
        lanes = range(2 * rows[0].type.count)
        rows = [_shuffled(builder, a, lanes, b) for a, b in zip(rows[::2], rows[1::2], strict=True)]
    return rows[0]


def _summed(builder: Any, vector: Any) -> Any:
    while (half := vector.type.count // 2) > 0:
        low, high = _shuffled(builder, vector, range(half)), _shuffled(builder, vector, range(half, 2 * half))
        vector = builder.fadd(low, high, flags=_FAST)
    return builder.extract_element(vector, ir.Constant(_INDEX, 0))


def _box(polynomial: Sequence[Sequence[float]]) -> Callable[..., Any]:
    width = len(polynomial[0])
    along_x, along_y = list(range(width)) * width, [j for j in range(width) for _ in range(width)]

    def typed(typing_context: Any, flat: Any, at: Any, row: Any, plane: Any, fz: Any, fy: Any, fx: Any) -> Any:
        index, fraction = types.uint64, types.float32

        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array, at, row, plane, fz, fy, fx = arguments
            data = cgutils.create_struct_proxy(flat)(context, builder, array).data
            size = flat.dtype.bitwidth // 8
            over_z = _weights(builder, fz, polynomial, range(width))
            total = None
            for k in range(width):
                first = builder.gep(data, [builder.add(at, builder.mul(plane, ir.Constant(plane.type, k)))])
                greys = _as_floats(builder, _plane_of(builder, first, row, width, size), flat.dtype)
                term = builder.fmul(greys, _shuffled(builder, over_z, [k] * width * width), flags=_FAST)
                total = term if total is None else builder.fadd(total, term, flags=_FAST)
            over_y, over_x = (_weights(builder, f, polynomial, t) for f, t in ((fy, along_y), (fx, along_x)))
            return _summed(builder, builder.fmul(total, builder.fmul(over_y, over_x, flags=_FAST), flags=_FAST))

        return fraction(flat, index, index, index, fraction, fraction, fraction), build

    return intrinsic(typed)


#: ``(flat, at, row, plane, fz, fy, fx)``: the interpolated grey (float32) at fractions f beyond the voxel at index
#: ``at + 1`` in each direction (cubic) or ``at`` (linear); `row` and `plane` are the strides, all indices uint64.
cubic_box = _box(_CUBIC)
linear_box = _box(_LINEAR)
