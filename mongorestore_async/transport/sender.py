"""Sending one HTTP request and reading its answer to the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import attrs

from mongorestore_async.errors import (
    ConnectFailed,
    ConnectionBroken,
    ProtocolError,
    RequestContext,
    RequestTimeout,
    TransportError,
)
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.redaction import redact_text, redact_url
from mongorestore_async.protocol.replies import RawReply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from mongorestore_async.models.secret import Secret
    from mongorestore_async.transport.connection import Connection
    from mongorestore_async.transport.options import Options

__all__ = ["Call", "Progress", "Sender"]

_READ_CHUNK = 64 * 1024

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ServerFingerprintMismatch)


@attrs.frozen
class Call:
    """One call to be made.

    Attributes:
        method: HTTP verb in upper case.
        url: The target, already encoded.
        headers: Headers beside ``User-Agent`` and ``Authorization``.
        body: Body as sent, None without one. It may be sent again in reply to a challenge.
        family: Name of the product family, for errors.
        enveloped: Whether the call asks for an envelope.

    """

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None = attrs.field(default=None, repr=False)
    family: str | None = None
    enveloped: bool = False


@attrs.define(eq=False)
class Progress:
    """How far a call has come.

    Attributes:
        call: The call.
        url: Its URL, redacted.
        tries: How often it was tried.
        challenges: Digest challenges it met.
        unanswered: Whether a request is out to which no whole answer came.
        last: The last whole answer.

    """

    call: Call
    url: str = attrs.field(init=False)
    tries: int = 0
    challenges: int = 0
    unanswered: bool = False
    last: RawReply | None = None

    def __attrs_post_init__(self) -> None:
        self.url = redact_url(self.call.url)

    @property
    def context(self) -> RequestContext:
        """The call as errors tell it."""
        return RequestContext(
            method=self.call.method,
            url=self.url,
            family=self.call.family,
            status=None if self.last is None else self.last.status,
            challenges=self.challenges,
            unanswered=self.unanswered,
            tries=max(1, self.tries),
        )


class Sender:
    """Sends requests over one connection pool and counts them."""

    def __init__(self, connection: Connection) -> None:
        self.requests = 0
        self._connection = connection

    async def send(self, progress: Progress, authorization: Secret | None, options: Options) -> RawReply:
        """Send a request once and read its answer.

        Args:
            progress: The call; takes note of what was sent and answered.
            authorization: Value of ``Authorization``, None for none.
            options: Limits and User-Agent.

        Raises:
            ConnectFailed: No connection; nothing was sent.
            ConnectionBroken: The connection broke before the whole answer came.
            ProtocolError: The answer is too large or no HTTP.

        """
        call = progress.call
        headers = {**call.headers, "User-Agent": options.user_agent_header}
        if authorization is not None:
            headers["Authorization"] = authorization
        self.requests += 1
        was_unanswered, progress.unanswered = progress.unanswered, True
        try:
            async with self._connection.session.request(
                call.method,
                call.url,
                headers=headers,
                data=call.body,
                allow_redirects=False,
                **self._connection.proxy,
            ) as response:
                raw = RawReply(
                    status=response.status,
                    reason=response.reason or "",
                    headers=Headers(response.headers.items()),
                    body=await _read(response, options.max_body),
                    request=progress.context,
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if isinstance(error, _NEVER_SENT):
                progress.unanswered = was_unanswered
            raise _translate(error) from _without_traceback(error)
        progress.unanswered = False
        progress.last = raw
        return raw


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body, bounded after decompression."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(_READ_CHUNK):
        size += len(chunk)
        if size > limit:
            response.close()
            raise ProtocolError(
                f"the answer (HTTP {response.status}) is larger than {limit} bytes; ask for smaller pages "
                f"(items_per_page) or raise Options.max_body"
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _translate(error: Exception) -> TransportError:
    name = type(error).__name__
    said = redact_text(str(error)) or "no further word"
    if isinstance(error, _NEVER_SENT):
        return ConnectFailed(f"no connection ({name}: {said}); check base_url, DNS, proxy and TLS settings (ca_file)")
    if isinstance(error, TimeoutError):
        return RequestTimeout(f"the connection timed out ({name}); check what lies between here and the server")
    if isinstance(error, aiohttp.ClientResponseError):
        return ProtocolError(
            f"what came back is no HTTP answer ({name}: {redact_text(error.message)}); check base_url and what "
            f"proxy lies between here and the server"
        )
    return ConnectionBroken(f"the connection broke before the whole answer came ({name}: {said})")


def _without_traceback(error: Exception) -> Exception:
    """Keep type and message of a foreign exception, not its frames: they hold our headers."""
    if isinstance(error, aiohttp.ClientResponseError):
        headers = error.request_info.headers.copy()
        headers.clear()
        bare = error.request_info._replace(headers=type(error.request_info.headers)(headers))
        error.request_info, error.args = bare, (bare, error.history)
    error.__context__ = None
    error.__cause__ = None
    return error.with_traceback(None)
