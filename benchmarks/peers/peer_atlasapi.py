"""atlasapi: a client of Atlas v1.0 on requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from answers import PROJECT
from atlasapi.atlas import Atlas
from atlasapi.settings import Settings
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import BlockingPeer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Peer"]


class Peer(BlockingPeer):
    """``atlas.CloudBackups.get_snapshot_restore_requests()``: a connection and a challenge for each call."""

    cannot: ClassVar[dict[str, str]] = {"list_jobs": "its call reads the first page of a list only"}

    def __init__(self, url: str) -> None:
        super().__init__(url)
        Settings.BASE_URL = url
        self.atlas = Atlas(PUBLIC_KEY, PRIVATE_KEY, PROJECT)

    def pages(self, cluster: str) -> Iterator[Sequence[Any]]:
        """Give the first page, which is all there is to it."""
        yield list(self.atlas.CloudBackups.get_snapshot_restore_requests(cluster))
