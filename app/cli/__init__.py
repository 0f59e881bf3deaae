"""The command line `planner`."""

from collections.abc import Sequence
from importlib import import_module


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code.

    Args:
        arguments: those after the program's name; by default the process's own.
    """
    # Loaded late because every module below this package passes here, and those that are started as processes
    # of their own need no command line.
    import_module("app.cli.commands").main(arguments)
