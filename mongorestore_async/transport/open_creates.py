"""Creates whose outcome is open, kept where they outlive their callers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from mongorestore_async.errors import MaybeCreated, RequestContext

__all__ = ["OpenCreates", "SendState", "watch_connecting"]

#: Creates that are kept; beyond them the oldest is dropped.
_MOST = 100

#: Ids of jobs that are known to come from another create.
_MOST_IDS = 10_000


@attrs.define(eq=False, repr=False)
class SendState:
    """Whether the server may have acted on a call. A cancelled caller has no other way to know.

    Attributes:
        open: Whether a request of it may have gone out, and no answer came that says that nothing was done.
        connecting: Whether its request still waits for a connection, so that nothing of it was written.
        context: The call as errors show it, None before a request was handed over.

    """

    open: bool = False
    connecting: bool = False
    context: RequestContext | None = None
    _was_open: bool = False

    def begin(self, context: RequestContext) -> None:
        """Take note that a request is handed over.

        Args:
            context: The call as errors show it.

        """
        self._was_open, self.open, self.connecting, self.context = self.open, True, False, context

    def end(self, *, never_sent: bool) -> bool:
        """Take note that a request ended, with an answer or without; returns whether nothing of it was written.

        Args:
            never_sent: Whether its error says so.

        """
        if never_sent or self.connecting:
            self.open = self._was_open
            return True
        return False


class OpenCreates:
    """The creates of a session whose outcome is open, oldest first; the views of a session share one.

    What one create is known to have started is no evidence for another one: those ids are kept as well.
    """

    def __init__(self) -> None:
        self._errors: dict[object, MaybeCreated] = {}
        self._keys: dict[object, Hashable] = {}
        self._owners: dict[str, object] = {}  # by job id; only while a create is open

    def __iter__(self) -> Iterator[MaybeCreated]:
        return iter(tuple(self._errors.values()))

    def of(self, key: Hashable) -> list[MaybeCreated]:
        """Give the open creates of one key, oldest first.

        Args:
            key: As for :meth:`add`.

        """
        return [error for create, error in self._errors.items() if self._keys[create] == key]

    def add(self, create: object, error: MaybeCreated, key: Hashable = None) -> None:
        """Keep a create whose outcome is open.

        Args:
            create: Stands for it.
            error: Says what happened; its ``reconcile()`` calls :meth:`settle`.
            key: Of its target: who starts another restore into that asks for this one first.

        """
        self._errors[create], self._keys[create] = error, key
        if len(self._errors) > _MOST:
            oldest = next(iter(self._errors))
            del self._errors[oldest], self._keys[oldest]

    def settle(self, create: object, job_ids: Iterable[str]) -> None:
        """Note what a create has started, which is then no longer open.

        Args:
            create: Stands for it.
            job_ids: Its jobs.

        """
        self._errors.pop(create, None)
        self._keys.pop(create, None)
        if not self._errors:
            self._owners.clear()
            return
        for job_id in job_ids:
            self._owners[job_id] = create
        while len(self._owners) > _MOST_IDS:
            del self._owners[next(iter(self._owners))]

    def belongs_to_another(self, create: object, job_id: str) -> bool:
        """Whether a job is known to come from another create than this one."""
        return self._owners.get(job_id, create) is not create


def watch_connecting(state: SendState) -> aiohttp.TraceConfig:
    """Make a trace that notes in a state whether its request still waits for a connection."""

    async def begin(*_: object) -> None:
        state.connecting = True

    async def end(*_: object) -> None:
        state.connecting = False

    watch = aiohttp.TraceConfig()
    watch.on_request_start.append(begin)
    watch.on_connection_create_end.append(end)
    watch.on_connection_reuseconn.append(end)
    return watch
