"""``mongorestore-async help``: the help of a command, or a page about what all commands have in common."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from mongorestore_async.cli.console import rich_console
from mongorestore_async.cli.display.help_pages import HelpPage, print_paragraph, print_rows
from mongorestore_async.cli.exit_codes import ExitCode, exit_codes
from mongorestore_async.cli.session_factory import CONNECTION, ServerOptions
from mongorestore_async.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

__all__ = ["TOPICS", "show_help"]

_KEYS = (
    ("MONGODB_ATLAS_PUBLIC_API_KEY", "Public key of an API key; also MCLI_PUBLIC_API_KEY."),
    ("MONGODB_ATLAS_PRIVATE_API_KEY", "Private key of an API key; also MCLI_PRIVATE_API_KEY."),
    ("MONGODB_ATLAS_CLIENT_ID", "Client id of a service account, which is preferred to an API key."),
    ("MONGODB_ATLAS_CLIENT_SECRET", "Client secret of a service account."),
    ("MONGODB_ATLAS_ACCESS_TOKEN", "An access token, which is preferred to both."),
)
_OPTIONS = (
    ("MONGODB_ATLAS_PROFILE", "--profile; also MCLI_PROFILE."),
    ("MCLI_SERVICE", "--family"),
    ("MONGODB_ATLAS_PROJECT_ID", "--project-id; also MCLI_PROJECT_ID."),
    ("MONGODB_ATLAS_BASE_URL", "--base-url; also MCLI_OPS_MANAGER_URL."),
    ("MCLI_OPS_MANAGER_CA_CERTIFICATE", "--ca-file"),
    ("HTTPS_PROXY, HTTP_PROXY", "--proxy; NO_PROXY names the hosts that are reached without one."),
    ("MCLI_OUTPUT", "--output"),
    ("MONGORESTORE_PROTECTED", "--protect of create and create-collections."),
    ("NO_COLOR", "Any value: no colours. FORCE_COLOR: colours also where there is no terminal."),
)
_LONGEST = max(len(name) for name, _ in (*_KEYS, *_OPTIONS))


def show_help(*command: Annotated[str, Parameter(name="COMMAND", help="A command or a topic.")]) -> int:
    """Show the help of a command, or of a topic.

    Topics: connection, environment, exit-codes, families.
    """
    if len(command) == 1 and command[0] in TOPICS:
        console = rich_console()
        console.print(f"mongorestore-async: {command[0]}", style="bold", highlight=False)
        TOPICS[command[0]](console)
        return ExitCode.DONE
    from mongorestore_async.cli.entry import run  # which has loaded this module

    return run([*command, "--help"])


def _show_connection(console: "Console") -> None:
    """Options that all commands have which connect to a server."""
    from cyclopts.help import create_parameter_help_panel

    def any_command(*, server: ServerOptions) -> None:
        """Stand for the commands."""

    options = App(default_command=any_command).assemble_argument_collection()
    HelpPage()(console, console.options, create_parameter_help_panel(CONNECTION, options, "plaintext"))


def _show_environment(console: "Console") -> None:
    print_paragraph(
        console,
        "The key of the API is read from the environment, or from a profile of the Atlas CLI or mongocli. On a "
        "terminal, a missing key is prompted for. There is no option for it: other users of a machine can see the "
        "options of a command.",
    )
    print_rows(console, "Keys", _KEYS, column=_LONGEST)
    print_rows(
        console, "Used where the option is not given; an empty variable counts as unset", _OPTIONS, column=_LONGEST
    )


def _show_exit_codes(console: "Console") -> None:
    print_rows(console, "Exit codes", exit_codes())


def _show_families(console: "Console") -> None:
    print_paragraph(
        console,
        "A family is a product and one of its APIs. Most people need atlas-cloud-backup, cloud-manager or ops-manager: "
        "those whose names end in -v1 are for the older API of Atlas.",
    )
    print_rows(console, "Values of --family", [(name, f"{family.title}.") for name, family in FAMILIES.items()])


#: Pages about what several commands have in common.
TOPICS: "dict[str, Callable[[Console], None]]" = {
    "connection": _show_connection,
    "environment": _show_environment,
    "exit-codes": _show_exit_codes,
    "families": _show_families,
}
