"""The log of ``--verbose`` and ``--debug``: what goes to the server and what comes back, on standard error.

It is an observer of the session, as telemetry is. What it writes is redacted: no key, no token, no download link.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from mongorestore_async.cli.console import plural
from mongorestore_async.cli.units import format_size
from mongorestore_async.models.secret import REDACTED
from mongorestore_async.protocol.redaction import one_line, printable
from mongorestore_async.transport.observers import observe

if TYPE_CHECKING:
    from collections.abc import Generator

    from mongorestore_async.cli.console import PlainConsole
    from mongorestore_async.models.headers import Headers
    from mongorestore_async.transport.observers import Notify, Observer, Operation, OperationEvent

__all__ = ["HttpLog"]

#: Fields of an answer whose values are shown.
_HARMLESS = frozenset(
    {
        "age",
        "cache-control",
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "date",
        "deprecation",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
        "retry-after",
        "server",
        "strict-transport-security",
        "sunset",
        "transfer-encoding",
        "vary",
        "via",
        "x-envoy-upstream-service-time",
        "x-mongodb-service-version",
        "x-request-id",
    }
)

#: What is logged of the operations of a session; the others consist of these.
_LOGGED = frozenset({"call", "archive"})


class HttpLog:
    """An observer that writes a line for each call of the API and each request of a download.

    Args:
        console: Where to write.
        has_requests: Whether to write each HTTP request of a call as well, with the headers of its answer.
        also: Another observer, which is told everything too; None for none.

    """

    def __init__(self, console: PlainConsole, *, has_requests: bool, also: Observer | None) -> None:
        self._console = console
        self._has_requests = has_requests
        self._also = also

    @contextmanager
    def __call__(self, operation: Operation) -> Generator[Notify]:
        """Watch one operation."""
        with observe(self._also, lambda: operation) as tell_other:  # its failures do not end the log
            log = _CallLog(operation)

            def notify(event: OperationEvent) -> None:
                if tell_other is not None:
                    tell_other(event)
                log.take(event)
                if self._has_requests:
                    self._print_event(operation, event)

            try:
                yield notify
            finally:
                if operation.kind in _LOGGED:
                    self._print(log.line())

    def _print_event(self, operation: Operation, event: OperationEvent) -> None:
        if event.kind == "request":
            what = "POST of the login" if event.for_token else f"{operation.method} {operation.url}"
            self._print(f"  {what}: {_status(event.status)}")
            for line in _header_lines(event.headers):
                self._print(f"    {line}")
        elif event.kind == "retry":
            self._print(f"  next try in {event.seconds:.2f} s")

    def _print(self, text: str) -> None:
        now = datetime.now().astimezone()
        self._console.print(f"{now:%H:%M:%S}.{now.microsecond // 1000:03}  {printable(text)}", soft_wrap=True)


class _CallLog:
    """What is known of a call, or of the request of a download, at its end."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._began = time.monotonic()
        self._status: int | None = None
        self._requests = self._challenges = self._retries = self._size = 0
        self._paused = 0.0

    def take(self, event: OperationEvent) -> None:
        """Take note of what happens."""
        self._paused += event.seconds
        self._size += event.size
        self._retries += event.kind == "retry"
        if event.kind == "request" and not event.for_token:
            self._status = event.status
            self._requests += 1

    def line(self) -> str:
        """Write what became of it."""
        operation = self._operation
        milliseconds = 1000 * (time.monotonic() - self._began)
        facts = [_status(self._status), f"{milliseconds:.0f} ms"]
        facts += [f"{self._retries + 1} tries"] * (self._retries > 0)
        facts += [plural(self._requests, "request")] * (self._requests > self._retries + 1)
        facts += [f"paused {self._paused:.2f} s"] * (self._paused > 0)
        facts += [format_size(self._size)] * (self._size > 0)
        file_name = f" {operation.file_name}" if operation.file_name else ""
        return f"{operation.method} {operation.url}{file_name}  {', '.join(facts)}"


def _status(status: int | None) -> str:
    return "no answer" if status is None else str(status)


def _header_lines(headers: Headers | None) -> list[str]:
    """Write the fields of an answer: their names, and the values of those that hold no credentials."""
    if headers is None:
        return []
    return [
        f"{printable(name)}: {one_line(value) if name.lower() in _HARMLESS else REDACTED}"
        for name in headers
        for value in headers.getall(name)
    ]
