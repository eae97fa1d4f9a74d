"""Server-sent events (WHATWG HTML, section 9.2): their text, and the latest of them for viewers that come back."""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALIVE", "RESET", "RETRY", "EventHistory"]

#: Sent while nothing changes. The comment keeps proxies from closing the stream; pages cannot see comments, so an event
#: without data tells them that the stream is alive.
ALIVE = b": alive\nevent: alive\ndata: \n\n"
#: The page has to be loaded anew: what it missed is not known any more.
RESET = b"event: reset\ndata: \n\n"
#: How soon a browser comes back by itself, in milliseconds.
RETRY = b"retry: 2000\n\n"

_ID = re.compile(r"([0-9a-f]{1,32})-([0-9]{1,18})")


@attrs.define
class EventHistory:
    """The latest events.

    Attributes:
        epoch: Hexadecimal, another one for each start of the server, so that ids of an earlier one are told apart.
        most: Events that are kept.
        most_bytes: Bytes of them that are kept.
        number: Number of the last event; 0 before the first.

    """

    epoch: str
    most: int = 500
    most_bytes: int = 16 << 20
    number: int = 0
    _events: deque[bytes] = attrs.field(init=False, factory=deque[bytes])
    _bytes: int = attrs.field(init=False, default=0)

    @property
    def last_id(self) -> str:
        """Id of the last event."""
        return f"{self.epoch}-{self.number}"

    def add(self, html: Mapping[str, str]) -> None:
        """Add a change: fragments of the page by their id."""
        self.number += 1
        data = json.dumps(html, ensure_ascii=False, separators=(",", ":"))  # has no line break
        event = f"id: {self.last_id}\nevent: change\ndata: {data}\n\n".encode()
        self._events.append(event)
        self._bytes += len(event)
        while len(self._events) > self.most or (self._bytes > self.most_bytes and len(self._events) > 1):
            self._bytes -= len(self._events.popleft())

    def number_of(self, last_id: str) -> int | None:
        """Number of the event that a viewer saw last; None where it is of another server, or no id."""
        found = _ID.fullmatch(last_id)
        if found is None or found[1] != self.epoch or int(found[2]) > self.number:
            return None
        return int(found[2])

    def after(self, number: int) -> list[bytes] | None:
        """Events after this one; None where some of them are not kept any more."""
        missed = self.number - number
        if missed > len(self._events):
            return None
        return [self._events[place] for place in range(len(self._events) - missed, len(self._events))]
