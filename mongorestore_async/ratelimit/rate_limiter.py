"""The rate limits of a session: which queues a call passes before it is sent, and what its answer teaches them."""

from __future__ import annotations

import asyncio
import contextlib
import math
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

#: A refusal with this code concerns the address of the machine: all calls of the session.
_BY_ADDRESS = "RATE_LIMITED_IP"


#: Seconds after an answer for which a 503 of a proxy is a call too many, and no service that is down.
_WORKS = 10.0

#: So many projects refused within so many seconds show that the limit is none of a project.
_PROJECTS, _WITHIN = 3, 1.0


#: The queues that a call passed, and when each counted it.
Passed: TypeAlias = tuple[tuple[LimitQueue, float | None], ...]

#: Permission for one try of a call: with how many pauses there were before.
Admission: TypeAlias = tuple[Passed, int]


class RateLimiter:
    """The rate limits of a session and its views.

    A call is named by the limit that it falls under, None if none is known, and the project it is about, None for none.

    Args:
        rule: Which limits to keep to; see :class:`~mongorestore_async.Options`.
        shared: Where they are shared with other processes, None for nowhere.

    Attributes:
        told: What the server told to hold instead of a documented limit, for one project, or for all (None).

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
        self.told: dict[tuple[RateLimit, str | None], RateLimit] = {}
        self._kept: frozenset[RateLimit] = frozenset()  # those of them
        self._counters = None if shared is None else RedisCounters(shared)
        self._queues: OrderedDict[tuple[RateLimit | None, str | None], LimitQueue] = OrderedDict()
        self._address: LimitQueue | None = None  # which all calls pass beside their own
        self._generation = 0
        self._worked_at = -math.inf
        self._free: Admission = (), 0  # that of all calls for which no limit is known

    def keep_to(self, limit: RateLimit, *, instead_of: RateLimit, project: str | None) -> None:
        """Keep to a limit that the server told, from the start.

        Args:
            limit: What holds.
            instead_of: The documented limit it stands for.
            project: The project it holds for, None for all others.

        """
        self.told[instead_of, project] = limit
        self._kept = frozenset(self.told.values())

    def try_admit(self, limit: RateLimit | None, project: str | None) -> Admission | None:
        """Admit a call at once, or give None if it has to wait: then :meth:`admit` it."""
        own, address = self._find(limit, project), self._address
        if own is None and address is None:
            return self._free
        now = asyncio.get_running_loop().time()
        if (own is not None and not own.is_open(now)) or (address is not None and not address.is_open(now)):
            return None
        passed = () if own is None else ((own, own.enter(now)),)
        return (passed if address is None else (*passed, (address, address.enter(now)))), self._generation

    async def admit(self, limit: RateLimit | None, project: str | None, ends: float) -> Admission:
        """Admit a call when its turn has come; ``ends`` is the loop time of its deadline.

        Raises:
            RateLimited: Its turn comes after the deadline; ``status`` is 0, nothing was sent.

        """
        passed: list[tuple[LimitQueue, float | None]] = []
        with contextlib.ExitStack() as undo:
            for queue in (self._find(limit, project), self._address):
                if queue is not None:
                    passed.append((queue, await queue.enter_in_turn(ends)))
                    undo.callback(queue.withdraw, passed[-1][1])
            undo.pop_all()
        return tuple(passed), self._generation

    def withdraw_outdated(self, admission: Admission, limit: RateLimit | None, project: str | None) -> bool:
        """Withdraw a call that was not sent yet if a pause began since it was admitted."""
        passed, admitted = admission
        if admitted == self._generation:
            return False
        queues = self._find(limit, project), self._address
        if not any(queue is not None and queue.backoff.generation > admitted for queue in queues):
            return False
        for queue, counted in passed:
            queue.withdraw(counted)
        return True

    def is_one_too_many(self, error: ApiError) -> bool:
        """Whether an error refuses a call of a server that otherwise works: the call only has to wait for its turn.

        That is a 429, or a 503 of a proxy (as nginx answers unless told otherwise), soon after an answer.
        """
        if self._off or not (error.holds_others or _is_overload(error)):
            return False
        challenged = error.request is not None and error.request.challenges > 0 and error.request.tries == 1
        return challenged or asyncio.get_running_loop().time() - self._worked_at < _WORKS

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
        passed, admitted = admission
        for each, _ in passed:
            each.leave()
        if headers is None or self._off:
            return
        now = asyncio.get_running_loop().time()
        if (remaining := rate_remaining(headers)) is not None:
            queue = self._own(passed, limit, project)
            if queue is not None:
                queue.update_remaining(remaining, now, trusted=limit not in self._chosen)
        if isinstance(error, ApiError) and (error.holds_others or self.is_one_too_many(error)):
            self._pause(admitted, limit, project, error)
        elif error is None or (isinstance(error, ApiError) and error.status < 500):  # noqa: PLR2004
            self._worked_at = now
            for each, _ in passed:
                each.succeed(admitted)
        elif isinstance(error, ApiError) and _is_overload(error):
            for each, _ in passed:
                each.resolve_doubt()

    async def close(self) -> None:
        """Close the connections to where limits are shared."""
        if self._counters is not None:
            await self._counters.close()

    def _pause(self, admitted: int, limit: RateLimit | None, project: str | None, error: ApiError) -> None:
        now, asked, trusted = asyncio.get_running_loop().time(), error.retry_after, limit not in self._chosen
        by_address = error.error_code == _BY_ADDRESS
        queue = self._of_address() if by_address else self._queue(limit, project)
        self._generation += 1
        self._free = (), self._generation
        told = told_bucket(error.error_code, error.parameters)
        if told is not None and trusted:
            queue.replace_limit(told, self._counter(told, project))
            queue.update_remaining(0, now, trusted=False)
        queue.refuse(asked, now, admitted=admitted, current=self._generation, trusted=trusted)
        queue.doubtful = not error.holds_others
        if asked is not None or by_address:
            return
        # The first projects show that the limit is one of the address or the key; then its queue waits, not theirs.
        guessed = [each for each in self._queues.values() if now - each.backoff.guessed < _WITHIN]
        if self._address is not None and self._address.backoff.interval:
            concerns_all = queue.backoff.refusals < _PROJECTS
        else:
            concerns_all = len(guessed) >= _PROJECTS
        if concerns_all:
            for each in guessed:
                each.release()
            address = self._of_address()
            address.refuse(None, now, admitted=admitted, current=self._generation)
            address.doubtful = queue.doubtful

    def _find(self, limit: RateLimit | None, project: str | None) -> LimitQueue | None:
        """Find the queue that a call passes, and make one for a limit that is kept to; None where none is known."""
        kept = limit is not None and (self._from_start or (bool(self._kept) and limit in self._kept))
        if kept:
            return self._queue(limit, project)
        return self._known(_key(limit, project)) if self._queues else None

    def _own(self, passed: Passed, limit: RateLimit | None, project: str | None) -> LimitQueue | None:
        """Find the queue of a call that was admitted, and make one for its limit; None where it has none."""
        if passed and passed[0][0] is not self._address:
            return passed[0][0]
        return None if limit is None else self._queue(limit, project)

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

    def _of_address(self) -> LimitQueue:
        """Give the queue that all calls pass, or make it."""
        if self._address is None:
            self._address = LimitQueue(None)
        return self._address

    def _counter(self, limit: RateLimit | None, project: str | None) -> Callable[[], Awaitable[float]] | None:
        return None if limit is None or self._counters is None else self._counters.counter(limit, project or "")

    def _forget(self) -> None:
        """Make room for one more queue: drop the idle ones, else the oldest empty one."""
        now = asyncio.get_running_loop().time()
        if self._address is not None and self._address.is_idle(now):
            self._address = None
        while self._queues and next(iter(self._queues.values())).is_idle(now):
            self._queues.popitem(last=False)
        if len(self._queues) >= MAX_QUEUES:
            unused = (key for key, queue in self._queues.items() if not queue.pending and not queue.waiting)
            if (oldest := next(unused, None)) is not None:
                del self._queues[oldest]


def _is_overload(error: ApiError) -> bool:
    """Whether it is the 503 of a proxy, without a word on when to come again."""
    return error.status == 503 and error.from_gateway and error.retry_after is None  # noqa: PLR2004


def _key(limit: RateLimit | None, project: str | None) -> tuple[RateLimit | None, str | None]:
    return limit, project if limit is None or limit.scope == "project" else None
