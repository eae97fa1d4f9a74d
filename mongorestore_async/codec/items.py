"""The items of a list as bytes until they are wanted: with the extra ``speed``, msgspec finds and decodes them.

A list document is taken apart at once, which is quick, and its items are decoded and checked a few at a time. They
become models one by one when they are looked at, and each keeps its own bytes, of which ``raw`` is made when that is
asked for. What does not have the plainest form is left to the decoder of the standard library; without msgspec
everything is.

Both ways give the same, but for this: of a member that an item names twice the last one counts; what cannot be read in
members no field is made for is an error only when ``raw`` is asked for; a date finer than microseconds is rounded, not
cut, and a small ``z`` may end one; a date that no calendar has in UTC becomes the nearest that it has.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, final, overload

from mongorestore_async.codec.generated import is_plain
from mongorestore_async.models.headers import Headers
from mongorestore_async.models.secret import UndecodedItem
from mongorestore_async.protocol.bodies import decode_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import msgspec

    from mongorestore_async.models.job_ref import JobRef

__all__ = [
    "Checked",
    "SplitList",
    "are_packed",
    "identities",
    "is_empty",
    "is_installed",
    "join",
    "pick",
    "read_packed",
    "split_list",
    "unpack",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@functools.cache
def is_installed() -> bool:
    """Whether msgspec is there: the extra ``speed`` installs it."""
    return find_spec("msgspec") is not None


class SplitList(NamedTuple):
    """A list document taken apart: its packed items, the count and the links."""

    items: list[UndecodedItem]
    total_count: int | None
    links: list[dict[str, str]]


def split_list(body: bytes) -> SplitList | None:
    """Take a list document apart, its items left packed.

    Returns:
        The document; None for what is no plain list document in UTF-8, written without blanks. So is one that names
        a member twice, or has one that lists have not.

    """
    if not is_installed():
        return None
    import msgspec

    try:
        document = _list_decoder().decode(body)
        if not body.isascii():
            body.decode()  # what is skipped is not looked at
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    # What gives as many bytes again lost nothing.
    if len(msgspec.json.encode(document)) != len(body):
        return None
    return SplitList(list(map(UndecodedItem, document.results)), document.totalCount, document.links or [])


def are_packed(documents: Any) -> bool:
    """Whether the items of an array are packed."""
    return isinstance(documents, list) and any(isinstance(item, UndecodedItem) for item in cast("Any", documents)[:1])


def is_empty(item: Any) -> bool:
    """Whether an item, packed or not, is an object without members."""
    return not item.strip(b"{} \t\r\n") if isinstance(item, UndecodedItem) else bool(item == {})


@final
class Checked(Sequence[T_co]):
    """Items that were decoded and checked. Each becomes a model when it is looked at, anew each time.

    So a walk that looks at one job after the other never has many of them in memory, and the garbage collector is not
    started at all.
    """

    __slots__ = ("_copy", "_items", "_origin", "_structs")

    def __init__(
        self, structs: Sequence[Any], items: Sequence[Any], copy: Callable[..., T_co], origin: JobRef | None
    ) -> None:
        self._structs = structs
        self._items = items
        self._copy = copy
        self._origin = origin

    def __len__(self) -> int:
        return len(self._structs)

    def __iter__(self) -> Iterator[T_co]:
        return map(self._copy, self._structs, self._items, repeat(self._origin))

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> Checked[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | Checked[T_co]:
        if isinstance(index, slice):
            return Checked(self._structs[index], self._items[index], self._copy, self._origin)
        return self._copy(self._structs[index], self._items[index], self._origin)

    def picked(self, indexes: Sequence[int]) -> Checked[T_co]:
        """Choose items by their places."""
        structs, items = self._structs, self._items
        return Checked([structs[i] for i in indexes], [items[i] for i in indexes], self._copy, self._origin)

    @property
    def structs(self) -> Sequence[Any]:
        """What was decoded: it has the fields of the models, the dates and texts in them as received."""
        return self._structs

    @staticmethod
    def joined(parts: Sequence[Checked[T]]) -> Checked[T]:
        """Put the parts of a list together again."""
        structs = list(chain.from_iterable([part._structs for part in parts]))  # noqa: SLF001
        items = list(chain.from_iterable([part._items for part in parts]))  # noqa: SLF001
        return Checked(structs, items, parts[0]._copy, parts[0]._origin)  # noqa: SLF001


def pick(items: Sequence[T], indexes: Sequence[int]) -> Sequence[T]:
    """Choose items by their places."""
    return items.picked(indexes) if isinstance(items, Checked) else tuple([items[index] for index in indexes])


def identities(items: Sequence[T], identify: Callable[[T], str]) -> list[str]:
    """Give the ids of items, without making models for it."""
    return list(map(identify, items.structs if isinstance(items, Checked) else items))


def join(parts: Sequence[Sequence[T]]) -> Sequence[T]:
    """Put the parts of a list together again."""
    checked = [part for part in parts if isinstance(part, Checked)]
    if checked and len(checked) == len(parts):
        return Checked.joined(checked)
    return tuple([item for part in parts for item in part])


def read_packed(model: Any, items: Sequence[Any], origin: JobRef | None) -> Checked[Any] | None:
    """Decode and check packed items.

    Args:
        model: An attrs class.
        items: The packed items.
        origin: Where restore jobs were found, None for other models.

    Returns:
        The items, to be looked at; None where one of them does not have the plainest form.

    """
    if not is_plain(model):
        return None
    import msgspec

    decode, copy = _tools(model)
    try:
        return Checked(list(map(decode, items)), items, copy, origin)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def unpack(items: Sequence[Any], path: str) -> tuple[list[Any], list[tuple[str, str]]]:
    """Decode packed items as bodies are.

    Returns:
        The JSON values, and every item that is none as path and complaint.

    """
    found = [decode_body(item, Headers()) for item in items]
    misfits = [(f"{path}[{index}]", complaint) for index, (_, complaint) in enumerate(found) if complaint]
    return [value for value, _ in found], misfits


@functools.cache
def _list_decoder() -> msgspec.json.Decoder[Any]:
    import msgspec

    members: list[Any] = [
        ("links", list[dict[str, str]] | None, None),
        ("results", list[msgspec.Raw]),
        ("totalCount", int | None, None),
    ]
    # Members that are absent are not written again.
    return msgspec.json.Decoder(msgspec.defstruct("ListStruct", members, omit_defaults=True, kw_only=True))


@functools.cache
def _tools(model: Any) -> tuple[Callable[[Any], Any], Callable[..., Any]]:
    import msgspec

    from mongorestore_async.codec.structs import copier_of, struct_of

    return msgspec.json.Decoder(struct_of(model)).decode, copier_of(model)


with suppress(ImportError):  # loaded with the package, not while the first list is waited for
    import_module("mongorestore_async.codec.structs")
