"""``mongorestore-async cancel``."""

import asyncio

from mongorestore_async.cli.credentials import find_keys, make_session
from mongorestore_async.cli.exits import ExitCode
from mongorestore_async.cli.notes import telling
from mongorestore_async.cli.picks import Pick, Refs, source_of
from mongorestore_async.cli.screen import printable, screen
from mongorestore_async.errors import Unsupported
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef

__all__ = ["cancel"]


def cancel(*refs: Refs, pick: Pick | None = None) -> int:
    """Cancel restore jobs: downloads of Atlas cloud backup, which is all that the API can cancel.

    What it is asked for a second time counts as done. It stops at the first job that cannot be cancelled.
    """
    pick = pick or Pick()
    pick.check(refs)
    for name in {ref.family for ref in refs} or {pick.family or ""}:
        if FAMILIES[name].cancel_path is None:
            raise Unsupported(f"{FAMILIES[name].title} has no call that cancels a restore job")
    asyncio.run(_cancel(refs, pick, find_keys()))
    return ExitCode.DONE


async def _cancel(refs: tuple[JobRef, ...], pick: Pick, environ: dict[str, str]) -> None:
    out = screen()
    async with make_session(environ, pick.base_url) as session:
        refs = await pick.find(session, refs)
        with telling(*(FAMILIES[ref.family] for ref in refs)):
            for ref in refs:
                await source_of(session, ref).cancel_restore_job(ref.job)
                out.print(f"cancelled  {printable(str(ref))}", soft_wrap=True)
