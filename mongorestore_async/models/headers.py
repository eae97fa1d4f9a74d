"""Header fields of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from multidict import CIMultiDict, CIMultiDictProxy

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

    __slots__ = ("_fields",)

    def __init__(self, fields: CIMultiDictProxy[str] | Iterable[tuple[str, str]] = ()) -> None:
        # What the HTTP library read is kept as it is: of most answers one or two fields are looked at, or none.
        self._fields = fields if isinstance(fields, CIMultiDictProxy) else CIMultiDictProxy(CIMultiDict(fields))

    def __getitem__(self, name: str) -> str:
        return _hidden(name, self._fields[name])

    if not TYPE_CHECKING:  # pragma: no branch - as that of Mapping, which raises an error for a field that is not there

        def get(self, name: str, default: Any = None) -> Any:
            """Give the first field of a name, or a default."""
            value = self._fields.get(name)
            return default if value is None else _hidden(name, value)

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[str]:
        """Names in the order and spelling of their first appearance."""
        names: dict[str, str] = {}
        for name in self._fields:
            names.setdefault(name.lower(), name)
        return iter(names.values())

    def __len__(self) -> int:
        return len({name.lower() for name in self._fields})

    def __eq__(self, other: object) -> bool:
        return self._by_name() == other._by_name() if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._by_name().items()))

    def __repr__(self) -> str:
        return f"Headers({[(name, value) for name in self for value in self.getall(name)]!r})"

    def __reduce__(self) -> tuple[type[Headers], tuple[list[tuple[str, str]]]]:
        return Headers, ([(name, _hidden(name, value)) for name, value in self._fields.items()],)

    def getall(self, name: str) -> tuple[str, ...]:
        """Every value of the fields of this name in the order received; empty when there is none."""
        return tuple(_hidden(name, value) for value in self._fields.getall(name, ()))

    def _by_name(self) -> dict[str, tuple[str, ...]]:
        return {name.lower(): self.getall(name) for name in self._fields}


def _hidden(name: str, value: str) -> str:
    return Secret(value) if name.lower() in _SENSITIVE else value
