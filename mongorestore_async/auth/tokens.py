"""The token grammar of service accounts: OAuth 2.0 client credentials without I/O.

API protocol section 2; RFC 6749 sections 2.3.1 (Basic), 4.4 (asking) and 5 (answers), RFC 6750 section 2.1 (use),
RFC 7009 (revoking). The two endpoints stand at the root of the host, below its path prefix, and their errors have
a shape of their own: ``error`` is a word there and a number everywhere else in the API.
"""

from __future__ import annotations

import base64
import math
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import attrs

from mongorestore_async.errors import ApiError, AuthError, DataError, ServerError
from mongorestore_async.models.document import RawDocument
from mongorestore_async.models.secret import REDACTED, Secret, hide, unhide
from mongorestore_async.protocol.redaction import EXCERPT_LENGTH, one_line
from mongorestore_async.protocol.replies import read_reply
from mongorestore_async.protocol.urls import build_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from mongorestore_async.auth.credentials import ServiceAccount
    from mongorestore_async.protocol.replies import RawReply

__all__ = [
    "DEFAULT_LIFETIME",
    "Token",
    "TokenRequest",
    "ask_for_token",
    "ask_to_revoke",
    "read_revocation",
    "read_token",
    "travels_in_clear",
]

#: Life of a token whose answer does not tell it, in seconds: the documented hour.
DEFAULT_LIFETIME = 3600.0

_TOKEN_PATH = "/api/oauth/token"  # noqa: S105 - a path
_REVOKE_PATH = "/api/oauth/revoke"
_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Accept": "application/json",
        "Cache-Control": "no-cache",
        "Content-Type": "application/x-www-form-urlencoded",
    }
)

_SHORTEST_SECRET = 8

#: Words that blame the client, whatever the status: RFC 6749 section 5.2 has them with 400 as well.
_CLIENT_REFUSED = frozenset({"invalid_client", "invalid_grant", "unauthorized_client"})

#: What to do next.
_ADVICE: Mapping[int, str] = {
    403: (
        "a service account has at most 100 live tokens: wait until one expires (they live an hour), revoke tokens that "
        "are no longer needed, share one session between many calls, or let sessions revoke theirs when they close"
    ),
    404: "service accounts exist on Cloud Manager and Atlas only; check the base URL, or use an API key",
    429: "the limit is about 10 tokens a minute; share one session between many calls",
}


@attrs.frozen
class TokenRequest:
    """A POST to one of the two endpoints.

    Attributes:
        url: The target.
        authorization: Value of ``Authorization``.
        body: The form.
        headers: Headers beside ``Authorization``.

    """

    url: URL
    authorization: Secret
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = _HEADERS


@attrs.frozen
class Token:
    """An access token as the endpoint gave it.

    Attributes:
        lifetime: How long it lives, seconds from when it was made.

    """

    # Hidden: tools that walk the objects in the frames of an error find it in the session.
    _value: Secret = attrs.field(repr=False, alias="value", converter=hide)
    lifetime: float

    @property
    def value(self) -> Secret:
        """The token."""
        return unhide(self._value)

    @property
    def authorization(self) -> Secret:
        """Value of ``Authorization`` for a call of the API."""
        return Secret(f"Bearer {self.value}")


def ask_for_token(base: URL, account: ServiceAccount) -> TokenRequest:
    """Write the request for a token; it may be repeated freely.

    Args:
        base: The session's base URL; the endpoint stands below its prefix, outside of the API paths.
        account: Who asks.

    """
    return _request(base, _TOKEN_PATH, account, {"grant_type": "client_credentials"})


def ask_to_revoke(base: URL, account: ServiceAccount, token: Token) -> TokenRequest:
    """Write the request that revokes a token (RFC 7009 section 2.1)."""
    return _request(base, _REVOKE_PATH, account, {"token": token.value, "token_type_hint": "access_token"})


def read_token(raw: RawReply, account: ServiceAccount, *, works: bool = False) -> Token:
    """Read the answer to :func:`ask_for_token`.

    A missing ``expires_in`` means :data:`DEFAULT_LIFETIME`, a missing ``token_type`` a bearer token.

    Args:
        raw: The answer.
        account: Who asked.
        works: Whether the API ever took a token of it: then the page of a gateway is temporary, also with 401.

    Raises:
        AuthError: The service account is refused, or the token is of a kind that cannot be used here.
        Forbidden: 403, most likely because of the 100 live tokens an account may have.
        RateLimited: 429.
        ApiError: Any other error status.
        ProtocolError: A redirect: the secret does not travel on.
        DataError: The answer holds no token.

    """
    document = _document(raw, account, works=works)
    if document is None:
        # What is no JSON is not quoted: it might be a token in another notation.
        form = f"{_printable(raw.headers.get('Content-Type', 'no content type'))}, {len(raw.body)} bytes"
        raise _unexpected(raw, "$", f"without a JSON object ({form}); is there a proxy or login page in between?")
    value = document.get("access_token")
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        word = document.get("error")
        told = f"; it says {_printable(word)!r}" if isinstance(word, str) else ""
        raise _unexpected(raw, "$.access_token", f"without an access token{told}")
    kind = document.get("token_type")
    if kind is not None and (not isinstance(kind, str) or kind.lower() != "bearer"):
        told = _printable(str(kind))
        raise AuthError(
            f"{raw.request.url} returned a token of type {told!r}; only Bearer is supported", request=raw.request
        )
    lifetime = _seconds(document.get("expires_in"))
    if lifetime is None:
        raise _unexpected(raw, "$.expires_in", "with an expires_in that is not a positive number of seconds")
    return Token(Secret(value), lifetime)


def read_revocation(raw: RawReply, account: ServiceAccount) -> None:
    """Read the answer to :func:`ask_to_revoke`; an unknown token counts as revoked (RFC 7009 section 2.2).

    Raises:
        AuthError: The service account is refused.
        ApiError: Any other error status.
        ProtocolError: A redirect.

    """
    _document(raw, account)


def travels_in_clear(base: URL) -> bool:
    """Whether the client secret would cross a network unencrypted: plain HTTP, and not to this machine itself."""
    host = base.host or ""
    if base.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return True


def _request(base: URL, path: str, account: ServiceAccount, form: Mapping[str, str]) -> TokenRequest:
    return TokenRequest(build_url(base, path), Secret(f"Basic {_pair(account)}"), urlencode(form).encode("ascii"))


def _pair(account: ServiceAccount) -> str:
    # Both halves are form-escaped first (RFC 6749 section 2.3.1), so an id may hold a colon.
    pair = f"{quote_plus(account.client_id)}:{quote_plus(account.client_secret)}"
    return base64.b64encode(pair.encode("ascii")).decode("ascii")


def _document(raw: RawReply, account: ServiceAccount, *, works: bool = False) -> RawDocument | None:
    """Decode an answer; None when it is no JSON object. Raises the error it stands for."""
    if raw.status >= 400:  # noqa: PLR2004
        raise _refusal(raw, account, works=works)
    try:
        document = read_reply(raw).document
    except DataError:
        return None
    return RawDocument(document) if isinstance(document, dict) else None  # pyright: ignore[reportUnknownArgumentType]


def _refusal(raw: RawReply, account: ServiceAccount, *, works: bool) -> AuthError | ApiError:
    """Make the error an answer stands for."""
    raw = attrs.evolve(raw, body=_scrubbed(raw.body, account))
    error = _api_error(raw)
    word, said = _told(raw)
    what = error.problem if word is None else f"HTTP {raw.status} {word}: {said or 'no details'}"
    # What the endpoint itself says is JSON with a word of OAuth (RFC 6749 section 5.2), or the API's error document.
    error.from_gateway = error.from_gateway and word is None
    passes = works and error.from_gateway
    error.transient = passes or error.repeatable or isinstance(error, ServerError)
    if (raw.status == 401 and not passes) or word in _CLIENT_REFUSED:  # noqa: PLR2004
        return AuthError(
            f"{raw.request.url} refused the service account {account.client_id!r} ({what}); check the client id and "
            f"the secret: are they complete, has the secret expired or been replaced, is the base URL right?",
            request=raw.request,
        )
    advice = _ADVICE.get(raw.status)
    error.problem = f"no token from {raw.request.url}: {what}{f' -> {advice}' if advice else ''}"
    error.args = (error.message,)
    error.error_code = error.error_code if word is None else word
    error.detail = error.detail if said is None else said
    return error


def _api_error(raw: RawReply) -> ApiError:
    try:
        read_reply(raw)
    except ApiError as error:
        return error.with_traceback(None)
    raise AssertionError("a status from 400 up is an error")


def _told(raw: RawReply) -> tuple[str | None, str | None]:
    """Read ``error`` and ``error_description``, fit to be shown; None for what is not there in this shape."""
    try:
        document = read_reply(attrs.evolve(raw, status=200)).document
    except (DataError, ApiError):
        document = None
    members = RawDocument(document if isinstance(document, dict) else {})  # pyright: ignore[reportUnknownArgumentType]
    word, said = members.get("error"), members.get("error_description")
    if not isinstance(word, str) or not word:
        return None, None
    return _printable(word), _printable(said) if isinstance(said, str) and said else None


def _printable(text: str) -> str:
    return one_line(text, EXCERPT_LENGTH)


def _scrubbed(body: bytes, account: ServiceAccount) -> bytes:
    """Take the secret out of a body that echoes it; one too short to be any would only mutilate the words."""
    for form in (account.client_secret, quote_plus(account.client_secret), _pair(account)):
        if len(form) >= _SHORTEST_SECRET:
            body = body.replace(form.encode(), REDACTED.encode())
    return body


def _seconds(value: Any) -> float | None:
    """Read a life span; None when it is none."""
    if value is None:
        return DEFAULT_LIFETIME
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < math.inf else None


def _unexpected(raw: RawReply, path: str, what: str) -> DataError:
    return DataError(
        f"{raw.request.url} answered HTTP {raw.status} {what}", path=path, status=raw.status, request=raw.request
    )
