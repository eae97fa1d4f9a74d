"""Structuring a page without holding up the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["read_in_slices"]

ItemT = TypeVar("ItemT")

#: Items structured between two turns of the loop: less than a millisecond of jobs.
_SLICE = 100


async def read_in_slices(read: Callable[[Sequence[Any]], Sequence[ItemT]], results: Sequence[Any]) -> tuple[ItemT, ...]:
    """Structure the items of a page; other tasks run in between.

    Args:
        read: Structures items.
        results: The items as received.

    Raises:
        DataError: An item does not fit.

    """
    items: list[ItemT] = []
    try:
        if len(results) <= _SLICE:
            return tuple(read(results))
        # In turns of their own also before and after: there the page is decoded, and looked at by the caller.
        await asyncio.sleep(0)
        for start in range(0, len(results), _SLICE):
            items += read(results[start : start + _SLICE])
            await asyncio.sleep(0)
    except DataError:
        pass
    else:
        return tuple(items)
    # Once more as a whole: the error tells places in the whole page.
    return tuple(await asyncio.to_thread(read, results))
