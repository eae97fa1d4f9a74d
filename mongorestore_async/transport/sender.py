"""Sending one HTTP request and reading its answer to the end."""

from __future__ import annotations

from collections import Counter
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
from multidict import CIMultiDict

from mongorestore_async.errors import (
    Hint,
    HintKind,
    ProtocolError,
    RequestContext,
)
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.dates import http_date
from mongorestore_async.protocol.rate_limit_headers import rate_headers
from mongorestore_async.protocol.redaction import redact_url
from mongorestore_async.protocol.replies import RawReply, is_error_document
from mongorestore_async.transport.failures import outcome_of, scrub, translate, was_never_sent
from mongorestore_async.transport.observers import ExchangeRecord, OperationEvent
from mongorestore_async.transport.open_creates import watch_connecting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from yarl import URL

    from mongorestore_async.auth.digest_login import Attempt
    from mongorestore_async.auth.tokens import TokenRequest
    from mongorestore_async.errors import RestoreError
    from mongorestore_async.families.rate_limit import RateLimit
    from mongorestore_async.models.secret import Secret
    from mongorestore_async.ratelimit.rate_limiter import Admission
    from mongorestore_async.transport.connection import Connection
    from mongorestore_async.transport.loop_binding import ServerInfo
    from mongorestore_async.transport.observers import Notify
    from mongorestore_async.transport.open_creates import SendState
    from mongorestore_async.transport.options import Options

__all__ = ["Call", "Phase", "Progress", "Sender"]


#: Bytes of an answer of the token endpoint: it is decoded at once, on the loop.
_LARGEST_TOKEN_ANSWER = 1024 * 1024


class Phase(Enum):
    """What a call waits for."""

    RATE_LIMIT = auto()
    SLOT = auto()
    LOGIN = auto()  # of another call, or for a token of its own
    SENT = auto()  # an answer, or a connection to be made


@attrs.define(eq=False, repr=False)
class Call:
    """One call to be made.

    Attributes:
        method: HTTP verb in upper case.
        url: The target, already encoded.
        headers: Headers beside ``User-Agent`` and ``Authorization``.
        body: Body as sent, None without one. It may be sent again in reply to a challenge.
        family: Name of the product family, for errors.
        enveloped: Whether the call asks for an envelope.
        project: The project it is about, None for none.
        rate: The rate limit it falls under, None if none is known.
        decode_list: Decodes the body of a list document piece by piece, None where none is expected.
        path: Its path as the family has it, placeholders and all; empty for a call that is none of the API's.
        state: Takes note of whether the server may have acted on it; None where nobody asks.
        version: The version that its caller named, None where the family chose it.
        notify: Takes what happens during it; None where nobody listens.

    """

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None = attrs.field(default=None, repr=False)
    family: str | None = None
    enveloped: bool = False
    decode_list: Callable[[bytes], Iterator[Any]] | None = None
    project: str | None = None
    rate: RateLimit | None = None
    path: str = ""
    state: SendState | None = None
    version: str | None = None
    notify: Notify | None = None


class Progress:
    """How far a call has come.

    Attributes:
        call: The call.
        tries: How often it was tried.
        out_of_turn: How many of them a rate limit refused while the server took others.
        unanswered: Whether a request is out to which no whole answer came.
        last: The last whole answer.
        logging_in: Whether what was sent last is no request of the call but one for a token.
        phase: What it waits for.
        in_doubt: Whether the server may have acted on a try before this one.
        attempt: Its digest login, None for none.
        admission: What the rate limiter admitted its present try with, None if it did not yet.
        sending: The state of the request that was handed over last.
        earlier: What the try before ended with, without its traceback; None for the first.
        outcomes: What all tries before ended with, in words, and how often; None for the first.

    """

    # Of most calls hardly any of these is ever set.
    tries: int = 0
    out_of_turn: int = 0
    unanswered: bool = False
    last: RawReply | None = None
    logging_in: bool = False
    phase: Phase = Phase.LOGIN
    in_doubt: bool = False
    attempt: Attempt | None = None
    admission: Admission | None = None
    sending: SendState | None = None
    earlier: RestoreError | None = None
    outcomes: Counter[str] | None = None

    def __init__(self, call: Call) -> None:
        self.call = call

    def remember(self, error: RestoreError, wait: float) -> None:
        """Take note of what a try ended with that is made again after some seconds."""
        if self.call.notify is not None:
            self.call.notify(OperationEvent(kind="retry", error=type(error).__name__, seconds=wait))
        self.earlier = error.with_traceback(None)  # its frames hold this object
        self.outcomes = self.outcomes or Counter()
        self.outcomes[outcome_of(error)] += 1

    @property
    def connecting(self) -> bool:
        """Whether the request that was handed over last still waits for a connection."""
        return self.sending is not None and self.sending.connecting

    @property
    def challenges(self) -> int:
        """Digest challenges it met."""
        return 0 if self.attempt is None else self.attempt.challenges

    @property
    def context(self) -> RequestContext:
        """The call as errors show it."""
        return self.answered(None if self.last is None else self.last.status)()

    def answered(self, status: int | None) -> Callable[[], RequestContext]:
        """What makes the call as errors show it, with the status of its last answer. It holds no headers and no body.

        Few calls that succeed are ever asked for it.
        """
        call, attempt = self.call, self.attempt
        return partial(
            _describe,
            call.method,
            call.url,
            call.family,
            status,
            0 if attempt is None else attempt.challenges,
            self.unanswered,
            self.tries or 1,
            self.logging_in,
            self.in_doubt,
            call.version,
        )

    def record(self, *, seconds: float, failed: str | None) -> ExchangeRecord:
        """The call as the record for ``on_exchange``.

        Args:
            seconds: How long it took.
            failed: Class name of the error raised, None after a success.

        """
        last = self.last
        limit, remaining = (None, None) if last is None else rate_headers(last.headers)
        return ExchangeRecord(
            method=self.call.method,
            url=redact_url(self.call.url),
            family=self.call.family,
            status=None if last is None else last.status,
            error=failed,
            tries=max(1, self.tries),
            challenges=self.challenges,
            seconds=seconds,
            rate_limit=limit,
            rate_remaining=remaining,
            server_time=None if last is None else http_date(last.headers.get("Date", "")),
        )


def _describe(method: str, url: URL, *rest: Any) -> RequestContext:
    return RequestContext(method, redact_url(url), *rest)


class Sender:
    """Sends requests over one connection pool, counts them, and takes note of what answers tell about the server."""

    def __init__(self, connection: Connection, server_info: ServerInfo) -> None:
        self.requests: int = 0
        self._connection = connection
        self._server_info = server_info

    async def send(self, progress: Progress, options: Options, authorization: Secret | None) -> RawReply:
        """Send a request once and read its answer. Nothing is awaited before the request is handed over.

        Args:
            progress: The call; takes note of what was sent and answered.
            options: Limits and User-Agent.
            authorization: Value of ``Authorization``, None for none.

        Raises:
            ConfigError: The session passed as ``http`` was closed; nothing was sent.
            ConnectFailed: No connection; nothing was sent.
            ConnectionBroken: The connection broke before the whole answer came.
            ProtocolError: The answer is too large or no HTTP.

        """
        call, connection = progress.call, self._connection
        http = connection.session
        if http is None or http.closed:
            raise connection.problem()
        progress.logging_in = False
        headers = _headers(call, connection, options, authorization)
        del authorization
        self.requests += 1
        was_unanswered, progress.unanswered = progress.unanswered, True
        # A proxy may answer for a server that acted.
        if was_unanswered or (progress.last is not None and progress.last.status >= 500):  # noqa: PLR2004
            progress.in_doubt = True
        never_sent, state = False, call.state
        progress.phase, progress.sending = Phase.SENT, state
        if state is not None:
            state.begin(progress.context)
            http = connection.watched(watch_connecting(state))
        try:
            response = await http.request(
                call.method, call.url, headers=headers, data=call.body, allow_redirects=False, **connection.proxy
            )
            try:
                content, limit = response.content, options.max_body
                # Of most answers all is there as soon as the head is.
                is_there = content.is_eof() and 0 < content.total_bytes <= limit and content.total_raw_bytes <= limit
                body = content.read_nowait() if is_there else await _read(response, limit)
                progress.unanswered = False
                raw = progress.last = RawReply(
                    response.status,
                    response.reason or "",
                    Headers(response.headers),
                    body,
                    progress.answered(response.status),
                )
            finally:
                if response.connection is not None:  # not read to its end, or the request is not sent to its own yet
                    response.release()
                    await response.wait_for_close()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            never_sent = was_never_sent(error)
            raise translate(error) from scrub(error)
        finally:
            if state is not None:
                http.detach()
                never_sent = state.end(never_sent=never_sent)
            if never_sent:
                progress.unanswered = was_unanswered
        if state is not None and raw.status == 401 and ("WWW-Authenticate" in raw.headers or is_error_document(raw)):  # noqa: PLR2004
            state.open = False  # a try without a login the server takes; it may be sent again with another one
        if call.path and (version := raw.headers.get("X-MongoDB-Service-Version")) is not None:
            self._server_info.service_version = version
        return raw

    async def send_observed(self, progress: Progress, options: Options, authorization: Secret | None) -> RawReply:
        """Send a request as :meth:`send` does, and tell how it ended."""
        call, before = progress.call, progress.last
        try:
            return await self.send(progress, options, authorization)
        finally:
            if call.notify is not None:
                last = None if progress.last is before else progress.last
                status, headers = (None, None) if last is None else (last.status, last.headers)
                call.notify(OperationEvent(kind="request", status=status, headers=headers, for_token=not call.path))

    def post_for(self, progress: Progress, options: Options, request: TokenRequest) -> Awaitable[RawReply]:
        """Send a request to the token endpoint for a call."""
        progress.logging_in = True
        return self.post(options, request, progress.call.notify)

    def post(self, options: Options, request: TokenRequest, notify: Notify | None = None) -> Awaitable[RawReply]:
        """Send a request to the token endpoint, as :meth:`send` does."""
        call = Call(method="POST", url=request.url, headers=request.headers, body=request.body, notify=notify)
        small = attrs.evolve(options, max_body=min(options.max_body, _LARGEST_TOKEN_ANSWER))
        send = self.send if notify is None else self.send_observed
        return send(Progress(call), small, request.authorization)


def _headers(call: Call, connection: Connection, options: Options, authorization: Secret | None) -> CIMultiDict[str]:
    """Put the headers of a request together. Frames that are exported show no value of such a mapping."""
    headers = CIMultiDict(call.headers)
    if options.user_agent_header != connection.user_agent:
        headers["User-Agent"] = options.user_agent_header
    if connection.headers:
        headers.update(connection.headers)
    if authorization is not None:
        headers["Authorization"] = authorization
    return headers


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read the body, bounded before and after decompression."""
    chunks: list[bytes] = []
    size = response.content_length or 0
    if size <= limit:
        size = 0
        content = response.content
        while chunk := await content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > limit or content.total_raw_bytes > limit:
                break
            if content.at_eof():
                return b"".join(chunks)
        else:
            return b"".join(chunks)
    response.close()
    await response.wait_for_close()
    chunks.clear()  # or the traceback would keep them
    raise ProtocolError(
        f"the answer (HTTP {response.status}) is larger than {limit} bytes", hint=Hint(HintKind.SMALLER_PAGES)
    )
