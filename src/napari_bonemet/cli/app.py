"""From the words of a command line to an exit code; whatever happens, no exception leaves here."""

import difflib
import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from napari_bonemet.cli.commands import COMMANDS, overview
from napari_bonemet.errors import BoneMetError, InputError
from napari_bonemet.io.leftovers import with_final_names
from napari_bonemet.progress import Cancelled, Progress

DONE, FAILED, WRONG_USE = 0, 1, 2


class _Command(Protocol):
    """What the file of a command offers."""

    ABOUT: str
    STEPS: tuple[Any, ...]
    Arguments: Any
    run: Callable[..., Mapping[str, Any]]


def run_command(argv: Sequence[str] | None = None) -> int:
    """Run one command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Without the program's name; the process's own when None.

    Returns
    -------
    int
        0 done, 2 wrong use or bad input, 1 anything else.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if sys.stdout is None:  # closed by whoever started this
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 -- for the rest of the process
    try:
        code = _command(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Help piped into head: its reader has seen enough.
        _mute()
        return DONE
    except OSError as error:
        _mute()
        sys.stderr.write(f"Nothing can be said on stdout: {error.strerror or error}.\n")
        return FAILED
    return code


def _mute() -> None:
    from napari_bonemet.cli.terminal import mute_stdout

    mute_stdout()


def _command(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(overview() + "\n")
        return DONE if words else WRONG_USE
    if words[0] == "--version":
        from napari_bonemet.provenance import __version__

        sys.stdout.write(f"napari-bonemet {__version__}\n")
        return DONE
    if words[0] not in COMMANDS:
        near = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"Did you mean {near[0]}?" if near else "napari-bonemet --help lists the commands."
        sys.stderr.write(f"There is no command {words[0]!r}. {hint}\n")
        return WRONG_USE
    return _run(words[0], words[1:])


def _run(name: str, argv: Sequence[str]) -> int:
    from napari_bonemet.cli.terminal import Terminal

    terminal = Terminal(machine="--json" in argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = _teller(terminal)
            record = _work(name, argv, terminal)
    except SystemExit as leave:
        return DONE if leave.code in (0, None) else WRONG_USE
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:
        return _explain(error, name, terminal, debug="--debug" in argv)
    terminal.finish({"command": name, "ok": True, **record})
    return DONE


def _work(name: str, argv: Sequence[str], terminal: Any) -> Mapping[str, Any]:
    from napari_bonemet.cli.progress import TerminalProgress

    command: Any = importlib.import_module(COMMANDS[name].module)
    # A command whose flags depend on what is asked for says which file has them.
    command = command.chosen_by(argv) if hasattr(command, "chosen_by") else command
    own, chosen = _parsed(command, name, argv)
    with TerminalProgress(terminal.errors) as progress:
        listening: Progress = progress
        return command.run(own, chosen, terminal, listening)


def _parsed(command: _Command, name: str, argv: Sequence[str]) -> tuple[Any, Any]:
    from napari_bonemet.cli.flags import parse

    defaults, hidden = getattr(command, "DEFAULTS", None), getattr(command, "HIDDEN", ())
    about = command.ABOUT
    return parse(command.Arguments, command.STEPS, argv, name=name, about=about, defaults=defaults, hidden=hidden)


def _teller(terminal: Any) -> Callable[..., None]:
    def tell(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        # A library's notes to programmers are not for the person at the keyboard.
        if issubclass(category, UserWarning):
            terminal.warn(str(message))

    return tell


def _explain(error: BaseException, name: str, terminal: Any, *, debug: bool) -> int:
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    record: dict[str, Any] = {"command": name, "ok": False, "error": with_final_names(str(error))}
    match error:
        case Cancelled() | KeyboardInterrupt():
            sentence = record["error"] = "Stopped as asked; nothing is half-written."
        case BoneMetError():
            sentence = record["error"]
        case MemoryError():
            sentence = record["error"] = "This machine has too little memory for these scans. Try one leg at a time."
        case _:
            words = " ".join(str(error).split()) or "no words"
            sentence = record["error"] = f"{name} failed: {type(error).__name__}: {words}"
            sentence += "" if debug else " (--debug shows where)"
    terminal.fail(sentence)
    terminal.finish(record)
    return WRONG_USE if isinstance(error, InputError) else FAILED
