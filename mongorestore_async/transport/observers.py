"""What a session tells: a record of each call, counters, and to an observer all it does, from beginning to end."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType

    from mongorestore_async.models import JobDocument, JobRef
    from mongorestore_async.models.headers import Headers

__all__ = [
    "ExchangeRecord",
    "Notify",
    "Observer",
    "Operation",
    "OperationEvent",
    "Stats",
    "default_observer",
    "notify_hook",
    "notify_job",
    "observe",
    "set_default_observer",
]

_logger = logging.getLogger(__name__)
_FAILED = "the observer failed; the %s is not affected"


@attrs.frozen(kw_only=True)
class ExchangeRecord:
    """One call as it ended, with its login and its repetitions. Holds no secret.

    Attributes:
        method: HTTP verb in upper case.
        url: The URL with secrets redacted.
        family: Name of the product family, or None.
        status: HTTP status of the last answer, None when none came.
        error: Class name of the error raised, None after a success.
        tries: How often the call was tried, from 1.
        challenges: Digest challenges it met.
        seconds: How long it took, waits for a slot and between tries included.
        rate_limit: ``RateLimit-Limit`` of the last answer, None when it was not sent.
        rate_remaining: ``RateLimit-Remaining`` of the last answer, None when it was not sent.
        server_time: ``Date`` of the last answer, UTC in whole seconds; None without one.

    """

    method: str
    url: str
    family: str | None
    status: int | None
    error: str | None
    tries: int
    challenges: int
    seconds: float
    rate_limit: int | None = None
    rate_remaining: int | None = None
    server_time: datetime | None = None


@attrs.frozen
class Stats:
    """What a session and its views have sent so far.

    Attributes:
        requests: HTTP requests, those that were challenged included.
        challenges: Answers that were a digest challenge.
        retries: Tries of a call after its first.

    """

    requests: int = 0
    challenges: int = 0
    retries: int = 0


@attrs.frozen(kw_only=True)
class Operation:
    """Something a session begins. Holds no secret.

    Attributes:
        kind: ``"call"``: one call of the API with its login and repetitions. ``"create"``: the whole of a create or
            ensure, its reads included. ``"wait"``: a wait, or one step of a watch. ``"download"``: the archives of a
            batch. ``"archive"``: one request of a download, until its body was received.
        family: Name of the product family, None for a call of none and for jobs of several.
        project: Id of the project of a call or create, None for a call about none.
        cluster: Id or name of the cluster of a create, or id of the config server host.
        method: HTTP verb in upper case, of a call or archive.
        url: The URL of a call with secrets redacted; of an archive only the origin.
        path: The path of a call below the base URL with placeholders in place of ids; None where an application named
            the path itself.
        refs: The jobs of a wait, download or archive.
        file_name: The name of an archive on disk.

    """

    kind: Literal["call", "create", "wait", "download", "archive"]
    family: str | None = None
    project: str | None = None
    cluster: str | None = None
    method: str | None = None
    url: str | None = None
    path: str | None = None
    refs: tuple[JobRef, ...] = ()
    file_name: str | None = None


@attrs.frozen(kw_only=True)
class OperationEvent:
    """Something that happens during an operation. Holds no secret.

    Attributes:
        kind: ``"request"``: an HTTP request was answered, or ended without an answer; of an archive, the head is there.
            ``"retry"``: a try of a call failed, and another one follows. ``"queued"``: a call had to wait for a rate
            limit, a free slot or the login of another call. ``"job"``: a create, wait or watch sees a job for the first
            time, or in another state. ``"received"``: bytes of an archive.
        status: HTTP status of a request, None if no whole answer came.
        headers: Header fields of the answer to a request of a call; values with credentials are redacted wherever they
            are shown.
        for_token: Whether the request asked the token endpoint for a token.
        error: Class name of the error that a try ended with.
        seconds: Time until the next try, or the time in the queue.
        job: The job, None for one of unknown origin.
        state: Its state, a value of ``JobState``.
        size: Bytes received.

    """

    kind: Literal["request", "retry", "queued", "job", "received"]
    status: int | None = None
    headers: Headers | None = attrs.field(default=None, repr=False)
    for_token: bool = False
    error: str | None = None
    seconds: float = 0.0
    job: JobRef | None = None
    state: str | None = None
    size: int = 0


#: Takes the events of one operation.
Notify: TypeAlias = "Callable[[OperationEvent], object]"


class Observer(Protocol):
    """What is told of the operations of a session: any callable that gives a context manager for each.

    It is entered where the operation begins and left where it ends, with the error if there is one, in the task that
    asked for the operation; so it may set context variables. What entering it gives is called with each
    :class:`OperationEvent`, for downloads and waits possibly in tasks of the library. Nothing of it may block. Errors
    of its own are logged and change nothing, and it cannot suppress those of the operation.
    """

    def __call__(self, operation: Operation, /) -> AbstractContextManager[Notify]:
        """Make the context manager of one operation."""
        ...


_default: list[Observer | None] = [None]


def default_observer() -> Observer | None:
    """Give the observer of options that name none."""
    return _default[0]


def set_default_observer(observer: Observer | None) -> None:
    """Set the observer of all options made from now on that name none."""
    _default[0] = observer


def observe(observer: Observer | None, describe: Callable[[], Operation]) -> AbstractContextManager[Notify | None]:
    """Make what watches the ``with`` block of an operation; entering it gives None when nobody listens.

    Args:
        observer: Of the options.
        describe: Says what begins; called only when somebody listens.

    """
    return nullcontext() if observer is None else _Observation(observer, describe())


def notify_hook(record: ExchangeRecord, hook: Callable[[ExchangeRecord], None] | None) -> None:
    """Pass the record of a call to the hook of the options."""
    if hook is None:
        return
    try:
        hook(record)
    except Exception:
        _logger.exception("the on_exchange hook failed; the call is not affected")


def notify_job(notify: Notify, job: JobDocument) -> None:
    """Tell of a job in a state that is new."""
    notify(OperationEvent(kind="job", job=job.ref, state=job.state.value))


class _Observation:
    """One operation while it is observed: no error of the observer reaches it."""

    def __init__(self, observer: Observer, operation: Operation) -> None:
        self._observer = observer
        self._operation = operation
        self._entered: AbstractContextManager[Notify] | None = None
        self._notify: Notify | None = None

    def __enter__(self) -> Notify | None:
        try:
            entered = self._observer(self._operation)
            self._notify = entered.__enter__()
        except Exception:
            _logger.exception(_FAILED, self._operation.kind)
            return None
        self._entered = entered
        return self._tell

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._entered is None:
            return
        self._notify = None  # what a create holds may find its jobs later
        try:
            self._entered.__exit__(kind, error, traceback)
        except Exception as failure:
            if failure is not error:
                _logger.exception(_FAILED, self._operation.kind)

    def _tell(self, event: OperationEvent) -> None:
        if self._notify is None:
            return
        try:
            self._notify(event)
        except Exception:
            self._notify = None  # it would fail for each of a million blocks
            _logger.exception(_FAILED, self._operation.kind)
