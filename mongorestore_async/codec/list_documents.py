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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, final, overload

import attrs
import msgspec

from mongorestore_async.codec.explainer import ADVICE
from mongorestore_async.codec.structs import copier_of, learn_order, nulls_in, struct_of, utc_check_of
from mongorestore_async.codec.structuring import is_deeper, is_standard, structure
from mongorestore_async.errors import DataError
from mongorestore_async.models.document import RawDocument, RawList, conceal, reveal
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.secret import MAX_DEPTH
from mongorestore_async.models.values import Link  # noqa: TC001 - attrs resolves the annotation
from mongorestore_async.protocol.bodies import decode_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mongorestore_async.codec.structs import Order
    from mongorestore_async.models.job import JobRef

__all__ = [
    "DecodedItems",
    "ListDocument",
    "PageForm",
    "decode_in_turns",
    "decode_list",
    "has_next",
    "identities",
    "page_form",
    "pick",
    "read_list",
]


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

    __slots__ = ("_make", "_origin", "_received", "structs")

    def __init__(
        self,
        structs: Sequence[Any],
        received: Sequence[RawDocument] | None,
        make: Callable[..., T_co],
        origin: JobRef | None = None,
    ) -> None:
        self.structs: Sequence[Any] = structs
        self._received = received  # None where it can be made of what was decoded
        self._make = make
        self._origin = origin

    def __len__(self) -> int:
        return len(self.structs)

    def __iter__(self) -> Iterator[T_co]:
        received = repeat(None) if self._received is None else self._received
        return map(self._make, self.structs, repeat(self._origin), received)

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> DecodedItems[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | DecodedItems[T_co]:
        if isinstance(index, slice):
            received = None if self._received is None else self._received[index]
            return DecodedItems(self.structs[index], received, self._make, self._origin)
        return self._make(self.structs[index], self._origin, None if self._received is None else self._received[index])

    def picked(self, indexes: Sequence[int]) -> DecodedItems[T_co]:
        """Choose items by their places."""
        received = None if self._received is None else [self._received[index] for index in indexes]
        return DecodedItems([self.structs[index] for index in indexes], received, self._make, self._origin)

    def found_at(self, origin: JobRef | None) -> DecodedItems[T_co]:
        """Set where restore jobs were found."""
        return DecodedItems(self.structs, self._received, self._make, origin)


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


class PageForm(NamedTuple):
    """How pages are read whose objects have their members in one order.

    Attributes:
        order: The order.
        decode: Makes the Struct of a page.
        is_in_utc: Whether all dates of a page are.
        read: Makes what a page holds beside its items.
        make: Makes the model of an item.

    """

    order: Order
    decode: Callable[[bytes], Any]
    is_in_utc: Callable[[Any], bool]
    read: Callable[[Any], ListDocument]
    make: Callable[..., Any]

    def is_lossless(self, page: Any, body: bytes) -> bool:
        """Whether nothing was lost when a page was decoded, and nothing is nested too deep."""
        return msgspec.json.encode(page) == body and not (self.order and _may_be_deep(body))


@functools.lru_cache(maxsize=64)
def page_form(model: Any, order: Order = ()) -> PageForm:
    """Tell how pages are read whose items are of a model. Numbers with a fraction are left as they are."""
    page_model = _page_model(model)
    nulls = nulls_in(order)
    return PageForm(
        order=order,
        decode=msgspec.json.Decoder(struct_of(page_model, order), float_hook=msgspec.Raw).decode,
        is_in_utc=utc_check_of(page_model),
        read=copier_of(ListDocument, nulls),
        make=copier_of(model, dict(nulls).get("results", ((), False))[0]),
    )


#: The form that pages had of late, by the model of their items. A server may change it at any time, so it only tells
#: what to try first.
_learned: dict[Any, PageForm] = {}


def decode_list(model: Any, body: bytes, learned: dict[Any, PageForm] | None = None) -> ListDocument | None:
    """Decode and check a list document and its items.

    Args:
        model: What the items are, a :class:`~mongorestore_async.models.Document`.
        body: The document, in UTF-8.
        learned: What was learned from documents of the same origin; pages that were received unless given.

    Returns:
        The document; None for what is left to the converter, be it right or wrong.

    """
    *_, document = None, *decode_in_turns(model, body, learned)
    return document


def decode_in_turns(
    model: Any, body: bytes, learned: dict[Any, PageForm] | None = None
) -> Iterator[ListDocument | None]:
    """As :func:`decode_list`, with None after each piece of the work: meanwhile other tasks may run.

    What was decoded counts for nothing before it is checked, so only the last one is the document, or None.
    """
    if not is_standard(model):
        return
    learned = _learned if learned is None else learned
    form, received = learned.get(model) or page_form(model), None
    try:
        page = form.decode(body)
        yield None
        is_lossless = form.is_lossless(page, body)
        if not is_lossless and len(compact := msgspec.json.format(body, indent=-1)) < len(body):
            yield None
            body, page = compact, form.decode(compact)
            yield None
            is_lossless = form.is_lossless(page, body)
        if not is_lossless:
            yield None
            form, page, received = _learn_page(model, form, page, body)
            learned[model] = form  # also if it does not fit, so that it is not tried again for the next page
    except (msgspec.DecodeError, OverflowError, RecursionError, ValueError):
        return
    if page is None or not form.is_in_utc(page):
        return
    document = form.read(page)
    items: DecodedItems[Any] = DecodedItems(page.results, received, form.make)
    object.__setattr__(document, "results", items)  # it was just made
    yield document


def _learn_page(
    model: Any, form: PageForm, page: Any, body: bytes
) -> tuple[PageForm, Any, Sequence[RawDocument] | None]:
    """Learn the order of members from a page that another order does not fit.

    Returns:
        Its form, the page, and its items as received where they cannot be made of it. The page is None where a member
        came twice, a date would be rounded, or an item is nested too deep.

    """
    document, unreadable = msgspec.json.decode(body), None
    if msgspec.json.encode(document) != body:
        document, unreadable = decode_body(body, Headers())
    if unreadable is not None or _FINER_DATE.search(msgspec.json.encode(document) if b"\\u" in body else body):
        return form, None, None
    is_odd = _may_be_deep(body)
    if is_odd and is_deeper(document["results"], MAX_DEPTH + 1):
        return form, None, None
    # First an order that fits the pages before as well, then one for this page alone.
    for known in () if is_odd else dict.fromkeys([form.order, ()]):
        before, form = form, page_form(model, learn_order(_page_model(model), [document], known))
        if form is before:
            continue
        page = form.decode(body)
        if form.is_lossless(page, body):
            return form, page, None
    return form, page, list(map(RawDocument.of, document["results"]))


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
