"""Fetching archives: streamed, never decompressed, without login and cookies, redirects followed with care.

Each request goes through a connection of its own, made with the session's settings: no cookie lives longer than one
answer, no dropped keep-alive connection makes the HTTP library repeat a request that counts, and hours of a download
take no connection away from the API.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import quote, urljoin

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from mongorestore_async.errors import (
    ConnectFailed,
    ConnectionBroken,
    Hint,
    HintKind,
    ProtocolError,
    RequestContext,
    TransportError,
)
from mongorestore_async.models import Headers, Secret
from mongorestore_async.models.secret import REDACTED, hide, unhide
from mongorestore_async.models.validators import require_seconds
from mongorestore_async.transport.connection import Connection
from mongorestore_async.transport.failures import scrub, translate
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from mongorestore_async.downloading.links import DownloadLink
    from mongorestore_async.transport.connection import HttpSettings

__all__ = ["ArchiveFetcher", "ArchiveReply"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
#: Characters that would end a request line, or that no URL holds.
_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_UNFIT = "the download link, or its redirect target, is not a valid URL"
#: Bytes the HTTP library holds back before it stops reading from the network.
_BUFFER = 256 * 1024
#: What a slow connection gave is handed on after this time, seconds: a killed process loses no more.
_BLOCK_SECONDS = 0.5


class ArchiveReply:
    """One answer being received; ``async with`` closes it and its connection.

    Attributes:
        status: HTTP status.
        headers: All headers.
        request: The request, without the secret part of its URL.

    """

    def __init__(
        self, response: aiohttp.ClientResponse, connection: Connection, *, request: RequestContext, stall_timeout: float
    ) -> None:
        self.status: int = response.status
        self.headers: Headers = Headers(response.headers.items())
        self.request = request
        self._response = response
        self._connection = connection
        self._stall_timeout = stall_timeout
        self._failure: TransportError | None = None
        self._ahead: list[bytes] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def peek(self, size: int, *, broken: bool = False) -> bytes:
        """Look at the first bytes, at least ``size`` or all there are; :meth:`read_block` still gives them.

        Args:
            size: Bytes.
            broken: Whether those before a break are enough.

        Raises:
            ConnectionBroken: The connection broke before, or nothing came for ``stall_timeout``.
            ProtocolError: What came is no HTTP.

        """
        pieces: list[bytes] = []
        try:
            while sum(map(len, pieces)) < size and (block := await self.read_block(size)):
                pieces += block
        except TransportError:
            if not broken:
                raise
        self._ahead = pieces
        return b"".join(pieces)

    async def read_block(self, size: int) -> list[bytes]:
        """Read about ``size`` bytes, in the pieces they came in; fewer after half a second, none at the end.

        A failure is raised only after all that came before it was handed out.

        Raises:
            ConnectionBroken: The connection broke before the announced end, or nothing came for ``stall_timeout``.
            ProtocolError: What came is no HTTP.

        """
        pieces, self._ahead = self._ahead, []
        got = sum(map(len, pieces))
        began = time.monotonic()
        while self._failure is None and got < size:
            try:
                piece = await self._response.content.readany()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                self._failure = _translated(error, self.request, self._stall_timeout)
                piece = _take_rest(self._response.content)
            if not piece:
                break
            pieces.append(piece)
            got += len(piece)
            if time.monotonic() - began > _BLOCK_SECONDS:
                break
        if self._failure is not None and not pieces:
            raise self._failure
        return pieces

    async def close(self) -> None:
        """Close the answer and its connection; bytes still on their way are dropped."""
        self._response.close()
        await self._connection.close()


class ArchiveFetcher:
    """Sends the requests of downloads.

    Args:
        settings: How the session makes connections.
        user_agent: Value of ``User-Agent``.
        stall_timeout: Seconds without a single byte after which a connection counts as broken.

    Raises:
        ConfigError: The timeout is no positive and finite number.

    """

    def __init__(self, settings: HttpSettings, *, user_agent: str, stall_timeout: float) -> None:
        self._settings = settings
        self._user_agent = user_agent
        self._threads = WorkerThreads("connecting", 1)
        self._stall_timeout = require_seconds("stall_timeout", stall_timeout)

    async def fetch(self, link: DownloadLink, headers: Mapping[str, str]) -> ArchiveReply:
        """Ask for an archive, at the link and wherever it redirects to; the header of the link stays at its origin.

        Args:
            link: Where the archive is.
            headers: Further headers: the range.

        Returns:
            The first answer that is no redirect, whatever its status; its body is not read.

        Raises:
            ConnectFailed: No connection; nothing was sent, to the first place at least.
            ConnectionBroken: The connection broke, or nothing came for ``stall_timeout``.
            ProtocolError: No HTTP, or a redirect that is not followed: too many, away from https, to nowhere.
            ConfigError: The CA file cannot be read, or the borrowed session is closed.

        """
        # Hidden: local variables of a download that fails may be exported.
        url = _check(hide(link.url), self.describe(link))
        login: DownloadLink | None = link
        context = self.describe(link)
        for _ in range(1 + _MOST_REDIRECTS):
            reply = await self._send(url, headers, login, context)
            if reply.status not in _REDIRECTS:
                return reply
            await reply.close()
            url, before = _follow(url, reply), url
            if _origin(url) != _origin(before):
                login = None
            context = attrs.evolve(reply.request, unanswered=True)
        raise ProtocolError(
            f"the download was redirected more than {_MOST_REDIRECTS} times; ask the operator of the download host",
            request=self.describe(link),
        )

    async def _send(
        self, url: Secret | None, headers: Mapping[str, str], login: DownloadLink | None, context: RequestContext
    ) -> ArchiveReply:
        connection = Connection(self._settings, limit=1, threads=self._threads, traced=False)
        reply: ArchiveReply | None = None
        try:
            # More of the URL would stand in the frames of what it raises.
            http = await connection.open(URL(_origin(url)))
            response = await http.request(
                "GET",
                URL(unhide(url) or "", encoded=True),
                headers=CIMultiDict(
                    {
                        "User-Agent": self._user_agent,
                        "Accept-Encoding": "identity",
                        **connection.headers,
                        **headers,
                        **({} if login is None or login.header is None else dict([login.header])),
                    }
                ),
                allow_redirects=False,
                auto_decompress=False,
                read_bufsize=_BUFFER,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=self._stall_timeout, sock_read=self._stall_timeout
                ),
                **connection.proxy,
            )
            request = attrs.evolve(context, status=response.status)
            reply = ArchiveReply(response, connection, request=request, stall_timeout=self._stall_timeout)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = _translated(error, context, self._stall_timeout)
        except ValueError:
            # A host name DNS has no form for, a header with a line break in it.
            failure = ProtocolError(f"{_UNFIT}, or its header is not valid; read the job again", request=context)
        else:
            return reply
        finally:
            if reply is None:
                await connection.close()
        raise failure  # from in there it would drag along the frames of the HTTP library

    @staticmethod
    def describe(link: DownloadLink) -> RequestContext:
        """Describe the request to a link without the secret part of its URL: the key may stand anywhere in it."""
        return RequestContext(method="GET", url=f"{_origin(link.url)}/{REDACTED}")


def _take_rest(content: aiohttp.StreamReader) -> bytes:
    """Take what came before a connection broke; the HTTP library would raise the failure before it hands that out."""
    content.set_exception(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return content.read_nowait()


def _follow(url: Secret | None, reply: ArchiveReply) -> Secret | None:
    target = hide(_joined(unhide(url) or "", reply.headers.get("Location", "")))
    if _origin(url).startswith("https:") and not _origin(target).startswith("https:"):
        raise ProtocolError(
            "the download host redirects away from https; the redirect was not followed, ask the operator of the host",
            request=reply.request,
        )
    return _check(target, reply.request)


def _joined(url: str, location: str) -> str:
    if _HTTP.match(location) or not location:
        return location
    try:
        return urljoin(str(url), str(location))
    except ValueError:
        return ""


def _check(url: Secret | None, context: RequestContext) -> Secret | None:
    """Check that a URL can be sent as it is; characters beyond ASCII are encoded, for they cannot.

    One with a user in it is refused (RFC 9110 section 4.2.4): it would put a login beside the header of the link.
    """
    if not _is_sendable(unhide(url) or ""):
        raise ProtocolError(f"{_UNFIT}; read the job again", request=context)
    letters = unhide(url) or ""
    checked = "".join(letter if letter.isascii() else quote(letter, errors="replace") for letter in letters)
    return cast("Secret", hide(checked))


def _is_sendable(url: str) -> bool:
    if _HTTP.match(url) is None or _UNSENDABLE.search(url) is not None or not _origin(url):
        return False
    return URL(url, encoded=True).user is None


def _origin(url: str | None) -> str:
    try:
        return str(URL(unhide(url) or "", encoded=True).origin())
    except ValueError:
        return ""


def _translated(error: Exception, context: RequestContext, stall_timeout: float) -> TransportError:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        failure: TransportError = ConnectFailed(f"no connection to the download host within {stall_timeout:g} s")
    elif isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        failure = ConnectionBroken(
            f"the download host sent nothing for {stall_timeout:g} s", hint=Hint(HintKind.RAISE_STALL_TIMEOUT)
        )
    elif isinstance(error, aiohttp.ClientResponseError):
        # Its message shows what came, which may be an echo of what was sent, or a link too long for a header.
        failure = ProtocolError(f"the answer is not valid HTTP ({type(error).__name__}); check for a proxy in between")
    else:
        failure = translate(error)
    failure.request = context
    # These hold the URL.
    failure.__cause__ = None if isinstance(error, (aiohttp.ClientResponseError, aiohttp.InvalidURL)) else scrub(error)
    return failure
