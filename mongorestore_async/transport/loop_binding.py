"""What the calls of a session share on its loop: the loop itself, deadlines, locks, and what the server reported."""

from __future__ import annotations

import asyncio
import math
import os
from collections import deque
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import SessionClosed, WrongLoop
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from types import TracebackType

__all__ = [
    "Deadlines",
    "DecodeLocks",
    "LoopBinding",
    "OpenBlock",
    "RestoreLocks",
    "ServerInfo",
    "TargetHold",
    "TargetLock",
]


#: Threads for large answers: decoding holds the GIL, so more would only take turns.
_DECODERS = 2

#: Restores remembered: each holds a request and the few jobs of its answer.
_REMEMBERED = 1000


class LoopBinding:
    """Where a session was opened: its connections, locks and tasks work nowhere else."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process: int | None = None

    def bind(self) -> None:
        """Belong to the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()

    def release(self) -> None:
        """Belong to no loop: nothing was opened."""
        self._loop = self._process = None

    def check(self) -> None:
        """Refuse use from elsewhere; does nothing before :meth:`bind`.

        Raises:
            WrongLoop: Another loop runs here, or this is a forked child.

        """
        if self._loop is None:
            return
        # First: in a forked child that continues the parent's coroutine no loop is running.
        if self._process != os.getpid():
            raise WrongLoop(
                "this session was opened before the process forked, and its connections belong to the parent; create a "
                "new AsyncSession in each process"
            )
        if self._loop is not asyncio.get_running_loop():
            raise WrongLoop(
                "this session was opened on another event loop; create one AsyncSession per loop (inside the coroutine "
                "that asyncio.run() gets, not at import), and do not share it between threads"
            )


class ServerInfo:
    """What the answers so far have shown about the server.

    Attributes:
        service_version: ``X-MongoDB-Service-Version`` as received last, None while none came.
        page_limit: The largest page the server accepts when the user set no size: 500, or 100 on old releases.

    """

    __slots__ = ("page_limit", "service_version")

    def __init__(self) -> None:
        self.service_version: str | None = None
        self.page_limit = 500


@attrs.frozen(eq=False, repr=False)
class DecodeLocks:
    """Lets long pages be worked on one at a time, in the order they came.

    With many lists in progress several pages arrive in one turn of the loop. Worked on at once, every other task of the
    program would wait for all of them. Who holds ``structure_lock`` first lets the loop turn once, and again after each
    piece of work.

    Attributes:
        decode_lock: Held, before ``structure_lock``, by a page that is still to be decoded. So at most one decoded page
            waits at a time; the others wait as bytes, not as thousands of objects, which the garbage collector would
            look at again and again.
        structure_lock: Held by the page that is worked on.
        threads: Where what is too long for the loop is decoded.

    """

    decode_lock: asyncio.Lock = attrs.field(init=False, factory=asyncio.Lock)
    structure_lock: asyncio.Lock = attrs.field(init=False, factory=asyncio.Lock)
    threads: WorkerThreads = attrs.field(init=False, factory=lambda: WorkerThreads("decoding", _DECODERS))


class Deadlines:
    """The deadlines of the calls in flight, with one timer for all: one for each would take 6 us of a call.

    The timer is set to the earliest deadline seen since it last fired. It may fire once for a call that is
    over.
    """

    def __init__(self) -> None:
        self._ends: dict[asyncio.Timeout, float] = {}
        self._timer: asyncio.Handle | None = None  # uvloop's has no when()
        self._fires_at = math.inf
        self._idle = asyncio.Event()

    def add(self, call: asyncio.Timeout, ends: float) -> None:
        """Watch a call that was just entered.

        Args:
            call: What ends it.
            ends: Loop time of its deadline, infinity for what only :meth:`end_all` ends.

        """
        self._ends[call] = ends
        if ends < self._fires_at:
            self._set(ends)

    def discard(self, call: asyncio.Timeout) -> None:
        """Take note that a call is over."""
        self._ends.pop(call, None)
        if not self._ends:
            self._idle.set()

    def until_ended(self) -> OpenBlock:
        """Make what watches an ``async with`` block that has no deadline of its own."""
        return OpenBlock(self)

    async def end_all(self) -> None:
        """Let every call end now, and wait until it did."""
        now = asyncio.get_running_loop().time()
        for call in self._ends:
            self._end(call, now)
        while self._ends:
            self._idle.clear()
            await self._idle.wait()
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = math.inf

    def _fire(self) -> None:
        self._fires_at = math.inf
        now = asyncio.get_running_loop().time()
        for call, ends in self._ends.items():
            if ends <= now:
                self._end(call, now)
        later = min((ends for ends in self._ends.values() if ends > now), default=math.inf)
        if later < math.inf:
            self._set(later)

    def _set(self, ends: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = ends
        self._timer = asyncio.get_running_loop().call_at(ends, self._fire)

    def _end(self, call: asyncio.Timeout, now: float) -> None:
        if not call.expired():
            call.reschedule(now)


class OpenBlock:
    """Ends an ``async with`` block with :class:`SessionClosed` as soon as :meth:`Deadlines.end_all` is called."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._block = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._block.__aenter__()
        self._deadlines.add(self._block, math.inf)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._block.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise SessionClosed("the session was closed meanwhile; what was done until then is kept") from None
        finally:
            self._deadlines.discard(self._block)


class RestoreLocks:
    """What the views of a session share about restores: one create at a time for each target, and what was started.

    Attributes:
        started: What the session started last, oldest first; ``creating`` fills and reads it.
        count: How many restores it started in all.
        held: The targets that a call holds or waits for.

    """

    def __init__(self) -> None:
        self.started: deque[Any] = deque(maxlen=_REMEMBERED)
        self.count = 0
        self.held: dict[Hashable, TargetLock] = {}

    def hold(self, key: Hashable, check: Callable[[], Awaitable[None]]) -> TargetHold:
        """Wait, on entering, until no other call holds a key, then hold it.

        Entering gives how many restores the session had started before this call waited. A call that is cancelled,
        holding or waiting, lets the next one go.

        Args:
            key: Of the target.
            check: Opens the session on the running loop, or refuses another one: a lock of its own loop would not.

        """
        return TargetHold(self, key, check)


class TargetLock(asyncio.Lock):
    """A lock that knows how many calls hold it or wait for it; without any it is forgotten."""

    calls = 0


class TargetHold:
    """Holds a key while it is entered; see :meth:`RestoreLocks.hold`."""

    def __init__(self, locks: RestoreLocks, key: Hashable, check: Callable[[], Awaitable[None]]) -> None:
        self._locks = locks
        self._key = key
        self._check = check

    async def __aenter__(self) -> int:
        await self._check()
        begun, lock = self._locks.count, self._locks.held.setdefault(self._key, TargetLock())
        lock.calls += 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(lock)
            raise
        return begun

    async def __aexit__(self, *_: object) -> None:
        lock = self._locks.held[self._key]
        lock.release()
        self._leave(lock)

    def _leave(self, lock: TargetLock) -> None:
        lock.calls -= 1
        if not lock.calls:
            del self._locks.held[self._key]
