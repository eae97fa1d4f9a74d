"""``mongorestore-async doctor``."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import attrs

from mongorestore_async.cli.cluster_options import CLUSTER, FAMILY, PROJECT
from mongorestore_async.cli.columns import Column, ListLayout, print_table
from mongorestore_async.cli.console import plural, show_deprecations, stderr_console, stdout_console
from mongorestore_async.cli.exit_codes import CLI_WORDINGS, ExitCode
from mongorestore_async.cli.session_factory import ServerOptions, make_session, read_credentials
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, write_items
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async import AsyncSession
    from mongorestore_async.doctor import CheckResult, Diagnosis

__all__ = ["doctor"]

_SERVER = ServerOptions()
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}
#: Checks whose failure is no failure of the network or the API, with the exit code.
_CODES = {
    "address": ExitCode.USAGE,
    "family": ExitCode.USAGE,
    "key": ExitCode.NOT_AUTHORISED,
    "access-list": ExitCode.NOT_AUTHORISED,
    "project": ExitCode.NOT_AUTHORISED,
    "rights": ExitCode.NOT_AUTHORISED,
}


@attrs.frozen
class _Row:
    outcome: str
    check: str
    message: str


_COLUMNS: tuple[Column[_Row], ...] = (
    Column("Result", lambda row: row.outcome, style=lambda row: _STYLES[row.outcome]),
    Column("Check", lambda row: row.check),
    Column("Finding", lambda row: row.message),
)


def doctor(
    *,
    family: Annotated[str, FAMILY],
    project_id: Annotated[str | None, PROJECT] = None,
    cluster_id: Annotated[str | None, CLUSTER] = None,
    output: OutputOption = OutputFormat.TABLE,
    server: ServerOptions = _SERVER,
) -> int:
    """Find out why commands fail: address, TLS, key, rights.

    Each line is ok, warning, failed or skipped, and says what to do. Only reading
    is tried: whether the key may create restore jobs, only a create can tell.
    Without --project-id the first project that the key sees is read. The exit
    code is 0 if no check failed, 2 or 4 if the settings or the key are wrong,
    and 1 otherwise.
    """
    found = asyncio.run(_diagnose(family, project_id, cluster_id, server, read_credentials()))
    if output is OutputFormat.TABLE:
        _print(found)
    else:
        write_items(found.results, output, _LAYOUT, show_secrets=False)
    if found.ok:
        return ExitCode.DONE
    return _CODES.get(found.failures[0].name, ExitCode.ERROR)


async def _diagnose(
    family: str, project_id: str | None, cluster_id: str | None, server: ServerOptions, environ: dict[str, str]
) -> "Diagnosis":
    from mongorestore_async.doctor import diagnose

    chosen = FAMILIES[family]
    with show_deprecations(chosen), stderr_console().status("checking"):
        session, no_login = _make_session(environ, server)  # not opened: why that fails is one of the findings
        try:
            found = await diagnose(session, chosen, project_id=project_id, cluster=cluster_id)
        finally:
            await session.close()
    if no_login is None or not found[no_login.name].is_failure:
        return found
    # The server only tells that a login is needed; the settings tell which part of one is missing.
    return attrs.evolve(
        found, results=tuple(no_login if each.name is no_login.name else each for each in found.results)
    )


def _make_session(environ: dict[str, str], server: ServerOptions) -> "tuple[AsyncSession, CheckResult | None]":
    """Make a session, without a login where the settings have none: it still shows whether there is a way."""
    from mongorestore_async.doctor import CheckName, CheckOutcome, CheckResult

    try:
        return make_session(environ, server), None
    except ConfigError as error:
        no_login = CheckResult(CheckName.KEY, CheckOutcome.FAILED, error.problem, error.hint)
    return make_session(environ, server, settings={"auth": None}), no_login


def _row(result: "CheckResult") -> _Row:
    return _Row(str(result.outcome), str(result.name), printable(result.render(CLI_WORDINGS)))


_LAYOUT: "ListLayout[CheckResult, _Row]" = ListLayout(
    row_type=_Row,
    row=_row,
    document=lambda result, _: result.to_dict(CLI_WORDINGS),
    columns=_COLUMNS,
    summary=lambda _: "",
    empty_text="",
)


def _print(found: "Diagnosis") -> None:
    """Print the results: a table whose last column is wrapped on a terminal, and nowhere else."""
    console = stdout_console()
    rows = [_row(result) for result in found.results]
    if console.is_terminal:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
        for column in _COLUMNS:
            table.add_column(column.title, overflow="fold")
        for row in rows:
            table.add_row(*(Text(column.cell(row), style=column.style(row)) for column in _COLUMNS))
        console.rich.print(table)
    else:
        print_table(console, _COLUMNS, rows)
    console.print()
    warned = f", {plural(len(found.warnings), 'warning')}" if found.warnings else ""
    failed = f"{plural(len(found.failures), 'check')} failed" if found.failures else "No check failed"
    console.print_sentence(f"{failed}{warned}.")
