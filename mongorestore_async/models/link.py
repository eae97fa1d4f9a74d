"""Links of the API's documents (RFC 8288 relations)."""

from typing import TYPE_CHECKING

import attrs

from mongorestore_async.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Link", "find_link"]


@attrs.frozen
class Link:
    """One link. Information only: its host may be another one than was asked, so requests never follow it.

    Attributes:
        href: Target as received, never rewritten.
        rel: Relation: a word such as ``self``, or a URL such as ``http://mms.mongodb.com/snapshot``; empty
            when the answer gave none.

    """

    __repr__ = shown

    href: str
    rel: str = ""

    @property
    def name(self) -> str:
        """Last path segment of ``rel``: the part on which v1.0 and v2 agree (``snapshot``, ``self``, ...)."""
        return self.rel.rstrip("/").rpartition("/")[2]


def find_link(links: "Iterable[Link]", name: str) -> Link | None:
    """Return the first link whose :attr:`Link.name` is ``name``, or None."""
    return next((link for link in links if link.name == name), None)
