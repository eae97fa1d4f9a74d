"""Jobs found again by their addresses, in another process or later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import JobRef
from mongorestore_async.protocol.urls import check_identifier
from mongorestore_async.resources.batch import RestoreBatch
from mongorestore_async.waiting.end_rules import Until, check_until, until_told
from mongorestore_async.waiting.waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.families import Family
    from mongorestore_async.models import JobDocument
    from mongorestore_async.resources.cluster_base import ClusterBase
    from mongorestore_async.resources.project import Project

__all__ = ["find_batch", "read_by_ref"]


async def find_batch(
    project: Callable[[str, Family[Any]], Project[Any]], refs: Iterable[JobRef | str], until: Until | None
) -> RestoreBatch[Any]:
    """Read jobs by their addresses; see :meth:`AsyncSession.batch`.

    Args:
        project: Names a project of a family.
        refs: Addresses.
        until: What is to be waited for.

    """
    if until is not None:
        check_until(until)
    wanted = [_parsed(ref) for ref in _listed(refs)]
    if not wanted:
        raise ConfigError("no restore job references: pass at least one, such as str(job.ref)")
    sources: dict[JobRef, ClusterBase[Any]] = {}
    for ref in wanted:
        place = JobRef(family=ref.family, project=ref.project, cluster=ref.cluster, host=ref.host, job="")
        if place not in sources:
            sources[place] = _source(project, ref)
    waiting = Waiter[Any](sources.values(), [(ref, None) for ref in wanted], None, batches=False)
    await waiting.read_all()
    now = asyncio.get_running_loop().time()
    kinds: set[Until | None] = {until_told(job) for job in waiting.jobs} if until is None else {until}
    common = kinds.pop() if len(kinds) == 1 else None
    return RestoreBatch(waiting.jobs, sources=waiting.sources, until=common, read_at=now)


async def read_by_ref(project: Callable[[str, Family[Any]], Project[Any]], ref: JobRef | str) -> JobDocument:
    """Read one job by its address; see :meth:`AsyncSession.restore_job`.

    Args:
        project: Names a project of a family.
        ref: Address.

    """
    found = _parsed(ref)
    job: JobDocument = await _source(project, found).restore_job(found.job)
    return job


def _listed(refs: object) -> Iterable[object]:
    if isinstance(refs, (str, JobRef)) or not isinstance(refs, Iterable):
        raise ConfigError(f"refs must be a list of restore job references, not {type(refs).__name__}: pass [ref]")
    return refs  # pyright: ignore[reportUnknownVariableType]


def _parsed(ref: object) -> JobRef:
    if not isinstance(ref, (str, JobRef)):
        raise ConfigError(f"a reference must be a JobRef or its string form, not {type(ref).__name__}")
    found = JobRef.parse(ref) if isinstance(ref, str) else ref
    check_identifier("restore job id", found.job)
    return found


def _source(project: Callable[[str, Family[Any]], Project[Any]], ref: JobRef) -> ClusterBase[Any]:
    family = FAMILIES.get(ref.family)
    if family is None:
        raise ConfigError(f"{ref} has an unknown product family; known families: {', '.join(FAMILIES)}")
    owner = project(ref.project, family)
    return owner.cluster(str(ref.cluster)) if ref.host is None else owner.config_server(ref.host)
