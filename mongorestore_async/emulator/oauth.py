"""The tokens of service accounts seen from the server; shares no code with the client.

``protocol`` section 2; RFC 6749 sections 2.3.1, 4.4 and 5, RFC 6750 section 2.1, RFC 7009.
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

if TYPE_CHECKING:
    from mongorestore_async.emulator.settings import EmulatorSettings

__all__ = ["Bearer", "TokenCounts", "TokenOffice", "TokenRefusal"]

_MINUTE = 60.0


class Bearer(StrEnum):
    """What a bearer token turned out to be.

    Members:
        LIVING: Given out here, and good.
        EXPIRED: Given out here, and too old.
        REVOKED: Given out here, and revoked since.
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
        issued: Tokens given out.
        refused: Requests to either endpoint with a wrong id or secret.
        revoked: Tokens that were revoked.
        calls: API requests with a living token.
        dead_calls: API requests with a token that had expired, was revoked or was never given out.

    """

    requests: int = 0
    issued: int = 0
    refused: int = 0
    revoked: int = 0
    calls: int = 0
    dead_calls: int = 0


class TokenRefusal(Exception):
    """An error of the two endpoints on its way to the client.

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
class _Given:
    ends: float
    revoked: bool = False


class TokenOffice:
    """Gives tokens out, takes them back, and knows them again.

    Times are seconds on the emulator's clock since its start.
    """

    def __init__(self, settings: EmulatorSettings) -> None:
        self.counts = TokenCounts()
        self._settings = settings
        self._given: dict[str, _Given] = {}
        self._asked: deque[float] = deque()

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token given out, the oldest first."""
        return tuple(self._given)

    def issue(self, authorization: str | None, elapsed: float) -> str:
        """Give a token out for the ``Authorization`` of a client.

        Raises:
            TokenRefusal: The client is not known, has too many tokens, or asks too often.

        """
        self.counts.requests += 1
        self._check_rate(elapsed)
        self.check_client(authorization)
        living = sum(given.ends > elapsed and not given.revoked for given in self._given.values())
        if living >= self._settings.max_live_tokens:
            raise TokenRefusal(
                403, "access_denied", f"The service account has {living} active tokens, which is the maximum."
            )
        token = "eyJ" + secrets.token_urlsafe(60)
        self._given[token] = _Given(elapsed + self._settings.token_seconds)
        self.counts.issued += 1
        return token

    def revoke(self, token: str | None = None) -> None:
        """Take a token back, or all of them; one that is not known counts as taken back (RFC 7009 section 2.2)."""
        for value, given in self._given.items():
            if token in {None, value} and not given.revoked:
                given.revoked = True
                self.counts.revoked += 1

    def judge(self, token: str, elapsed: float) -> Bearer:
        """Judge the token of an API request, and count it."""
        given = self._given.get(token)
        if given is None:
            verdict = Bearer.UNKNOWN
        elif given.revoked:
            verdict = Bearer.REVOKED
        else:
            verdict = Bearer.LIVING if elapsed < given.ends else Bearer.EXPIRED
        if verdict is Bearer.LIVING:
            self.counts.calls += 1
        else:
            self.counts.dead_calls += 1
        return verdict

    def check_client(self, authorization: str | None) -> None:
        """Check id and secret, sent as they are or form-escaped (RFC 6749 section 2.3.1).

        Raises:
            TokenRefusal: They are missing, unreadable or wrong.

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
            raise TokenRefusal(401, "invalid_client", "The client id or the client secret is not right.")

    def _check_rate(self, elapsed: float) -> None:
        most = self._settings.token_requests_per_minute
        if most is None:
            return
        while self._asked and self._asked[0] <= elapsed - _MINUTE:
            self._asked.popleft()
        if len(self._asked) >= most:
            wait = int(self._asked[0] + _MINUTE - elapsed) + 1
            raise TokenRefusal(
                429,
                "rate_limited",
                f"Resource /api/oauth/token is limited to {most} requests every 1 minutes.",
                retry_after=wait,
            )
        self._asked.append(elapsed)
