"""What the views of a session share about restores: one create at a time for each target, and what was started."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable

__all__ = ["RestoreLocks"]

#: Restores remembered: each holds a request and the few jobs of its answer.
_REMEMBERED = 1000


class _Lock:
    """A lock and how many calls hold it or wait for it; without any it is forgotten."""

    __slots__ = ("calls", "lock")

    def __init__(self) -> None:
        self.calls = 0
        self.lock = asyncio.Lock()


class RestoreLocks:
    """Lets one call at a time look for a running restore and start one, for each target.

    Belongs to a session, and so to one loop. A call that is cancelled, holding or waiting, lets the next one go.

    Attributes:
        started: What the session started last, oldest first; ``creating`` fills and reads it.
        count: How many restores it started in all.

    """

    def __init__(self) -> None:
        self.started: deque[Any] = deque(maxlen=_REMEMBERED)
        self.count = 0
        self._locks: dict[Hashable, _Lock] = {}

    @asynccontextmanager
    async def hold(self, key: Hashable) -> AsyncIterator[None]:
        """Wait until no other call holds a key, then hold it.

        Args:
            key: Of the target.

        """
        entry = self._locks.setdefault(key, _Lock())
        entry.calls += 1
        try:
            async with entry.lock:
                yield
        finally:
            entry.calls -= 1
            if not entry.calls:
                del self._locks[key]
