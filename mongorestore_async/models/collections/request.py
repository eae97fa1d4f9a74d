"""What can be asked for when single databases and collections are restored (API facts, November 2026, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeAlias, cast

import attrs

from mongorestore_async.errors import ConfigError, Hint, HintKind
from mongorestore_async.models.collections.namespaces import (
    check_collection_suffix,
    check_database,
    check_database_suffix,
    check_namespace,
    shown,
    split_namespace,
)
from mongorestore_async.models.requests import AutomatedRestore, HttpRestore, OplogTime, PointInTime, Snapshot, Target

__all__ = ["CollectionRestore", "IndexStrategy", "Renamed", "RestoreRequest", "WriteStrategy", "overwritten_by"]

#: So many databases, and so many collections, one request names at most.
MOST_ENTRIES = 100


class WriteStrategy(StrEnum):
    """What happens to a collection of the target that has the name of a restored one.

    ``CREATE_NEW`` leaves it alone: the restored one is renamed (``effective_target_namespace``).
    ``OVERWRITE_EXISTING`` drops and replaces it; what is written to it while the job runs is lost.
    """

    CREATE_NEW = "CREATE_NEW"
    OVERWRITE_EXISTING = "OVERWRITE_EXISTING"


class IndexStrategy(StrEnum):
    """Which indexes are built on restored collections. Search indexes never are."""

    ALL = "ALL"
    NONE = "NONE"
    ALL_EXCEPT_TTL = "ALL_EXCEPT_TTL"


def _name(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise ConfigError(f"Renamed.{attribute.name} must be a str, not {type(value).__name__}: pass the name")
    if not value:
        raise ConfigError(f"Renamed.{attribute.name} is empty: pass the name")


@attrs.frozen
class Renamed:
    """A database or a collection that is restored under another name.

    Attributes:
        source: Its name in the backup: of a database, or ``database.collection``.
        target: Its name in the target cluster, of the same form.

    Raises:
        ConfigError: One of the two is no str, or is empty.

    """

    source: str = attrs.field(validator=_name)
    target: str = attrs.field(validator=_name)


_SOURCES = (Snapshot, PointInTime, OplogTime)


def _entries(value: Iterable[str | Renamed]) -> tuple[str | Renamed, ...]:
    """Take any iterable of entries but those that are one entry themselves; the validator refuses the rest."""
    one = isinstance(value, (str, bytes, Mapping, Renamed))
    if one or not isinstance(value, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        return cast("tuple[str | Renamed, ...]", value)
    return tuple(value)


def _check_entries(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    what = f"CollectionRestore.{attribute.name}"
    if not isinstance(value, tuple):
        one = 'such as ("shop",)' if attribute.name == "databases" else 'such as ("shop.orders",)'
        raise ConfigError(f"{what} must be a sequence of names, {one}, not {type(value).__name__}")
    entries = cast("tuple[object, ...]", value)
    for entry in entries:
        if not isinstance(entry, (str, Renamed)):
            raise ConfigError(f"{what} must hold names and Renamed(source, target), not {type(entry).__name__}")
        if not entry:
            raise ConfigError(f"{what} has an empty name: pass names as the snapshot shows them")
    if len(entries) > MOST_ENTRIES:
        raise ConfigError(
            f"{what} has {len(entries)} entries, a restore takes at most {MOST_ENTRIES}: make several of them"
        )


def _check_source(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, _SOURCES):
        names = ", ".join(source.__name__ for source in _SOURCES)
        advice = "; pass the id of a snapshot as Snapshot(id)" if isinstance(value, str) else ""
        raise ConfigError(f"CollectionRestore.source must be one of {names}, not {type(value).__name__}{advice}")


def _check_target(_instance: object, _attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Target):
        raise ConfigError(f"CollectionRestore.target must be a Target, not {type(value).__name__}")


def _check_strategy(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    kind = WriteStrategy if attribute.name == "write" else IndexStrategy
    if not isinstance(value, kind):
        names = ", ".join(f"{kind.__name__}.{member.name}" for member in kind)
        raise ConfigError(f"CollectionRestore.{attribute.name} must be one of {names}, not {_told(value)}")


def _check_suffix(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is None:
        return
    what = f"CollectionRestore.{attribute.name}"
    if not isinstance(value, str):
        raise ConfigError(f"{what} must be a str, or None for no suffix, not {type(value).__name__}")
    check = check_database_suffix if attribute.name == "database_suffix" else check_collection_suffix
    check(f"the {attribute.name.replace('_', ' ')}", value)


def _told(value: object) -> str:
    return shown(value) if isinstance(value, str) else type(value).__name__


@attrs.frozen
class CollectionRestore:
    """Restore single databases and collections of a backup into a cluster. Atlas only.

    Views, time series and encrypted collections are skipped, and search indexes are not built (vendor's page "Restore
    from Selected Databases and Collections"). One such restore runs at a time in a cluster, and none can be cancelled.

    Attributes:
        source: What to restore from.
        target: Where to; may be the source cluster itself.
        write: What happens to collections of the target that have the same names. There is no default, because
            ``OVERWRITE_EXISTING`` drops them.
        databases: Databases to restore whole, at most 100: names, or :class:`Renamed`.
        collections: Collections to restore, at most 100: ``database.collection``, split at the first dot, or
            :class:`Renamed` of two such namespaces.
        indexes: Which indexes are built.
        database_suffix: Appended to the name of each restored database.
        collection_suffix: Appended to the name of each restored collection.

    Raises:
        ConfigError: Nothing is named, or too much, or a name that MongoDB does not allow (with its suffix, too), or two
            entries that end at the same name; or a value of another type.

    """

    source: Snapshot | PointInTime | OplogTime = attrs.field(validator=_check_source)
    target: Target = attrs.field(validator=_check_target)
    write: WriteStrategy = attrs.field(kw_only=True, validator=_check_strategy)
    databases: tuple[str | Renamed, ...] = attrs.field(
        default=(), kw_only=True, converter=_entries, validator=_check_entries
    )
    collections: tuple[str | Renamed, ...] = attrs.field(
        default=(), kw_only=True, converter=_entries, validator=_check_entries
    )
    indexes: IndexStrategy = attrs.field(default=IndexStrategy.ALL, kw_only=True, validator=_check_strategy)
    database_suffix: str | None = attrs.field(default=None, kw_only=True, validator=_check_suffix)
    collection_suffix: str | None = attrs.field(default=None, kw_only=True, validator=_check_suffix)

    def __attrs_post_init__(self) -> None:
        if not self.databases and not self.collections:
            raise ConfigError(
                "CollectionRestore names nothing to restore: pass databases, collections or both;"
                " AutomatedRestore restores a whole cluster"
            )
        taken: dict[str, str] = {}
        for database in self.named_databases():
            for name in (database.source, database.target):
                check_database("the database", name)
            ends = database.target + (self.database_suffix or "")
            check_database("the database with its suffix", ends)
            _take(taken, ends.lower(), database.source)
        restored = {database.source: database.target for database in self.named_databases()}
        for collection in self.named_collections():
            for name in (collection.source, collection.target):
                check_namespace("the collection", name)
            (database_name, _), (into, rest) = split_namespace(collection.source), split_namespace(collection.target)
            ends = f"{into}{self.database_suffix or ''}.{rest}{self.collection_suffix or ''}"
            check_namespace("the collection with its suffixes", ends)
            # Names of databases that differ only by case are the same: one cluster cannot have both.
            _take(taken, f"{into.lower()}.{rest}", collection.source)
            with_database = restored.get(database_name)
            if (
                with_database is not None
                and f"{with_database}.{split_namespace(collection.source)[1]}" == collection.target
            ):
                raise ConfigError(
                    f"{shown(collection.source)} is restored with its database already, under the same name:"
                    f" leave one of the two out"
                )

    def named_databases(self) -> Iterator[Renamed]:
        """Give the databases with the names that they are asked to have in the target, suffix excluded.

        Returns:
            The databases, in the order of the request.

        """
        return map(_renamed, self.databases)

    def named_collections(self) -> Iterator[Renamed]:
        """Give the collections with the namespaces that they are asked to have in the target, suffixes excluded.

        Returns:
            The collections, in the order of the request.

        """
        return map(_renamed, self.collections)

    @property
    def drops_data(self) -> bool:
        """Whether collections of the target with the same names are dropped."""
        return self.write is not WriteStrategy.CREATE_NEW


def _renamed(entry: str | Renamed) -> Renamed:
    return Renamed(entry, entry) if isinstance(entry, str) else entry


def _take(taken: dict[str, str], ends: str, source: str) -> None:
    """Refuse two entries that end at the same name: one would replace the other, or be renamed."""
    if ends in taken:
        raise ConfigError(
            f"{shown(taken[ends])} and {shown(source)} would be restored under the same name:",
            hint=Hint(HintKind.RENAME_ONE),
        )
    taken[ends] = source


def overwritten_by(request: RestoreRequest) -> Target | None:
    """Name the cluster whose data a request drops; None for a download, and for one that only adds.

    Args:
        request: The request.

    Returns:
        The target, or None.

    """
    if isinstance(request, HttpRestore) or (isinstance(request, CollectionRestore) and not request.drops_data):
        return None
    return request.target


#: What a create takes.
RestoreRequest: TypeAlias = HttpRestore | AutomatedRestore | CollectionRestore
