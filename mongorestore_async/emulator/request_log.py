"""What was asked of the server: the log of requests and creates, totals, and what the hooks of a test may return."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl

import attrs
from aiohttp import web

from mongorestore_async.emulator.document_parts import PULL_PATH, STORAGE_PATH

if TYPE_CHECKING:
    from mongorestore_async.emulator.digest_server import Outcome

__all__ = [
    "REQUEST_NUMBER",
    "BeforeAnswer",
    "Counts",
    "CreateRecord",
    "Fault",
    "FaultHook",
    "RequestLog",
    "RequestRecord",
]

#: Where a request has its number while it is served.
REQUEST_NUMBER = web.RequestKey("number", int)

#: The part of a download link that is no secret; what follows is its key, its token or its signature.
_LINK = re.compile(f"(?:{PULL_PATH}/[^/]+/pull|{STORAGE_PATH}/(?:restore|snapshots|hops/[0-9]+))/[^/?]+/")

#: What a hook returns: None for nothing, an answer of its own, or a broken connection. ``drop`` cuts it without an
#: answer, ``drop-answer`` after the request was processed, ``truncate`` in the middle of the answer's body.
Fault = web.StreamResponse | Literal["drop", "drop-answer", "truncate"] | None


@attrs.frozen(kw_only=True)
class RequestRecord:
    """One request and its outcome.

    Attributes:
        number: 1 for the first request the emulator saw.
        method: Verb.
        path: Path and query exactly as they came over the wire; of a download link without its key.
        family: Name of the family, such as ``cloud-manager`` (whichever manager is played), ``atlas-tenant-v1`` or
            ``atlas-flex``; ``atlas`` for projects and clusters there; None outside of the APIs.
        headers: Request headers, case-insensitive; of ``Authorization`` only the scheme is kept.
        outcome: The result of the login; None before it.
        why: Why the login failed, in words.
        nonce: The nonce of its digest answer, or None.
        nc: The nonce count of its digest answer, or None.
        status: HTTP status of the answer; None while there is none, and when the connection was dropped.
        body: The JSON value of its body, once it was let in; None without one, and for bodies of other types.
        fault: Name of the fault that was played for it; see :class:`Faults`. None for none.

    """

    number: int
    method: str
    path: str
    family: str | None
    headers: Mapping[str, str] = attrs.field(repr=False)
    outcome: Outcome | None = None
    why: str = ""
    nonce: str | None = None
    nc: int | None = None
    status: int | None = None
    body: Any = attrs.field(default=None, repr=False)
    fault: str | None = None

    @property
    def query(self) -> dict[str, str]:
        """The parameters of its query, decoded."""
        return dict(parse_qsl(self.path.partition("?")[2], keep_blank_values=True))

    def __str__(self) -> str:
        outcome = "no answer" if self.status is None else str(self.status)
        fault = "" if self.fault is None else f" (fault {self.fault})"
        return f"{self.number:4}  {self.method:6} {self.path} -> {outcome}{fault}"


@attrs.define(kw_only=True)
class CreateRecord:
    """One create that reached the handlers of the server, whatever became of its answer.

    Attributes:
        request: Number of its request.
        method: Verb.
        path: Path and query.
        source: Id of the cluster in its path; None if there is none of it.
        overwrites: Id of the cluster whose data it replaces; None for a download, and if its body was refused.
        jobs: Ids of the jobs that it started.
        refused: Error code with which it was refused; None if it was not. A create that was answered 500 has
            ``UNEXPECTED_ERROR`` here, whether it was taken or not.

    """

    request: int
    method: str
    path: str
    source: str | None = None
    overwrites: str | None = None
    jobs: tuple[str, ...] = ()
    refused: str | None = None


@attrs.define
class Counts:
    """Running totals.

    Attributes:
        requests: Requests that arrived.
        challenges: Requests without an answer to a challenge (login outcome ``challenged``).
        accepted: Requests that were let in.
        stale: Right answers refused for their nonce.
        refusals: Wrong answers, repeated ``nc`` and spurious refusals.
        repeated_nc: Right answers that used an ``nc`` a second time.
        creates_received: Creates that got past the login.
        creates_taken: Creates that started restores.
        rate_limited: Requests refused for a rate limit.
        dropped: Connections cut by a hook.

    """

    requests: int = 0
    challenges: int = 0
    accepted: int = 0
    stale: int = 0
    refusals: int = 0
    repeated_nc: int = 0
    creates_received: int = 0
    creates_taken: int = 0
    rate_limited: int = 0
    dropped: int = 0


class RequestLog:
    """The last requests, in the order they arrived, and the totals since the start. ``str()`` lists them.

    Args:
        size: How many requests are remembered.

    Attributes:
        counts: The totals.
        creates: The creates that reached the server, in the order they arrived.

    """

    def __init__(self, size: int) -> None:
        self.counts: Counts = Counts()
        self.creates: deque[CreateRecord] = deque(maxlen=size)
        self._size = size
        self._records: OrderedDict[int, RequestRecord] = OrderedDict()

    @property
    def records(self) -> tuple[RequestRecord, ...]:
        """The remembered requests."""
        return tuple(self._records.copy().values())

    def clear(self) -> None:
        """Forget the requests and creates so far, for the next test. The totals go on."""
        self._records.clear()
        self.creates.clear()

    def __str__(self) -> str:
        return "\n".join(str(record) for record in self.records)

    def begin(self, request: web.Request, family: str | None) -> RequestRecord:
        """Log a request that has arrived."""
        self.counts.requests += 1
        headers = request.headers.copy()
        if "Authorization" in headers:
            headers["Authorization"] = headers["Authorization"].partition(" ")[0]
        return self.note(
            RequestRecord(
                number=self.counts.requests,
                method=request.method,
                path=_without_key(request.raw_path),
                family=family,
                headers=MappingProxyType(headers),
            )
        )

    def note(self, record: RequestRecord) -> RequestRecord:
        """Store the present record of a request."""
        self._records[record.number] = record
        while len(self._records) > self._size:
            self._records.popitem(last=False)
        return record


def _without_key(path: str) -> str:
    found = _LINK.search(path)
    return path if found is None else f"{path[: found.end()]}..."


FaultHook = Callable[[RequestRecord], Fault]
BeforeAnswer = Callable[[RequestRecord], Awaitable[Fault]]
