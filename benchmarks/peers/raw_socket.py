"""The floor: sockets and bytes by asyncio's streams, nothing decoded."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from server import PRIVATE_KEY, PUBLIC_KEY

from peers.base import PAGE, AsyncPeer, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Peer"]

_REALM = "MMS Public API"
_NONCE = re.compile(rb'nonce="([^"]*)"')
_LENGTH = re.compile(rb"Content-Length: (\d+)")
_JOB = b'{"batchId"'


class Peer(AsyncPeer):
    """Jobs are counted in the bytes of a page, not made."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._nonce = ""
        self._count = 0
        self._ha1 = _hash(f"{PUBLIC_KEY}:{_REALM}:{PRIVATE_KEY}")

    async def __aexit__(self, *_: object) -> None:
        for _reader, writer in self._free:
            writer.close()
            await writer.wait_closed()

    async def page(self, cluster: str, number: int) -> tuple[Sequence[Any], int]:
        """Read a page."""
        target = f"{path_of(cluster)}?pageNum={number}&itemsPerPage={PAGE}"
        head, body = await self._exchange(target)
        if b" 401 " in head[:16]:
            found = _NONCE.search(head)
            assert found is not None
            self._nonce, self._count = found[1].decode(), 0
            head, body = await self._exchange(target)
        assert b" 200 " in head[:16], head
        return range(body.count(_JOB)), int(body[body.rindex(b":") + 1 : -1])

    async def _exchange(self, target: str) -> tuple[bytes, bytes]:
        place = urlsplit(self.url)
        stream = self._free.pop() if self._free else await asyncio.open_connection(place.hostname, place.port)
        reader, writer = stream
        writer.write(f"GET {target} HTTP/1.1\r\nHost: {place.netloc}\r\n{self._login(target)}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        assert found is not None
        body = await reader.readexactly(int(found[1]))
        self._free.append(stream)
        return head, body

    def _login(self, target: str) -> str:
        if not self._nonce:
            return ""
        self._count += 1
        cnonce, nc = secrets.token_hex(8), f"{self._count:08x}"
        response = _hash(f"{self._ha1}:{self._nonce}:{nc}:{cnonce}:auth:{_hash(f'GET:{target}')}")
        return (
            f'Authorization: Digest username="{PUBLIC_KEY}", realm="{_REALM}", nonce="{self._nonce}", uri="{target}", '
            f'algorithm=MD5, qop=auth, nc={nc}, cnonce="{cnonce}", response="{response}"\r\n'
        )


def _hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
