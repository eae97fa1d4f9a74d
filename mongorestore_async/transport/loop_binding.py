"""What the calls of a session share on its loop: the loop itself, deadlines, slots, locks, and what the server said."""

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
    "Deadline",
    "Deadlines",
    "DecodeLocks",
    "LoopBinding",
    "OpenBlock",
    "RestoreLocks",
    "ServerInfo",
    "Slots",
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
        self.page_limit: int = 500


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
        self._open: dict[Deadline, None] = {}
        self._timer: asyncio.Handle | None = None  # uvloop's has no when()
        self._fires_at = math.inf
        self._idle = asyncio.Event()

    def add(self, deadline: Deadline) -> None:
        """Watch a block that was just entered."""
        self._open[deadline] = None
        if deadline.ends < self._fires_at:
            self._set(deadline.ends)

    def discard(self, deadline: Deadline) -> None:
        """Take note that a block was left."""
        self._open.pop(deadline, None)
        if not self._open:
            self._idle.set()

    def until_ended(self) -> OpenBlock:
        """Make what watches an ``async with`` block that has no deadline of its own."""
        return OpenBlock(self)

    async def end_all(self) -> None:
        """Let every block end now, and wait until it did."""
        # What was to run before this may still end a block as it should end.
        asyncio.get_running_loop().call_soon(self._end, math.inf)
        while self._open:
            self._idle.clear()
            await self._idle.wait()
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = math.inf

    def _end(self, now: float) -> None:
        for deadline in self._open:
            if deadline.ends <= now:
                deadline.end()

    def _fire(self) -> None:
        self._fires_at = math.inf
        now = asyncio.get_running_loop().time()
        self._end(now)
        later = min((deadline.ends for deadline in self._open if deadline.ends > now), default=math.inf)
        if later < math.inf:
            self._set(later)

    def _set(self, ends: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = ends
        self._timer = asyncio.get_running_loop().call_at(ends, self._fire)


class Deadline:
    """Ends a ``with`` block of a task with :class:`TimeoutError`, as :func:`asyncio.timeout` does.

    A cancellation of the task that comes from elsewhere stays one, also where both come at once.

    Attributes:
        ends: Loop time, infinity for what only :meth:`Deadlines.end_all` ends.

    """

    __slots__ = ("_cancelled", "_cancelling", "_deadlines", "_task", "ends")

    _task: asyncio.Task[Any]

    def __init__(self, deadlines: Deadlines, ends: float) -> None:
        self._deadlines = deadlines
        self.ends: float = ends
        self._cancelled = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("calls are made in tasks: run this coroutine with asyncio.run() or a task of its own")
        self._task = task
        self._cancelling = task.cancelling()
        self._deadlines.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._deadlines.discard(self)
        # As many cancellations as before: nobody else asked for one.
        if self._cancelled and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def end(self) -> None:
        """End the block now; a second call does nothing."""
        if not self._cancelled:
            self._cancelled = True
            self._task.cancel()


class OpenBlock:
    """Ends an ``async with`` block with :class:`SessionClosed` as soon as :meth:`Deadlines.end_all` is called."""

    def __init__(self, deadlines: Deadlines) -> None:
        self._block = Deadline(deadlines, math.inf)

    async def __aenter__(self) -> None:
        self._block.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._block.__exit__(kind, error, traceback)
        except TimeoutError:
            raise SessionClosed("the session was closed meanwhile; what was done until then is kept") from None


class Slots:
    """As many calls in flight as there are slots: a number while some are free, and a line of those who wait for one.

    Nobody waits while a slot is free: those who come later take none before those who came first.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting = 0
        self._line = asyncio.Semaphore(0)

    def take(self) -> bool:
        """Take a slot if one is free."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Take a slot, after those who wait already."""
        self._waiting += 1
        try:
            await self._line.acquire()
        finally:
            self._waiting -= 1

    def release(self) -> None:
        """Give a slot back, to the first who waits."""
        if self._waiting:
            self._line.release()
        else:
            self._free += 1


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
