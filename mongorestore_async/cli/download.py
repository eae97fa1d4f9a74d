"""``mongorestore-async download``."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter, validators

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.file_rows import FILES
from mongorestore_async.cli.looks import Looks
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, make_writer
from mongorestore_async.cli.picks import Pick, Refs
from mongorestore_async.cli.progress import Bars
from mongorestore_async.cli.screen import screen
from mongorestore_async.cli.units import duration, parse_duration
from mongorestore_async.cli.waits import Patience, PollOption, poll_policy, poll_words
from mongorestore_async.families import FAMILIES

__all__ = ["Fetch", "download"]


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Fetch:
    """How files are fetched."""

    directory: Annotated[Path, Parameter(alias="-d", help="Where the files are put; made if need be.")] = Path()
    concurrency: Annotated[
        int, Parameter(validator=validators.Number(gte=1, lte=64), help="Files fetched at once.")
    ] = 2
    timeout: Annotated[
        timedelta | None,
        Parameter(
            converter=parse_duration,
            help="Wait so long for the files to be ready, such as 6h or 90m; without it they have to be.",
        ),
    ] = None
    poll: PollOption = None
    overwrite: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Replace other files of the same names.")
    ] = False
    check_gzip: Annotated[
        bool,
        Parameter(
            negative=(), show_default=False, help="Unpack each archive into nothing, where there is no hash to compare."
        ),
    ] = False

    def words(self) -> tuple[str, ...]:
        """The options as they stand on a command line."""
        given = [] if self.directory == Path() else ["--directory", str(self.directory)]
        given += [] if self.timeout is None else ["--timeout", duration(self.timeout)]
        given += poll_words(self.poll)
        flags = {"--overwrite": self.overwrite, "--check-gzip": self.check_gzip}
        return (*given, "--concurrency", str(self.concurrency), *(name for name, is_set in flags.items() if is_set))


def download(
    *refs: Refs,
    pick: Pick | None = None,
    fetch: Fetch | None = None,
    output: OutputOption = OutputFormat.TABLE,
) -> int:
    """Download the archives of restore jobs, and compare them with the hashes the API publishes.

    Files are put together under another name and get their own when they are whole. What broke off, or was
    interrupted, is gone on with by the same command.
    """
    pick, fetch = pick or Pick(), fetch or Fetch()
    pick.check(refs)
    patience = Patience(
        "download", pick.base_url, fetch.words(), refs, "What was received is kept, and the link keeps its time."
    )
    with patience.kept():
        asyncio.run(_download(patience, pick, fetch, find_keys(), output))
    return ExitCode.DONE


async def _download(
    patience: Patience,
    pick: Pick,
    fetch: Fetch,
    environ: dict[str, str],
    output: OutputFormat,
) -> None:
    notes = screen(error=True)
    async with make_session(environ, pick.base_url, poll=poll_policy(fetch.poll)) as session:
        patience.refs = await pick.find(session, patience.refs)
        with telling(*(FAMILIES[ref.family] for ref in patience.refs)):
            batch = await session.batch(patience.refs, until="downloadable")
            if fetch.timeout is not None:
                with Looks(notes) as looks:
                    batch = await batch.wait(timeout=fetch.timeout, until="downloadable", on_poll=looks.show)
            with Bars(notes) as bars:
                files = await batch.download(
                    fetch.directory,
                    concurrency=fetch.concurrency,
                    on_progress=bars.show,
                    overwrite=fetch.overwrite,
                    check_gzip=fetch.check_gzip,
                )
    writer = make_writer(output, FILES, show_secrets=False)
    writer.add(files)
    writer.finish()
