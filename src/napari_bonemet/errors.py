"""What can go wrong, in words that a user can act on: expected, found, what to do."""


class BoneMetError(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    problem : str
        What went wrong, one sentence, naming the file or value.
    expected, found : str, optional
        What was needed, and what was there instead.
    remedy : str, optional
        What the user can do about it, as an instruction.
    """

    def __init__(self, problem: str, *, expected: str = "", found: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        contrast = "; ".join(
            part
            for part in (
                f"expected {self.expected}" if self.expected else "",
                f"found {self.found}" if self.found else "",
            )
            if part
        )
        text = self.problem.rstrip(".")
        if contrast:
            text += f": {contrast}"
        text += "."
        return f"{text} {self.remedy.rstrip('.')}." if self.remedy else text


class InputError(BoneMetError):
    """What the user gave (a file, a folder, an option) cannot be used."""


class MissingSpacingError(InputError):
    """The files state no voxel size, and a wrong guess would falsify every measure."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} does not state its voxel size",
            remedy="Give it in micrometres: --spacing 10.6 (or three values, z y x) on the command line, "
            "or the field 'Voxel size' in the panel",
        )


class OutputError(BoneMetError):
    """The result could not be written; nothing half-written is left under its final name."""


class MissingWeightsError(InputError):
    """A network's weights are not on this machine, and random ones would be a lie."""
