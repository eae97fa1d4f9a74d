"""The items of a list, decoded and checked, that become models when they are accessed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeVar, final, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mongorestore_async.models.job_ref import JobRef
    from mongorestore_async.models.secret import UndecodedItem

__all__ = ["DecodedItems", "identities", "pick"]

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
        """Tell restore jobs where they were found."""
        return DecodedItems(self.structs, self._received, self._copy, origin)


def pick(items: Sequence[T], indexes: Sequence[int]) -> Sequence[T]:
    """Choose items by their places."""
    return items.picked(indexes) if isinstance(items, DecodedItems) else tuple([items[index] for index in indexes])


def identities(items: Sequence[T], identify: Callable[[T], str]) -> list[str]:
    """Give the ids of items, without making models for it."""
    return list(map(identify, items.structs if isinstance(items, DecodedItems) else items))
