"""``mongorestore-async evidence``."""

import json
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
from cyclopts import App, Parameter, validators

from mongorestore_async.cli.columns import Column, ListLayout, print_table
from mongorestore_async.cli.console import plural, stderr_console, stdout_console
from mongorestore_async.cli.display.help_pages import OPTIONS
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, make_writer, write_items
from mongorestore_async.cli.units import require_text
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async.cli.console import PlainConsole
    from mongorestore_async.evidence import Entry, Problem, Verification

__all__ = ["ENTRY_LAYOUT", "PROBLEM_LAYOUT", "EntryRow", "ProblemRow", "app", "show", "verify"]

#: Characters of the data of an entry in a table.
_MOST_CHARACTERS = 32

#: Entries that are written at once.
_AT_ONCE = 500

LogFileArgument = Annotated[Path, Parameter(help="The file with the evidence.")]

#: The group of commands for evidence.
app: App = App(
    name="evidence", help="Verify or show the evidence that a run has left.", help_epilogue="", group_parameters=OPTIONS
)


@app.command
def verify(
    file: LogFileArgument,
    /,
    *,
    head: Annotated[
        str | None,
        Parameter(validator=require_text, metavar="HASH", help="The head that the run printed."),
    ] = None,
    count: Annotated[
        int | None, Parameter(validator=validators.Number(gte=0), help="The count that the run printed with it.")
    ] = None,
    public_key: Annotated[
        Path | None,
        Parameter(metavar="FILE", help="Public key of the signature: Ed25519, PEM or OpenSSH."),
    ] = None,
    output: OutputOption = OutputFormat.TABLE,
) -> int:
    """Verify that no line of evidence was changed or removed.

    It names the lines that were changed, removed, added or moved, with exit
    code 3. Lines cut off the end are found with --head, --count or --public-key
    only, a file that was written anew with --head or --public-key only. json,
    jsonl and csv list the problems, and the rest goes to standard error.
    """
    from mongorestore_async.evidence import verify as verify_log  # not for a help

    with stderr_console().status("verifying"):
        found = verify_log(file, head=head, count=count, public_key=public_key)
    write_result(
        lambda: _write_found(file, found, output, is_counted=count is not None)
    )  # whether or not anybody reads it: the code says it too
    if output is not OutputFormat.TABLE:
        _print_summary(stderr_console(), file, found, is_counted=count is not None)
    return ExitCode.DONE if found.holds else ExitCode.RESTORE_FAILED


@app.command
def show(
    file: LogFileArgument,
    /,
    *,
    what: Annotated[
        Sequence[str],
        Parameter(metavar="GLOB", help="Only entries of this kind, such as 'restore *'; may be repeated."),
    ] = (),
    output: OutputOption = OutputFormat.TABLE,
) -> int:
    """Show the entries of evidence, without verifying them.

    Lines that are no entries are listed on standard error, with exit code 3.
    """
    from mongorestore_async.evidence.verifying import iterate_entries  # likewise

    writer = make_writer(output, ENTRY_LAYOUT, show_secrets=False)
    wanted: list[Entry] = []
    code = ExitCode.DONE
    for line, found in iterate_entries(file):
        if isinstance(found, str):
            code = ExitCode.RESTORE_FAILED
            stderr_console().print(f"line {line} is no entry: {printable(found)}", soft_wrap=True)
        elif not what or any(fnmatchcase(found.what, pattern) for pattern in what):
            wanted.append(found)
        if len(wanted) >= _AT_ONCE:
            writer.add(wanted)
            wanted = []
    writer.add(wanted)
    writer.finish()
    return code


@attrs.frozen(kw_only=True)
class EntryRow:
    """The row of an entry.

    Attributes:
        n: Its number.
        at: When it was written, UTC, ISO 8601.
        what: What happened.
        who: Who wrote it.
        where: The host.
        version: Version of the library.
        data: Its data as JSON.

    """

    n: int
    at: str
    what: str
    who: str
    where: str
    version: str
    data: str

    @classmethod
    def of(cls, entry: "Entry") -> "EntryRow":
        """Make the row of an entry."""
        data = json.dumps(entry.data, ensure_ascii=False, separators=(",", ":"))
        texts = {name: printable(getattr(entry, name)) for name in ("at", "what", "who", "where", "version")}
        return cls(n=entry.n, data=printable(data), **texts)


@attrs.frozen(kw_only=True)
class ProblemRow:
    """The row of a problem.

    Attributes:
        line: The line; 0 for the whole file.
        kind: What was done to it.
        text: What was seen.

    """

    line: int
    kind: str
    text: str

    @classmethod
    def of(cls, problem: "Problem") -> "ProblemRow":
        """Make the row of a problem."""
        return cls(line=problem.line, kind=problem.kind.value, text=printable(problem.text))


def _shortened(data: str) -> str:
    return data if len(data) <= _MOST_CHARACTERS else f"{data[:_MOST_CHARACTERS]}..."


def _write_found(file: Path, found: "Verification", output: OutputFormat, *, is_counted: bool) -> None:
    if output is not OutputFormat.TABLE:
        write_items(found.problems, output, PROBLEM_LAYOUT, show_secrets=False)
        return
    if found.problems:
        print_table(stdout_console(), PROBLEM_LAYOUT.columns, list(map(ProblemRow.of, found.problems)))
        stdout_console().print()
    _print_summary(stdout_console(), file, found, is_counted=is_counted)


def _print_summary(console: "PlainConsole", file: Path, found: "Verification", *, is_counted: bool) -> None:
    """Say how much there is, what it comes to, and what was not looked for."""
    problems = len(found.problems) + found.more_problems
    verdict = "no problem" if found.holds else f"{plural(problems, 'problem')}"
    name = printable(str(file))
    console.print_sentence(f"{name}: {plural(found.entries, 'line')} of evidence, {verdict}")
    if found.more_problems:
        console.print_sentence(f"Only the first {len(found.problems)} problems are listed.")
    if found.holds:
        console.print_sentence("Its head, to be kept elsewhere, and passed the next time:")
        console.print(f"--head {found.head.hash} --count {found.head.count}", soft_wrap=True)
    if not found.can_find_cut_tail:
        console.print_sentence(
            "Not looked for: a file that was written anew from some line on. Only --head with --count, or "
            "--public-key, finds it."
            if is_counted
            else "Not looked for: lines that were cut off the end, and a file that was written anew from some line on. "
            "Only --head with --count, or --public-key, finds these.",
            style="yellow",
        )


#: Entries as lists show them.
ENTRY_LAYOUT: "ListLayout[Entry, EntryRow]" = ListLayout(
    row_type=EntryRow,
    row=EntryRow.of,
    document=lambda entry, _redacted: attrs.asdict(entry, recurse=False),
    columns=(
        Column("No.", lambda row: str(row.n), number=True),
        Column("At", lambda row: row.at[:19].replace("T", " ")),
        Column("What", lambda row: row.what),
        Column("Data", lambda row: _shortened(row.data), rank=1),
        Column("Who", lambda row: row.who, rank=2),
        Column("Where", lambda row: row.where, rank=3),
        Column("Version", lambda row: row.version, rank=4),
    ),
    summary=lambda rows: f"{len(rows)} entries, not verified. Dates are UTC.",
    empty_text="no entries",
)

#: Problems as lists show them.
PROBLEM_LAYOUT: "ListLayout[Problem, ProblemRow]" = ListLayout(
    row_type=ProblemRow,
    row=ProblemRow.of,
    document=lambda problem, _redacted: {"line": problem.line, "kind": problem.kind.value, "text": problem.text},
    columns=(
        Column("Line", lambda row: str(row.line) if row.line else "-", number=True),
        Column("Problem", lambda row: row.kind, style=lambda _: "bold red"),
        Column("What was seen", lambda row: row.text),
    ),
    summary=lambda rows: plural(len(rows), "problem"),
    empty_text="no problems",
)
