"""Values that must not be shown, how names and forms tell them from others, and copies of documents without them."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "LINKS",
    "MAX_DEPTH",
    "REDACTED",
    "SECRET_FIELDS",
    "HiddenDocument",
    "HiddenSecret",
    "Secret",
    "hide",
    "hide_document",
    "hide_each",
    "is_secret_name",
    "plain",
    "redact",
    "redact_own",
    "redact_part",
    "represent",
    "represent_text",
    "unhide",
    "without_urls",
]

T = TypeVar("T")

REDACTED = "**redacted**"

#: How many objects and arrays may stand inside one another. The APIs use six; whatever is nested deeper
#: than this is hostile, and is replaced by a placeholder before it exhausts the stack.
MAX_DEPTH = 100

#: The member that holds links to documents.
LINKS = "links"
_SCALARS = frozenset({str, int, float, bool, type(None)})
_ARRAYS = frozenset({list, tuple})

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
    r"(?!privateDownloadDeliveryUrls\Z)(?:urls?|.*(?:Urls?|URLs?)|(?:.*T|t)okens?|(?:.*S|s)ecrets?|(?:.*P|p)asswords?|(?:.*ApiK|.*APIK|apiK)eys?|.*authValues?)"
    r"(?:_?[vV]?\d+)?"
)

#: A URL in a text, whatever its member is called, also one without a scheme; and the path of a download link. Linear:
#: each begins where a word does, and is left by its end.
_URL = re.compile(
    r"(?<![a-z\d+.-])[a-z][a-z\d+.-]*+://[^\s\"'<>]*+|(?<![\w:/])//\w[^\s\"'<>]*+"
    r"|(?<![^\s\"'<>])[^\s\"'<>]*/pull/[^\s\"'<>]*+",
    re.IGNORECASE,
)
#: Of connection strings only those that hold a login are secret.
_HOSTS = re.compile(r"mongodb(?:\+srv)?://[^@]*", re.IGNORECASE)
#: What shows a link, among those that describe a document, to be one for a download.
_KEYED = re.compile(r"/pull/|[?&](?:X-(?:Amz|Goog)-[\w-]+|Signature|sig|token)=", re.IGNORECASE)


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
            pieces = map(Secret, cast("list[str]", made))
            return list(pieces) if isinstance(made, list) else tuple(pieces)
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

    Serializers that walk fields, and tools that export local variables as they are, write the text of any string. So
    models, keys, and the frames of functions that may fail hold this and no :class:`Secret`: :func:`unhide` gives it.
    """

    __slots__ = ("held",)

    held: Any

    def __repr__(self) -> str:
        return f"Secret({REDACTED!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HiddenSecret) and bool(self.held == other.held)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.held)

    def __reduce_ex__(self, protocol: object) -> tuple[Any, tuple[Any]]:
        several = isinstance(self.held, tuple)
        return hide, ((Secret(REDACTED),) * len(self.held) if several else REDACTED,)

    def __copy__(self) -> HiddenSecret:
        return self

    def __deepcopy__(self, memo: object) -> HiddenSecret:
        return self


def hide(value: str | None) -> Any:
    """Put a value, whatever it is, into a :class:`HiddenSecret`; nothing, an empty one and a hidden one stay.

    As a converter it makes the fields of models, whose type is that of what :func:`unhide` gives back.
    """
    if not value or value.__class__ is HiddenSecret:
        return value
    hidden = HiddenSecret(REDACTED)
    hidden.held = value
    return hidden


class HiddenDocument(HiddenSecret):
    """Holds the document a model was made of, which redacts itself, but not where a serializer opens it."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: object) -> tuple[Any, tuple[Any]]:
        return hide_document, (self.held,)


def hide_document(document: T) -> T:
    """Put a received document into a :class:`HiddenDocument`; for type checkers it gives what :func:`unhide` does."""
    if isinstance(document, HiddenDocument):
        return document
    hidden = HiddenDocument(REDACTED)
    hidden.held = document
    return cast("T", hidden)


def hide_each(values: Sequence[str]) -> tuple[Secret, ...]:
    """Hide several values in one :class:`HiddenSecret`, as :func:`hide`."""
    hidden: Any = values if isinstance(values, HiddenSecret) else hide(cast("Any", tuple(values)))
    return cast("tuple[Secret, ...]", hidden)


def unhide(hidden: T) -> T:
    """Give the value out of a :class:`HiddenSecret`, text as :class:`Secret`; anything else as it is."""
    if not isinstance(hidden, HiddenSecret):
        return hidden
    value = hidden.held
    if value.__class__ is tuple:
        return cast("T", tuple(map(Secret, value)))
    return cast("T", Secret(value) if value.__class__ is str else value)


def represent(self: Any) -> str:
    """Write the ``repr`` of a model with hidden fields, under the names its constructor and its users know."""
    shown = (f"{field.alias}={getattr(self, field.name)!r}" for field in self.__attrs_attrs__ if field.repr)
    return f"{type(self).__name__}({', '.join(shown)})"


def represent_text(value: str | None) -> str:
    """Write a text of the server for people in a ``repr``: its URLs may be links with a key in them."""
    return repr(value if value is None else without_urls(value))


@functools.lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a member of this name holds a credential: one of :data:`SECRET_FIELDS`, or named like one."""
    return name in SECRET_FIELDS or _SECRET_NAME.fullmatch(name) is not None


def without_urls(text: str, *, linked: bool = False) -> str:
    """Replace the URLs in a text; below ``links`` only those that have the form of a download link."""
    if linked:
        may_be_keyed = "?" in text or "&" in text or "/pull/" in text.lower()
        return REDACTED if may_be_keyed and _KEYED.search(text) else text
    if "//" not in text and "/pull/" not in text:
        return text
    return _URL.sub(lambda found: found[0] if _HOSTS.fullmatch(found[0]) else REDACTED, text)


def _kind_of(value: Any) -> type | None:
    """Tell whether a value is an object (``dict``), an array (``list``), or neither (None)."""
    kind = value.__class__
    if kind is dict or kind is list or kind is tuple:
        return dict if kind is dict else list
    # What is asked last takes long to tell.
    if isinstance(value, (str, bytes, int, float, type(None))):
        return None
    return list if isinstance(value, Sequence) else dict if isinstance(value, Mapping) else None


def plain(value: Any) -> Any:
    """Copy a JSON value into plain dictionaries and lists."""
    kind = _kind_of(value)
    if kind is dict:
        copied: dict[str, Any] = dict(value)
        for key, item in value.items():
            if item.__class__ not in _SCALARS:
                copied[key] = plain(item)
        return copied
    return list(map(plain, value)) if kind is list else value


def redact(value: Any) -> Any:
    """Copy a JSON value with everything below a secret member replaced by a placeholder, and every URL."""
    return redact_part(value)


def redact_own(document: dict[str, Any]) -> dict[str, Any]:
    """Redact an object that is nobody else's: it is changed, not copied."""
    _redacted_object(document, False, False, 0, True)  # noqa: FBT003 - a call with names costs twice as much
    return document


def redact_part(value: Any, hidden: bool = False, linked: bool = False, depth: int = 0, own: bool = False) -> Any:  # noqa: FBT002
    """Copy a JSON value as :func:`redact` does, also a part of a larger one.

    Args:
        value: The value.
        hidden: Whether it stands below a secret member.
        linked: Whether it stands below ``links``, where only download links are replaced.
        depth: How many objects and arrays it stands in.
        own: Whether it is nobody else's: an object is then changed and not copied.

    """
    kind = _kind_of(value)
    if kind is dict:
        return _redacted_object(value, hidden, linked, depth, own)
    if kind is list:
        return _redacted_array(value, hidden, linked, depth, own)
    if isinstance(value, str) and not hidden:
        return without_urls(value, linked=linked)
    return REDACTED if hidden and value is not None and not isinstance(value, bool) else value


#: What a name alone says of a member's value: ``hidden``, ``linked`` or, of nearly all names, nothing. There is one for
#: each member of each document, and a subscript costs a quarter of a call.
_SAID: dict[str, str | None] = {}
_MOST_NAMES = 1024  # a hostile server may send any number


def _said_by(name: str) -> str | None:
    said = "linked" if name == LINKS else "hidden" if is_secret_name(name) else None
    if len(_SAID) < _MOST_NAMES:
        _SAID[name] = said
    return said


def _redacted_array(value: Any, hidden: bool, linked: bool, depth: int, own: bool) -> Any:
    if depth >= MAX_DEPTH:
        return REDACTED
    made: list[Any] = []
    for item in value:  # a comprehension would be one more call
        redact_as = _redacted_object if item.__class__ is dict else redact_part
        made.append(redact_as(item, hidden, linked, depth + 1, own))
    return made


def _redacted_object(value: Any, hidden: bool, linked: bool, depth: int, own: bool) -> Any:
    if depth >= MAX_DEPTH:
        return REDACTED
    copied: dict[str, Any] = value if own else dict(value)
    is_usual = not (hidden or linked)
    for key, item in value.items():  # ordered by how often they come
        try:
            said = _SAID[key]
        except KeyError:
            said = _said_by(key)
        kind = item.__class__
        if kind is str:
            if said is None and is_usual:
                if "/" in item:
                    copied[key] = without_urls(item)
            elif hidden or said == "hidden":
                copied[key] = REDACTED
            elif "/" in item or "?" in item or "&" in item:
                copied[key] = without_urls(item, linked=True)
        elif kind is not bool and item is not None and (said or hidden or kind not in _SCALARS):
            is_hidden, is_linked = hidden or said == "hidden", linked or said == "linked"
            redact_as = _redacted_object if kind is dict else _redacted_array if kind in _ARRAYS else redact_part
            copied[key] = redact_as(item, is_hidden, is_linked, depth + 1, own)
    return copied
