"""opsmanager: a client of Ops Manager on requests, with data classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from answers import project_of
from opsmanager import OpsManagerClient
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, BlockingPeer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Peer"]


class Peer(BlockingPeer):
    """``client.backup.list_restore_jobs()``; its limit of two calls a second is off."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.client = OpsManagerClient(url, PUBLIC_KEY, PRIVATE_KEY, rate_limit=0, pool_size=32)

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def pages(self, cluster: str) -> Iterator[Sequence[Any]]:
        """Give all jobs at once, as it does."""
        yield self.client.backup.list_restore_jobs(project_of(cluster), cluster, items_per_page=PAGE)
