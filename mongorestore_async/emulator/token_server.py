"""The tokens of service accounts seen from the server; shares no code with the client.

State, rules and the two endpoints, whose errors have a form of their own (``protocol`` section 2; RFC 6749 sections
2.3.1, 4.4 and 5, RFC 6750 section 2.1, RFC 7009).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import attrs
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.emulator.emulator_settings import EmulatorSettings
    from mongorestore_async.emulator.flow_control import Clock

__all__ = ["OAUTH_API", "OAuthError", "TokenCounts", "TokenServer", "TokenStatus"]

#: Where the two endpoints are: at the root of the host, below its path prefix.
OAUTH_API = "/api/oauth"

_FORM = "application/x-www-form-urlencoded"
_MINUTE = 60.0


class TokenStatus(StrEnum):
    """The state of a bearer token.

    Members:
        LIVING: Issued here, and valid.
        EXPIRED: Issued here, and expired.
        REVOKED: Issued here, and revoked since.
        UNKNOWN: Not given out here.
    """

    LIVING = "living token"
    EXPIRED = "expired token"
    REVOKED = "revoked token"
    UNKNOWN = "unknown token"


@attrs.define
class TokenCounts:
    """Running totals.

    Attributes:
        requests: Requests to the token endpoint.
        issued: Tokens issued.
        refused: Requests to either endpoint with a wrong id or secret.
        revoked: Tokens that were revoked.
        calls: API requests with a living token.
        dead_calls: API requests with a token that had expired, was revoked or was never issued.

    """

    requests: int = 0
    issued: int = 0
    refused: int = 0
    revoked: int = 0
    calls: int = 0
    dead_calls: int = 0


class OAuthError(Exception):
    """An error answer of the two endpoints.

    Args:
        status: HTTP status.
        word: The ``error``.
        description: The ``error_description``.
        retry_after: Whole seconds of ``Retry-After``; None: no such header.

    """

    def __init__(self, status: int, word: str, description: str, *, retry_after: int | None = None) -> None:
        super().__init__(word)
        self.status = status
        self.word = word
        self.description = description
        self.retry_after = retry_after


@attrs.define
class _IssuedToken:
    ends: float
    revoked: bool = False


class TokenServer:
    """Issues tokens, revokes them, and checks those of API requests; answers the two OAuth endpoints.

    Args:
        settings: The client's id and secret, and the limits of its tokens.
        clock: Decides when a token expires.
    """

    def __init__(self, settings: EmulatorSettings, clock: Clock) -> None:
        self.counts: TokenCounts = TokenCounts()
        self._settings = settings
        self._clock = clock
        self._issued: dict[str, _IssuedToken] = {}
        self._request_times: deque[float] = deque()

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token issued, oldest first."""
        return tuple(self._issued)

    def issue(self, authorization: str | None) -> str:
        """Issue a token for the ``Authorization`` of a client.

        Raises:
            OAuthError: The client is not known, has too many tokens, or asks too often.

        """
        self.counts.requests += 1
        elapsed = self._clock.elapsed
        self._check_rate()
        self.check_client(authorization)
        living = sum(issued.ends > elapsed and not issued.revoked for issued in self._issued.values())
        if living >= self._settings.max_live_tokens:
            raise OAuthError(
                403, "access_denied", f"The service account has {living} active tokens, which is the maximum."
            )
        token = "eyJ" + secrets.token_urlsafe(60)
        self._issued[token] = _IssuedToken(elapsed + self._settings.token_seconds)
        self.counts.issued += 1
        return token

    def revoke(self, token: str | None = None) -> None:
        """Revoke a token, or all of them; an unknown one counts as revoked (RFC 7009 section 2.2)."""
        for value, issued in self._issued.items():
            if token in {None, value} and not issued.revoked:
                issued.revoked = True
                self.counts.revoked += 1

    def check(self, token: str) -> TokenStatus:
        """Check the token of an API request, and count it."""
        elapsed, issued = self._clock.elapsed, self._issued.get(token)
        if issued is None:
            status = TokenStatus.UNKNOWN
        elif issued.revoked:
            status = TokenStatus.REVOKED
        else:
            status = TokenStatus.LIVING if elapsed < issued.ends else TokenStatus.EXPIRED
        if status is TokenStatus.LIVING:
            self.counts.calls += 1
        else:
            self.counts.dead_calls += 1
        return status

    def check_client(self, authorization: str | None) -> None:
        """Check id and secret, sent as they are or form-escaped (RFC 6749 section 2.3.1).

        Raises:
            OAuthError: They are missing, unreadable or wrong.

        """
        scheme, _, coded = (authorization or "").partition(" ")
        try:
            pair = base64.b64decode(coded.strip(), validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            pair = b""
        known = f"{self._settings.client_id}:{self._settings.client_secret}".encode()
        client, _, secret = pair.decode("utf-8", "replace").partition(":")
        unescaped = f"{unquote_plus(client)}:{unquote_plus(secret)}".encode()
        # Both are always compared, so that the time does not tell which one was right.
        as_sent, as_form = hmac.compare_digest(pair, known), hmac.compare_digest(unescaped, known)
        if not (as_sent or as_form):
            self.counts.refused += 1
            raise OAuthError(401, "invalid_client", "The client id or the client secret is not right.")

    def _check_rate(self) -> None:
        elapsed, most = self._clock.elapsed, self._settings.token_requests_per_minute
        if most is None:
            return
        while self._request_times and self._request_times[0] <= elapsed - _MINUTE:
            self._request_times.popleft()
        if len(self._request_times) >= most:
            wait = int(self._request_times[0] + _MINUTE - elapsed) + 1
            raise OAuthError(
                429,
                "rate_limited",
                f"Resource /api/oauth/token is limited to {most} requests every 1 minutes.",
                retry_after=wait,
            )
        self._request_times.append(elapsed)

    def routes(self) -> tuple[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]], ...]:
        """Method, path and handler of the two endpoints."""
        return (
            ("POST", OAUTH_API + "/token", self._answer_token_request),
            ("POST", OAUTH_API + "/revoke", self._answer_revocation),
        )

    async def _answer_token_request(self, request: web.Request) -> web.Response:
        """Issue a token (RFC 6749 section 4.4)."""
        try:
            _check_grant(await _parameter(request, "grant_type"))
            value = self.issue(request.headers.get("Authorization"))
        except OAuthError as error:
            return _error_answer(error)
        document = {"access_token": value, "expires_in": self._settings.token_seconds, "token_type": "Bearer"}
        return web.json_response(document, headers={"Cache-Control": "no-store"})

    async def _answer_revocation(self, request: web.Request) -> web.Response:
        """Revoke a token (RFC 7009 section 2)."""
        try:
            self.check_client(request.headers.get("Authorization"))
            self.revoke(await _parameter(request, "token"))
        except OAuthError as error:
            return _error_answer(error)
        return web.Response()


async def _parameter(request: web.Request, name: str) -> str:
    if request.content_type != _FORM:
        raise OAuthError(400, "invalid_request", f"The content type must be {_FORM}.")
    value = str((await request.post()).get(name, ""))
    if not value:
        raise OAuthError(400, "invalid_request", f"The parameter {name} is missing.")
    return value


def _check_grant(kind: str) -> None:
    if kind != "client_credentials":
        raise OAuthError(400, "unsupported_grant_type", "The grant type must be client_credentials.")


def _error_answer(error: OAuthError) -> web.Response:
    document = {"error": error.word, "error_description": error.description}
    headers = {"Cache-Control": "no-store"}
    if error.status == 401:  # noqa: PLR2004 - Unauthorized
        headers["WWW-Authenticate"] = 'Basic realm="MMS Public API"'
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return web.json_response(document, status=error.status, headers=headers)
