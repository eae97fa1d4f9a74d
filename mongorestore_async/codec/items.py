"""Lists: the body of a page to items that become models when they are looked at.

The whole page is decoded and checked at once by msgspec (:mod:`~mongorestore_async.codec.structs`), and then it is
proved that nothing was lost: written as JSON again, the page must give the body it was decoded from. So no member came
twice, no date was rounded, and ``raw`` can be made of what was decoded. Blanks do not count.

A body that does not pass, for members that no field is made for or come in another order, is read once more
without types. Where every member is still there afterwards, the items keep their own bytes for ``raw``. Everything else
is left to the decoder of the standard library and to :mod:`~mongorestore_async.codec.converter`: odd forms of values,
members named twice, what is nested too deep. Both give the same models and refuse the same items.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, TypeVar, cast, final, overload

import attrs
import msgspec

from mongorestore_async.codec.converter import is_standard
from mongorestore_async.codec.structs import copier_of, struct_of, utc_check_of
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.secret import MAX_DEPTH, UndecodedBytes, is_deeper
from mongorestore_async.protocol.bodies import decode_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mongorestore_async.models.job_ref import JobRef
    from mongorestore_async.models.secret import UndecodedItem

__all__ = ["DecodedItems", "DecodedList", "decode_list", "identities", "pick"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: The end of a date with a fraction of a second, and a fraction that microseconds cannot tell: msgspec would round it.
_FRACTION = re.compile(rb"\.[0-9]+[Zz+-]")
_FINER_DATE = re.compile(rb"\.[0-9]{7}")


@final
class DecodedItems(Sequence[T_co]):
    """Items that were decoded and checked. Each becomes a model when it is looked at, anew each time.

    So a walk that looks at one job after the other never has many of them in memory, and the garbage collector is not
    started at all.
    """

    __slots__ = ("_copy", "_origin", "_received", "_structs")

    def __init__(
        self,
        structs: Sequence[Any],
        received: Sequence[UndecodedItem],
        copy: Callable[..., T_co],
        origin: JobRef | None = None,
    ) -> None:
        self._structs = structs
        self._received = received
        self._copy = copy
        self._origin = origin

    def __len__(self) -> int:
        return len(self._structs)

    def __iter__(self) -> Iterator[T_co]:
        return map(self._copy, self._structs, self._received, repeat(self._origin))

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> DecodedItems[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | DecodedItems[T_co]:
        if isinstance(index, slice):
            return DecodedItems(self._structs[index], self._received[index], self._copy, self._origin)
        return self._copy(self._structs[index], self._received[index], self._origin)

    def picked(self, indexes: Sequence[int]) -> DecodedItems[T_co]:
        """Choose items by their places."""
        structs, received = ([each[index] for index in indexes] for each in (self._structs, self._received))
        return DecodedItems(structs, received, self._copy, self._origin)

    def found_at(self, origin: JobRef | None) -> DecodedItems[T_co]:
        """Tell restore jobs where they were found."""
        return DecodedItems(self._structs, self._received, self._copy, origin)

    @property
    def structs(self) -> Sequence[Any]:
        """What was decoded: it has the fields of the models, texts in them as received."""
        return self._structs


@attrs.frozen(eq=False, repr=False)
class DecodedList:
    """A list document whose items were decoded.

    Attributes:
        items: The items.
        total_count: All items there are, not this page's; None when it was not counted.
        links: Links of the list as received.

    """

    items: DecodedItems[Any]
    total_count: int | None
    links: list[dict[str, str]]


def decode_list(model: Any, body: bytes) -> DecodedList | None:
    """Decode and check a list document and its items.

    Args:
        model: What the items are, a :class:`~mongorestore_async.models.Document`.
        body: The document, in UTF-8.

    Returns:
        The document; None for what is left to the converter, be it right or wrong.

    """
    if not is_standard(model):
        return None
    try:
        page = _decoder_of(struct_of(model)).decode(body)
        structs = page.results
        received = _received(page, body)
        if received is None and len(compact := msgspec.json.format(body, indent=-1)) < len(body):
            received = _received(page, compact)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    if received is None or not all(map(utc_check_of(model), structs)):
        return None
    return DecodedList(DecodedItems(structs, received, copier_of(model)), page.totalCount, page.links or [])


def _received(page: Any, body: bytes) -> Sequence[UndecodedItem] | None:
    """Give the items of a page as received.

    Returns:
        The items; None where blanks stand in the body, a member may be lost, a date be rounded, or an item nested too
        deep.

    """
    written = msgspec.json.encode(page)
    if written == body:
        return cast("Sequence[UndecodedItem]", page.results)
    members = _decode_members(body)
    if len(msgspec.json.encode(members)) != len(body):
        return None
    items = list(map(UndecodedBytes, _decode_items(members.pop("results"))))
    crowded = [item for item in items if item.count(b"[") + item.count(b"{") > MAX_DEPTH]
    if any(is_deeper(_decode_untyped(item), MAX_DEPTH) for item in crowded):
        return None
    # What is as long as it came lost no member, for only fractions of a second are written longer than they may come.
    if len(written) == len(body) and not _FRACTION.search(body):
        return items
    return items if all(map(_is_whole, chain(items, members.values()))) and not _FINER_DATE.search(body) else None


def _is_whole(value: bytes) -> bool:
    """Whether decoding loses no member: escapes are written shorter, so it takes a second look where there are some."""
    return (
        len(msgspec.json.encode(_decode_untyped(value))) == len(value)
        or decode_body(bytes(value), Headers())[1] is None
    )


_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
#: Numbers with a fraction or an exponent stay as they are written.
_decode_untyped = msgspec.json.Decoder(float_hook=msgspec.Raw).decode


@functools.cache
def _decoder_of(item: Any) -> msgspec.json.Decoder[Any]:
    members: list[Any] = [
        ("links", list[dict[str, str]] | None, None),
        ("results", list[item]),
        ("totalCount", int | None, None),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("ListStruct", members, omit_defaults=True, kw_only=True))


def pick(items: Sequence[T], indexes: Sequence[int]) -> Sequence[T]:
    """Choose items by their places."""
    return items.picked(indexes) if isinstance(items, DecodedItems) else tuple([items[index] for index in indexes])


def identities(items: Sequence[T], identify: Callable[[T], str]) -> list[str]:
    """Give the ids of items, without making models for it."""
    return list(map(identify, items.structs if isinstance(items, DecodedItems) else items))
