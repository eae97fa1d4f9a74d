"""The guard and the protection of the source, compared by what the server says the clusters are.

A cluster has several names: on Ops Manager and Cloud Manager the id of the list of clusters, that of its snapshots
(which restores take), those of its shards, and the name that people gave it; on Atlas a name and an id. What is equal
as it stands is refused without I/O (``RestoreGuard.check``). For the rest the server is asked, but only about clusters
of the target's own project, for others are other clusters:

- one call (a page of 500) lists the clusters of that project, each with id, name, shard and replica set;
- where the list does not have the target, or not what is protected, their snapshots show the ids: one call each;
- one call reads the name of the project, if something is protected by a project that is no id.

What cannot be read is refused, not let pass.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from mongorestore_async.codec.structuring import structure
from mongorestore_async.creating.precheck_reader import find_cluster_id, list_clusters
from mongorestore_async.errors import (
    ApiError,
    BadRequest,
    DataError,
    Hint,
    HintKind,
    NotFound,
    PaginationError,
    ProtectedTarget,
    TransportError,
)
from mongorestore_async.models import ClusterSnapshot, ProjectSummary, Target, overwritten_by
from mongorestore_async.models.policies import WHOLE_PROJECT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from mongorestore_async.families import Family
    from mongorestore_async.models import ClusterSummary, RestoreRequest
    from mongorestore_async.transport.session_view import SessionView
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["refuse_aliases"]

ResultT = TypeVar("ResultT")

_ID = re.compile(r"[0-9a-f]{24}")


@attrs.frozen
class _Protected:
    """A cluster of the target's project that is protected.

    Attributes:
        cluster: As the guard, or the source, has it.
        reason: Why it is.
        is_source: Whether it is the source.

    """

    cluster: str
    reason: str
    is_source: bool = False


async def refuse_aliases(view: SessionView, source: JobSource[Any], request: RestoreRequest) -> None:
    """Refuse a target that is protected under another id or name.

    What is equal as it stands was refused before: see :func:`refuse_protected`.

    Args:
        view: What to call the API with.
        source: The cluster the data come from.
        request: What is asked for.

    Raises:
        ProtectedTarget: It is protected, or the server could not be asked; the message says what could not be read.
        AuthError: The key is not accepted.
        ConfigError: The session was closed.

    """
    guard = view.options.guard
    target = overwritten_by(request)
    if guard is None or target is None:
        return
    family = source.family
    project, found = target.project_id.casefold(), list[_Protected]()
    # A config server takes no automated restore, so the source is a cluster.
    if guard.protect_source and source.project.casefold() == project:
        found.append(_Protected(str(source.ref("-").cluster), "it is the source cluster of the backup", is_source=True))
    named = {entry.project_id.casefold() for entry in guard.protected if not _is_id(entry.project_id)} - {project}
    also = {project}
    if named:
        name = await _tell(target, "the name of its project", _read_project_name(view, family, target))
        also |= named & {name}
    for entry in guard.protected:
        if entry.project_id.casefold() in also:
            if entry.cluster == WHOLE_PROJECT:
                raise _refusal(target, "all clusters of its project are protected")
            found.append(_Protected(entry.cluster, f"it is protected, as {entry.cluster}"))
    if found:
        await _compare(view, family, target, found)


async def _compare(view: SessionView, family: Family[Any], target: Target, found: Sequence[_Protected]) -> None:
    clusters = await _tell(target, "the clusters of its project", list_clusters(view, family, target.project_id))
    wanted = _names_of(target.cluster, clusters)
    for each in found:
        if wanted & _names_of(each.cluster, clusters):
            raise _refusal(target, each.reason, is_source=each.is_source)
    listed = _is_listed(target.cluster, clusters)
    if family.snapshot_type is ClusterSnapshot and not (
        listed and all(_is_listed(each.cluster, clusters) for each in found)
    ):
        wanted |= await _read_ids(view, family, target, target.cluster, clusters)
        for each in found:
            if not (listed and _is_listed(each.cluster, clusters)) and wanted & (
                _names_of(each.cluster, clusters) | await _read_ids(view, family, target, each.cluster, clusters)
            ):
                raise _refusal(target, each.reason, is_source=each.is_source)
    for each in found:
        if each.is_source or _is_listed(each.cluster, clusters):
            continue
        if family.cluster_key == "id" and not _is_id(each.cluster):
            raise _refusal(
                target,
                f"the server lists no cluster {each.cluster} in its project, which the guard protects: it may be the"
                f" same one, renamed; protect it by its id",
            )
        if family.cluster_key == "name" and _is_id(each.cluster) and not listed:
            raise _refusal(
                target,
                f"the server's list shows neither its id nor a cluster with the id {each.cluster}, which the guard"
                f" protects; protect it by its name",
            )


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text.casefold()) is not None


def _matches(text: str, clusters: Iterable[ClusterSummary]) -> list[ClusterSummary]:
    spelt = text.casefold()
    return [
        each
        for each in clusters
        if spelt in {word.casefold() for word in (each.id, each.name, each.replica_set_name) if word is not None}
    ]


def _is_listed(text: str, clusters: Iterable[ClusterSummary]) -> bool:
    return bool(_matches(text, clusters))


def _names_of(text: str, clusters: Sequence[ClusterSummary]) -> frozenset[str]:
    """All ids and names of the cluster that a text names: a shard has the name of its whole cluster."""
    matches = _matches(text, clusters)
    names = {each.name.casefold() for each in matches if each.name}
    matches += [each for each in clusters if each.name and each.name.casefold() in names]
    return frozenset({text.casefold()} | names | {each.id.casefold() for each in matches})


async def _read_ids(
    view: SessionView, family: Family[Any], target: Target, text: str, clusters: Sequence[ClusterSummary]
) -> frozenset[str]:
    """Read the id that restores name a cluster by, which only its snapshots show."""
    same = _names_of(text, clusters)
    listed = [each for each in clusters if each.takes_restores and each.id.casefold() in same]
    paths = [each.name or text if family.cluster_key == "name" else each.id for each in listed] or [text]
    found: set[str] = set()
    for path in paths:
        read = _read_cluster_id(view, family, {"project": target.project_id, "cluster": path}, listed=bool(listed))
        cluster_id = await _tell(target, f"the snapshots of cluster {path} in its project", read)
        found |= set() if cluster_id is None else {cluster_id.casefold()}
    return frozenset(found)


async def _read_cluster_id(
    view: SessionView, family: Family[Any], names: dict[str, str], *, listed: bool
) -> str | None:
    try:
        return await find_cluster_id(view, family, names)
    except (BadRequest, NotFound) as error:
        # What the API does not know by this id or name has no other one.
        if listed or error.from_gateway:
            raise
        return None


async def _read_project_name(view: SessionView, family: Family[Any], target: Target) -> str | None:
    path = f"{family.projects_path}/{{project}}"
    read = partial(structure, ProjectSummary)
    found = await view.read("GET", path, read, family=family, names={"project": target.project_id})
    return None if found.name is None else found.name.casefold()


async def _tell(target: Target, what: str, read: Awaitable[ResultT]) -> ResultT:
    """Refuse the restore where a read fails; a refused key and a closed session are told as they are."""
    try:
        return await read
    except (ApiError, TransportError, DataError, PaginationError) as error:
        raise _refusal(
            target,
            f"whether it is protected is not known: {what} could not be read ({error.problem})",
        ) from error


def _refusal(target: Target, reason: str, *, is_source: bool = False) -> ProtectedTarget:
    return ProtectedTarget(
        f"nothing was started: the restore would overwrite cluster {target.cluster} of project {target.project_id},"
        f" and {reason}:",
        hint=Hint(
            HintKind.CONFIRM_OVERWRITE,
            {"project_id": target.project_id, "cluster": target.cluster, "is_source": is_source},
        ),
    )
