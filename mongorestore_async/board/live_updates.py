"""From changes of the state to events: those that come together are one, and all viewers share it."""

from __future__ import annotations

import asyncio
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mongorestore_async.board.board_view import BoardView
from mongorestore_async.board.event_history import EventHistory

if TYPE_CHECKING:
    from mongorestore_async.board.board_state import BoardState

__all__ = ["LiveUpdates"]

#: Seconds in which changes are gathered into one event.
_GATHER = 0.1
#: Seconds until what was put off is drawn, and until bars of running restores grow.
_SOON, _LATER = 1.0, 60.0


class LiveUpdates:
    """Makes events of what changes, and wakes who waits for them.

    Args:
        state: What is shown.

    Attributes:
        view: The page as viewers have it.
        history: The latest events.
        is_closed: Whether the server is closing.

    """

    def __init__(self, state: BoardState) -> None:
        self.view: BoardView = BoardView(state)
        self.history: EventHistory = EventHistory(secrets.token_hex(8))
        self.is_closed: bool = False
        self._touched = asyncio.Event()
        self._news = asyncio.Event()
        self.publish()

    def touch(self) -> None:
        """Say that the state has changed."""
        self._touched.set()

    def publish(self) -> None:
        """Make an event of what changed, if anything did."""
        self._touched.clear()
        html = self.view.refresh(datetime.now(UTC))
        if html:
            self.history.add(html)
            self._wake()

    async def run(self) -> None:
        """Publish changes until cancelled."""
        while True:
            await _wait(self._touched, _SOON if self.view.waits else _LATER)
            await asyncio.sleep(_GATHER)
            self.publish()

    async def news(self, number: int, seconds: float) -> bool:
        """Wait for an event after this one, or for the end; False where neither came in time.

        Events that were made while a slow viewer took the ones before are not waited for.
        """
        return self.is_closed or self.history.number > number or await _wait(self._news, seconds)

    def close(self) -> None:
        """End all streams."""
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False
