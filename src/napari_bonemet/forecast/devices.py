"""What a device can do, and when it has had too much; torch comes in late."""

from typing import Any

from napari_bonemet.torch_import import import_torch


def drawing_dtype(device: str) -> Any:
    """What futures are drawn in: bfloat16 where the device computes in it, else float32.

    On a processor without instructions for it, bfloat16 is slower than float32.
    """
    torch = import_torch()
    kind = device.split(":", maxsplit=1)[0]
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    if kind == "cpu":
        asked = (getattr(torch.cpu, name, None) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))
        return torch.bfloat16 if any(known is not None and known() for known in asked) else torch.float32
    return torch.float32


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device, or the machine, had no memory left."""
    torch = import_torch()
    kinds = (MemoryError, getattr(torch, "OutOfMemoryError", torch.cuda.OutOfMemoryError))
    # A CPU's allocator has no error of its own.
    return isinstance(error, kinds) or (isinstance(error, RuntimeError) and "allocate memory" in str(error))


def release(device: str) -> None:
    """Give memory that is held for reuse back to the device."""
    if device.startswith("cuda"):
        import_torch().cuda.empty_cache()
