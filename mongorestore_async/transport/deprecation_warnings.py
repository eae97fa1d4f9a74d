"""Telling users what answers say about the end of what they call."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING

from mongorestore_async.protocol.deprecation import read_notice, resource_of

if TYPE_CHECKING:
    from mongorestore_async.protocol.replies import RawReply
    from mongorestore_async.transport.sender import Call

__all__ = ["tell_deprecation"]

_PACKAGE = __name__.partition(".")[0]

_told: set[tuple[str | None, str]] = set()


def tell_deprecation(call: Call, raw: RawReply) -> None:
    """Warn of what an answer says to be deprecated, once in a process for each family and resource.

    Only answers to reads are looked at: every write has one before it, and a warning that a filter makes an error must
    not cost the answer to a create.

    Args:
        call: What was called.
        raw: Its answer, a success or an error.

    """
    if call.method != "GET":
        return
    notice = read_notice(raw.headers)
    if notice is None:
        return
    key = call.family, resource_of(call.path)
    if key in _told:
        return
    _told.add(key)
    warnings.warn(notice.warning(*key), stacklevel=_users_level())


def _users_level() -> int:
    """How far up the stack the code is that is not ours."""
    level, frame = 1, inspect.currentframe()
    frame = None if frame is None else frame.f_back
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        level, frame = level + 1, frame.f_back
    return level
