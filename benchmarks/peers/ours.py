"""This library through its lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from answers import project_of
from server import PRIVATE_KEY, PUBLIC_KEY

from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, Family
from peers.base import PAGE, AsyncPeer, path_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import ClassVar, Self

    from mongorestore_async import Pager, RestoreJob

__all__ = ["Peer"]


class Peer(AsyncPeer):
    """``async for job in cluster.restore_jobs()``.

    Attributes:
        family: Whose API is called.

    """

    family: ClassVar[Family] = CLOUD_MANAGER

    async def __aenter__(self) -> Self:
        self.session = AsyncSession(DigestAuth(PUBLIC_KEY, PRIVATE_KEY), base_url=self.url)
        await self.session.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def request(self, cluster: str) -> Any:
        """Make one call, whatever it answers."""
        reply = await self.session.request("GET", path_of(cluster), query={"pageNum": 1, "itemsPerPage": PAGE})
        return reply.document

    def pager(self, cluster: str, **arguments: Any) -> Pager[RestoreJob]:
        """List the jobs of a cluster."""
        return self.session.project(project_of(cluster), self.family).cluster(cluster).restore_jobs(**arguments)

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        page = await self.pager(cluster, starting_at=number)
        return page.items, page.total_count or 0

    async def pages(self, cluster: str) -> AsyncIterator[Sequence[Any]]:
        """Walk the pages."""
        async for page in self.pager(cluster).pages():
            yield page.items

    async def list_jobs(self, cluster: str) -> int:
        """Walk the jobs."""
        count = 0
        async for _ in self.pager(cluster):
            count += 1
        return count
