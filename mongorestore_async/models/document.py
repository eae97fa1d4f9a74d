"""Received values that may hold secrets: JSON documents, read-only and redacted wherever they are shown, and models."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast, overload

import attrs

from mongorestore_async.models.secret import (
    LINKS,
    REDACTED,
    HiddenSecret,
    Secret,
    hide,
    hide_document,
    is_secret_name,
    plain,
    redact_own,
    redact_part,
    unhide,
    without_urls,
)

__all__ = [
    "DecodedItem",
    "Document",
    "RawDocument",
    "RawList",
    "attach",
    "conceal",
    "reveal",
    "wire",
    "wire_names",
]


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
    return _Raw.opened(value.held if isinstance(value, HiddenSecret) else value)


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
        """Give the value below a wrapper, if there is one: for the rooms of this library, not for users."""
        return value._value if isinstance(value, _Raw) else value  # noqa: SLF001

    def _copied(self, *, redacted: bool) -> Any:
        if not redacted:
            return plain(self._value)
        return redact_part(self._value, self._secret, self._linked)

    def __eq__(self, other: object) -> bool:
        return bool(self._value == _Raw.opened(other))

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._copied(redacted=True)!r})"

    def __reduce_ex__(self, protocol: object) -> tuple[type["_Raw"], tuple[Any]]:
        return type(self), (self._copied(redacted=True),)

    def __copy__(self) -> "_Raw":
        return self

    def __deepcopy__(self, memo: object) -> "_Raw":
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
    def of(members: dict[str, Any]) -> "RawDocument":
        """Wrap an object that is known to be a plain one, quickly: for the rooms of this library, not for users."""
        document = object.__new__(RawDocument)
        document._value = members
        document._secret = document._linked = False
        return document

    def __getitem__(self, key: str) -> Any:
        secret = self._secret or is_secret_name(key)
        return _wrap(self._value[key], secret=secret, linked=self._linked or key == LINKS)

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def to_dict(self, *, redacted: bool = True) -> dict[str, Any]:
        """Copy the document into plain dictionaries and lists; with ``redacted`` without secrets."""
        return cast("dict[str, Any]", self._copied(redacted=redacted))


class RawList(_Raw, Sequence[Any]):
    """A JSON array inside a :class:`RawDocument`, read-only; equal to the plain list."""

    __slots__ = ()

    def __init__(self, value: Sequence[Any], *, secret: bool = False, linked: bool = False) -> None:
        super().__init__(value, secret=secret, linked=linked)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> "RawList": ...
    def __getitem__(self, index: int | slice) -> Any:
        return _wrap(self._value[index], secret=self._secret, linked=self._linked)

    def __len__(self) -> int:
        return len(self._value)


class DecodedItem:
    """An item of a list as it was decoded with its page; ``repr`` and pickle are those of a redacted document.

    Attributes:
        late: How to make those fields of its model that are made when they are looked at.

    """

    __slots__ = ()

    late: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    def opened(self) -> dict[str, Any]:
        """Make the document it was decoded from; arrays may be tuples."""
        raise NotImplementedError  # no ABC: its only subclass is a msgspec Struct, whose metaclass is another

    def __repr__(self) -> str:
        return f"{type(self).__name__}({REDACTED!r})"

    __str__ = __repr__

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return RawDocument.of(self.opened()).__reduce_ex__(protocol)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class _OfItem:
    """A model that may have been made of a decoded item, of which it then takes the fields that are still missing."""

    __slots__ = ("_item",)

    _item: DecodedItem

    if not TYPE_CHECKING:  # pragma: no branch - a checker would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            """Make a field when it is first looked at; Python asks for what an object has not."""
            item = None if name == "_item" else getattr(self, "_item", None)
            if item is None or name not in item.late:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            made = item.late[name](item)
            object.__setattr__(self, name, made)
            return made


_WIRE = "mongorestore_async.wire"
_NOTHING_RECEIVED = hide_document(RawDocument({}))


def wire(*names: str) -> dict[str, Any]:
    """Name the JSON member of a field, as attrs ``metadata``: for the rooms of this library, not for users.

    Args:
        names: The documented member, which wins if others are there as well, and other spellings that the vendor's
            examples and clients use. None at all: the field is read from no member.

    """
    return {_WIRE: names}


def wire_names(field: "attrs.Attribute[Any]") -> tuple[str, ...]:
    """JSON members a field is read from, the documented one first: by default the attribute in camel case."""
    head, *tail = (field.alias or field.name).split("_")
    default = (head + "".join(word.capitalize() for word in tail),)
    return cast("tuple[str, ...]", field.metadata.get(_WIRE, default))


@attrs.frozen(kw_only=True)
class Document(_OfItem):
    """A received document. Equality and hash compare the typed fields, not ``raw``."""

    _received: RawDocument | DecodedItem = attrs.field(
        default=_NOTHING_RECEIVED, eq=False, repr=False, alias="raw", converter=hide_document
    )

    @property
    def raw(self) -> RawDocument:
        """The document as received, read-only. Members no field is made for are found here, secrets included.

        Its ``repr`` and its pickle are redacted. Of the items of a list it may be made only when it is asked for: of
        what the item itself was decoded to, so none keeps its page, or the bytes of it, in memory.
        """
        received = unhide(self._received)
        if not isinstance(received, RawDocument):
            received = RawDocument.of(plain(received.opened()))
            attach(self, received)
        return received

    def to_dict(self, *, redacted: bool = True) -> dict[str, Any]:
        """Copy the document as received into plain dictionaries and lists; with ``redacted`` without secrets."""
        try:
            received = unhide(_received_by(self))
        except AttributeError:  # nobody has looked at it
            received = self._item
        if isinstance(received, RawDocument):
            return received.to_dict(redacted=redacted)
        document = received.opened()
        return redact_own(document) if redacted else cast("dict[str, Any]", plain(document))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Give the members of :meth:`to_dict`, so that ``dict(job)`` and web frameworks that call it are redacted."""
        return iter(self.to_dict().items())

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> Any:
        """Let pydantic (FastAPI) take the class for a type: it writes :meth:`to_dict`."""
        from pydantic_core import core_schema  # who asks has it

        write = core_schema.plain_serializer_function_ser_schema(cls.to_dict, return_schema=core_schema.dict_schema())
        return core_schema.is_instance_schema(cls, serialization=write)


#: Gives the field only where it is there: it makes none, as looking at it would.
_received_by: Callable[[Document], RawDocument | DecodedItem] = vars(Document)["_received"].__get__

DocumentT = TypeVar("DocumentT", bound=Document)


def attach(document: DocumentT, raw: RawDocument) -> DocumentT:
    """Set ``raw`` of a document that was just made, or decoded late."""
    object.__setattr__(document, "_received", hide_document(raw))
    return document
