"""What waiting, creating and downloads use of a cluster or a config server, which are made further up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from mongorestore_async.models import JobT_co

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from mongorestore_async.families import Family
    from mongorestore_async.listing.pager import Pager
    from mongorestore_async.models import JobRef
    from mongorestore_async.transport.connection import HttpSettings
    from mongorestore_async.transport.options import Options

__all__ = ["JobSource", "describe_source"]


class JobSource(Protocol[JobT_co]):
    """A place of a project that restore jobs belong to: :class:`Cluster` and :class:`ConfigServer` are such."""

    @property
    def family(self) -> Family[JobT_co]:
        """The product family."""
        ...

    @property
    def project(self) -> str:
        """Project id."""
        ...

    @property
    def options(self) -> Options:
        """Deadlines and limits of the session, or view of it."""
        ...

    @property
    def http_settings(self) -> HttpSettings:
        """How the session makes connections."""
        ...

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Let what takes longer than a call end with ``SessionClosed`` as soon as the session closes."""
        ...

    def ref(self, job_id: str) -> JobRef:
        """Address of a job of this place."""
        ...

    def restore_jobs(
        self,
        *,
        batch_id: str | None = None,
        items_per_page: int | None = None,
        starting_at: int = 1,
        include_count: bool | None = None,
    ) -> Pager[JobT_co]:
        """List its restore jobs."""
        ...

    async def restore_job(self, job_id: str) -> JobT_co:
        """Read one of them."""
        ...


def describe_source(source: JobSource[Any]) -> str:
    """Name a cluster or a config server in a sentence."""
    ref = source.ref("-")
    what = f"config server {ref.host}" if ref.cluster is None else f"cluster {ref.cluster}"
    return f"{what} of project {ref.project} ({ref.family})"
