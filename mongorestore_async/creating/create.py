"""Creating restore jobs exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mongorestore_async.creating.reconciling import Baseline, find_created, server_moment
from mongorestore_async.errors import (
    DataError,
    Hint,
    HintKind,
    MaybeCreated,
    Reconciliation,
    RestoreError,
    ServerError,
    SessionClosed,
    TransportError,
)
from mongorestore_async.models import JobT, find_link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.families import Family
    from mongorestore_async.listing.pager import Pager
    from mongorestore_async.models import AutomatedRestore, HttpRestore

__all__ = ["create_once"]

BatchT = TypeVar("BatchT")


async def create_once(
    family: Family[JobT],
    list_ids: Callable[[], Pager[str]],
    list_jobs: Callable[[], Pager[JobT]],
    request: HttpRestore | AutomatedRestore,
    send: Callable[[], Awaitable[tuple[JobT, ...]]],
    own: Callable[[tuple[JobT, ...]], BatchT],
) -> BatchT:
    """Read the job list, then send the create once.

    The read warms the login, so that the create itself meets no challenge, and remembers what was there.

    Args:
        family: Who gets the create.
        list_ids: Lists the ids of the cluster's jobs: an old job in a shape we cannot read must block no create.
        list_jobs: Lists the jobs themselves.
        request: What is asked for.
        send: Sends the create and reads the jobs of its answer.
        own: Makes a batch of jobs that can be followed.

    Raises:
        MaybeCreated: The create may have been taken and its answer was lost.
        RestoreError: Any other error: nothing was started.

    """
    page = await list_ids()
    baseline = Baseline(
        ids=frozenset(page),
        complete=page.total_count is not None
        and page.total_count <= len(page)
        and find_link(page.links, "next") is None,
        moment=server_moment(page.headers),
    )

    async def reconcile() -> Reconciliation[JobT]:
        found = find_created(family, baseline, request, await list_jobs().collect())
        return Reconciliation(
            verdict=found.verdict,
            batch=own(found.jobs) if found.jobs else None,
            candidates=found.candidates,
        )

    try:
        return own(await send())
    except RestoreError as error:
        if not _is_uncertain(error):
            raise
        raise MaybeCreated(
            f"the create request was sent, but its outcome is unknown ({type(error).__name__}: {error.problem}); a "
            f"restore may be running",
            reconcile=reconcile,
            request=error.request,
            hint=Hint(HintKind.RECONCILE),
        ) from error


def _is_uncertain(error: RestoreError) -> bool:
    """Whether the server may have acted: no answer came, or one that says neither yes nor no."""
    context = error.request
    if context is not None and context.logging_in:
        return context.unanswered
    if isinstance(error, (ServerError, DataError)):
        return True
    if context is None:
        return False
    # A success that there was no time left to read, or a redirect.
    unread = context.status is not None and 200 <= context.status < 400  # noqa: PLR2004
    return context.unanswered or (unread and isinstance(error, (TransportError, SessionClosed)))
