"""aiohttp and dictionaries by orjson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from peers import aiohttp_json
from peers.base import PAGE, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Peer"]


class Peer(aiohttp_json.Peer):
    """``orjson.loads(await response.read())``."""

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        async with self.session.get(path_of(cluster), params={"pageNum": number, "itemsPerPage": PAGE}) as response:
            document = orjson.loads(await response.read())
        return document["results"], document["totalCount"]
