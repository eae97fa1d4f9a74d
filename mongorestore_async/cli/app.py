"""The commands put together, and their errors turned into exit codes."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from cyclopts import App, CycloptsError, MissingArgumentError
from rich.text import Text

from mongorestore_async.cli import cancel, create, demo, download, emulator, fleet, jobs, snapshots, wait, watch
from mongorestore_async.cli.exits import ExitCode, exit_code_of, exit_codes, explain
from mongorestore_async.cli.place import VARIABLES
from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.errors import RestoreError
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["make_app", "run"]

_SUMMARY = """MongoDB restores on Ops Manager, Cloud Manager and Atlas: choose, create, wait, download, verify.

Start with the demo, which needs no server and no key: mongorestore-async demo
"""

_EPILOGUE = f"""The API key is read from the environment, or asked for on a terminal:
MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY, or
MCLI_PUBLIC_API_KEY and MCLI_PRIVATE_API_KEY.

Exit codes:
{exit_codes()}"""


def make_app() -> App:
    """Put the commands together."""
    app = App(
        name="mongorestore-async",
        help=_SUMMARY,
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version=__version__,
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    app.command(demo.demo, sort_key=1)
    app.command(jobs.jobs, sort_key=2)
    app.command(fleet.make_fleet(sort_key=3))
    app.command(snapshots.snapshots, sort_key=4)
    app.command(create.create, sort_key=5)
    app.command(wait.wait, sort_key=6)
    app.command(watch.watch, sort_key=7)
    app.command(download.download, sort_key=8)
    app.command(cancel.cancel, sort_key=9)
    # The emulator has a command line of its own, with its own help.
    app.command(emulator.emulator, sort_key=10, help_flags=[], version_flags=[])
    return app


def run(words: Sequence[str]) -> int:
    """Run one command.

    Args:
        words: Command line without the program's name.

    Returns:
        The exit code.

    """
    # As in MongoDB's own tools, an empty variable counts as unset; cyclopts would take it for a value.
    for name in VARIABLES:
        if os.environ.get(name) == "":
            del os.environ[name]
    try:
        return make_app()(list(words)) or ExitCode.DONE
    except CycloptsError as error:
        _complain(_usage(error, words), error)
        return ExitCode.USAGE
    except RestoreError as error:
        _complain(explain(error), error)
        return exit_code_of(error)
    except BrokenPipeError:
        raise
    except OSError as error:
        _complain(printable(str(error)), error)
        return ExitCode.ERROR
    except KeyboardInterrupt as error:
        _complain("interrupted", error, label="")
        return ExitCode.INTERRUPTED


def _usage(error: CycloptsError, words: Sequence[str]) -> str:
    command = shlex.join(["mongorestore-async", *(error.command_chain or ()), "--help"])
    text = str(error)
    for word in words:
        # There is no option for a key, but somebody may try one: --private-key=...
        name, equals, value = word.partition("=")
        if equals and value and name.startswith("-"):
            text = text.replace(word, name)
    if isinstance(error, MissingArgumentError) and error.argument is not None and error.keyword is None:
        variable = next(iter(error.argument.parameter.env_var or ()), None)
        text = f"{error.argument.name} is required"
        text += "" if variable is None else f", or {variable} in the environment"
    text = " ".join(text.split()).rstrip(".")
    return printable(f"{text}. See {command}")


def _complain(message: str, error: BaseException, *, label: str = "error: ") -> None:
    console = screen(error=True)
    console.print(Text.assemble((label, "bold red"), message), soft_wrap=not console.is_terminal)
    for note in getattr(error, "__notes__", ()):
        console.print(note, soft_wrap=True)
