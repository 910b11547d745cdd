"""A line above a step's button where the step needs more memory than is free, before it is started."""

from qtpy.QtWidgets import QLabel, QWidget

__all__ = ["MemoryNote"]

_GB = 1e9
# The rest of the machine wants some, too.
_SHARE = 0.9


class MemoryNote(QLabel):
    """Says nothing as long as there is enough.

    Parameters
    ----------
    remedy : str
        What would need less, in the words of the dock.
    """

    def __init__(self, remedy: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._remedy = remedy
        self.setWordWrap(True)
        self.hide()

    def show_need(self, need: int) -> None:
        """Compare what the step needs, bytes, with what is free now."""
        import psutil  # type: ignore[import-untyped]

        free = int(psutil.virtual_memory().available)
        short = need > _SHARE * free
        if short:
            self.setText(
                f"<b>This may need {need / _GB:.1f} GB of memory, and {free / _GB:.1f} GB are free.</b> {self._remedy}"
            )
        self.setVisible(short)
