"""The way into the command line: what has to work without the extra, and how every command ends."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_EXTRA = "the command line needs packages that are not installed: pip install 'mongorestore-async[cli]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Command line without the program's name; None: the one of this process.

    Returns:
        The exit code, as told in :mod:`mongorestore_async.cli`.

    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words == ["--version"]:
        # Answered here: it needs neither the extra nor the HTTP library.
        print(__version__)
        return 0
    try:
        import cyclopts
        import rich
    except ImportError as missing:
        print(f"error: {_EXTRA} ({missing.name} is missing)", file=sys.stderr)
        return 2
    del cyclopts, rich
    for stream in (sys.stdout, sys.stderr):
        # A name that the encoding of a terminal or a pipe does not have is no reason to fail.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        from mongorestore_async.cli.app import run

        return run(words)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
