"""Creating restore jobs exactly once."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeVar

from mongorestore_async.auth.digest_login import SignedRefusal
from mongorestore_async.creating.reconciling import Baseline, find_created, server_moment
from mongorestore_async.errors import (
    AuthError,
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

#: How often a create is signed and sent while the server refuses its login and the list shows that it started nothing.
_SENDS = 3
_REFUSED = (
    "the server refused the login of the create {} times, though it takes reads with this key; nothing was started. Do its "
    "nodes not share nonces behind a load balancer without session affinity?"
)


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

    for sends in itertools.count(1):
        try:
            return own(await send())
        except SignedRefusal as error:
            # A gateway that repeats requests shows the refusal of the copy, whether or not the first was taken.
            if await _is_nothing_new(reconcile):
                if sends < _SENDS:
                    continue
                raise AuthError(_REFUSED.format(sends), request=error.request) from None
            cause: RestoreError = error
        except RestoreError as error:
            if not _is_uncertain(error):
                raise
            cause = error
        raise MaybeCreated(
            f"the create request was sent, but its outcome is unknown ({type(cause).__name__}: {cause.problem}); a "
            f"restore may be running",
            reconcile=reconcile,
            request=cause.request,
            hint=Hint(HintKind.RECONCILE),
        ) from cause
    raise AssertionError("the loop above ends by itself")


async def _is_nothing_new(reconcile: Callable[[], Awaitable[Reconciliation[JobT]]]) -> bool:
    """Whether the list shows no job that the request may have started; False where the list cannot be read."""
    try:
        found = await reconcile()
    except RestoreError:
        return False
    return found.batch is None and not found.candidates


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
