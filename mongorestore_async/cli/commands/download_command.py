"""``mongorestore-async download``."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter, validators

import mongorestore_async
from mongorestore_async import Verification
from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.console import plural, show_deprecations, stderr_console
from mongorestore_async.cli.display.progress_display import DownloadBars, PollDisplay
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.job_selection import JobRefs, JobSelection
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.cli.stdout_writer import OutputFormat, OutputOption, output_arguments, write_items
from mongorestore_async.cli.units import format_duration, format_size, parse_duration
from mongorestore_async.cli.wait_options import PollOption, ResumeHint, poll_arguments, poll_policy
from mongorestore_async.downloading.links import LinkState, link_state, no_link
from mongorestore_async.errors import RestoreFailed, WaitError
from mongorestore_async.families import FAMILIES
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async import DownloadedFile, RestoreBatch

__all__ = ["FILE_LAYOUT", "DownloadOptions", "FileRow", "download"]


_CONCURRENCY = 2


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class DownloadOptions:
    """How files are downloaded."""

    directory: Annotated[
        Path, Parameter(alias="-d", metavar="DIRECTORY", help="Directory for the files; made if missing.")
    ] = Path()
    concurrency: Annotated[
        int, Parameter(validator=validators.Number(gte=1, lte=64), help="Files to download at once, 1 to 64.")
    ] = _CONCURRENCY
    timeout: Annotated[
        timedelta | None,
        Parameter(
            converter=parse_duration,
            help="How long to wait for the files, such as 6h or 90m. [default: they must be ready]",
        ),
    ] = None
    poll: PollOption = None
    overwrite: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Replace other files that have these names.")
    ] = False
    check_gzip: Annotated[
        bool,
        Parameter(negative=(), show_default=False, help="Decompress archives without a hash, as a test."),
    ] = False

    def arguments(self) -> tuple[str, ...]:
        """The options as arguments of a command line."""
        given = [] if self.directory == Path() else ["--directory", str(self.directory)]
        given += [] if self.timeout is None else ["--timeout", format_duration(self.timeout)]
        given += poll_arguments(self.poll)
        flags = {"--overwrite": self.overwrite, "--check-gzip": self.check_gzip}
        given += [] if self.concurrency == _CONCURRENCY else ["--concurrency", str(self.concurrency)]
        return (*given, *(name for name, is_set in flags.items() if is_set))


def download(
    *refs: JobRefs,
    selection: JobSelection | None = None,
    options: DownloadOptions | None = None,
    output: OutputOption = OutputFormat.TABLE,
) -> int:
    """Download and verify the archives of restore jobs.

    A file gets its final name when it is complete. After an interruption,
    rerun the same command to resume.
    """
    selection, options = selection or JobSelection(), options or DownloadOptions()
    selection.check(refs)
    resume_hint = ResumeHint(
        "download",
        selection.server,
        (*options.arguments(), *output_arguments(output)),
        refs,
        "What was received is kept, and the link expires at the same time as before.",
    )
    with resume_hint.on_early_end():
        asyncio.run(_download(resume_hint, selection, options, read_credentials(), output))
    return ExitCode.DONE


async def _download(
    resume_hint: ResumeHint,
    selection: JobSelection,
    options: DownloadOptions,
    environ: dict[str, str],
    output: OutputFormat,
) -> None:
    console = stderr_console()
    session_options = mongorestore_async.Options(poll=poll_policy(options.poll))
    async with make_session(environ, selection.server, options=session_options) as session:
        resume_hint.refs = await selection.find(session, resume_hint.refs)
        with show_deprecations(*(FAMILIES[ref.family] for ref in resume_hint.refs)):
            batch = await session.batch(resume_hint.refs, until="downloadable")
            if options.timeout is not None:
                batch = await _wait(batch, options.timeout)
            with DownloadBars(console) as bars:
                files = await batch.download(
                    options.directory,
                    concurrency=options.concurrency,
                    on_progress=bars.show,
                    overwrite=options.overwrite,
                    check_gzip=options.check_gzip,
                )
    write_result(
        lambda: write_items(files, output, FILE_LAYOUT, show_secrets=False),
        lambda: write_items(files, OutputFormat.TABLE, FILE_LAYOUT, show_secrets=False),
    )


async def _wait(batch: "RestoreBatch[Any]", longest: timedelta) -> "RestoreBatch[Any]":
    """Wait until the files are ready, as far as there will be any.

    Raises:
        WaitError: They are not in time.
        NothingToDownload: A job restores into a cluster.

    """
    _refuse_clusters(batch)
    try:
        with PollDisplay(stderr_console()) as display:
            display.found(batch)
            return await batch.wait(timeout=longest, until="downloadable", on_poll=display.show)
    except RestoreFailed:
        # A file may be there from an earlier run; of the others, the download says why there is none.
        return batch
    except WaitError as error:
        # A finished job of Ops Manager or Cloud Manager shows that it restored into a cluster; a running one does not.
        _refuse_clusters(error.jobs)
        raise


def _refuse_clusters(jobs: "Iterable[Any]") -> None:
    for job in jobs:
        if link_state(job) is LinkState.NO_ARCHIVE:
            raise no_link(LinkState.NO_ARCHIVE)


_RESULTS = {
    Verification.VERIFIED: "verified",
    Verification.NOT_VERIFIABLE: "not verifiable",
    Verification.NOT_YET: "no hash yet",
    Verification.UNPACKED: "unpacked",
    Verification.ENCODED_TWICE: "encoded twice",
}
_EXPLANATIONS = {
    Verification.NOT_VERIFIABLE: "Not verifiable: the product publishes no hashes.",
    Verification.NOT_YET: "No hash yet: the server has not published it; rerun the command to check again.",
    Verification.UNPACKED: "Unpacked: something in between decompressed the file; it is a tar.",
    Verification.ENCODED_TWICE: "Encoded twice: decompress the file once to have the archive.",
}


@attrs.frozen(kw_only=True)
class FileRow:
    """The row of a downloaded file.

    Attributes:
        file: Path of the file.
        bytes: Its size.
        verification: Result of the comparison with the hash that the API publishes.
        sha1: Hexadecimal SHA-1 of the bytes received.
        seconds: Duration of the download.
        resumed_from: Bytes kept from an earlier run.
        ref: Text form of the job's reference.
        reason: Why the file is not verified; empty if it is.

    """

    file: str
    bytes: str
    verification: str
    sha1: str
    seconds: str
    resumed_from: str
    ref: str = ""
    reason: str = ""

    @classmethod
    def of(cls, file: "DownloadedFile") -> "FileRow":
        """Make the row of a file."""
        return cls(
            file=printable(str(file.path)),
            bytes=str(file.size),
            verification=str(file.verification),
            sha1=file.sha1,
            seconds=f"{file.seconds:.1f}",
            resumed_from=str(file.resumed_from),
            ref="" if file.ref is None else str(file.ref),
            reason=printable(file.reason or ""),
        )

    @property
    def speed(self) -> str:
        """Bytes a second, for people; empty if nothing was received."""
        fetched, seconds = int(self.bytes) - int(self.resumed_from), float(self.seconds)
        return f"{format_size(int(fetched / seconds))}/s" if fetched and seconds else ""


def _result(row: FileRow) -> str:
    return _RESULTS.get(Verification(row.verification), row.verification)


def _style(row: FileRow) -> str:
    return "green" if row.verification == Verification.VERIFIED else "yellow"


def _summary(rows: Sequence[FileRow]) -> str:
    counts = Counter(map(_result, rows))
    total = format_size(sum(int(row.bytes) for row in rows))
    results = ", ".join(f"{count} {result}" for result, count in counts.items())
    explanations = {text: None for row in rows if (text := _explanation(row))}
    return " ".join([f"{plural(len(rows), 'file')}, {total}: {results}.", *explanations])


def _explanation(row: FileRow) -> str:
    if row.verification == Verification.NOT_VERIFIABLE and row.reason:
        return f"Not verifiable: {row.reason}."
    return _EXPLANATIONS.get(Verification(row.verification), "")


def _document(file: "DownloadedFile", redacted: bool) -> dict[str, Any]:
    # There are no secrets in it.
    del redacted
    found = attrs.asdict(file, recurse=False)
    return found | {"path": str(file.path), "ref": None if file.ref is None else str(file.ref)}


#: Downloaded files, as they are listed at the end.
FILE_LAYOUT: "ListLayout[DownloadedFile, FileRow]" = ListLayout(
    row_type=FileRow,
    row=FileRow.of,
    document=_document,
    columns=(
        Column("File", lambda row: row.file),
        Column("Size", lambda row: format_size(int(row.bytes)), number=True),
        Column("Result", _result, style=_style),
        Column("Speed", lambda row: row.speed, rank=2, number=True),
        Column("SHA-1", lambda row: row.sha1, rank=1),
    ),
    summary=_summary,
    empty_text="no files",
)
