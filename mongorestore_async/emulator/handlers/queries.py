"""Query parameters (``restore-jobs`` section 2). Unknown ones are ignored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.emulator.choices import OverMax
from mongorestore_async.emulator.documents import Refusal

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["PageQuery", "flag"]

_NUMBER = re.compile(r"[0-9]{1,9}")
_WORDS = {"true": True, "false": False}


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """A boolean parameter.

    Raises:
        Refusal: It is neither ``true`` nor ``false``.

    """
    text = request.query.get(name)
    if text is None:
        return default
    if text not in _WORDS:
        raise Refusal("INVALID_QUERY_PARAMETER", name)
    return _WORDS[text]


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if _NUMBER.fullmatch(text) is None or int(text) < 1:
        raise Refusal("INVALID_QUERY_PARAMETER", name)
    return int(text)


@attrs.frozen
class PageQuery:
    """Which page was asked for.

    Attributes:
        number: ``pageNum``, from 1.
        asked: ``itemsPerPage`` as sent, or its default.
        size: How long a page really is.
        with_count: Whether ``totalCount`` is wanted.

    """

    number: int
    asked: int
    size: int
    with_count: bool

    @classmethod
    def read(cls, request: web.Request, settings: EmulatorSettings) -> PageQuery:
        """Read it from a request.

        Raises:
            Refusal: A parameter is malformed or out of range.

        """
        number = _number(request, "pageNum", 1)
        asked = _number(request, "itemsPerPage", min(100, settings.page_cap))
        if asked > settings.page_cap and settings.over_max is OverMax.ERROR:
            raise Refusal("INVALID_QUERY_PARAMETER", "itemsPerPage")
        size = min(asked, settings.page_cap, settings.page_clamp or asked)
        return cls(number, asked, size, flag(request, "includeCount", default=True))

    def within(self, total: int, *, clamped: bool) -> PageQuery:
        """The page that is answered: this one, or the last one for a server that clamps."""
        last = max(1, -(-total // self.size))
        return attrs.evolve(self, number=last) if clamped and self.number > last else self

    @property
    def start(self) -> int:
        """Position of its first item in the whole list."""
        return (self.number - 1) * self.size
