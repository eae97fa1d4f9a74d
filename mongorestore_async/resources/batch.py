"""What a create started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from mongorestore_async.models import JobDocument, JobRef, RestoreJob

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RestoreBatch"]

JobT_co = TypeVar("JobT_co", bound=JobDocument, covariant=True)


@attrs.frozen
class RestoreBatch(Generic[JobT_co]):
    """The jobs that one create started.

    A replica set gives one job; a sharded cluster one job per shard and one for its config servers, which
    belong together: the restore is done when all of them are. A server may answer with the first job only;
    list the cluster's jobs with :attr:`batch_id` to see all.

    Attributes:
        jobs: The jobs of the answer, at least one.

    """

    jobs: tuple[JobT_co, ...]

    def __iter__(self) -> Iterator[JobT_co]:
        return iter(self.jobs)

    def __len__(self) -> int:
        return len(self.jobs)

    def __getitem__(self, index: int) -> JobT_co:
        return self.jobs[index]

    @property
    def batch_id(self) -> str | None:
        """The batch all jobs belong to, None when there is none or the jobs name several."""
        ids = {job.batch_id if isinstance(job, RestoreJob) else None for job in self.jobs}
        return ids.pop() if len(ids) == 1 else None

    @property
    def refs(self) -> tuple[JobRef, ...]:
        """References to the jobs, printable and without secrets."""
        return tuple(job.ref for job in self.jobs if job.ref is not None)
