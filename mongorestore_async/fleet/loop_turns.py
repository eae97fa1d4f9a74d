"""How much a fleet does in one turn of the event loop."""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["LoopTurns"]

#: Tasks that go on in one turn of the loop.
_AT_ONCE = 4


class LoopTurns:
    """Lets few tasks go on in one turn of the loop, in the order they came.

    Answers often arrive together. If all tasks that wait for one worked in the same turn, whatever else runs in the
    loop would wait for all of them.
    """

    def __init__(self) -> None:
        self._left = _AT_ONCE
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        """Wait for a turn with room; where this one has, it does not wait."""
        loop = asyncio.get_running_loop()
        if self._left == _AT_ONCE:
            loop.call_soon(self._begin)
        if self._left:
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _begin(self) -> None:
        """Let as many go on in the next turn."""
        self._left = _AT_ONCE
        while self._left and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # its task was cancelled
                turn.set_result(None)
                self._left -= 1
        if self._left < _AT_ONCE:
            asyncio.get_running_loop().call_soon(self._begin)
