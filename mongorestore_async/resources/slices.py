"""Structuring a page without holding up the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.transport import Workbench

__all__ = ["read_in_slices", "rest"]

ItemT = TypeVar("ItemT")

#: Items structured between two turns of the loop: about a third of a millisecond of jobs.
_SLICE = 100

#: Items of a page that waits for no other: as cheap as the waiting.
_FEW = 50


async def rest(items: Sequence[object]) -> None:
    """Let other tasks run before the caller gets a long page: it may look at all of it, and frees the one before."""
    if len(items) > _FEW:
        await asyncio.sleep(0)


async def read_in_slices(
    read: Callable[[Sequence[Any]], Sequence[ItemT]], results: Sequence[Any], bench: Workbench
) -> tuple[ItemT, ...]:
    """Structure the items of a page; other tasks run before each slice.

    Args:
        read: Structures items.
        results: The items as received.
        bench: Where the session works on its pages.

    Raises:
        DataError: An item does not fit.

    """
    items: list[ItemT] = []
    try:
        if len(results) <= _FEW:
            return tuple(read(results))
        async with bench.table:
            for start in range(0, len(results), _SLICE):
                await asyncio.sleep(0)
                items += read(results[start : start + _SLICE])
    except DataError:
        pass
    else:
        return tuple(items)
    # Once more as a whole: the error tells places in the whole page.
    return tuple(await asyncio.to_thread(read, results))
