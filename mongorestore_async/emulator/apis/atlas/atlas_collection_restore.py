"""Collection restores of Atlas cloud backup, v2 only: jobs, bodies of creates, what became of each collection.

Documented are members and rules, no code of an error (``november-2026`` sections 2 and 6); a job has no links.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from mongorestore_async.emulator.apis.answers import Shape, answer, items_answer
from mongorestore_async.emulator.apis.create_bodies import (
    OLDEST_SECONDS,
    BodyFields,
    read_body,
    read_snapshot,
    require_earlier_snapshot,
    target_by_name,
)
from mongorestore_async.emulator.apis.job_answers import noted_create, take_create
from mongorestore_async.emulator.apis.lookups import (
    CLOUD_BACKUP_KINDS,
    atlas_cluster_of,
    lists_no_jobs,
    require_backup,
    require_id,
)
from mongorestore_async.emulator.apis.request_info import COLLECTIONS, ResourceVersion, atlas_routes
from mongorestore_async.emulator.document_parts import add_extra_fields, apply_changes, iso
from mongorestore_async.emulator.server_state import SERVER_STATE, ServerState
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import CollectionLimit, Oddity
from mongorestore_async.emulator.world.collection_restores import CollectionOrder
from mongorestore_async.emulator.world.collection_words import CollectionOutcome

if TYPE_CHECKING:
    from aiohttp import web

    from mongorestore_async.emulator.world import Cluster
    from mongorestore_async.emulator.world.collection_restores import CollectionRestore, PlannedCollection

__all__ = [
    "ROUTES",
    "collection_document",
    "collection_restore_document",
    "create_collection_restore",
    "list_collection_restores",
    "list_restored_collections",
    "one_collection_restore",
    "one_restored_collection",
    "read_collection_order",
]

_VERSIONS = (ResourceVersion(COLLECTIONS),)
_REQUIRED = ("targetClusterName", "targetGroupId", "writeStrategy", "indexStrategy")
_ENUMS = {
    "writeStrategy": ("CREATE_NEW", "OVERWRITE_EXISTING"),
    "indexStrategy": ("ALL", "NONE", "ALL_EXCEPT_TTL"),
}
_NUMBERS = ("pointInTimeUtcSeconds", "oplogTs", "oplogInc")
_LISTS = ("databases", "collections")
_SUFFIXES = ("databaseSuffix", "collectionSuffix")
_KNOWN = frozenset({*_REQUIRED, "snapshotId", *_NUMBERS, *_LISTS, *_SUFFIXES})
_READ_ONLY = frozenset({
    "createdAt", "errorMessage", "finishedAt", "id", "indexStatus", "restoredDocuments", "state", "totalDocuments",
})  # fmt: skip
_MOST_ENTRIES = 100
_LARGEST_INT = (1 << 31) - 1
#: What MongoDB takes for names: bytes of a database (fewer than 64), of a namespace; characters it refuses.
_DATABASE_BYTES, _NAMESPACE_BYTES = 63, 255
_NOT_IN_DATABASES, _NOT_IN_COLLECTIONS = frozenset('/\\. "$\0'), frozenset("$\0")
_STATES = frozenset({"NOT_STARTED", "IN_PROGRESS", "FINALIZING", *(outcome.word for outcome in CollectionOutcome)})

_find_cluster = partial(atlas_cluster_of, kinds=CLOUD_BACKUP_KINDS)


async def list_collection_restores(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/collectionRestoreJobs``; oldest first. No order is promised."""
    state, cluster = request.app[SERVER_STATE], _find_cluster(request)
    found = [] if lists_no_jobs(state, cluster) else state.world.collection_restores.of(cluster)
    response = items_answer(request, found, partial(collection_restore_document, state), counting=False)
    state.look_at(*found)
    return response


async def one_collection_restore(request: web.Request) -> web.Response:
    """``GET /groups/{G}/clusters/{N}/collectionRestoreJobs/{J}``."""
    state, job = request.app[SERVER_STATE], _job(request)
    response = answer(request, collection_restore_document(state, job), Shape.ENTITY)
    state.look_at(job)
    return response


async def create_collection_restore(request: web.Request) -> web.Response:
    """``POST /groups/{G}/clusters/{N}/collectionRestoreJobs``: 201 and the job it started."""
    state = request.app[SERVER_STATE]
    with noted_create(request) as noted:
        cluster = _find_cluster(request)
        noted.source = cluster.id
        require_backup(state, cluster)
        order = await read_collection_order(request, cluster)
        noted.overwrites = order.target.id
        _refuse_by_limits(state, order)
        running = state.world.collection_restores.running(cluster)
        if running is not None:
            raise ServiceError("COLLECTION_RESTORE_IN_PROGRESS", running.id, cluster.name)

        def start() -> CollectionRestore:
            started = state.world.collection_restores.create(cluster, order)
            noted.jobs = (started.id,)
            return started

        made = take_create(state, start)
    return answer(request, collection_restore_document(state, made), Shape.CREATED, 201)


async def list_restored_collections(request: web.Request) -> web.Response:
    """``GET .../collectionRestoreJobs/{J}/collections``: empty while ``INITIALIZING``; three filters."""
    state, job = request.app[SERVER_STATE], _job(request)
    word = request.query.get("state")
    if word is not None and word not in _STATES:
        raise ServiceError("INVALID_QUERY_PARAMETER", "state")
    asked = {name: request.query[name] for name in _FILTERS if name in request.query}
    found = [collection_document(state, job, one) for one in job.collections or ()]
    kept = [one for one in found if all(one.get(name) == value for name, value in asked.items())]
    return items_answer(request, kept, lambda one: one, counting=False)


async def one_restored_collection(request: web.Request) -> web.Response:
    """``GET .../collectionRestoreJobs/{J}/collections/{NAMESPACE}``: the namespace in the backup."""
    job, namespace = _job(request), request.match_info["namespace"]
    found = next((one for one in job.collections or () if one.source == namespace), None)
    if found is None:
        raise ServiceError("COLLECTION_STATE_NOT_FOUND", namespace, job.id)
    return answer(request, collection_document(request.app[SERVER_STATE], job, found), Shape.ENTITY)


_FILTERS = ("state", "sourceNamespace", "targetNamespace")


def _job(request: web.Request) -> CollectionRestore:
    state, cluster, job_id = request.app[SERVER_STATE], _find_cluster(request), request.match_info["job"]
    require_backup(state, cluster)
    require_id(job_id, "INVALID_JOB_ID")
    found = state.world.collection_restores.find(cluster, job_id)
    if found is None:
        raise ServiceError("RESTORE_JOB_NOT_FOUND", job_id)
    return found


async def read_collection_order(request: web.Request, cluster: Cluster) -> CollectionOrder:
    """What a create asks for.

    Raises:
        ServiceError: It is malformed, incomplete or contradicts itself, or cannot be done with this cluster.

    """
    document = await read_body(request)
    body = BodyFields(document, known=_KNOWN, read_only=_READ_ONLY)
    body.require(*_REQUIRED)
    for name, words in _ENUMS.items():
        if body.text(name) not in words:
            raise ServiceError("INVALID_ENUM_VALUE", body.text(name))
    suffixes = [body.text(name) if name in body else None for name in _SUFFIXES]
    databases, collections = (_read_entries(document, name) for name in _LISTS)
    if not databases and not collections:
        raise ServiceError("MISSING_ONE_OF_ATTRIBUTES", *_LISTS)
    source = _read_source(request, cluster, document, body)
    order = CollectionOrder(
        target=target_by_name(request, body.text("targetGroupId"), body.text("targetClusterName")),
        write=body.text("writeStrategy"),
        indexes=body.text("indexStrategy"),
        databases=databases,
        collections=collections,
        database_suffix=suffixes[0],
        collection_suffix=suffixes[1],
        **source,
    )
    _check_names(order)
    return order


def _read_entries(document: dict[str, Any], name: str) -> tuple[tuple[str, str | None], ...]:
    sent = document.get(name, [])
    if not isinstance(sent, list):
        raise ServiceError("INVALID_JSON_ATTRIBUTE", name)
    entries = cast("list[object]", sent)
    if len(entries) > _MOST_ENTRIES:
        raise ServiceError("VALIDATION_ERROR", fields={name: f"size must be between 0 and {_MOST_ENTRIES}"})
    found: list[tuple[str, str | None]] = []
    for place, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ServiceError("INVALID_JSON_ATTRIBUTE", f"{name}[{place}]")
        known = frozenset({"sourceNamespace", "targetNamespace"})
        fields = BodyFields(
            cast("dict[str, Any]", entry), known=known, read_only=frozenset(), prefix=f"{name}[{place}]."
        )
        target = fields.text("targetNamespace") if "targetNamespace" in fields else ""
        found.append((fields.text("sourceNamespace"), target or None))
    return tuple(found)


def _read_source(request: web.Request, cluster: Cluster, document: dict[str, Any], body: BodyFields) -> dict[str, Any]:
    """The fields of an order that say what to restore from: exactly one of three."""
    state = request.app[SERVER_STATE]
    for name in _NUMBERS:
        value = document.get(name, 1)
        if not isinstance(value, int) or isinstance(value, bool) or value > _LARGEST_INT:
            raise ServiceError("INVALID_JSON_ATTRIBUTE", name)
    by_oplog = "oplogTs" in body or "oplogInc" in body
    named = [by_oplog, "snapshotId" in body, "pointInTimeUtcSeconds" in body]
    if sum(named) != 1:
        wanted = "snapshotId, pointInTimeUtcSeconds, oplogTs and oplogInc"
        raise ServiceError("INVALID_ATTRIBUTE" if sum(named) else "MISSING_ONE_OF_MANY_ATTRIBUTES", wanted)
    if "snapshotId" in body:
        return {"snapshot_id": read_snapshot(state, cluster, body, download=False)}
    if by_oplog:
        body.require("oplogTs", "oplogInc")
    seconds = body.count("oplogTs" if by_oplog else "pointInTimeUtcSeconds", OLDEST_SECONDS)
    if seconds > state.clock.now().timestamp():
        raise ServiceError("INVALID_PIT_RESTORE_TIME", detail="The point in time lies in the future.")
    found: dict[str, Any] = {"oplog": (seconds, body.count("oplogInc"))} if by_oplog else {"moment": seconds}
    require_earlier_snapshot(state, cluster, seconds)
    return found


def _check_names(order: CollectionOrder) -> None:
    """Refuse names that MongoDB does not take, in the backup or, suffixes included, in the target."""
    suffixes = order.database_suffix or "", order.collection_suffix or ""
    for name, entries in zip(_LISTS, (order.databases, order.collections), strict=True):
        for place, (source, target) in enumerate(entries):
            for member, namespace, added in (
                ("sourceNamespace", source, ("", "")),
                ("targetNamespace", target or source, suffixes),
            ):
                # All of an entry of databases is the name of one; any collection will do beside it.
                database, _, collection = namespace.partition(".") if name == "collections" else (namespace, "", "x")
                if not _is_legal(database, collection, *added):
                    field = f"{name}[{place}].{member}"
                    raise ServiceError("VALIDATION_ERROR", fields={field: "must be a valid namespace"})


def _is_legal(database: str, collection: str, database_suffix: str, collection_suffix: str) -> bool:
    if not database or not collection:
        return False
    database, collection = database + database_suffix, collection + collection_suffix
    try:
        bytes_of_database, bytes_of_collection = len(database.encode()), len(collection.encode())
    except UnicodeEncodeError:  # half a surrogate pair: JSON can write it, no name has it
        return False
    fits = bytes_of_database <= _DATABASE_BYTES and bytes_of_database + 1 + bytes_of_collection <= _NAMESPACE_BYTES
    return fits and not _NOT_IN_DATABASES & set(database) and not _NOT_IN_COLLECTIONS & set(collection)


def _refuse_by_limits(state: ServerState, order: CollectionOrder) -> None:
    limits = state.settings.collection_limits
    if CollectionLimit.NVME in limits:
        raise ServiceError("COLLECTION_RESTORE_NVME", order.target.name)
    if CollectionLimit.FALLBACK_SNAPSHOTS in limits and order.snapshot_id is not None:
        raise ServiceError("COLLECTION_RESTORE_FALLBACK_SNAPSHOT", order.snapshot_id)
    if CollectionLimit.DISK_SHORT in limits:
        raise ServiceError("COLLECTION_RESTORE_DISK_SHORT", order.target.name)


def collection_restore_document(state: ServerState, job: CollectionRestore) -> dict[str, Any]:
    """A collection restore as the API shows it now: what was asked for, and how far it is."""
    now, order = state.world.collection_restores.settle(), job.order
    index_state, failed = job.index_state(now)
    document: dict[str, Any] = {
        "id": job.id,
        "state": job.state(now),
        "createdAt": iso(job.created),
        "targetClusterName": order.target.name,
        "targetGroupId": order.target.project.id,
        "writeStrategy": order.write,
        "indexStrategy": order.indexes,
        "restoredDocuments": sum(job.progress_of(one, now).restored for one in job.collections or ()),
        "totalDocuments": job.total(),
        "indexStatus": {"state": index_state, "failedCollectionCount": failed},
        "databases": _entries(order.databases),
        "collections": _entries(order.collections),
    }
    optional = {
        "finishedAt": iso(job.finished) if job.over(now) else None,
        "errorMessage": job.message if job.over(now) else None,
        "snapshotId": order.snapshot_id,
        "pointInTimeUtcSeconds": order.moment,
        "oplogTs": None if order.oplog is None else order.oplog[0],
        "oplogInc": None if order.oplog is None else order.oplog[1],
        "databaseSuffix": order.database_suffix,
        "collectionSuffix": order.collection_suffix,
    }
    document |= {name: value for name, value in optional.items() if value is not None}
    _apply_oddities(document, job, state.settings.oddities)
    return apply_changes(document, job.changes)


def _apply_oddities(document: dict[str, Any], job: CollectionRestore, oddities: frozenset[Oddity]) -> None:
    if Oddity.UNKNOWN_WORDS in oddities and job.number % 5 == 0:
        document["state"] = "LEVITATING"
    add_extra_fields(document, oddities)


def _entries(entries: tuple[tuple[str, str | None], ...]) -> list[dict[str, str]]:
    return [
        {"sourceNamespace": source} | ({} if target is None else {"targetNamespace": target})
        for source, target in entries
    ]


def collection_document(state: ServerState, job: CollectionRestore, one: PlannedCollection) -> dict[str, Any]:
    """A collection of a collection restore as the API shows it now."""
    progress = job.progress_of(one, state.world.collection_restores.settle())
    indexes: dict[str, Any] = {"state": progress.index_state}
    if progress.failed_indexes:
        names = [index.name for index in progress.failed_indexes]
        indexes["errorMessage"] = f"These indexes could not be built: {', '.join(names)}."
        indexes["failedIndexes"] = [{"name": name, "v": 2} for name in names]
    document: dict[str, Any] = {
        "sourceNamespace": one.source,
        "targetNamespace": one.target,
        "state": progress.state,
        "restoredDocuments": progress.restored,
        "totalDocuments": one.documents,
        "indexStatus": indexes,
    }
    if one.effective is not None:
        document["effectiveTargetNamespace"] = one.effective
    _apply_oddities(document, job, state.settings.oddities)
    return apply_changes(document, job.collection_changes.get(one.source, {}))


_JOBS = "/groups/{group}/clusters/{cluster}/collectionRestoreJobs"
ROUTES = atlas_routes(
    ("GET", _JOBS, list_collection_restores),
    ("POST", _JOBS, create_collection_restore),
    ("GET", _JOBS + "/{job}", one_collection_restore),
    ("GET", _JOBS + "/{job}/collections", list_restored_collections),
    # Names may hold braces, which the usual pattern of a segment does not match.
    ("GET", _JOBS + "/{job}/collections/{namespace:[^/]+}", one_restored_collection),
    versions=_VERSIONS,
    v1=False,
)
