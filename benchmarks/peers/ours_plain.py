"""This library where the extra ``speed`` is not installed."""

from __future__ import annotations

from mongorestore_async.codec import items
from peers import ours

__all__ = ["Peer", "without_extra"]


def without_extra() -> None:
    """Let the library believe, in this process, that msgspec is not there."""
    items.is_installed = lambda: False  # type: ignore[assignment]


class Peer(ours.Peer):
    """As :mod:`peers.ours`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        without_extra()
