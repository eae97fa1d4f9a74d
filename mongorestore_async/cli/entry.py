"""The application: its commands, and their errors turned into messages and exit codes."""

from __future__ import annotations

import functools
import os
import shlex
from typing import TYPE_CHECKING, Any, cast

from cyclopts import App, CycloptsError, MissingArgumentError, UnknownCommandError

from mongorestore_async.cli.cluster_options import VARIABLES
from mongorestore_async.cli.console import rich_console, stderr_console
from mongorestore_async.cli.exit_codes import ExitCode, exit_code_of, exit_codes, explain
from mongorestore_async.cli.session_factory import apply_profile
from mongorestore_async.cli.standard_streams import explain_failure
from mongorestore_async.errors import RestoreError
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

__all__ = ["make_app", "run"]

_SUMMARY = """MongoDB restores on Ops Manager, Cloud Manager and Atlas: choose, create,
wait, download, verify.

Start with the demo, which needs no server and no key: mongorestore-async demo
"""

_EPILOGUE = f"""The API key is read from the environment, or from a profile of the Atlas CLI
or mongocli (-P); on a terminal, a missing key is prompted for:
MONGODB_ATLAS_PUBLIC_API_KEY and MONGODB_ATLAS_PRIVATE_API_KEY, or
MCLI_PUBLIC_API_KEY and MCLI_PRIVATE_API_KEY.

Exit codes:
{exit_codes()}"""


#: Where the commands are, in the order of the help: in ``commands/`` but where a folder is named.
#: Only the module of the command that runs is loaded.
_COMMANDS = {
    "demo": "demo_command:demo",
    "jobs": "jobs_command:jobs",
    "fleet": "fleet_command:app",
    "drill": "operations.drill_command:app",
    "board": "operations.board_command:board",
    "snapshots": "snapshots_command:snapshots",
    "create": "create_command:create",
    "create-collections": "create_collections_command:create_collections",
    "wait": "wait_command:wait",
    "watch": "watch_command:watch",
    "download": "download_command:download",
    "cancel": "cancel_command:cancel",
    "doctor": "operations.doctor_command:doctor",
    "evidence": "operations.evidence_command:app",
    "emulator": "emulator_command:emulator",
}

#: The emulator has a command line of its own, with its own help.
_SETTINGS: dict[str, dict[str, Any]] = {"emulator": {"help_flags": [], "version_flags": []}}


class _HelpConsole:
    """The console of the help, made when something is printed on it."""

    @functools.cached_property
    def _made(self) -> Console:
        return rich_console()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


def make_app() -> App:
    """Make the application with all commands."""
    app = App(
        name="mongorestore-async",
        help=_SUMMARY,
        help_epilogue=_EPILOGUE,
        help_format="plaintext",
        version=__version__,
        console=cast("Console", _HelpConsole()),
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
        config=apply_profile,
    )
    for place, (name, path) in enumerate(_COMMANDS.items(), start=1):
        found = path if path.startswith("operations.") else f"commands.{path}"
        app.command(f"mongorestore_async.cli.{found}", name=name, sort_key=place, **_SETTINGS.get(name, {}))
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: Command line without the program's name.

    Returns:
        The exit code.

    """
    # As in MongoDB's own tools, an empty variable counts as unset; cyclopts would take it for a value.
    for name in VARIABLES:
        if os.environ.get(name) == "":
            del os.environ[name]
    try:
        app = make_app()
        if not arguments or arguments[0] not in _COMMANDS:
            app.resolved_commands()  # the help of all has what each says of itself
        elif arguments[0] == "fleet" and (len(arguments) == 1 or arguments[1].startswith("-")):
            app["fleet"].resolved_commands()
        return app(list(arguments)) or ExitCode.DONE
    except CycloptsError as error:
        _print_error(_usage_error(error, arguments), error)
        return ExitCode.USAGE
    except RestoreError as error:
        _print_error(explain(error), error)
        return exit_code_of(error)
    except BrokenPipeError:
        raise
    except OSError as error:
        _print_error(printable(explain_failure(error)), error)
        return ExitCode.ERROR
    except KeyboardInterrupt as error:
        _print_error("interrupted", error, label="")
        return ExitCode.INTERRUPTED


def _usage_error(error: CycloptsError, arguments: Sequence[str]) -> str:
    command = shlex.join(["mongorestore-async", *(error.command_chain or ()), "--help"])
    text = str(error)
    for argument in arguments:
        # There is no option for a key, but somebody may try one, such as --private-key=KEY: it must not be repeated.
        name, equals, value = argument.partition("=")
        if equals and value and name.startswith("-"):
            text = text.replace(argument, name)
    if isinstance(error, MissingArgumentError) and error.argument is not None and error.keyword is None:
        variable = next(iter(error.argument.parameter.env_var or ()), None)
        text = f"{error.argument.name} is required"
        text += "" if variable is None else f", or {variable} in the environment"
    if isinstance(error, UnknownCommandError) and error.app is not None:
        # The library lists only some of many commands.
        commands = ", ".join(name for name in error.app if not name.startswith("-"))
        text = f"{text.partition('Available commands:')[0]} Commands are {commands}"
    text = " ".join(text.split()).rstrip(".")
    return printable(f"{text}. See {command}")


def _print_error(message: str, error: BaseException, *, label: str = "error: ") -> None:
    console = stderr_console()
    console.print_styled((label, "bold red"), message, soft_wrap=not console.is_terminal)
    for note in getattr(error, "__notes__", ()):
        console.print(note, soft_wrap=True)
