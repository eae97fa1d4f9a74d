"""Values that must not be shown: secret strings, and documents that may hold some."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "MAX_DEPTH",
    "REDACTED",
    "SECRET_FIELDS",
    "HiddenSecret",
    "RawDocument",
    "RawList",
    "Secret",
    "UndecodedItem",
    "conceal",
    "hide",
    "hide_each",
    "is_deeper",
    "is_secret_name",
    "redact",
    "represent",
    "reveal",
    "unhide",
    "without_urls",
]

T = TypeVar("T")

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


#: Names of members the vendor may use next, such as ``urlV3``, ``downloadUrls``, ``authToken``.
_SECRET_NAME = re.compile(
    r"(?:urls?|.*(?:Urls?|URLs?)|(?:.*T|t)okens?|(?:.*S|s)ecrets?|(?:.*P|p)asswords?|(?:.*ApiK|.*APIK|apiK)eys?|.*authValues?)"
    r"(?:_?[vV]?\d+)?"
)

#: A URL in a text, whatever its member is called, also one without a scheme; a connection string without a login is not
#: meant. Then the part of a download link that holds its key.
_URL = re.compile(
    r"(?<![a-z\d+.-])(?!mongodb(?:\+srv)?://[^@\s]*(?:\s|\Z))(?:[a-z][a-z\d+.-]*:)?(?<!/)//\w[^\s\"'<>]*|[^\s\"'<>]*/pull/[^\s\"'<>]*",
    re.IGNORECASE,
)
#: What shows a link, among those that describe a document, to be one for a download.
_KEYED = re.compile(r"/pull/|[?&](?:X-(?:Amz|Goog)-[\w-]+|Signature|sig|token)=", re.IGNORECASE)


_LINKS = "links"


class Secret(str):
    """A string whose ``repr``, pickle and traceback output are redacted; ``str(secret)`` is the value itself.

    So are its slices and what its own methods, ``+`` and ``%`` make of it: programs that print local variables cut long
    strings first. What f-strings and ``join`` make of it is plain text.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __reduce_ex__(self, protocol: object) -> tuple[type[Secret], tuple[str]]:
        return Secret, (REDACTED,)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __radd__(self, before: str) -> Secret:
        return Secret(str(before) + str(self))

    def __rmod__(self, form: str) -> Secret:
        return Secret(str(form) % str(self))


def _kept_secret(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def kept(self: Secret, *args: Any, **named: Any) -> Any:
        made = method(self, *args, **named)
        if isinstance(made, (list, tuple)):
            return type(made)(map(Secret, cast("list[str]", made)))
        return Secret(made) if isinstance(made, str) else made

    return kept


for _name in (
    *("__add__", "__getitem__", "__mod__", "__mul__", "__rmul__", "capitalize", "casefold", "center", "expandtabs"),
    *("format", "format_map", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix"),
    *("replace", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "strip", "swapcase", "title"),
    *("translate", "upper", "zfill"),
):
    setattr(Secret, _name, _kept_secret(getattr(str, _name)))


class HiddenSecret(str):
    """Holds the value of a secret, and reads as the placeholder to whatever takes it for a string.

    Serializers that walk fields, and tools that export local variables as they are, write the text of a :class:`Secret`.
    So models, keys, and the frames of functions that may fail hold this instead: :func:`unhide` gives the value.
    """

    __slots__ = ("_value",)

    _value: Any

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __eq__(self, other: object) -> bool:
        return bool(self._value == other._value) if isinstance(other, HiddenSecret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, tuple[Any]]:
        several = isinstance(self._value, tuple)
        return hide, ((Secret(REDACTED),) * len(self._value) if several else REDACTED,)

    def __copy__(self) -> HiddenSecret:
        return self

    def __deepcopy__(self, memo: object) -> HiddenSecret:
        return self


@overload
def hide(value: None) -> None: ...
@overload
def hide(value: str) -> Secret: ...
@overload
def hide(value: str | None) -> Secret | None: ...
def hide(value: str | None) -> Secret | None:
    """Put a value, whatever it is, into a :class:`HiddenSecret`; nothing, an empty one and a hidden one stay.

    As a converter it makes the fields of models. For type checkers it gives what :func:`unhide` gives back.
    """
    if not value or value.__class__ is HiddenSecret:
        return cast("Secret | None", value)
    hidden = HiddenSecret(REDACTED)
    hidden._value = value  # noqa: SLF001
    return cast("Secret", hidden)


def hide_each(values: Sequence[str]) -> tuple[Secret, ...]:
    """Hide several values in one :class:`HiddenSecret`, as :func:`hide`."""
    return cast(
        "tuple[Secret, ...]",
        cast("Any", hide)(values if isinstance(values, HiddenSecret) else tuple(map(Secret, values))),
    )


def unhide(hidden: T) -> T:
    """Give the value out of a :class:`HiddenSecret`, text as :class:`Secret`; anything else as it is."""
    if not isinstance(hidden, HiddenSecret):
        return hidden
    value = hidden._value  # noqa: SLF001
    return cast("T", Secret(value) if value.__class__ is str else value)


def represent(model: Any) -> str:
    """Write the ``repr`` of a model with hidden fields, under the names its constructor and its users know."""
    shown = (f"{field.alias}={getattr(model, field.name)!r}" for field in model.__attrs_attrs__ if field.repr)
    return f"{type(model).__name__}({', '.join(shown)})"


@functools.lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a credential: one of :data:`SECRET_FIELDS`, or named like one."""
    return name in SECRET_FIELDS or _SECRET_NAME.fullmatch(name) is not None


def without_urls(text: str, *, linked: bool = False) -> str:
    """Replace the URLs in a text; below ``links`` only those that have the form of a download link."""
    if linked:
        return REDACTED if _KEYED.search(text) else text
    return _URL.sub(REDACTED, text) if "//" in text or "/pull/" in text else text


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
    a :class:`HiddenSecret`: in place of a document there may be anything.
    """
    if isinstance(value, (str, bytes)):
        return hide(cast("str", value))
    array = list(cast("Sequence[Any]", value)) if isinstance(value, tuple) else value
    return _wrap(array, secret=False)


def reveal(value: Any) -> Any:
    """Give the received value itself, not a copy, out of the wrapper that :func:`conceal` put around it."""
    return _Raw.opened(value._value if isinstance(value, HiddenSecret) else value)  # noqa: SLF001


def _copy(value: Any, *, hidden: bool, redacted: bool, depth: int, linked: bool = False) -> Any:
    """Copy a JSON value into plain dictionaries and lists.

    ``hidden`` is set below a secret member, ``linked`` below ``links``; both count only with ``redacted``.
    """
    if isinstance(value, Mapping):
        if redacted and depth >= MAX_DEPTH:
            return REDACTED
        members = cast("Mapping[str, Any]", value)
        return {
            key: _copy(
                item,
                hidden=hidden or (redacted and is_secret_name(key)),
                redacted=redacted,
                depth=depth + 1,
                linked=linked or key == _LINKS,
            )
            for key, item in members.items()
        }
    if isinstance(value, (list, tuple, RawList)):
        if redacted and depth >= MAX_DEPTH:
            return REDACTED
        items = cast("Sequence[Any]", value)
        return [_copy(item, hidden=hidden, redacted=redacted, depth=depth + 1, linked=linked) for item in items]
    if redacted and hidden and value is not None and not isinstance(value, bool):
        return REDACTED
    return without_urls(value, linked=linked) if redacted and isinstance(value, str) else value


def _wrap(value: Any, *, secret: bool, linked: bool = False) -> Any:
    if isinstance(value, dict):
        return RawDocument(cast("dict[str, Any]", value), secret=secret, linked=linked)
    if isinstance(value, list):
        return RawList(cast("Sequence[Any]", value), secret=secret, linked=linked)
    return (
        Secret(value) if isinstance(value, str) and (secret or without_urls(value, linked=linked) != value) else value
    )


class _Raw:
    """What a received object and array have in common: the value, whether all of it is secret, or below ``links``."""

    __slots__ = ("_linked", "_secret", "_value")

    _value: Any
    _secret: bool
    _linked: bool

    def __init__(self, value: Any, *, secret: bool = False, linked: bool = False) -> None:
        self._value = _Raw.opened(value)
        self._secret = secret
        self._linked = linked

    @staticmethod
    def opened(value: Any) -> Any:
        """Return the value below the wrapper, or a value that has none as it is."""
        return value._value if isinstance(value, _Raw) else value  # noqa: SLF001

    def _copied(self, *, redacted: bool) -> Any:
        return _copy(self._value, hidden=self._secret, redacted=redacted, depth=0, linked=self._linked)

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
    :class:`Secret`) included; ``repr`` and pickle redact them, and with them every URL outside of ``links``, whatever
    its member is called.
    """

    __slots__ = ()

    def __init__(self, value: Mapping[str, Any], *, secret: bool = False, linked: bool = False) -> None:
        super().__init__(value, secret=secret, linked=linked)

    @staticmethod
    def of(members: dict[str, Any]) -> RawDocument:
        """Wrap an object that is known to be a plain one, in a third of the time the constructor takes."""
        document = object.__new__(RawDocument)
        document._value = members
        document._secret = document._linked = False
        return document

    def __getitem__(self, key: str) -> Any:
        secret = self._secret or is_secret_name(key)
        return _wrap(self._value[key], secret=secret, linked=self._linked or key == _LINKS)

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

    def __init__(self, value: Sequence[Any], *, secret: bool = False, linked: bool = False) -> None:
        super().__init__(value, secret=secret, linked=linked)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> RawList: ...
    def __getitem__(self, index: int | slice) -> Any:
        return _wrap(self._value[index], secret=self._secret, linked=self._linked)

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
