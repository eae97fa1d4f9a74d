"""One operation as a span and its measurements."""

from __future__ import annotations

import abc
import time
from contextlib import contextmanager, suppress
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, cast
from urllib.parse import urlsplit

from opentelemetry import context, trace
from opentelemetry.context import create_key
from opentelemetry.trace import Link, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from mongorestore_async.errors import AuthError, ConfigError, RestoreError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from contextvars import Token
    from types import TracebackType

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanContext, Tracer
    from opentelemetry.util.types import AttributeValue

    from mongorestore_async.models import JobRef
    from mongorestore_async.otel.instruments import Instruments
    from mongorestore_async.transport.observers import Notify, Operation, OperationEvent

__all__ = ["SPANS", "JobSpan", "RequestSpan", "is_suppressed", "linked_to"]

_Attributes: TypeAlias = "dict[str, AttributeValue]"

_OURS = "mongorestore_async."
_LINKS = create_key("mongorestore_async-links")
#: References that a span shows: attributes have a limit.
_MOST_REFS = 20
_LEAST_ERROR = 400
_UNAUTHORIZED = 401
_TOO_MANY = 429

# There are no public names for these two keys; opentelemetry-instrumentation takes them from here as well.
_SUPPRESS_ALL: str = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", "suppress_instrumentation")
_SUPPRESS_HTTP: str = getattr(context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", "suppress_http_instrumentation")


def is_suppressed(where: Context) -> bool:
    """Whether the application wants no telemetry in a context."""
    return bool(where.get(_SUPPRESS_ALL))


@contextmanager
def linked_to(*origins: SpanContext | str) -> Generator[None]:
    """Link the spans of creates, waits and downloads in a ``with`` block to earlier spans.

    For work that goes on elsewhere: store the ``traceparent`` of the span that created a job beside its reference,
    and wait for the job in a block with it.

    Args:
        origins: Span contexts, or their texts as W3C Trace Context writes ``traceparent``.

    Returns:
        The block, a context manager.

    Raises:
        ConfigError: One is no valid context.

    """
    links = tuple(Link(_parse(origin)) for origin in origins)
    token = context.attach(context.set_value(_LINKS, links))
    try:
        yield
    finally:
        context.detach(token)


def _parse(origin: SpanContext | str) -> SpanContext:
    found = origin
    if isinstance(found, str):
        parsed = TraceContextTextMapPropagator().extract({"traceparent": found}, context.Context())
        found = trace.get_current_span(parsed).get_span_context()
    # Anything may come here from where it was stored.
    if not isinstance(found, trace.SpanContext) or not found.is_valid:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"not a span context: pass one, or the text of a traceparent header, not {origin!r}")
    return found


class _OperationSpan(abc.ABC):
    """The span of one operation: current in the block, whose end ends it; see :class:`Observer`.

    Args:
        tracer: Makes the span.
        instruments: What is measured.
        operation: What begins.

    """

    _kind: SpanKind
    _began: float
    _span: Span
    _token: Token[Context]

    def __init__(self, tracer: Tracer, instruments: Instruments, operation: Operation) -> None:
        self._tracer = tracer
        self._instruments = instruments
        self._operation = operation
        #: Of the span and of all that is measured.
        self._common: _Attributes = {}
        if operation.family is not None:
            self._common[_OURS + "family"] = operation.family

    def __enter__(self) -> Notify:
        self._began = time.monotonic()
        self._span = self._start()
        self._token = context.attach(self._surround(trace.set_span_in_context(self._span)))
        return self._notify

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._end(time.monotonic() - self._began, {} if error is None else self._fail(error))
        finally:
            with suppress(ValueError):  # a coroutine that is thrown away may be closed in the context of somebody else
                self._token.var.reset(self._token)  # context.detach() would log it
            self._span.end()

    @abc.abstractmethod
    def _start(self) -> Span:
        """Start the span."""

    @abc.abstractmethod
    def _notify(self, event: OperationEvent) -> None:
        """Take what happens meanwhile."""

    @abc.abstractmethod
    def _end(self, seconds: float, failure: _Attributes) -> None:
        """Measure what is over."""

    def _surround(self, inside: Context) -> Context:
        return inside

    def _fail(self, error: BaseException) -> _Attributes:
        """Say what it ended with. Somebody asked for a cancellation: it is no error of the operation."""
        span, status, code = self._span, getattr(error, "status", None), getattr(error, "error_code", None)
        is_answer = self._kind is SpanKind.CLIENT and isinstance(status, int) and status >= _LEAST_ERROR
        failure: _Attributes = {"error.type": str(status) if is_answer else type(error).__qualname__}
        span.set_attributes(failure if code is None else {**failure, _OURS + "error_code": str(code)})
        if isinstance(error, Exception):
            # The message of a failed login names the key. What others raise may hold anything.
            names_key = isinstance(error, AuthError) or isinstance(error.__cause__, AuthError)
            told = error.problem if isinstance(error, RestoreError) and not names_key else None
            span.set_status(StatusCode.ERROR, told)
        return failure


class RequestSpan(_OperationSpan):
    """A call of the API with its login and repetitions, or one request for an archive with its body."""

    _kind = SpanKind.CLIENT

    def __init__(self, tracer: Tracer, instruments: Instruments, operation: Operation) -> None:
        super().__init__(tracer, instruments, operation)
        self._requests = 0
        self._status: int | None = None
        self._received = 0
        self._where = _server_of("/".join((operation.url or "").split("/", 3)[:3]))
        self._measured = {**self._where, **self._common}

    def _start(self) -> Span:
        operation, attributes = self._operation, {**self._http(), **self._common, "url.full": self._operation.url or ""}
        if operation.project is not None:
            attributes[_OURS + "project"] = operation.project
        if operation.file_name is not None:
            attributes[_OURS + "file.name"] = operation.file_name
        attributes |= _jobs(operation)
        name = " ".join(filter(None, (operation.method, operation.path)))
        return self._tracer.start_span(name, kind=self._kind, attributes=attributes)

    def _surround(self, inside: Context) -> Context:
        return context.set_value(_SUPPRESS_HTTP, True, inside)  # noqa: FBT003 - a value of a context

    def _http(self) -> _Attributes:
        found: _Attributes = {"http.request.method": self._operation.method or "_OTHER", **self._where}
        if self._operation.path is not None:
            found["url.template"] = self._operation.path
        return found

    def _notify(self, event: OperationEvent) -> None:
        if event.kind == "received":
            self._received += event.size
            self._instruments.received.add(event.size, self._measured)
        elif event.kind == "request":
            self._take_answer(event)
        elif event.kind == "retry":
            failed = {"error.type": event.error or "_OTHER", **_status(self._status)}
            self._status = None
            self._span.add_event(_OURS + "retry", {**failed, _OURS + "retry.delay": event.seconds})
            self._instruments.retries.add(1, {**self._measured, **failed})
        elif event.kind == "queued":
            self._span.add_event(_OURS + "queued", {_OURS + "queue.duration": event.seconds})
            self._instruments.queued.record(event.seconds, self._measured)

    def _take_answer(self, event: OperationEvent) -> None:
        self._requests += 1
        if event.status == _TOO_MANY:
            self._instruments.refusals.add(1, self._measured)
        if event.for_token:
            self._span.add_event(_OURS + "token", _status(event.status))
            return
        self._status = event.status
        if event.status == _UNAUTHORIZED:
            self._span.add_event(_OURS + "challenge", _status(event.status))
            self._instruments.challenges.add(1, self._measured)

    def _end(self, seconds: float, failure: _Attributes) -> None:
        ended = _status(self._status)
        self._instruments.requests.record(seconds, {**self._http(), **ended, **failure})
        if self._requests > 1:
            ended["http.request.resend_count"] = self._requests - 1
        if self._received:
            ended[_OURS + "received"] = self._received
        self._span.set_attributes(ended)


class JobSpan(_OperationSpan):
    """A create, a wait, a step of a watch, or a download."""

    _kind = SpanKind.INTERNAL

    def __init__(self, tracer: Tracer, instruments: Instruments, operation: Operation) -> None:
        super().__init__(tracer, instruments, operation)
        self._states: dict[JobRef | None, str] = {}

    def _start(self) -> Span:
        operation, attributes = self._operation, {**self._common, **_jobs(self._operation)}
        if operation.project is not None:
            attributes[_OURS + "project"] = operation.project
        if operation.cluster is not None:
            attributes[_OURS + "cluster"] = operation.cluster
        links = cast("tuple[Link, ...] | None", context.get_value(_LINKS))
        return self._tracer.start_span(f"restore {operation.kind}", attributes=attributes, links=links)

    def _notify(self, event: OperationEvent) -> None:
        if event.kind != "job" or event.state is None:
            return
        state: _Attributes = {_OURS + "job.state": event.state}
        ref: _Attributes = {} if event.job is None else {_OURS + "job.ref": str(event.job)}
        self._span.add_event(_OURS + "job", {**state, **ref})
        self._instruments.states.add(1, {**self._common, **state})
        if self._operation.kind == "wait":
            self._follow(event.job, event.state)

    def _end(self, seconds: float, failure: _Attributes) -> None:
        for job in tuple(self._states):
            self._follow(job, None)
        kind: _Attributes = {_OURS + "operation": self._operation.kind}
        self._instruments.operations.record(seconds, {**self._common, **kind, **failure})

    def _follow(self, job: JobRef | None, state: str | None) -> None:
        """Count a job in its new state and no more in the one before."""
        before = self._states.pop(job, None)
        if state is not None:
            self._states[job] = state
        for word, change in ((before, -1), (state, 1)):
            if word is not None:
                self._instruments.waited_for.add(change, {**self._common, _OURS + "job.state": word})


#: What makes the span of each kind of operation.
SPANS: Mapping[str, type[RequestSpan | JobSpan]] = MappingProxyType(
    {"call": RequestSpan, "archive": RequestSpan, "create": JobSpan, "wait": JobSpan, "download": JobSpan}
)


@lru_cache(maxsize=64)
def _server_of(origin: str) -> Mapping[str, AttributeValue]:
    """Name the server of an origin as attributes; nothing for a link that is no URL."""
    parts = urlsplit(origin)
    if parts.hostname is None:
        return {}
    return {"server.address": parts.hostname, "server.port": parts.port or (443 if parts.scheme == "https" else 80)}


def _status(status: int | None) -> _Attributes:
    return {} if status is None else {"http.response.status_code": status}


def _jobs(operation: Operation) -> _Attributes:
    if not operation.refs:
        return {}
    refs = [str(ref) for ref in operation.refs[:_MOST_REFS]]
    return {_OURS + "job.count": len(operation.refs), _OURS + "job.refs": refs}
