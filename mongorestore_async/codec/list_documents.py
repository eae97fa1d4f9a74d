"""List documents: what a page holds, its items decoded with it or left as JSON values.

The whole page is decoded and checked at once by msgspec (:mod:`~mongorestore_async.codec.structs`), and then it is
proved that nothing was lost: written as JSON again, the page must give the body it was decoded from. So no member came
twice, no date was rounded, and ``raw`` can be made of what was decoded. Blanks do not count.

Where members come in another order, or some that no field is made for, the body is read once more without types. If
every member is still there afterwards, the items keep their own bytes for ``raw``. Everything else is left to the
decoder of the standard library and to :mod:`~mongorestore_async.codec.structuring`: odd forms of values, members named
twice, what is nested too deep. All ways give the same models and refuse the same items.
"""

from __future__ import annotations

import functools
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

import attrs
import msgspec

from mongorestore_async.codec.explainer import ADVICE
from mongorestore_async.codec.items import DecodedItems
from mongorestore_async.codec.structs import copier_of, struct_of, utc_check_of
from mongorestore_async.codec.structuring import is_standard, structure
from mongorestore_async.errors import DataError
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.secret import (
    MAX_DEPTH,
    RawDocument,
    RawList,
    UndecodedBytes,
    conceal,
    is_deeper,
    reveal,
)
from mongorestore_async.models.values import Link
from mongorestore_async.protocol.bodies import decode_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mongorestore_async.models.secret import UndecodedItem

__all__ = ["ListDocument", "decode_list", "has_next", "page_decoder", "read_list"]

#: The end of a date with a fraction of a second, and a fraction that microseconds cannot tell: msgspec would round it.
_FRACTION = re.compile(rb"\.[0-9]+[Zz+-]")
_FINER_DATE = re.compile(rb"\.[0-9]{7}")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListDocument:
    """A list document of the API ("Lists").

    Attributes:
        results: The items: decoded, or as received.
        total_count: All items there are, not this page's; None when it was not counted.
        links: Links of the list; empty when it has none.

    """

    results: Sequence[Any]
    total_count: int | None
    links: tuple[Link, ...]


def has_next(links: tuple[Link, ...]) -> bool:
    """Whether a list has a ``next`` link. It is a yes or no: where it points to is never followed."""
    return any("next" in link.rel and link.name == "next" for link in links)


def read_list(content: Any) -> ListDocument:
    """Read a list document, its items left as they are.

    Raises:
        DataError: It is no list document: a list without ``results`` is an error, not an empty list.

    """
    if isinstance(content, ListDocument):
        return content
    # Tracebacks may be printed with local variables, so no frame that stays in one holds a bare document.
    content = conceal(content)
    if not isinstance(content, RawDocument):
        raise DataError(f"$: expected a list document with results. {ADVICE}", path="$")
    results = content.get("results")
    if not isinstance(results, RawList):
        raise DataError(
            f"$.results: expected array, got {'nothing' if results is None else 'another type'}. {ADVICE}",
            path="$.results",
        )
    facts = structure(_Facts, {name: value for name, value in reveal(content).items() if name != "results"})
    return ListDocument(results=results, total_count=facts.total_count, links=facts.links)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Facts:
    total_count: int | None = None
    links: tuple[Link, ...] = ()


def decode_list(model: Any, body: bytes) -> ListDocument | None:
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
        page = page_decoder(model).decode(body)
        structs = page.results
        received = _received(page, body)
        if received is None and len(compact := msgspec.json.format(body, indent=-1)) < len(body):
            received = _received(page, compact)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    if received is None or not all(map(utc_check_of(model), structs)):
        return None
    links = tuple([Link(each.href, each.rel or "") for each in page.links or () if each.href is not None])
    items = DecodedItems(structs, received, copier_of(model))
    return ListDocument(results=items, total_count=page.totalCount, links=links)


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
    # What is as long as it came lost no member, for only fractions of a second are written longer than they may come.
    if len(written) == len(body) and not _FRACTION.search(body):
        return items
    if _FINER_DATE.search(body) or not all(map(_is_whole, chain(items, members.values()))):
        return None
    nested = (item for item in items if item.count(b"[") + item.count(b"{") > MAX_DEPTH)
    return None if any(is_deeper(_decode_untyped(item), MAX_DEPTH) for item in nested) else items


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
def page_decoder(model: Any) -> msgspec.json.Decoder[Any]:
    """Make the decoder of a page whose items are Structs of a model."""
    members: list[Any] = [
        ("links", list[struct_of(Link)] | None, None),  # type: ignore[misc]
        ("results", list[struct_of(model)]),  # type: ignore[misc]
        ("totalCount", int | None, None),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("ListStruct", members, omit_defaults=True, kw_only=True))
