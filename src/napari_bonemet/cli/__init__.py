"""The command line: the same functions as the screen's, headless."""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and say how it went: 0 done, 2 wrong use or bad input, 1 anything else. Never raises."""
    from napari_bonemet.cli.app import run_command

    return run_command(argv)
