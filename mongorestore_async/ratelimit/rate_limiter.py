"""The rate limits of a session: which queues a call passes before it is sent, and what its answer teaches them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from mongorestore_async.errors import ApiError
from mongorestore_async.families.rate_limit import RateLimit
from mongorestore_async.protocol.rate_limit_headers import rate_remaining, told_bucket
from mongorestore_async.ratelimit.limit_queue import LimitQueue
from mongorestore_async.ratelimit.shared_limits import RedisCounters

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.ratelimit.shared_limits import SharedLimits

__all__ = ["MAX_QUEUES", "Admission", "RateLimiter"]

#: Queues that are remembered. A dropped one starts counting from zero, which the server's answers correct.
MAX_QUEUES = 2000

#: A refusal with this code concerns the address of the machine: all calls of the session, which share this queue.
_BY_ADDRESS = "RATE_LIMITED_IP"
_ADDRESS = None, ""


#: Permission for one try of a call: the queues it passed, and how many pauses there were before.
Admission: TypeAlias = tuple[tuple[LimitQueue, ...], int]


class RateLimiter:
    """The rate limits of a session and its views.

    A call is named by the limit that it falls under, None if none is known, and the project it is about, None for none.

    Args:
        rule: Which limits to keep to; see :class:`~mongorestore_async.Options`.
        shared: Where they are shared with other processes, None for nowhere.

    """

    def __init__(
        self,
        rule: Literal["adaptive", "documented"] | RateLimit | Mapping[Any, RateLimit | None] | None,
        shared: SharedLimits | None = None,
    ) -> None:
        self._off = rule is None
        self._from_start = rule is not None and rule != "adaptive"
        # A limit chosen by the user is kept, whatever the server says, and so is None (no limit). A limit per project
        # means no limit for calls without a project. Documented limits are corrected by the server.
        chosen = (rule, None) if isinstance(rule, RateLimit) else rule.values() if isinstance(rule, Mapping) else ()
        self._chosen = frozenset(chosen)
        self._counters = None if shared is None else RedisCounters(shared)
        self._queues: OrderedDict[tuple[RateLimit | None, str | None], LimitQueue] = OrderedDict()
        self._generation = 0
        self._free: Admission = (), 0  # that of all calls for which no limit is known

    def try_admit(self, limit: RateLimit | None, project: str | None) -> Admission | None:
        """Admit a call at once, or give None if it has to wait: then :meth:`admit` it."""
        queues = self._queues_of(limit, project)
        if not queues:
            return self._free
        now = asyncio.get_running_loop().time()
        for queue in queues:
            if not queue.is_open(now):
                return None
        for queue in queues:
            queue.enter(now)
        return queues, self._generation

    async def admit(self, limit: RateLimit | None, project: str | None, ends: float) -> Admission:
        """Admit a call when its turn has come; ``ends`` is the loop time of its deadline.

        Raises:
            RateLimited: Its turn comes after the deadline; ``status`` is 0, nothing was sent.

        """
        queues = self._queues_of(limit, project)
        with contextlib.ExitStack() as undo:
            for queue in queues:
                counted = await queue.enter_in_turn(ends)
                undo.callback(queue.withdraw, counted)
            undo.pop_all()
        return queues, self._generation

    def finish(
        self,
        admission: Admission,
        limit: RateLimit | None,
        project: str | None,
        headers: Mapping[str, str] | None,
        error: BaseException | None,
    ) -> None:
        """End a try that was admitted, and learn from its answer.

        Args:
            admission: Its permission.
            limit: As it was admitted with.
            project: As it was admitted with.
            headers: Header fields of the answer, None if the API did not answer.
            error: What it ended with, None for a success.

        """
        queues, admitted = admission
        for queue in queues:
            queue.leave()
        if headers is None or self._off:
            return
        tells = "RateLimit-Remaining" in headers and (limit is not None or bool(queues))
        if tells and (remaining := rate_remaining(headers)) is not None:
            queue = queues[0] if limit is None else self._queue(limit, project)
            now = asyncio.get_running_loop().time()
            queue.update_remaining(remaining, now, trusted=limit not in self._chosen)
        if isinstance(error, ApiError) and error.holds_others:
            self._pause(admitted, limit, project, error)
        elif error is None or (isinstance(error, ApiError) and error.status < 500):  # noqa: PLR2004
            for queue in queues:
                queue.succeed(admitted)

    async def close(self) -> None:
        """Close the connections to where limits are shared."""
        if self._counters is not None:
            await self._counters.close()

    def _pause(self, admitted: int, limit: RateLimit | None, project: str | None, error: ApiError) -> None:
        now = asyncio.get_running_loop().time()
        queue = self._queue(*(_ADDRESS if error.error_code == _BY_ADDRESS else (limit, project)))
        self._generation += 1
        self._free = (), self._generation
        queue.refuse(error.retry_after, now, admitted=admitted, current=self._generation)
        told = told_bucket(error.error_code, error.parameters)
        if told is not None and limit not in self._chosen:
            queue.replace_limit(told, self._counter(told, project))
            queue.update_remaining(0, now, trusted=False)

    def _queues_of(self, limit: RateLimit | None, project: str | None) -> tuple[LimitQueue, ...]:
        """Find the queues a call passes: of its limit and project, then of the address; none where none is known."""
        kept = limit is not None and self._from_start
        if not kept and not self._queues:
            return ()
        own = self._queue(limit, project) if kept else self._known(_key(limit, project))
        address = self._known(_ADDRESS)
        return tuple(queue for queue in (own, address) if queue is not None)

    def _known(self, key: tuple[RateLimit | None, str | None]) -> LimitQueue | None:
        queue = self._queues.get(key)
        if queue is not None:
            self._queues.move_to_end(key)  # the one used last is forgotten last
        return queue

    def _queue(self, limit: RateLimit | None, project: str | None) -> LimitQueue:
        """Find the queue of a limit and project, or make it."""
        key = _key(limit, project)
        queue = self._known(key)
        if queue is None:
            self._forget()
            queue = self._queues[key] = LimitQueue(limit, self._counter(limit, project))
        return queue

    def _counter(self, limit: RateLimit | None, project: str | None) -> Callable[[], Awaitable[float]] | None:
        return None if limit is None or self._counters is None else self._counters.counter(limit, project or "")

    def _forget(self) -> None:
        """Make room for one more queue: drop the idle ones, else the oldest empty one."""
        now = asyncio.get_running_loop().time()
        while self._queues and next(iter(self._queues.values())).is_idle(now):
            self._queues.popitem(last=False)
        if len(self._queues) >= MAX_QUEUES:
            unused = (key for key, queue in self._queues.items() if not queue.pending and not queue.waiting)
            if (oldest := next(unused, None)) is not None:
                del self._queues[oldest]


def _key(limit: RateLimit | None, project: str | None) -> tuple[RateLimit | None, str | None]:
    return limit, project if limit is None or limit.scope == "project" else None
