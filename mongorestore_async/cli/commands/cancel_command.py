"""``mongorestore-async cancel``."""

import asyncio
from functools import partial

from mongorestore_async.cli.console import show_deprecations
from mongorestore_async.cli.exit_codes import ExitCode
from mongorestore_async.cli.job_selection import JobRefs, JobSelection, restore_source
from mongorestore_async.cli.session_factory import make_session, read_credentials
from mongorestore_async.cli.standard_streams import write_result
from mongorestore_async.errors import Unsupported
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef
from mongorestore_async.protocol.redaction import printable

__all__ = ["cancel"]


def cancel(*refs: JobRefs, selection: JobSelection | None = None) -> int:
    """Cancel downloads of Atlas cloud backup.

    The API cannot cancel other restore jobs. Cancelling a job again counts as done. The command stops at the first job
    that cannot be cancelled.
    """
    selection = selection or JobSelection()
    selection.check(refs)
    for name in {ref.family for ref in refs} or {selection.family or ""}:
        if FAMILIES[name].cancel_path is None:
            raise Unsupported(f"{FAMILIES[name].title} has no call that cancels a restore job")
    asyncio.run(_cancel(refs, selection, read_credentials()))
    return ExitCode.DONE


async def _cancel(refs: tuple[JobRef, ...], selection: JobSelection, environ: dict[str, str]) -> None:
    async with make_session(environ, selection.server) as session:
        refs = await selection.find(session, refs)
        with show_deprecations(*(FAMILIES[ref.family] for ref in refs)):
            for ref in refs:
                await restore_source(session, ref).cancel_restore_job(ref.job)
                # The next job is cancelled also where nothing can be written any more.
                tell = partial(print, f"cancelled  {printable(str(ref))}")
                write_result(tell, tell)
