"""What became of each collection of a restore, and what a snapshot holds (API facts, November 2026, section 2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mongorestore_async.codec.structuring import structure
from mongorestore_async.errors import DataError, Hint, HintKind, Unsupported
from mongorestore_async.listing.arrays import documents_of
from mongorestore_async.listing.page_reader import ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import RestoredCollection, SnapshotCollection, SnapshotDatabase
from mongorestore_async.protocol.urls import check_identifier, check_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["list_restored", "list_snapshot_collections", "list_snapshot_databases", "read_restored"]

#: The family that has all this.
_FAMILY = "atlas-collection-restore"


def list_restored(
    view: SessionView,
    family: Family[Any],
    names: Mapping[str, str],
    job_id: str,
    filters: Mapping[str, str | None],
    **query: Any,
) -> Pager[RestoredCollection]:
    """List what became of the collections of a job; see :meth:`Cluster.restored_collections`.

    Args:
        view: What to call the API with.
        family: The product family.
        names: Identifiers of the cluster.
        job_id: The job.
        filters: By argument: the state, source and target namespace that are wanted, None for any.
        query: Page size, and most items in all.

    Raises:
        Unsupported: The family has no such list.
        ConfigError: A value that cannot be sent.

    """
    path = _path_of(family, family.restored_collections_path, "list of restored collections")
    wanted = {
        _FILTERS[name]: check_name(f"{name} of restored_collections", value)
        for name, value in filters.items()
        if value is not None
    }
    placed = {**names, "job": check_identifier("restore job id", job_id)}
    source = documents_of(view, family, path, RestoredCollection, _identity, placed)
    return Pager(source, ListQuery(filters=wanted, **query))


async def read_restored(
    view: SessionView, family: Family[Any], names: Mapping[str, str], job_id: str, namespace: str
) -> RestoredCollection:
    """Read what became of one collection; see :meth:`Cluster.restored_collection`.

    Raises:
        Unsupported: The family has no such call.
        DataError: The answer is about another collection.

    """
    path = _path_of(family, family.restored_collection_path, "list of restored collections")
    placed = {**names, "job": job_id, "namespace": check_name("namespace", namespace)}
    return await view.read("GET", path, partial(_read, namespace), family=family, names=placed)


def list_snapshot_databases(
    view: SessionView, family: Family[Any], names: Mapping[str, str], snapshot_id: str, **query: Any
) -> Pager[SnapshotDatabase]:
    """List the databases in a snapshot; see :meth:`Cluster.snapshot_databases`.

    Raises:
        Unsupported: The family cannot look into snapshots.
        ConfigError: A value that cannot be sent.

    """
    path = _path_of(family, family.snapshot_databases_path, "list of the databases in a snapshot")
    placed = {**names, "snapshot": check_identifier("snapshot id", snapshot_id)}
    return Pager(documents_of(view, family, path, SnapshotDatabase, _name, placed), ListQuery(**query))


def list_snapshot_collections(
    view: SessionView, family: Family[Any], names: Mapping[str, str], snapshot_id: str, database: str, **query: Any
) -> Pager[SnapshotCollection]:
    """List the collections of one database in a snapshot; see :meth:`Cluster.snapshot_collections`.

    Raises:
        Unsupported: The family cannot look into snapshots.
        ConfigError: A value that cannot be sent.

    """
    path = _path_of(family, family.snapshot_collections_path, "list of the collections in a snapshot")
    placed = {
        **names,
        "snapshot": check_identifier("snapshot id", snapshot_id),
        "database": check_name("database", database),
    }
    return Pager(documents_of(view, family, path, SnapshotCollection, _name, placed), ListQuery(**query))


_FILTERS = {"state": "state", "source": "sourceNamespace", "target": "targetNamespace"}


def _identity(item: Any) -> str:
    # One collection may be restored twice, under two names.
    return f"{item.source_namespace}\0{item.target_namespace}"


def _name(item: Any) -> str:
    return str(item.name)


def _read(namespace: str, document: Any) -> RestoredCollection:
    found = structure(RestoredCollection, document)
    if found.source_namespace not in (None, namespace):
        raise DataError(
            "$.sourceNamespace: the answer is about another collection than the one asked for, so it proves nothing;"
            " ask again, and look for a cache or gateway that mixes up answers",
            path="$.sourceNamespace",
        )
    return found


def _path_of(family: Family[Any], path: str | None, what: str) -> str:
    if path is None:
        raise Unsupported(f"{family.title} has no {what}:", hint=Hint(HintKind.USE_FAMILY, {"family": _FAMILY}))
    return path
