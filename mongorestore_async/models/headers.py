"""Header fields of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mongorestore_async.models.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Headers"]


_SENSITIVE = frozenset(
    {
        "authentication-info",
        "authorization",
        "content-location",
        "cookie",
        "location",  # of a download: the key stands in it
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "set-cookie",
        "www-authenticate",
    }
)


class Headers(Mapping[str, str]):
    """Header fields, read-only, found by name without regard to case (RFC 9110 section 5.1).

    ``headers[name]`` is the first field of that name, :meth:`getall` has all of them. Values that carry
    credentials are :class:`Secret`: usable, but redacted in every representation of this object.
    """

    __slots__ = ("_fields", "_names")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        by_name: dict[str, tuple[str, ...]] = {}
        names: dict[str, str] = {}
        for name, value in fields:
            key = name.lower()
            names.setdefault(key, name)
            by_name[key] = (*by_name.get(key, ()), Secret(value) if key in _SENSITIVE else value)
        self._fields = by_name
        self._names = names

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][0]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        """Names in the order and spelling of their first appearance."""
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return self._fields == other._fields if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._fields.items()))

    def __repr__(self) -> str:
        return f"Headers({[(self._names[key], value) for key, values in self._fields.items() for value in values]!r})"

    def getall(self, name: str) -> tuple[str, ...]:
        """Every value of the fields of this name in the order received; empty when there is none."""
        return self._fields.get(name.lower(), ())
