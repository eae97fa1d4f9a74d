"""Reads what became of the collections of a job that is SUCCESSFUL, page after page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from mongorestore_async.errors import NotFound
from mongorestore_async.listing.materialize import materialize
from mongorestore_async.waiting.collection_judge import CollectionJudge

if TYPE_CHECKING:
    from mongorestore_async.listing.pager import Pager
    from mongorestore_async.models import CollectionRestoreJob, RestoredCollection
    from mongorestore_async.waiting.job_source import JobSource

__all__ = ["judge_collections"]


class _CollectionsSource(Protocol):
    """A cluster of a family whose jobs restore single collections."""

    def restored_collections(self, job_id: str) -> Pager[RestoredCollection]: ...


async def judge_collections(source: JobSource[Any], job: CollectionRestoreJob, job_id: str) -> CollectionJudge:
    """Read all collections of a job; pages are forgotten as soon as they are judged.

    Args:
        source: The cluster.
        job: The job.
        job_id: The id that it was asked for by.

    Raises:
        RestoreError: The list could not be read.

    """
    judge = CollectionJudge(job)
    reader = cast("_CollectionsSource", source).restored_collections(job_id).reader()
    try:
        while (page := await reader.step()) is not None:
            for found in await materialize(page.items, reader.decode_locks):
                judge.take(found)
    except NotFound as error:
        # The job is there, so its list is not there yet, or it ended meanwhile: as good as an empty one.
        if not error.certain:
            raise
    return judge
