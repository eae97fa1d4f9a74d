"""What the views of a session share about restores: one create at a time for each target, and what was started."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

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

    def hold(self, key: Hashable, check: Callable[[], Awaitable[None]]) -> _Hold:
        """Wait, on entering, until no other call holds a key, then hold it.

        Entering gives how many restores the session had started before this call waited.

        Args:
            key: Of the target.
            check: Opens the session on the running loop, or refuses another one: a lock of its own loop would not.

        """
        return _Hold(self, key, check)

    async def acquire(self, key: Hashable) -> int:
        """Wait for a key; see :meth:`hold`."""
        begun, entry = self.count, self._locks.setdefault(key, _Lock())
        entry.calls += 1
        try:
            await entry.lock.acquire()
        except BaseException:
            self._leave(key, entry)
            raise
        return begun

    def release(self, key: Hashable) -> None:
        """Let the next call go."""
        entry = self._locks[key]
        entry.lock.release()
        self._leave(key, entry)

    def _leave(self, key: Hashable, entry: _Lock) -> None:
        entry.calls -= 1
        if not entry.calls:
            del self._locks[key]


class _Hold:
    """Holds a key while it is entered."""

    __slots__ = ("_check", "_key", "_locks")

    def __init__(self, locks: RestoreLocks, key: Hashable, check: Callable[[], Awaitable[None]]) -> None:
        self._check = check
        self._locks = locks
        self._key = key

    async def __aenter__(self) -> int:
        await self._check()
        return await self._locks.acquire(self._key)

    async def __aexit__(self, *_: object) -> None:
        self._locks.release(self._key)
