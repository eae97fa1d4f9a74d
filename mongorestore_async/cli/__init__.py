"""The command line ``mongorestore-async`` (extra ``cli``): a face of the library, which nothing imports.

Every command takes the same steps: :func:`main` answers ``--version`` and checks that the extra is installed; ``entry``
builds the application, runs one command, and turns its error into a message and an exit code. A command checks its
options before any I/O, opens one session, and writes results to standard output, everything else to standard error.

====================  =============================================================================================
file                  what is changed there
====================  =============================================================================================
``commands/``         one file per command, and the options that only one command has
``cluster_options``   options that name a cluster or a config server, and their environment variables
``job_selection``     the ways to name jobs: references, ids, a batch
``wait_options``      how long to wait, and what is printed when a wait is left early (``ResumeHint``)
``session_factory``   the session: settings and keys of the environment, the prompt for a key
``exit_codes``        exit codes, and the hints of errors in the words of the command line
``rows, columns``     what tables and CSV files show, and how a table fits a terminal
``stdout_writer``     the output formats, and writing them without blocking the event loop
``progress_display``  progress of waits, downloads and fleets
``console, units``    terminals, text that is safe for them, durations and sizes
====================  =============================================================================================
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Command line without the program's name; None: the one of this process.

    Returns:
        The exit code, see :mod:`mongorestore_async.cli.exit_codes`.

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
        text = "the command line needs packages that are not installed: pip install 'mongorestore-async[cli]'"
        print(f"error: {text} ({missing.name} is missing)", file=sys.stderr)
        return 2
    del cyclopts, rich
    for stream in (sys.stdout, sys.stderr):
        # A name that the encoding of a terminal or a pipe does not have is no reason to fail.
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
    try:
        from mongorestore_async.cli.entry import run

        return run(words)
    except BrokenPipeError:
        # The reader of our output has closed it. Python would report that once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
