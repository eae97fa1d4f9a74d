"""What became of the collections of a restore job, as rows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.cli.columns import Column, ListLayout
from mongorestore_async.cli.console import plural
from mongorestore_async.models import RestoredCollection, RestoredCollectionState
from mongorestore_async.models.secret import without_urls
from mongorestore_async.protocol.redaction import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLLECTION_LAYOUT", "CollectionRow", "describe_collection"]


@attrs.frozen(kw_only=True)
class CollectionRow:
    """The row of a restored collection: text, empty where the API sends no value.

    Attributes:
        source: Its ``database.collection`` in the backup.
        state: Where it stands, as the API calls it.
        target: What it was to be called in the target.
        effective_target: What it is called there; empty if it is not restored.
        renamed: ``yes`` if that is another name than was asked for, because that one was taken.
        restored_documents: Documents restored so far.
        total_documents: Documents in all, an estimate at first.
        indexes: State of its indexes, as the API calls it.
        index_error: Why indexes could not be built.

    """

    source: str
    state: str = ""
    target: str = ""
    effective_target: str = ""
    renamed: str = ""
    restored_documents: str = ""
    total_documents: str = ""
    indexes: str = ""
    index_error: str = ""

    @classmethod
    def of(cls, collection: RestoredCollection) -> CollectionRow:
        """Make the row of a collection."""
        indexes = collection.index_status
        return cls(
            source=_words(collection.source_namespace),
            state=_words(collection.state),
            target=_words(collection.target_namespace),
            effective_target=_words(collection.effective_target_namespace),
            renamed="yes" if collection.renamed else "",
            restored_documents=_words(collection.restored_documents),
            total_documents=_words(collection.total_documents),
            indexes="" if indexes is None else _words(indexes.state),
            index_error="" if indexes is None else _words(without_urls(indexes.error_message or "")),
        )


def describe_collection(collection: RestoredCollection) -> str:
    """Write on one line what became of a collection."""
    row = CollectionRow.of(collection)
    words = [row.source, row.state]
    if row.indexes not in {"", "SUCCESSFUL"} and row.state == RestoredCollectionState.SUCCESSFUL:
        words.append(f"indexes {row.indexes}{': ' * bool(row.index_error)}{row.index_error}")
    return "  ".join(words)


def _words(value: object) -> str:
    return "" if value is None else printable(str(value))


def _collection_style(row: CollectionRow) -> str:
    if row.state == RestoredCollectionState.SUCCESSFUL:
        return "green"
    return "cyan" if row.state in {"NOT_STARTED", "IN_PROGRESS", "FINALIZING"} else "yellow"


def _collection_summary(rows: Sequence[CollectionRow]) -> str:
    counts = Counter(row.state or "unknown" for row in rows)
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    renamed = sum(row.renamed == "yes" for row in rows)
    names = f" {renamed} got another name, because the one asked for was taken." if renamed else ""
    return f"{plural(len(rows), 'collection')}: {states}.{names}"


#: Collections of a restore as ``jobs --collections`` shows them.
COLLECTION_LAYOUT: ListLayout[RestoredCollection, CollectionRow] = ListLayout(
    row_type=CollectionRow,
    row=CollectionRow.of,
    document=lambda collection, redacted: collection.to_dict(redacted=redacted),
    columns=(
        Column("Collection", lambda row: row.source),
        Column("State", lambda row: row.state, style=_collection_style),
        Column("Restored as", lambda row: row.effective_target, rank=1),
        Column("Name taken", lambda row: row.renamed, rank=3, style=lambda _: "yellow"),
        Column("Documents", lambda row: row.restored_documents, rank=4, number=True),
        Column("of", lambda row: row.total_documents, rank=5, number=True),
        Column("Indexes", lambda row: row.indexes, rank=2),
        Column("Index error", lambda row: row.index_error, rank=6),
    ),
    summary=_collection_summary,
    empty_text="no collections: the restore has not begun, or names none that exist",
)
