"""This library through its fleet: it finds the clusters itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async import CLOUD_MANAGER
from mongorestore_async.fleet import Fleet
from peers import ours

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Peer"]


class Peer(ours.Peer):
    """``async for found in stream``."""

    async def fan_out(self, clusters: Sequence[str], in_flight: int, only: Sequence[str] | None = None) -> int:
        """Look at each job of all clusters; those given are the ones the server lists, or of these ``only`` names."""
        count, read = 0, set[str]()
        async with Fleet(self.session, CLOUD_MANAGER).restore_jobs(concurrency=in_flight, clusters=only) as stream:
            async for found in stream:
                count += 1
                read.add(found.cluster.key)
        assert not stream.failures, stream.failures
        assert len(read) == len(clusters), (len(read), len(clusters))
        return count
