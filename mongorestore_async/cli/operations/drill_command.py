"""``mongorestore-async drill``."""

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from mongorestore_async.cli.cluster_options import check_address
from mongorestore_async.cli.columns import Column, print_table
from mongorestore_async.cli.console import fold_command, plural, program, stderr_console, stdout_console
from mongorestore_async.cli.display.help_pages import OPTIONS
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.session_factory import ServerOptions, make_session, read_credentials
from mongorestore_async.cli.units import format_size, format_time, make_directory, shorten_time
from mongorestore_async.drills import DrillOutcome, DrillReport, format_duration, read_plan
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from mongorestore_async.drills import DrillPlan, ForeseenRestore
    from mongorestore_async.drills.steps import JournalStep

__all__ = ["app", "demo", "plan", "report", "resume", "run"]

#: The group of commands for drills.
app: App = App(
    name="drill", help="Prove by drills that clusters can be restored.", help_epilogue="", group_parameters=OPTIONS
)

PlanArgument = Annotated[Path, Parameter(help="The plan: a TOML file.")]
FolderOption = Annotated[
    Path, Parameter(name="--output", metavar="DIRECTORY", help="Directory of this drill; made if missing.")
]
FolderArgument = Annotated[Path, Parameter(help="Directory of the drill.")]
LastOption = Annotated[
    Path | None, Parameter(name="--last", metavar="FILE", help="report.json of the last drill, to compare with.")
]

_SERVER = ServerOptions()
_EVIDENCE = "evidence.jsonl"
_REPORT = "report.json"
#: What a drill that has begun has in its directory.
_JOURNAL = "journal.sqlite3"
_STYLES = {"PASSED": "green", "MISSED_GOAL": "yellow", "FAILED": "bold red", "UNDECIDED": "magenta", "SKIPPED": "dim"}


def _seconds(value: float | None) -> str:
    return "" if value is None else format_duration(value)


def _time(value: datetime | None) -> str:
    return "" if value is None else shorten_time(format_time(value))


_OUTCOME_COLUMNS: tuple[Column[DrillOutcome], ...] = (
    Column("Name", lambda each: printable(each.label)),
    Column("Project", lambda each: printable(each.project), rank=4),
    Column("Cluster", lambda each: printable(each.cluster), rank=4),
    Column("Target", lambda each: printable(each.target), rank=3),
    Column("State", lambda each: each.state, style=lambda each: _STYLES[each.state]),
    Column("RTO", lambda each: _seconds(each.rto_seconds), rank=1, number=True),
    Column("RPO", lambda each: _seconds(each.rpo_seconds), rank=1, number=True),
    Column("Archive", lambda each: "" if each.archive_bytes is None else format_size(each.archive_bytes), rank=2),
    Column("Reason", lambda each: printable(each.reason), rank=1),
)

_FORESEEN_COLUMNS: "tuple[Column[ForeseenRestore], ...]" = (
    Column("Name", lambda each: printable(each.name)),
    Column("Target", lambda each: printable(each.target), rank=2),
    Column("Snapshot", lambda each: printable(each.snapshot or ""), rank=3),
    Column("Taken", lambda each: _time(each.snapshot_at), rank=1),
    Column("Requests", lambda each: str(each.requests), number=True),
    Column("Takes", lambda each: _seconds(each.seconds), number=True),
    Column("Problem", lambda each: printable("; ".join(each.problems)), rank=1, style=lambda _: "bold red"),
)


@app.command
def plan(file: PlanArgument, /, *, last: LastOption = None, server: ServerOptions = _SERVER) -> int:
    """Show what a drill would do; start nothing.

    Reads the snapshots and checks the targets as a restore would. The exit code
    is 3 if a restore would be refused.
    """
    checked, before = read_plan(file), _read_last(last)
    check_address(FAMILIES[checked.family], server)
    _import_from_here()
    return asyncio.run(_foresee(checked, before, server, read_credentials()))


@app.command
def run(
    file: PlanArgument, /, *, folder: FolderOption, last: LastOption = None, server: ServerOptions = _SERVER
) -> int:
    """Run a drill: restore, measure, check, clean up, report.

    All data of the targets in the plan are lost. The directory gets the
    journal, the evidence and the report. After Ctrl-C or a crash, drill resume
    continues, and starts no restore twice.
    """
    checked, before = read_plan(file), _read_last(last)
    check_address(FAMILIES[checked.family], server)
    make_directory(folder)
    _import_from_here()
    with _resumable(folder, last, server):
        return asyncio.run(_drill(checked, folder, before, server, read_credentials()))


@app.command
def resume(folder: FolderArgument, /, *, last: LastOption = None, server: ServerOptions = _SERVER) -> int:
    """Resume a drill that was interrupted or killed.

    A create that may have been sent is never sent again: the job lists tell
    what became of it. Where they do not, the cluster is reported as undecided,
    with exit code 6; resuming again looks again.
    """
    before = _read_last(last)
    if not (folder / _JOURNAL).exists():
        raise ConfigError(f"{folder} holds no drill: none has begun there")
    _import_from_here()
    with _resumable(folder, last, server):
        return asyncio.run(_drill(None, folder, before, server, read_credentials()))


@app.command
def report(folder: FolderArgument, /) -> int:
    """Show the report of a drill, and write its files again."""
    if (folder / _JOURNAL).exists() and not (folder / _REPORT).exists():
        raise ConfigError(f"the drill in {folder} has not ended, so it has no report yet: run {program()} drill resume")
    found = _read_last(folder / _REPORT)
    assert found is not None  # noqa: S101 - a path was given
    return _conclude(found, folder)


@app.command
def demo(*, folder: FolderOption) -> int:
    """Run a whole drill against a built-in server.

    It needs no key, no network and no settings. Six restores, one of which fails on purpose and one misses its RTO. The
    directory gets report.html, report.json and evidence.jsonl. The exit code is
    0 if all came out as they should.
    """
    from mongorestore_async.cli.operations.drill_demo import run_demo
    from mongorestore_async.evidence import verify

    make_directory(folder)
    found = asyncio.run(run_demo(folder, on_step=_show_step))
    _conclude(found, folder)
    checked = verify(folder / _EVIDENCE, head=found.evidence_head, count=found.evidence_count)
    fault = f"{len(checked.problems)} problems"
    stdout_console().print_sentence(
        f"Evidence verified: {'every line is as it was written' if checked.holds else fault}."
    )
    states = sorted(outcome.state for outcome in found.outcomes)
    expected = ["FAILED", "MISSED_GOAL", *["PASSED"] * 4]
    return ExitCode.DONE if checked.holds and states == expected else ExitCode.ERROR


async def _foresee(
    checked: "DrillPlan", before: DrillReport | None, server: ServerOptions, environ: dict[str, str]
) -> int:
    from mongorestore_async.drills import foresee

    async with make_session(environ, server) as session:
        found = await foresee(checked, session, last=before)
    out = stdout_console()
    print_table(out, _FORESEEN_COLUMNS, found.restores)
    length = "how long it takes cannot be told" if found.seconds is None else f"about {format_duration(found.seconds)}"
    out.print_sentence(f"\n{plural(len(found.restores), 'restore')}, about {found.requests} requests, {length}.")
    return ExitCode.RESTORE_FAILED if found.is_refused else ExitCode.DONE


async def _drill(
    checked: "DrillPlan | None",
    folder: Path,
    before: DrillReport | None,
    server: ServerOptions,
    environ: dict[str, str],
) -> int:
    from mongorestore_async.drills import resume_drill, run_drill
    from mongorestore_async.evidence import EvidenceLog

    async with make_session(environ, server) as session:
        log = await asyncio.to_thread(EvidenceLog.open, folder / _EVIDENCE)
        try:
            if checked is None:
                found = await resume_drill(session, folder, evidence=log, last=before, on_step=_show_step)
            else:
                found = await run_drill(checked, session, folder, evidence=log, last=before, on_step=_show_step)
        finally:
            log.close()
    return await asyncio.to_thread(_conclude, found, folder, before)


def _show_step(step: "JournalStep") -> None:
    word = str(step.data["facts"].get("state", step.step))
    stderr_console().print(f"{step.at:%H:%M:%S}  {printable(step.cluster)}  {word}", soft_wrap=True)


def _conclude(found: DrillReport, folder: Path, before: DrillReport | None = None) -> int:
    """Print a report and write its files; returns the exit code."""
    from mongorestore_async.reports import write_drill_report

    files = write_drill_report(found, folder, earlier=() if before is None else (before,))
    out = stdout_console()
    print_table(out, _OUTCOME_COLUMNS, found.outcomes)
    passed = sum(outcome.state == "PASSED" for outcome in found.outcomes)
    out.print_sentence(f"\n{passed} of {plural(len(found.outcomes), 'restore')} passed; {found.requests} requests.")
    if found.evidence_head is not None:
        out.print_sentence(f"Evidence: head {found.evidence_head}, count {found.evidence_count}. Keep both elsewhere.")
    out.print_sentence(f"Report: {printable(str(files.html))}")
    states = {outcome.state for outcome in found.outcomes}
    if "UNDECIDED" in states:
        return ExitCode.OUTCOME_UNKNOWN
    return ExitCode.DONE if states == {"PASSED"} else ExitCode.RESTORE_FAILED


def _read_last(path: Path | None) -> DrillReport | None:
    from mongorestore_async.drills import read_report

    if path is None:
        return None
    try:
        return read_report(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None


def _import_from_here() -> None:
    """Let functions of checks be imported from the current directory, as python -m does."""
    if "" not in sys.path:
        sys.path.append("")


@contextmanager
def _resumable(folder: Path, last: Path | None, server: ServerOptions) -> Generator[None]:
    """Print how to go on when the run is interrupted."""
    try:
        yield
    except KeyboardInterrupt as end:
        if not (folder / _JOURNAL).exists():
            raise  # nothing has begun
        earlier = () if last is None else ("--last", str(last))
        words = [program(), "drill", "resume", str(folder), *earlier, *server.arguments()]
        end.add_note("Restores that were started continue. Resume with:")
        end.add_note(fold_command(words, stderr_console().width))
        raise
