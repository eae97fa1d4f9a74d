"""``mongorestore-async wait``."""

import asyncio
from typing import TYPE_CHECKING, cast

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.looks import Looks
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.outputs import OutputFormat, OutputOption, SecretsOption, make_writer
from mongorestore_async.cli.picks import Pick, Refs
from mongorestore_async.cli.rows import JOBS
from mongorestore_async.cli.screen import screen
from mongorestore_async.cli.waits import Patience, Terms, poll_policy
from mongorestore_async.errors import WaitError
from mongorestore_async.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mongorestore_async.models import JobDocument

__all__ = ["wait"]


def wait(
    *refs: Refs,
    pick: Pick | None = None,
    terms: Terms | None = None,
    output: OutputOption = OutputFormat.TABLE,
    show_secrets: SecretsOption = False,
) -> int:
    """Wait until restore jobs are over, whatever clusters and families they belong to.

    How far they are is told on standard error, the jobs as they stand in the end on standard output. Leaving it
    (Ctrl-C, or the time is over) does not touch the restore, and prints the command to go on with.
    """
    pick, terms = pick or Pick(), terms or Terms()
    pick.check(refs)
    patience = Patience("wait", pick.base_url, terms.words(), refs)
    with patience.kept():
        asyncio.run(_wait(patience, pick, terms, find_keys(), output, show_secrets=show_secrets))
    return ExitCode.DONE


async def _wait(
    patience: Patience,
    pick: Pick,
    terms: Terms,
    environ: dict[str, str],
    output: OutputFormat,
    *,
    show_secrets: bool,
) -> None:
    async with make_session(environ, pick.base_url, poll=poll_policy(terms.poll)) as session:
        patience.refs = await pick.find(session, patience.refs)
        with telling(*(FAMILIES[ref.family] for ref in patience.refs)):
            try:
                batch = await session.batch(patience.refs, until=terms.until)
                with Looks(screen(error=True)) as looks:
                    batch = await batch.wait(timeout=terms.timeout, until=terms.until, on_poll=looks.show)
            except WaitError as error:
                _write(cast("tuple[JobDocument, ...]", error.jobs), output, show_secrets=show_secrets)
                raise
    _write(batch, output, show_secrets=show_secrets)


def _write(jobs: "Iterable[JobDocument]", output: OutputFormat, *, show_secrets: bool) -> None:
    writer = make_writer(output, JOBS, show_secrets=show_secrets)
    writer.add(jobs)
    writer.finish()
