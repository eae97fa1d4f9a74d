"""Values that must not be shown: secret strings, and documents that may hold some."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MAX_DEPTH",
    "REDACTED",
    "SECRET_FIELDS",
    "RawDocument",
    "RawList",
    "Secret",
    "UndecodedItem",
    "conceal",
    "is_deeper",
    "redact",
    "reveal",
]

REDACTED = "**redacted**"

#: How many objects and arrays may stand inside one another. The APIs use six; whatever is nested deeper
#: than this is hostile, and is replaced by a placeholder before it exhausts the stack.
MAX_DEPTH = 100

#: Members of API documents whose value is a credential: a download URL holds its key in the path
#: (Ops Manager, Cloud Manager) or in the query (presigned), ``authValue`` is a bearer token.
SECRET_FIELDS = frozenset(
    {
        "agentApiKey",
        "authValue",
        "deliveryUrl",
        "downloadUrl",
        "snapshotUrl",
        "url",
        "urlV2",
        "password",
        "privateKey",
        "private_key",
        "access_token",
        "client_secret",
        "clientSecret",
        "token",
    }
)


class Secret(str):
    """A string whose ``repr``, pickle and traceback output are redacted; ``str(secret)`` is the value itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __reduce_ex__(self, protocol: object) -> tuple[type[Secret], tuple[str]]:
        return Secret, (REDACTED,)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


def is_deeper(value: Any, levels: int) -> bool:
    """Whether more than so many arrays and objects stand inside one another."""
    level = [value]
    for _ in range(levels):
        level = [
            item
            for inner in level
            if isinstance(inner, (dict, list))
            for item in cast("list[Any]", inner.values() if isinstance(inner, dict) else inner)
        ]
        if not level:
            return False
    return any(isinstance(inner, (dict, list)) for inner in level)


def redact(value: Any) -> Any:
    """Copy a JSON value with everything below a secret member replaced by a placeholder."""
    return _copy(value, hidden=False, redacted=True, depth=0)


def conceal(value: Any) -> Any:
    """Wrap a received JSON value, without copying it, so that its ``repr`` and pickle are redacted.

    An object becomes a :class:`RawDocument`, an array (a tuple counts as one) a :class:`RawList`, a bare string
    a :class:`Secret`: in place of a document there may be anything.
    """
    array = list(cast("Sequence[Any]", value)) if isinstance(value, tuple) else value
    return _wrap(array, secret=isinstance(value, str))


def reveal(value: Any) -> Any:
    """Give the received value itself, not a copy, out of the wrapper that :func:`conceal` put around it."""
    return _Raw.opened(value)


def _copy(value: Any, *, hidden: bool, redacted: bool, depth: int) -> Any:
    """Copy a JSON value into plain dictionaries and lists.

    ``hidden`` is set below a secret member, and counts only with ``redacted``.
    """
    if isinstance(value, Mapping):
        if redacted and depth >= MAX_DEPTH:
            return REDACTED
        members = cast("Mapping[str, Any]", value)
        return {
            key: _copy(item, hidden=hidden or key in SECRET_FIELDS, redacted=redacted, depth=depth + 1)
            for key, item in members.items()
        }
    if isinstance(value, (list, tuple, RawList)):
        if redacted and depth >= MAX_DEPTH:
            return REDACTED
        items = cast("Sequence[Any]", value)
        return [_copy(item, hidden=hidden, redacted=redacted, depth=depth + 1) for item in items]
    if redacted and hidden and value is not None and not isinstance(value, bool):
        return REDACTED
    return value


def _wrap(value: Any, *, secret: bool) -> Any:
    if isinstance(value, dict):
        return RawDocument(cast("dict[str, Any]", value), secret=secret)
    if isinstance(value, list):
        return RawList(cast("Sequence[Any]", value), secret=secret)
    return Secret(value) if secret and isinstance(value, str) else value


class _Raw:
    """What a received object and a received array have in common: the value, and whether it is secret as a whole."""

    __slots__ = ("_secret", "_value")

    _value: Any
    _secret: bool

    def __init__(self, value: Any, *, secret: bool = False) -> None:
        self._value = _Raw.opened(value)
        self._secret = secret

    @staticmethod
    def opened(value: Any) -> Any:
        """Return the value below the wrapper, or a value that has none as it is."""
        return value._value if isinstance(value, _Raw) else value  # noqa: SLF001

    def _copied(self, *, redacted: bool) -> Any:
        return _copy(self._value, hidden=self._secret, redacted=redacted, depth=0)

    def __eq__(self, other: object) -> bool:
        return bool(self._value == _Raw.opened(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._copied(redacted=True)!r})"

    def __reduce_ex__(self, protocol: object) -> tuple[type[_Raw], tuple[Any]]:
        return type(self), (self._copied(redacted=True),)

    def __copy__(self) -> _Raw:
        return self

    def __deepcopy__(self, memo: object) -> _Raw:
        return self


class RawDocument(_Raw, Mapping[str, Any]):
    """A JSON object as it was received, read-only at every depth.

    Equal to the plain document. Values asked for by name are the received ones, secrets (as
    :class:`Secret`) included; ``repr`` and pickle redact them.
    """

    __slots__ = ()

    def __init__(self, value: Mapping[str, Any], *, secret: bool = False) -> None:
        super().__init__(value, secret=secret)

    @staticmethod
    def of(members: dict[str, Any]) -> RawDocument:
        """Wrap an object that is known to be a plain one, in a third of the time the constructor takes."""
        document = object.__new__(RawDocument)
        document._value = members
        document._secret = False
        return document

    def __getitem__(self, key: str) -> Any:
        return _wrap(self._value[key], secret=self._secret or key in SECRET_FIELDS)

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def to_dict(self, *, redacted: bool = True) -> dict[str, Any]:
        """Copy the document into plain dictionaries and lists; secrets are replaced unless told otherwise."""
        return cast("dict[str, Any]", self._copied(redacted=redacted))


class RawList(_Raw, Sequence[Any]):
    """A JSON array inside a :class:`RawDocument`, read-only; equal to the plain list."""

    __slots__ = ()

    def __init__(self, value: Sequence[Any], *, secret: bool = False) -> None:
        super().__init__(value, secret=secret)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> RawList: ...
    def __getitem__(self, index: int | slice) -> Any:
        return _wrap(self._value[index], secret=self._secret)

    def __len__(self) -> int:
        return len(self._value)


class UndecodedItem:
    """An item of a list as it was received, not decoded yet; ``repr`` and pickle are those of a redacted document."""

    __slots__ = ()

    def encoded(self) -> bytes:
        """Give its JSON text, known to be readable."""
        raise NotImplementedError

    def opened(self) -> RawDocument:
        """Decode it."""
        return RawDocument.of(json.loads(self.encoded()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({REDACTED!r})"

    __str__ = __repr__

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return self.opened().__reduce_ex__(protocol)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self
