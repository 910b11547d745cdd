"""Which processor networks run on."""


def choose_device(wanted: str = "auto") -> str:
    """The device's name for torch: "auto" takes the fastest that is there.

    Parameters
    ----------
    wanted : {"auto", "cpu", "cuda", "mps"}

    Raises
    ------
    InputError
        When the device asked for is not there.
    """
    if wanted == "cpu":
        return wanted
    from napari_bonemet.errors import InputError
    from napari_bonemet.torch_import import import_torch

    torch = import_torch()

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted == "auto":
        return next((name for name, is_there in there.items() if is_there), "cpu")
    if not there.get(wanted, False):
        names = ", ".join(["cpu", *(name for name, is_there in there.items() if is_there)])
        raise InputError(f"The device {wanted!r} is not there", expected=names, remedy="Choose another, or auto")
    return wanted
