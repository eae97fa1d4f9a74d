"""Warnings about deprecated resources."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING

from mongorestore_async.protocol.deprecation import read_notice, resource_of

if TYPE_CHECKING:
    from mongorestore_async.models.headers import Headers

__all__ = ["warn_of_deprecation"]

_PACKAGE = __name__.partition(".")[0]

_told: set[tuple[str | None, str]] = set()


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
