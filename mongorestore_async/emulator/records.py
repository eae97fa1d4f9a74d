"""What the emulator remembers of the requests it saw."""

from __future__ import annotations

from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from mongorestore_async.emulator.login import Outcome

__all__ = ["Counts", "RequestLog", "RequestRecord"]


@attrs.frozen(kw_only=True)
class RequestRecord:
    """One request, and what became of it.

    Attributes:
        number: 1 for the first request the emulator saw.
        method: Verb.
        path: Path and query exactly as they came over the wire.
        family: Name of the family, such as ``cloud-manager`` (whichever manager is played), ``atlas-tenant-v1`` or
            ``atlas-flex``; ``atlas`` for projects and clusters there; None outside of the APIs.
        headers: Request headers, case-insensitive; of ``Authorization`` only the scheme is kept.
        outcome: What the login came to; None before it.
        why: Why the login failed, in words.
        nonce: The nonce of its digest answer, or None.
        nc: The nonce count of its digest answer, or None.
        status: HTTP status of the answer; None while there is none, and when the connection was dropped.

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
    """The last requests, in the order they arrived, and the totals since the start.

    Args:
        size: How many requests are remembered.

    """

    def __init__(self, size: int) -> None:
        self.counts = Counts()
        self._size = size
        self._records: OrderedDict[int, RequestRecord] = OrderedDict()

    @property
    def records(self) -> tuple[RequestRecord, ...]:
        """The remembered requests."""
        return tuple(self._records.copy().values())

    def begin(self, request: web.Request, family: str | None) -> RequestRecord:
        """Note that a request has arrived."""
        self.counts.requests += 1
        headers = request.headers.copy()
        if "Authorization" in headers:
            headers["Authorization"] = headers["Authorization"].partition(" ")[0]
        return self.note(
            RequestRecord(
                number=self.counts.requests,
                method=request.method,
                path=request.raw_path,
                family=family,
                headers=MappingProxyType(headers),
            )
        )

    def note(self, record: RequestRecord) -> RequestRecord:
        """Remember a request as it is now known."""
        self._records[record.number] = record
        while len(self._records) > self._size:
            self._records.popitem(last=False)
        return record
