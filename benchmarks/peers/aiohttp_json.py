"""aiohttp and the dictionaries its ``json()`` gives: what one writes by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import ALL_CLUSTERS, PAGE, AsyncPeer, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

__all__ = ["Peer"]


class Peer(AsyncPeer):
    """``await response.json()``."""

    async def __aenter__(self) -> Self:
        login = aiohttp.DigestAuthMiddleware(PUBLIC_KEY, PRIVATE_KEY)
        self.session = aiohttp.ClientSession(self.url, middlewares=(login,), raise_for_status=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def request(self, cluster: str) -> Any:
        """Make one call, whatever it answers."""
        async with self.session.get(path_of(cluster), params={"pageNum": 1, "itemsPerPage": PAGE}) as response:
            return await response.json()

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        async with self.session.get(path_of(cluster), params={"pageNum": number, "itemsPerPage": PAGE}) as response:
            document = await response.json()
        return document["results"], document["totalCount"]

    async def discover(self) -> list[str]:
        """List the ids of all clusters."""
        found: list[str] = []
        number = seen = 0
        total = 1
        while seen < total:
            number += 1
            async with self.session.get(ALL_CLUSTERS, params={"pageNum": number, "itemsPerPage": PAGE}) as response:
                document = await response.json()
            total = document["totalCount"]
            seen += len(document["results"])
            found += [cluster["clusterId"] for project in document["results"] for cluster in project["clusters"]]
        return found
