"""What the hub and the network refuse, in words with a remedy."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from napari_bonemet.errors import BoneMetError, InputError, OutputError

_OF_THE_NETWORK = {"httpx", "httpx2", "httpcore", "requests", "urllib3"}
# By the names of the hub's exceptions, the narrower ones first: their places have moved from version to version.
_REFUSED = {
    "GatedRepoError": (
        "{repository} is given only to those who asked for it",
        "Ask for it on the page of the data set, then log in: hf auth login",
    ),
    "RepositoryNotFoundError": (
        "There is no data set {repository} on {hub}",
        "Check --repo (OWNER/NAME); for one that is not public, log in first: hf auth login",
    ),
    "HFValidationError": ("{repository!r} is no name of a data set", "Give it as OWNER/NAME with --repo"),
    "RevisionNotFoundError": (
        "{repository} has no such revision",
        "Check --revision; main is the newest state",
    ),
    "OfflineModeIsEnabled": ("The environment forbids to ask the hub", "Unset HF_HUB_OFFLINE"),
}
_AGAIN = "Run the same command again: it goes on where it stopped"


class FetchError(BoneMetError):
    """The hub could not be reached, or broke off; what was fetched stays."""


def require_hub() -> None:
    """Raise InputError where the optional package that speaks to the hub is not installed."""
    try:
        import huggingface_hub  # noqa: F401
    except ImportError as error:
        raise InputError(
            "Fetching needs the package huggingface_hub, which is not installed",
            remedy="Install it: pip install 'napari-bonemet[fetch]'",
        ) from error


@contextmanager
def refusals_in_words(repository: str, endpoint: str | None = None) -> Iterator[None]:
    """Turn what the hub's package raises into this package's errors."""
    hub = endpoint or "the Hugging Face hub"
    try:
        yield
    except BoneMetError:
        raise
    except Exception as error:
        told = _in_words(error, repository, hub)
        if told is None:
            raise
        raise told from error


def _in_words(error: Exception, repository: str, hub: str) -> BoneMetError | None:
    names = {kind.__name__ for kind in type(error).__mro__}
    for name, (problem, remedy) in _REFUSED.items():
        if name in names:
            return InputError(problem.format(repository=repository, hub=hub), remedy=remedy)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if "HfHubHTTPError" in names and status is not None:
        return FetchError(f"{hub} refused to answer", found=f"HTTP status {status}", remedy=_AGAIN)
    if any(kind.__module__.split(".")[0] in _OF_THE_NETWORK for kind in type(error).__mro__):
        found = " ".join(str(error).split())[:120] or type(error).__name__
        return FetchError(f"{hub} cannot be reached", found=found, remedy=f"Check the network and --endpoint. {_AGAIN}")
    return None


def no_room(needed: int, free: int, place: object) -> OutputError:
    """What to say where the disk is too small, before anything is fetched."""
    return OutputError(
        f"{place} has too little room",
        expected=f"{in_bytes(needed)} still to be fetched",
        found=f"{in_bytes(free)} free",
        remedy="Ask for fewer components, animals or weeks, or choose another disk",
    )


def in_bytes(count: float) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> in_bytes(8.59e9)
    '8.6 GB'
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


@contextmanager
def quiet_hub() -> Iterator[None]:
    """No bars and warnings of the hub's own package: this package has its own."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    loud = logging.getLogger("huggingface_hub")
    before, had_bars = loud.level, not are_progress_bars_disabled()
    loud.setLevel(logging.ERROR)
    disable_progress_bars()
    try:
        yield
    finally:
        loud.setLevel(before)
        if had_bars:
            enable_progress_bars()
