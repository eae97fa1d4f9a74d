"""A server that breaks, on the level of sockets: it stands before the emulator and knows requests apart.

Requests are relayed one by one until one is the target of the :class:`Plan`; that one is given to a fault, a coroutine
that does with the connection as it likes. What is relayed is answered by the emulator, with its real digest login.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import struct
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

__all__ = ["Answer", "Exchange", "FaultServer", "Plan", "Request"]

_END_OF_HEAD = b"\r\n\r\n"

#: Where a fault strikes. ``request``: at the request that is the target, its head read. The others strike once the
#: request before the target was answered: ``connection`` at the next connections, before anything is read of them;
#: ``kept`` at the same connection (and, if it strikes again, at the next ones); ``listener`` closes the port.
#: ``start`` strikes at every connection from the first on.
Place = Literal["request", "connection", "kept", "listener", "start"]


@attrs.frozen
class Request:
    """One request as it came.

    Attributes:
        method: Verb.
        target: Path and query.
        head: Everything before the body.

    """

    method: str
    target: str
    head: bytes = attrs.field(repr=False)

    @classmethod
    def parse(cls, head: bytes) -> Self:
        """Read a request line."""
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        return cls(method, target, head)

    def header(self, name: str) -> str:
        """Give the value of a header; empty without one."""
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            label, _, value = line.partition(":")
            if label.lower() == name.lower():
                return value.strip()
        return ""

    @property
    def authenticated(self) -> bool:
        """Whether it answers a challenge."""
        return bool(self.header("Authorization"))


@attrs.frozen
class Answer:
    """One answer of the emulator.

    Attributes:
        status_line: Its first line.
        headers: Its header lines, without those about the connection and the length.
        body: Its body.

    """

    status_line: bytes
    headers: tuple[bytes, ...]
    body: bytes = attrs.field(repr=False)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read an answer that ended with its connection."""
        head, _, body = raw.partition(_END_OF_HEAD)
        status_line, *lines = head.split(b"\r\n")
        own = (b"connection", b"content-length", b"transfer-encoding")
        return cls(status_line, tuple(line for line in lines if line.split(b":")[0].lower() not in own), body)

    def head(self, *more: bytes) -> bytes:
        """Write the head, with further header lines."""
        return b"\r\n".join((self.status_line, *self.headers, *more)) + _END_OF_HEAD

    def whole(self, *more: bytes) -> bytes:
        """Write the answer as it was, with further header lines."""
        return self.head(b"Content-Length: %d" % len(self.body), *more) + self.body


class Exchange:
    """One connection, and the request on it that is being served."""

    def __init__(self, server: FaultServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.request: Request | None = None
        self.body: bytes | None = None
        self.over = False
        self._server = server
        self._reader = reader
        self._writer = writer
        self._answer: Answer | None = None

    async def first_byte(self) -> None:
        """Wait until a request begins to arrive."""
        if await self._reader.read(1):
            self._server.requests += 1

    async def peek(self) -> None:
        """Wait until something arrives that is no request."""
        await self._reader.read(1)

    async def receive(self) -> bool:
        """Read the head of the next request; False when there is none any more."""
        self.body = self._answer = None
        try:
            head = await self._reader.readuntil(_END_OF_HEAD)
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        self.request = Request.parse(head)
        self._server.requests += 1
        return True

    async def read(self) -> bytes:
        """Read the body of the request."""
        if self.body is None:
            request = self._request
            self.body = await self._reader.readexactly(int(request.header("Content-Length") or 0))
            if request.method == "POST":
                self._server.posts += 1
        return self.body

    async def answer(self) -> Answer:
        """Have the emulator answer the request; from here on it has acted."""
        if self._answer is None:
            head = self._request.head.removesuffix(_END_OF_HEAD) + b"\r\nConnection: close" + _END_OF_HEAD
            body = await self.read()
            reader, writer = await asyncio.open_connection(*self._server.upstream)
            try:
                writer.write(head + body)
                self._answer = Answer.parse(await reader.read())
            finally:
                writer.close()
        return self._answer

    async def answer_again(self) -> Answer:
        """Send the request to the emulator once more, byte for byte; gives what it answers then."""
        self._answer = None
        return await self.answer()

    async def send(self, data: bytes) -> None:
        """Write to the client and wait until the socket took it."""
        self._writer.write(data)
        await self._writer.drain()

    async def drip(self, data: bytes, *, every: float) -> None:
        """Write byte by byte.

        Args:
            data: What to write.
            every: Seconds between two bytes.

        """
        for byte in data:
            await self.send(bytes([byte]))
            await asyncio.sleep(every)

    async def close(self) -> None:
        """Close the connection in order."""
        self.over = True
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def reset(self) -> None:
        """Cut the connection: the client's kernel is told that it is gone."""
        self.over = True
        raw = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    @property
    def _request(self) -> Request:
        if self.request is None:
            raise AssertionError("no request was read")
        return self.request


@attrs.define(kw_only=True)
class Plan:
    """What breaks, where and how often.

    Attributes:
        play: The fault; None for one that needs nothing but its place.
        place: Where it strikes.
        target: Tells the request that is struck; for other places than ``request`` the one before.
        times: How often it strikes.
        acted: Whether the emulator gets the request before the fault does; only at ``request``.

    """

    play: Callable[[Exchange], Awaitable[None]] | None = None
    place: Place = "request"
    target: Callable[[Request], bool] = lambda _: True
    times: float = math.inf
    acted: bool = False
    armed: bool = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.armed = self.place == "start"

    def strikes(self, request: Request | None) -> bool:
        """Whether the fault strikes now: at a request, or at a new connection (None); counts it."""
        if self.times <= 0:
            return False
        if request is None:
            strikes = self.armed and self.place != "listener"
        else:
            strikes = self.place == "request" and self.target(request)
        self.times -= strikes
        return strikes

    def arms(self, request: Request) -> bool:
        """Whether the next one is to be struck, for this request is the one before."""
        arms = self.place not in {"request", "start"} and not self.armed and self.target(request)
        self.armed = self.armed or arms
        return arms


class FaultServer:
    """Listens before an emulator.

    Args:
        upstream: URL of the emulator.
        port: Port to listen on; 0 takes a free one.

    Attributes:
        upstream: Host and port of the emulator.
        plan: What breaks; None: nothing.
        requests: Requests that began to arrive.
        posts: Requests with a POST body that arrived whole.

    """

    def __init__(self, upstream: str, port: int = 0) -> None:
        parts = urlsplit(upstream)
        self.upstream = (parts.hostname or "", parts.port or 0)
        self.plan: Plan | None = None
        self.requests = 0
        self.posts = 0
        self._port = port
        self._listener: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Origin to use as base URL."""
        return f"http://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Listen, again at the same port."""
        if self._listener is not None:
            return
        listener = self._listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(512)
        listener.settimeout(0)
        self._port = listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept(listener))

    async def refuse(self) -> None:
        """Stop listening: connections are refused from now on."""
        listener, self._listener = self._listener, None
        if listener is not None and self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
            listener.close()

    async def __aenter__(self) -> Self:
        self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(listener)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._serve(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        exchange = Exchange(self, reader, writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._converse(exchange)
        finally:
            writer.close()

    async def _converse(self, exchange: Exchange) -> None:
        plan = self.plan
        if plan is not None and plan.strikes(None):
            await self._play(exchange, plan)
            return
        while not exchange.over and await exchange.receive():
            plan, request = self.plan, exchange.request
            if plan is not None and request is not None and plan.strikes(request):
                if plan.acted:
                    await exchange.answer()
                await self._play(exchange, plan)
                continue
            answer = await exchange.answer()
            if plan is None or request is None or not plan.arms(request):
                await exchange.send(answer.whole())
                continue
            if plan.place == "listener":
                await self.refuse()
            if plan.place == "kept" and plan.strikes(None):
                await exchange.send(answer.whole())
                await self._play(exchange, plan)
            else:
                await exchange.send(answer.whole(b"Connection: close"))
                await exchange.close()
            return

    async def _play(self, exchange: Exchange, plan: Plan) -> None:
        if plan.play is not None:
            await plan.play(exchange)
