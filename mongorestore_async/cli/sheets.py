"""What a command lists: how an item becomes a row, which columns a table has, and the sentence below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mongorestore_async.cli.tables import Column

__all__ = ["Sheet"]

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT", bound=attrs.AttrsInstance)


@attrs.frozen(kw_only=True)
class Sheet(Generic[ItemT, RowT]):
    """A kind of list.

    Attributes:
        row_type: Class of a row; its fields are the columns of CSV, so it holds no secrets.
        row: Reduces an item to a row.
        document: The document of an item for the JSON forms; told whether secrets are to be redacted.
        columns: Columns of a table.
        summary: The sentence below a table.
        nothing: What is said in place of an empty table.
        order: Key that the rows of a table are sorted by; None leaves them in the order they came in.

    """

    row_type: type[RowT]
    row: Callable[[ItemT], RowT]
    document: Callable[[ItemT, bool], dict[str, Any]]
    columns: Sequence[Column[RowT]]
    summary: Callable[[Sequence[RowT]], str]
    nothing: str
    order: Callable[[RowT], Any] | None = None
