"""This library through its fleet: it finds the clusters itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.fleet import Fleet
from peers import ours

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Peer"]


class Peer(ours.Peer):
    """``async for found in stream``."""

    async def fan_out(self, clusters: Sequence[str], in_flight: int, only: Sequence[str] | None = None) -> int:
        """Look at each job of all clusters; those given are the ones the server lists, or of these ``only`` names."""
        del clusters
        return await self.fleet(in_flight, only)

    async def fleet(self, in_flight: int, only: Sequence[str] | None = None) -> int:
        """Find all clusters, and look at each job of each."""
        count = 0
        async with Fleet(self.session, self.family).restore_jobs(concurrency=in_flight, clusters=only) as stream:
            async for _ in stream:
                count += 1
        assert not stream.failures, stream.failures
        return count
