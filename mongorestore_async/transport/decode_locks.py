"""Where a session decodes and structures its pages, one after the other."""

from __future__ import annotations

import asyncio

import attrs

__all__ = ["DecodeLocks"]


@attrs.frozen(eq=False, repr=False)
class DecodeLocks:
    """Lets long pages be worked on one at a time, in the order they came.

    With many lists under way several pages arrive in one turn of the loop. Worked on at once, every other task of the
    program would wait for all of them. Who holds ``structure_lock`` first lets the loop turn once, and again after each
    piece of work.

    Attributes:
        decode_lock: Held, before ``structure_lock``, by a page that is still to be decoded. So at most one decoded page
            waits at a time; the others wait as bytes, not as thousands of objects, which the garbage collector would
            look at again and again.
        structure_lock: Held by the page that is worked on.

    """

    decode_lock: asyncio.Lock = attrs.field(init=False, factory=asyncio.Lock)
    structure_lock: asyncio.Lock = attrs.field(init=False, factory=asyncio.Lock)
