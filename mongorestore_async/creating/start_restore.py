"""Starts a restore: the checks that need no I/O, then those that read, then the one create."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.codec.documents import read_created, read_ids
from mongorestore_async.codec.request_bodies import create_path, encode_request
from mongorestore_async.creating.create import create_once
from mongorestore_async.creating.ensure import lock_key, remember_restore
from mongorestore_async.creating.guard import refuse_aliases
from mongorestore_async.creating.restore_plan import refuse_protected, require_restorable
from mongorestore_async.listing.page_reader import ListQuery, ListSource
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import CollectionRestore, CollectionRestoreJob
from mongorestore_async.models.collections.restored import keep_request
from mongorestore_async.transport.observers import Operation, notify_job, observe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from mongorestore_async.creating.reconciling import Baseline
    from mongorestore_async.models import JobDocument, JobT, RestoreRequest, Target
    from mongorestore_async.transport.session_view import SessionView
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["check_request", "keep_requests", "start_restore"]

BatchT = TypeVar("BatchT")


def check_request(
    view: SessionView,
    source: JobSource[JobT],
    request: RestoreRequest,
    overwrite: Target | None,
) -> None:
    """Refuse what can be refused without I/O.

    Args:
        view: What to call the API with.
        source: The cluster or config server the data come from.
        request: What is asked for.
        overwrite: The target, if its being overwritten is confirmed.

    Raises:
        ConfigError: The request breaks a rule, or the family does not take it.
        ProtectedTarget: The guard protects the target.

    """
    encode_request(source.family, request, now=view.now())
    create_path(source.family, request)
    refuse_protected(view, source, request, overwrite)


def keep_requests(jobs: Iterable[JobDocument], request: RestoreRequest) -> None:
    """Note in jobs of single collections what they were asked for with: their answers may leave it out.

    Args:
        jobs: Jobs that are certainly of the request.
        request: The request.

    """
    for job in jobs:
        if isinstance(job, CollectionRestoreJob) and isinstance(request, CollectionRestore):
            keep_request(job, request)


async def start_restore(
    view: SessionView,
    source: JobSource[JobT],
    names: Mapping[str, str],
    request: RestoreRequest,
    own: Callable[[tuple[JobT, ...]], BatchT],
    precheck: bool,
    overwrite: Target | None,
    before_send: Callable[[Baseline], Awaitable[None]] | None = None,
) -> BatchT:
    """Start a restore that :func:`check_request` let pass.

    Args:
        view: What to call the API with.
        source: The cluster or config server the data come from.
        names: Its identifiers for the path.
        request: What is asked for.
        own: Makes a batch of jobs that can be followed.
        precheck: Whether to check the snapshot and the target.
        overwrite: The target, if its being overwritten is confirmed.
        before_send: See :func:`create_once`.

    Raises:
        ProtectedTarget: The guard protects the target, as the server knows it, or that could not be read.
        NotRestorable: The pre-check failed.
        MaybeCreated: The create may have been taken and its answer was lost.
        RestoreError: Any other error: nothing was started.

    """
    with observe(view.options.observer, lambda: _describe(source)) as notify:
        if overwrite is None:
            await refuse_aliases(view, source, request)
        if precheck:
            await require_restorable(view, source, request)
        family = source.family
        # Encoded once more: a rule about time may have ended it while the lock of its target was waited for.
        body, path = encode_request(family, request, now=view.now()), create_path(family, request)
        read = partial(read_created, family, **names)
        send = partial(view.read, "POST", path, read, family=family, names=names, body=body)
        # Their ids only: an old job in a shape that cannot be read must block no create.
        ids = ListSource(view, family, family.jobs_path, names, read_ids, str)

        def remember(jobs: tuple[JobT, ...]) -> BatchT:
            keep_requests(jobs, request)
            remember_restore(view, source, request, jobs)
            if notify is not None:
                for job in jobs:
                    notify_job(notify, job)
            return own(jobs)

        list_ids, kept, key = partial(Pager[str], ids, ListQuery()), view.open_creates, lock_key(source, request)
        return await create_once(family, list_ids, source.restore_jobs, request, send, remember, kept, key, before_send)


def _describe(source: JobSource[Any]) -> Operation:
    ref = source.ref("-")
    return Operation(kind="create", family=ref.family, project=ref.project, cluster=ref.cluster or ref.host)
