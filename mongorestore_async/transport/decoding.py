"""When and where an answer is decoded, and the warning where it calls a resource deprecated."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from typing import TYPE_CHECKING

from mongorestore_async.protocol.deprecation import read_notice, resource_of
from mongorestore_async.protocol.replies import read_in_turns, read_reply

if TYPE_CHECKING:
    from mongorestore_async.models.headers import Headers
    from mongorestore_async.protocol.replies import RawReply, Reply
    from mongorestore_async.transport.loop_binding import DecodeLocks
    from mongorestore_async.transport.sender import Call

__all__ = ["SHORT", "decode", "warn_of_deprecation"]

#: Bytes of a body that is decoded as soon as it is there, which takes a tenth of a millisecond.
SHORT = 64 * 1024

#: Bytes of a body that is decoded on the event loop: more takes longer than other tasks should wait.
_MOST_ON_LOOP = 1024 * 1024

_PACKAGE = __name__.partition(".")[0]

_told: set[tuple[str | None, str]] = set()


async def decode(raw: RawReply, call: Call, decode_locks: DecodeLocks) -> Reply:
    """Decode an answer, a large one in a thread; warns, once, where it says that what was called is deprecated.

    Raises:
        RestoreError: As :func:`read_reply` does.

    """
    # Of reads only: every write has one before it, and a warning that a filter makes an error must not cost the answer
    # to a create.
    if call.method == "GET":
        warn_of_deprecation(raw.headers, family=call.family, path=call.path)
    if len(raw.body) <= SHORT:
        return read_reply(raw, enveloped=call.enveloped, decode_list=call.decode_list)
    if len(raw.body) <= _MOST_ON_LOOP:
        async with decode_locks.decode_lock, decode_locks.structure_lock:
            await asyncio.sleep(0)
            for reply in read_in_turns(raw, enveloped=call.enveloped, decode_list=call.decode_list):
                if reply is not None:
                    return reply
                await asyncio.sleep(0)
    threads = decode_locks.threads
    return await threads.run(read_reply, raw, enveloped=call.enveloped, decode_list=call.decode_list)


def warn_of_deprecation(headers: Headers, *, family: str | None, path: str) -> None:
    """Warn of a resource that an answer calls deprecated, once per process, family and resource.

    Args:
        headers: Of the answer, a success or an error.
        family: Name of the product family that was called, or None.
        path: What was called, with placeholders.

    """
    notice = read_notice(headers)
    if notice is None:
        return
    key = family, resource_of(path)
    if key in _told:
        return
    _told.add(key)
    warnings.warn(notice.warning(*key), stacklevel=_users_level())


def _users_level() -> int:
    """How far up the stack the first frame outside this package is."""
    level, frame = 1, inspect.currentframe()
    frame = None if frame is None else frame.f_back
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    return level
