"""aiohttp and dictionaries by orjson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from peers import aiohttp_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import aiohttp

__all__ = ["Peer"]


class Peer(aiohttp_json.Peer):
    """``orjson.loads(await response.read())``."""

    async def decode(self, response: aiohttp.ClientResponse) -> tuple[Sequence[Any], int]:
        """Make dictionaries of an answer."""
        document = orjson.loads(await response.read())
        return document["results"], document["totalCount"]
