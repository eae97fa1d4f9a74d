"""List documents: what a page holds, its items decoded with it or left as JSON values.

The whole page is decoded and checked at once by msgspec (:mod:`~mongorestore_async.codec.structs`), and then it is
proved that nothing was lost: written as JSON again, the page must give the body it was decoded from. So no member came
twice, no date was rounded, and ``raw`` can be made of what was decoded. Blanks do not count.

Members may come in another order, there may be some that no field is made for, and others may be null, which is not the
same as missing. All this is learned from the first such page and kept for the next ones, which then cost little more
than usual pages. Some pages cannot be written as they came, whatever is learned: they hold fractions of a second, or
too many different names. There ``raw`` is made of what the decoder of the standard library gives. Odd forms of values,
members named twice and deep nesting are left to
:mod:`~mongorestore_async.codec.structuring`. All ways give the same models and refuse the same items.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar, final, overload

import attrs
import msgspec

from mongorestore_async.codec.explainer import ADVICE
from mongorestore_async.codec.structs import copier_of, learn_order, nulls_in, struct_of, utc_check_of
from mongorestore_async.codec.structuring import is_standard, structure
from mongorestore_async.errors import DataError
from mongorestore_async.models.document import MAX_DEPTH, RawDocument, RawList, conceal, is_deeper, reveal
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.values import Link  # noqa: TC001 - attrs resolves the annotation
from mongorestore_async.protocol.bodies import decode_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mongorestore_async.codec.structs import Order
    from mongorestore_async.models.document import UndecodedItem
    from mongorestore_async.models.job import JobRef

__all__ = ["DecodedItems", "ListDocument", "decode_list", "has_next", "identities", "page_decoder", "pick", "read_list"]


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@final
class DecodedItems(Sequence[T_co]):
    """Items that were decoded and checked. Each access to an item makes a new model.

    So a loop over the jobs never has many of them in memory, and the garbage collector is not
    started at all.

    Attributes:
        structs: What was decoded: it has the fields of the models, texts in them as received.

    """

    __slots__ = ("_copy", "_origin", "_received", "structs")

    def __init__(
        self,
        structs: Sequence[Any],
        received: Sequence[UndecodedItem],
        copy: Callable[..., T_co],
        origin: JobRef | None = None,
    ) -> None:
        self.structs = structs
        self._received = received
        self._copy = copy
        self._origin = origin

    def __len__(self) -> int:
        return len(self.structs)

    def __iter__(self) -> Iterator[T_co]:
        return map(self._copy, self.structs, self._received, repeat(self._origin))

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> DecodedItems[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | DecodedItems[T_co]:
        if isinstance(index, slice):
            return DecodedItems(self.structs[index], self._received[index], self._copy, self._origin)
        return self._copy(self.structs[index], self._received[index], self._origin)

    def picked(self, indexes: Sequence[int]) -> DecodedItems[T_co]:
        """Choose items by their places."""
        structs, received = ([each[index] for index in indexes] for each in (self.structs, self._received))
        return DecodedItems(structs, received, self._copy, self._origin)

    def found_at(self, origin: JobRef | None) -> DecodedItems[T_co]:
        """Set where restore jobs were found."""
        return DecodedItems(self.structs, self._received, self._copy, origin)


def pick(items: Sequence[T], indexes: Sequence[int]) -> Sequence[T]:
    """Choose items by their places."""
    return items.picked(indexes) if isinstance(items, DecodedItems) else tuple([items[index] for index in indexes])


def identities(items: Sequence[T], identify: Callable[[T], str]) -> list[str]:
    """Give the ids of items, without making models for it."""
    return list(map(identify, items.structs if isinstance(items, DecodedItems) else items))


#: A fraction of a second that microseconds cannot tell: msgspec would round it.
_FINER_DATE = re.compile(rb"\.[0-9]{7}")

#: How deep a page may be nested without a second look, and the bytes that do not nest.
_SHALLOW = 12
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListDocument:
    """A list document of the API ("Lists").

    Attributes:
        results: The items: decoded, or as received.
        total_count: All items there are, not this page's; None when it was not counted.
        links: Links of the list; empty when it has none.

    """

    results: Any
    total_count: int | None = None
    links: tuple[Link, ...] = ()


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
    return attrs.evolve(structure(ListDocument, {**reveal(content), "results": ()}), results=results)


#: The order of members that pages had of late, by the model of their items. A server may change it at any time, so it
#: only tells what to try first.
_learned: dict[Any, Order] = {}


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
        page, is_lossless = _decode_page(model, _learned.get(model, ()), body)
        if not is_lossless and len(compact := msgspec.json.format(body, indent=-1)) < len(body):
            body = compact
            page, is_lossless = _decode_page(model, _learned.get(model, ()), body)
        page, received = (page, page.results) if is_lossless else _learn_page(model, page, body)
    except (msgspec.DecodeError, OverflowError, RecursionError, ValueError):
        return None
    if received is None or not utc_check_of(_page_model(model))(page):
        return None
    nulls = nulls_in(page.order)
    document: ListDocument = copier_of(ListDocument, nulls)(page)
    copy = copier_of(model, dict(nulls).get("results", ((), False))[0])
    return attrs.evolve(document, results=DecodedItems(page.results, received, copy))


def _decode_page(model: Any, order: Order, body: bytes) -> tuple[Any, bool]:
    """Decode a page, and tell whether nothing was lost and nothing is nested too deep."""
    page = page_decoder(model, order).decode(body)
    return page, msgspec.json.encode(page) == body and not (order and _may_be_deep(body))


def _learn_page(model: Any, page: Any, body: bytes) -> tuple[Any, Sequence[Any] | None]:
    """Learn the order of members from a page that another order does not fit.

    Returns:
        The page and its items as received. The items are None where a member came twice, a date would be rounded, or
        an item is nested too deep.

    """
    document, unreadable = msgspec.json.decode(body), None
    if msgspec.json.encode(document) != body:
        document, unreadable = decode_body(body, Headers())
    if unreadable is not None or _FINER_DATE.search(msgspec.json.encode(document) if b"\\u" in body else body):
        return page, None
    is_odd = _may_be_deep(body)
    if is_odd and is_deeper(document["results"], MAX_DEPTH + 1):
        return page, None
    before = _learned.get(model, ())
    # First an order that fits the pages before as well, then one for this page alone.
    for known in () if is_odd else dict.fromkeys([before, ()]):
        order = learn_order(_page_model(model), [document], known)
        page, is_lossless = _decode_page(model, order, body) if order != before else (page, False)
        _learned[model] = order  # also if it does not fit, so that it is not tried again for the next page
        if is_lossless:
            return page, page.results
    return page, list(map(RawDocument.of, document["results"]))


def _may_be_deep(body: bytes) -> bool:
    """Whether more arrays and objects may stand inside one another than in models; brackets in texts count as well."""
    brackets = body.translate(None, _NO_BRACKETS)
    for _ in range(_SHALLOW):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    return bool(brackets)


@functools.cache
def _page_model(model: Any) -> Any:
    results = attrs.field(type=tuple[model, ...])
    return attrs.make_class("Page", {"results": results}, bases=(ListDocument,), frozen=True, kw_only=True)


@functools.lru_cache(maxsize=64)
def page_decoder(model: Any, order: Order = ()) -> msgspec.json.Decoder[Any]:
    """Make the decoder of a page whose items are Structs of a model. It leaves numbers with a fraction as they are."""
    return msgspec.json.Decoder(struct_of(_page_model(model), order), float_hook=msgspec.Raw)
