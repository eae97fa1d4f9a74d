"""Creating restore jobs exactly once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mongorestore_async.auth.digest_login import SignedRefusal
from mongorestore_async.creating.reconciling import Baseline, find_created
from mongorestore_async.errors import (
    AuthError,
    ConfigError,
    Hint,
    HintKind,
    MaybeCreated,
    OpenReconciliation,
    RestoreError,
    TakenReconciliation,
    Verdict,
)
from mongorestore_async.protocol.replies import read_reply
from mongorestore_async.transport.open_creates import SendState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from mongorestore_async.errors import Reconciliation, RequestContext
    from mongorestore_async.families import Family
    from mongorestore_async.listing.pager import Pager
    from mongorestore_async.models import JobT, RestoreRequest
    from mongorestore_async.transport.open_creates import OpenCreates

__all__ = ["create_once"]

BatchT = TypeVar("BatchT")

#: How often a create is sent whose login is refused.
_SENDS = 3


async def create_once(
    family: Family[JobT],
    list_ids: Callable[[], Pager[str]],
    list_jobs: Callable[[], Pager[JobT]],
    request: RestoreRequest,
    send: Callable[..., Awaitable[tuple[JobT, ...]]],
    own: Callable[[tuple[JobT, ...]], BatchT],
    open_creates: OpenCreates,
    key: Hashable = None,
    before_send: Callable[[Baseline], Awaitable[None]] | None = None,
) -> BatchT:
    """Read the job list, then send the create once.

    The read warms the login, so that the create itself meets no challenge, and remembers what was there.

    Args:
        family: Who gets the create.
        list_ids: Lists the ids of the cluster's jobs: an old job in a shape we cannot read must block no create.
        list_jobs: Lists the jobs themselves.
        request: What is asked for.
        send: Sends the create and reads the jobs of its answer; its argument ``state`` takes note of how far it came.
        own: Makes a batch of jobs that can be followed.
        open_creates: Keeps this one if its outcome stays open: its caller may be gone, or drop the error.
        key: Of its target, to find it there.
        before_send: Awaited with the list as it was, just before the request may leave: who keeps that on disk can
            find out the outcome after a crash. An error of it ends the create, and nothing is sent.

    Raises:
        MaybeCreated: The create may have been taken, and no answer of the API says that it was not.
        RestoreError: Any other error: nothing was started.

    """
    page = await list_ids()
    baseline = Baseline.of(page.items, total_count=page.total_count, links=page.links, headers=page.headers)
    if before_send is not None:
        await before_send(baseline)
    create, state = object(), SendState()

    async def reconcile() -> TakenReconciliation[JobT] | OpenReconciliation[JobT]:
        listed = [job for job in await list_jobs().collect() if not open_creates.belongs_to_another(create, job.id)]
        found = find_created(family, baseline, request, listed)
        if found.verdict is not Verdict.CANNOT_TELL:
            open_creates.settle(create, (job.id for job in found.jobs))
        if found.verdict is Verdict.TAKEN:
            return TakenReconciliation(batch=own(found.jobs), candidates=found.candidates)
        return OpenReconciliation(verdict=found.verdict, candidates=found.candidates)

    def unknown(why: str, context: RequestContext | None) -> MaybeCreated:
        return MaybeCreated(
            f"the create request was sent, but its outcome is unknown ({why}); a restore may be running",
            reconcile=reconcile,
            dismiss=partial(open_creates.settle, create, ()),
            request=context,
            hint=Hint(HintKind.RECONCILE),
        )

    try:
        jobs = await _send_signed(send, state, reconcile)
        batch = own(jobs)
    except Exception as error:
        if not state.open:
            raise
        open_creates.add(create, unknown(_words(error), state.context), key)
        raise _noted(unknown(_words(error), _request(error) or state.context), error) from _failure(error)
    except BaseException as end:
        # Its caller was cancelled, or the program ends: nobody else would know of it.
        if state.open:
            open_creates.add(create, unknown(f"{type(end).__name__} before its answer was read", state.context), key)
        raise
    open_creates.settle(create, (job.id for job in jobs))
    return batch


async def _send_signed(
    send: Callable[..., Awaitable[tuple[JobT, ...]]],
    state: SendState,
    reconcile: Callable[[], Awaitable[Reconciliation[JobT]]],
) -> tuple[JobT, ...]:
    """Send a create, again where its login was refused and the list shows that it started nothing.

    A gateway that repeats requests sends one ``nc`` twice: the refusal of the copy is all that is seen of a create that
    was taken.

    Raises:
        SignedRefusal: It may have been taken; ``state`` is open.
        AuthError: Its login was refused :data:`_SENDS` times.
        Forbidden: The key has no rights.
        RestoreError: As ``send`` does.

    """
    context: RequestContext | None = None
    for _ in range(_SENDS):
        try:
            return await send(state=state)
        except SignedRefusal as refused:
            state.open, context = True, refused.request  # open while the list is read, too
            if not await _is_nothing_new(reconcile):
                raise
            state.open = False
            if refused.no_rights:
                read_reply(refused.raw)  # raises what the API said
    raise AuthError(
        f"the server refused the login of the create {_SENDS} times, though it takes reads with this key; nothing was "
        f"started. Do its nodes not share nonces behind a load balancer without session affinity?",
        request=context,
    )


async def _is_nothing_new(
    reconcile: Callable[[], Awaitable[Reconciliation[JobT]]],
) -> bool:
    """Whether the list shows no job that the request may have started; False where it cannot be read."""
    try:
        found = await reconcile()
    except RestoreError:
        return False
    return found.batch is None and not found.candidates


def _failure(error: Exception) -> Exception:
    """Find the failure of the call where a retry rule broke when it was asked about it."""
    if isinstance(error, RestoreError) and not isinstance(error, ConfigError):
        return error
    inner = error.__context__
    while inner is not None and not isinstance(inner, RestoreError):
        inner = inner.__context__
    return error if inner is None else inner


def _request(error: Exception) -> RequestContext | None:
    failure = _failure(error)
    return failure.request if isinstance(failure, RestoreError) else None


def _words(error: Exception) -> str:
    failure = _failure(error)
    said = failure.problem if isinstance(failure, RestoreError) else failure
    return f"{type(failure).__name__}: {said}"


def _noted(raised: MaybeCreated, error: Exception) -> MaybeCreated:
    if _failure(error) is not error:
        raised.add_note(f"the call was ended by {type(error).__name__}: {error}")
    return raised
