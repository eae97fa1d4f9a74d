"""The command line ``mongorestore-async`` (extra ``cli``): a face of the library, which nothing imports.

Every command takes the same steps: :func:`main` answers ``--version`` and checks that the extra is installed; ``entry``
builds the application, runs one command, and turns its error into a message and an exit code. A command checks its
options before any I/O, opens one session, and writes results to standard output, everything else to standard error.

What a command does not need is not loaded: not the modules of other commands, not the HTTP library for a help, and not
rich where plain text goes to a pipe or a file.

====================  =============================================================================================
file                  what is changed there
====================  =============================================================================================
``commands/``         one file per command, and the options that only one command has
``operations/``       the same for commands about many restores, or about what became of them
``creates/``          the same for commands that create jobs: sources, safety, the question, sending
``cluster_options``   options that name a cluster or a config server, and their environment variables
``job_selection``     the ways to name jobs: references, ids, a batch
``wait_options``      how long to wait, and what is printed when a wait is left early (``ResumeHint``)
``session_factory``   the session: settings and keys of the environment, the prompt for a key
``exit_codes``        exit codes, and the hints of errors in the words of the command line
``rows/``             what tables and CSV files show: one file per kind of row
``columns``           how a table fits a terminal
``stdout_writer``     the output formats, and writing them without blocking the event loop
``standard_streams``  standard output and standard error that cannot be written
``display/``          the pages of the help, progress, the log of HTTP requests
``console, units``    terminals, text that is safe for them, durations and sizes
====================  =============================================================================================
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from mongorestore_async.cli.standard_streams import explain_failure, guard_streams
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
    code = 0
    with guard_streams():
        try:
            code = _run(words)
            sys.stdout.flush()
        except BrokenPipeError:
            pass  # the reader of the output has seen enough
        except OSError as error:
            print(f"error: {explain_failure(error)}", file=sys.stderr)
            code = code or 1
        except KeyboardInterrupt:
            code = 130
    return code


def _run(words: list[str]) -> int:
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
    from mongorestore_async.cli.entry import run

    return run(words)
