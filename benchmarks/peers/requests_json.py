"""requests and the dictionaries its ``json()`` gives, in threads where several are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth
from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, BlockingPeer, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Peer"]

_CONNECTIONS = 32


class Peer(BlockingPeer):
    """``response.json()``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.session = requests.Session()
        self.session.auth = HTTPDigestAuth(PUBLIC_KEY, PRIVATE_KEY)
        self.session.mount("http://", HTTPAdapter(pool_maxsize=_CONNECTIONS))

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def pages(self, cluster: str) -> Iterator[Sequence[Any]]:
        """Walk the pages."""
        number = seen = 0
        total = 1
        while seen < total:
            number += 1
            query = {"pageNum": number, "itemsPerPage": PAGE}
            response = self.session.get(self.url + path_of(cluster), params=query, timeout=60)
            response.raise_for_status()
            document = response.json()
            total = document["totalCount"]
            seen += len(document["results"])
            yield document["results"]
