"""What this library is measured beside: other ways to list restore jobs, each as its users would write it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from peers.base import AsyncPeer, BlockingPeer

__all__ = ["FLEET", "NAMES", "OURS", "TITLES", "obstacle", "peer"]

OURS, FLEET = "ours", "ours_fleet"

#: Module of each peer, and how tables call it.
TITLES = {
    OURS: "this library",
    FLEET: "this library, Fleet",
    "raw_socket": "raw socket, bytes only",
    "aiohttp_orjson": "aiohttp + orjson dicts",
    "aiohttp_json": "aiohttp + json dicts by hand",
    "aiohttp_msgspec": "aiohttp + msgspec Structs",
    "aiohttp_cattrs": "aiohttp + stock cattrs over orjson",
    "httpx_pydantic": "httpx + pydantic",
    "requests_json": "requests, dicts",
    "peer_opsmanager": "opsmanager",
    "peer_pyatlassdk": "pyatlassdk",
    "peer_atlasapi": "atlasapi",
}
NAMES = tuple(TITLES)


def peer(name: str, url: str) -> AsyncPeer | BlockingPeer:
    """Make a peer that talks to the server at this URL."""
    made: AsyncPeer | BlockingPeer = importlib.import_module(f"peers.{name}").Peer(url)
    return made


def obstacle(name: str) -> str | None:
    """Tell why a peer cannot be measured here; None if it can."""
    try:
        importlib.import_module(f"peers.{name}")
    except ImportError as error:
        return f"not installed here ({error})"
    return None
