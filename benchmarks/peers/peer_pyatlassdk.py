"""pyatlassdk: generated from the OpenAPI description of Atlas, on httpx and pydantic."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from answers import project_of
from pyatlassdk.admin.client import AtlasAdminClient
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, BlockingPeer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Peer"]


class Peer(BlockingPeer):
    """``client.legacy_backup.list_group_cluster_restore_jobs()``, whose jobs are those of Cloud Manager.

    Each thread has a client: threads that share one use a count of the digest twice, and are refused.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._own = threading.local()

    @property
    def client(self) -> AtlasAdminClient:
        """The client of this thread."""
        if not hasattr(self._own, "client"):
            self._own.client = AtlasAdminClient(PUBLIC_KEY, PRIVATE_KEY, base_url=f"{self.url}/api/atlas/v2")
        client: AtlasAdminClient = self._own.client
        return client

    def pages(self, cluster: str) -> Iterator[Sequence[Any]]:
        """Walk the pages."""
        client = self.client
        number = seen = 0
        total = 1
        while seen < total:
            number += 1
            page = client.legacy_backup.list_group_cluster_restore_jobs(
                cluster, project_of(cluster), items_per_page=PAGE, page_num=number
            )
            total = page.total_count or 0
            seen += len(page.results)
            yield page.results
