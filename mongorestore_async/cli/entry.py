"""The application: its commands, and their errors turned into messages and exit codes."""

from __future__ import annotations

import functools
import os
import shlex
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from cyclopts import App, CycloptsError, Group, MissingArgumentError, UnknownCommandError

from mongorestore_async.cli.cluster_options import VARIABLES
from mongorestore_async.cli.console import PROGRAM, program, rich_console, stderr_console
from mongorestore_async.cli.display.help_pages import EPILOGUE, OPTIONS, HelpPage
from mongorestore_async.cli.exit_codes import ExitCode, exit_code_of, explain
from mongorestore_async.cli.session_factory import apply_log, apply_profile
from mongorestore_async.cli.standard_streams import explain_failure
from mongorestore_async.errors import RestoreError
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import FrameType

    from rich.console import Console

__all__ = ["make_app", "run"]

_SUMMARY = """MongoDB restores on Ops Manager, Cloud Manager and Atlas.

To see it work, without a server and a key: mongorestore-async demo
"""

_LOOK, _RESTORE = Group("Look around", sort_key=1), Group("Restore", sort_key=2)
_MANY, _TOOLS = Group("Many clusters", sort_key=3), Group("Tools", sort_key=4)

#: Where the commands are, in the order of the help.
#: Only the module of the command that runs is loaded.
_COMMANDS: dict[str, tuple[Group, str]] = {
    "orgs": (_LOOK, "commands.inventory_command:orgs"),
    "projects": (_LOOK, "commands.inventory_command:projects"),
    "clusters": (_LOOK, "commands.inventory_command:clusters"),
    "snapshots": (_LOOK, "commands.snapshots_command:snapshots"),
    "jobs": (_LOOK, "commands.jobs_command:jobs"),
    "create": (_RESTORE, "creates.create_command:create"),
    "create-collections": (_RESTORE, "creates.create_collections_command:create_collections"),
    "wait": (_RESTORE, "commands.wait_command:wait"),
    "watch": (_RESTORE, "commands.watch_command:watch"),
    "download": (_RESTORE, "commands.download_command:download"),
    "cancel": (_RESTORE, "commands.cancel_command:cancel"),
    "fleet": (_MANY, "commands.fleet_command:app"),
    "drill": (_MANY, "operations.drill_command:app"),
    "board": (_MANY, "operations.board_command:board"),
    "evidence": (_MANY, "operations.evidence_command:app"),
    "doctor": (_TOOLS, "operations.doctor_command:doctor"),
    "demo": (_TOOLS, "commands.demo_command:demo"),
    "emulator": (_TOOLS, "commands.emulator_command:emulator"),
    "completion": (_TOOLS, "commands.completion_command:completion"),
    "help": (_TOOLS, "commands.help_command:show_help"),
}

_SETTINGS: dict[str, dict[str, Any]] = {
    name: {"usage": f"mongorestore-async {name} [OPTIONS] [JOB...]"} for name in ("wait", "watch", "download", "cancel")
} | {
    "help": {"usage": "mongorestore-async help [COMMAND | TOPIC]"},
    # It has a command line of its own, with its own help.
    "emulator": {"help_flags": [], "version_flags": []},
}


#: The command that lists the values of an option.
_LISTED_BY = {"--family": f"{PROGRAM} help families", "--project-id": f"{PROGRAM} projects"}


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
        name=PROGRAM,
        help=_SUMMARY,
        help_epilogue=EPILOGUE,
        help_format="plaintext",
        help_formatter=HelpPage(),
        group_arguments=Group("Arguments", sort_key=-1),
        group_parameters=OPTIONS,
        version=__version__,
        console=cast("Console", _HelpConsole()),
        print_error=False,
        exit_on_error=False,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
        config=(apply_profile, apply_log),
    )
    for place, (name, (group, path)) in enumerate(_COMMANDS.items(), start=1):
        # An application in a module of its own has its settings there.
        settings = {} if path.endswith(":app") else {"help_epilogue": ""} | _SETTINGS.get(name, {})
        app.command(f"mongorestore_async.cli.{path}", name=name, group=group, sort_key=place, **settings)
    for flag in ("--help", "--version"):
        app[flag].group = (_TOOLS,)
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
        with _interrupt_on_signals():
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


@contextmanager
def _interrupt_on_signals() -> Generator[None]:
    """Let SIGTERM and SIGHUP end a command as Ctrl-C does.

    A killed process could not tell what it has started, and would lose the telemetry that is exported at its exit.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        if callable(signal.getsignal(signal.SIGINT)):
            signal.raise_signal(signal.SIGINT)  # the event loop may have a handler of its own for it
        else:
            signal.default_int_handler(number, frame)

    before: dict[int, Any] = {}
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores it: so it stays
            with suppress(ValueError):  # not in the main thread
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _usage_error(error: CycloptsError, arguments: Sequence[str]) -> str:
    command = shlex.join([program(), *(error.command_chain or ()), "--help"])
    text = str(error)
    for argument in arguments:
        # There is no option for a key, but somebody may try one, such as --private-key=KEY: it must not be repeated.
        name, equals, value = argument.partition("=")
        if equals and value and name.startswith("-"):
            text = text.replace(argument, name)
    if isinstance(error, MissingArgumentError) and error.argument is not None and error.keyword is None:
        variable = next(iter(error.argument.parameter.env_var or ()), None)
        option = error.argument.name
        text = f"{option} is required"
        text += "" if variable is None else f", or {variable} in the environment"
        if option in _LISTED_BY:
            text += f"; {_LISTED_BY[option]} lists the values"
    if isinstance(error, UnknownCommandError) and error.app is not None:
        # The library lists only some of many commands.
        commands = ", ".join(name for name in error.app if not name.startswith("-"))
        text = f"{text.partition('Available commands:')[0]} Commands are {commands}"
    text = " ".join(text.split()).rstrip(".").replace(" into int", " into a whole number")
    return printable(f"{text}{'' if text.endswith('?') else '.'} See {command}")


def _print_error(message: str, error: BaseException, *, label: str = "error: ") -> None:
    console = stderr_console()
    console.print_styled((label, "bold red"), message, soft_wrap=not console.is_terminal)
    for note in getattr(error, "__notes__", ()):
        console.print(note, soft_wrap=True)
