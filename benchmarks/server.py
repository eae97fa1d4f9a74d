"""The server of the benchmarks: prepared answers behind a digest login that is really checked.

It counts requests and challenges, can be slow, and can let nonces die. ``/set`` changes what it does and begins to
count anew, ``/stats`` tells the counts; both need no login and do not count.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import sys
from typing import Any
from urllib.parse import parse_qsl

import answers
import attrs

__all__ = ["PRIVATE_KEY", "PUBLIC_KEY", "Settings"]

PUBLIC_KEY, PRIVATE_KEY = "benchmrk", "a0b1c2d3-0000-4000-8000-000000000000"

_REALM = "MMS Public API"
_HA1 = hashlib.md5(f"{PUBLIC_KEY}:{_REALM}:{PRIVATE_KEY}".encode(), usedforsecurity=False).hexdigest()
_DIRECTIVE = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]*))')
_AUTHORIZATION = re.compile(rb"\r\nAuthorization: Digest ([^\r]*)", re.IGNORECASE)
_CLUSTER = re.compile(r"/groups/(\w+)/clusters/(c[0-9a-f]{23})(/backup)?/restoreJobs$")

#: What the first projects of a troubled server answer; None is nothing at all.
_TROUBLES = (503, 403, None)


@attrs.define(kw_only=True)
class Settings:
    """What the server does; all of it is changed by ``/set``.

    Attributes:
        latency: Seconds before an answer leaves.
        nonce_uses: Uses after which a nonce is stale, 0 for never.
        clusters: Clusters that the list of all clusters has.
        jobs: Jobs of each.
        projects: Projects they are dealt out to.
        drift: Jobs at the front of a cluster's list that vanish once its first page was read.
        troubled: Whether the first three projects fail: 503, 403, no answer at all.

    """

    latency: float = 0.0
    nonce_uses: int = 0
    clusters: int = 0
    jobs: int = 0
    projects: int = 1
    drift: int = 0
    troubled: bool = False


class State:
    """What all connections share."""

    def __init__(self) -> None:
        self.reset(Settings())

    def reset(self, settings: Settings) -> None:
        """Begin anew; nonces of before are unknown from now on."""
        self.settings = settings
        self.stats = {"requests": 0, "challenges": 0, "refused": 0, "lists": 0}
        self.nonces: dict[str, set[str]] = {}
        self.read: set[str] = set()

    def challenge(self, *, stale: bool) -> bytes:
        """Answer with a new nonce."""
        nonce = secrets.token_hex(16)
        self.nonces[nonce] = set()
        self.stats["challenges"] += 1
        known = f'realm="{_REALM}", domain="", nonce="{nonce}", algorithm=MD5, qop="auth"'
        header = f"WWW-Authenticate: Digest {known}, stale={str(stale).lower()}"
        return _response(401, b'{"error":401,"reason":"Unauthorized"}', header)

    def check(self, method: str, target: str, given: bytes) -> bytes | None:
        """Check an answer to a challenge; None if it is right."""
        words = {name: quoted or bare for name, quoted, bare in _DIRECTIVE.findall(given.decode())}
        ha2 = _hash(f"{method}:{words['uri']}")
        middle = f"{words['nonce']}:{words['nc']}:{words['cnonce']}:{words['qop']}"
        if words["uri"] != target or words["response"] != _hash(f"{_HA1}:{middle}:{ha2}"):
            self.stats["refused"] += 1
            return self.challenge(stale=False)
        used = self.nonces.get(words["nonce"])
        limit = self.settings.nonce_uses
        if used is None or words["nc"] in used or (limit and len(used) >= limit):
            return self.challenge(stale=True)
        used.add(words["nc"])
        return None


def _hash(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _response(status: int, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status} -", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers)
    return "\r\n".join((*lines, "", "")).encode() + body


class Connection(asyncio.Protocol):
    """One connection: requests without a body, one after the other."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._received = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it to write to."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head, self._received = self._received[:end], self._received[end + 4 :]
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        state = self._state
        method, target, _ = head[: head.index(b"\r\n")].decode().split(" ")
        path, _, query = target.partition("?")
        if path == "/stats":
            self._send(_response(200, json.dumps(state.stats).encode()), 0)
            return
        if path == "/set":
            state.reset(Settings(**json.loads(dict(parse_qsl(query))["settings"])))
            self._send(_response(200, b"{}"), 0)
            return
        state.stats["requests"] += 1
        given = _AUTHORIZATION.search(head)
        refusal = state.check(method, target, given[1]) if given else state.challenge(stale=False)
        reply = refusal or self._serve(path, dict(parse_qsl(query)))
        if reply is not None:
            self._send(reply, state.settings.latency)

    def _serve(self, path: str, query: dict[str, str]) -> bytes | None:
        state, settings = self._state, self._state.settings
        number, size = int(query.get("pageNum", 1)), int(query.get("itemsPerPage", 100))
        found = _CLUSTER.search(path)
        if found is None:
            if not path.endswith("/clusters") or "/groups/" in path:
                return _response(404, b'{"error":404,"reason":"Not Found"}')
            lists = (settings.clusters, settings.jobs, settings.projects, number, size)
            state.stats["lists"] += 1
            return _response(200, answers.cluster_list(*lists))
        project, cluster = found[1], found[2]
        if settings.troubled and (place := int(project, 16) - int(answers.PROJECT, 16)) < len(_TROUBLES):
            status = _TROUBLES[place]
            return None if status is None else _response(status, b'{"error":%d,"reason":"-","detail":"-"}' % status)
        gone = settings.drift if cluster in state.read else 0
        state.read.add(cluster)
        return _response(200, answers.page(cluster, number, size, gone=gone, cloud_backup=bool(found[3])))

    def _send(self, reply: bytes, latency: float) -> None:
        if latency:
            asyncio.get_running_loop().call_later(latency, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def main() -> None:
    """Serve on a free port, which is printed, until the standard input ends."""
    loop = asyncio.get_running_loop()
    state = State()
    server = await loop.create_server(lambda: Connection(state), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
