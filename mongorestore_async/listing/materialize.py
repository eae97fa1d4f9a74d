"""Structuring a page without holding up the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from mongorestore_async.codec.list_documents import DecodedItems
from mongorestore_async.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mongorestore_async.transport.loop_binding import DecodeLocks

__all__ = ["FEW", "materialize", "read_in_slices", "rest", "slices"]

ItemT = TypeVar("ItemT")

#: Items worked on between two turns of the loop, half a millisecond of jobs: JSON values to be structured, and
#: decoded ones, which cost less.
_SLICE, _DECODED_SLICE = 20, 250

#: Items of a page that waits for no other: as cheap as the waiting.
FEW = 50


async def rest(length: int) -> None:
    """Let other tasks run before the user gets so many items: it may process all of them at once."""
    if length > FEW:
        await asyncio.sleep(0)


def slices(items: Sequence[ItemT], length: int = _DECODED_SLICE) -> Iterator[Sequence[ItemT]]:
    """Cut a page into what may be worked on between two turns of the loop."""
    return (items[start : start + length] for start in range(0, len(items), length))


async def materialize(items: Sequence[ItemT], decode_locks: DecodeLocks) -> tuple[ItemT, ...]:
    """Make the items of a page that become models when they are accessed; other tasks run before each slice."""
    if isinstance(items, tuple):
        return items
    if len(items) <= FEW:
        return tuple(items)
    made: list[ItemT] = []
    async with decode_locks.structure_lock:
        for part in slices(items):
            await asyncio.sleep(0)
            made += part
    return tuple(made)


async def read_in_slices(
    read: Callable[[Sequence[Any]], Sequence[ItemT]], results: Sequence[Any], decode_locks: DecodeLocks
) -> Sequence[ItemT]:
    """Structure the items of a page; other tasks run before each slice.

    Args:
        read: Structures items.
        results: The items as received.
        decode_locks: Those of the session, for long pages.

    Raises:
        DataError: An item does not fit.

    """
    if isinstance(results, DecodedItems) or len(results) <= _SLICE:
        return read(results)
    made: list[ItemT] = []
    try:
        async with decode_locks.structure_lock:
            for part in slices(results, _SLICE):
                await asyncio.sleep(0)
                made += read(part)
    except DataError:
        pass
    else:
        return tuple(made)
    # Once more as a whole: the error names places in the whole page.
    return await decode_locks.threads.run(read, results)
