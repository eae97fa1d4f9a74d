"""aiohttp and the dictionaries its ``json()`` gives: what one writes by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, AsyncPeer, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

__all__ = ["Peer"]


class Peer(AsyncPeer):
    """``await response.json()``."""

    async def __aenter__(self) -> Self:
        login = aiohttp.DigestAuthMiddleware(PUBLIC_KEY, PRIVATE_KEY)
        self.session = aiohttp.ClientSession(self.url, middlewares=(login,))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        query = {"pageNum": number, "itemsPerPage": PAGE}
        async with self.session.get(path_of(cluster), params=query, raise_for_status=True) as response:
            return await self.decode(response)

    async def decode(self, response: aiohttp.ClientResponse) -> tuple[Sequence[Any], int]:
        """Make jobs of an answer."""
        document = await response.json()
        return document["results"], document["totalCount"]
