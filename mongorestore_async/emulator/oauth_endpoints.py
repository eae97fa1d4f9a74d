"""``/api/oauth/token`` and ``/api/oauth/revoke``; their errors have a shape of their own (``protocol`` section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from mongorestore_async.emulator.oauth import TokenRefusal
from mongorestore_async.emulator.stage import STAGE

if TYPE_CHECKING:
    from mongorestore_async.emulator.oauth import TokenOffice

__all__ = ["OAUTH_API", "revoke_token", "token"]

#: Where the two endpoints stand: at the root of the host, below its path prefix.
OAUTH_API = "/api/oauth"

_FORM = "application/x-www-form-urlencoded"


async def token(request: web.Request) -> web.Response:
    """Give out a token (RFC 6749 section 4.4)."""
    stage = request.app[STAGE]
    try:
        _check_grant(await _parameter(request, "grant_type"))
        value = stage.tokens.issue(request.headers.get("Authorization"), stage.clock.elapsed)
    except TokenRefusal as refusal:
        return _refused(refusal)
    document = {"access_token": value, "expires_in": stage.settings.token_seconds, "token_type": "Bearer"}
    return web.json_response(document, headers={"Cache-Control": "no-store"})


async def revoke_token(request: web.Request) -> web.Response:
    """Take a token back (RFC 7009 section 2)."""
    office: TokenOffice = request.app[STAGE].tokens
    try:
        office.check_client(request.headers.get("Authorization"))
        office.revoke(await _parameter(request, "token"))
    except TokenRefusal as refusal:
        return _refused(refusal)
    return web.Response()


async def _parameter(request: web.Request, name: str) -> str:
    if request.content_type != _FORM:
        raise TokenRefusal(400, "invalid_request", f"The content type must be {_FORM}.")
    value = str((await request.post()).get(name, ""))
    if not value:
        raise TokenRefusal(400, "invalid_request", f"The parameter {name} is missing.")
    return value


def _check_grant(kind: str) -> None:
    if kind != "client_credentials":
        raise TokenRefusal(400, "unsupported_grant_type", "The grant type must be client_credentials.")


def _refused(refusal: TokenRefusal) -> web.Response:
    document = {"error": refusal.word, "error_description": refusal.description}
    headers = {"Cache-Control": "no-store"}
    if refusal.status == 401:  # noqa: PLR2004 - Unauthorized
        headers["WWW-Authenticate"] = 'Basic realm="MMS Public API"'
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    return web.json_response(document, status=refusal.status, headers=headers)
