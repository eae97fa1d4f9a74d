"""Settings for vcrpy and pytest-recording: cassettes that replay, and hold neither credentials nor download links.

A challenge is kept, with another nonce: at replay the client answers it, and what it answers is not compared. A link is
replaced by one of the host ``downloads.example.com``, in answers and in the requests for it alike, so that the client
follows the replaced link and finds the recorded archive.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from mongorestore_async.models.secret import is_secret_name, without_urls
from mongorestore_async.protocol.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cassette_settings"]

_HOST = "https://downloads.example.com"
_HIDDEN = "hidden"
_API = re.compile(r"/api/(?:public|atlas|oauth|private)/")
_LINK = re.compile(r"https?://\S+\Z", re.IGNORECASE)
_NONCE = re.compile(r'(?i)\b((?:next)?nonce|opaque)="[^"]*"')
_REQUEST_HEADERS = ["authorization", "proxy-authorization", "cookie"]
_CHALLENGES = frozenset({"www-authenticate", "authentication-info"})


def cassette_settings(**changes: Any) -> dict[str, Any]:
    """Settings for ``vcr.VCR(**...)``, and for the fixture ``vcr_config`` of pytest-recording.

    Requests are compared by their bodies too, so that one create is not answered with the outcome of another. Headers
    are not compared, for the answer to a challenge differs each time.

    Args:
        **changes: More settings, or other ones. A hook of your own in place of ``before_record_response`` or
            ``before_record_request`` has to call the one given here.

    Returns:
        The settings.

    """
    return {
        "match_on": ["method", "scheme", "host", "port", "path", "query", "body"],
        "filter_headers": list(_REQUEST_HEADERS),
        "decode_compressed_response": False,
        "before_record_request": _hide_request,
        "before_record_response": _hide_response,
        **changes,
    }


def _hide_request(request: Any) -> Any:
    """Replace what is secret in a request: the link itself, and a token that is revoked."""
    uri: str = request.uri
    if _API.search(urlsplit(uri).path) is None:
        request.uri = _hidden_link(uri)
        request.headers = {}
    elif uri.endswith("/api/oauth/revoke"):
        request.body = _HIDDEN.encode()
    return request


def _hide_response(response: dict[str, Any]) -> dict[str, Any]:
    """Replace what is secret in an answer."""
    headers = {
        name: [_hide_header(name.lower(), value) for value in values]
        for name, values in response["headers"].items()
        if name.lower() != "set-cookie"
    }
    kind = " ".join(value for name, values in headers.items() if name.lower() == "content-type" for value in values)
    body: bytes | None = response["body"].get("string")
    if body and "json" in kind:
        hidden = _hide_document(body)
        return {**response, "headers": _with_length(headers, hidden), "body": {"string": hidden}}
    return {**response, "headers": headers}


def _hide_header(name: str, value: str) -> str:
    if name in _CHALLENGES:
        return _NONCE.sub(rf'\1="{_HIDDEN}"', value)
    if name == "location" and _API.search(urlsplit(value).path) is None:
        return _hidden_link(value)
    return value


def _hide_document(body: bytes) -> bytes:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return redact_text(body.decode("utf-8", "replace")).encode()
    return json.dumps(_hide_value(document), ensure_ascii=False).encode()


def _hide_value(value: Any, name: str = "", *, is_secret: bool = False) -> Any:
    """The value of a member without what is secret in it; links between documents stay."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        below = is_secret or is_secret_name(name)
        return {each: _hide_value(inner, each, is_secret=below) for each, inner in members.items()}
    if isinstance(value, list):
        return [_hide_value(inner, name, is_secret=is_secret) for inner in cast("Sequence[Any]", value)]
    if not isinstance(value, str):
        return value
    if name in {"href", "rel"} and without_urls(value, linked=True) == value:
        return value
    if _LINK.match(value):
        return _hidden_link(value)
    return _HIDDEN if is_secret or is_secret_name(name) else without_urls(value)


def _hidden_link(url: str) -> str:
    """A link that leads nowhere: the same for the same path and query (a redirect may name no host), and for itself."""
    if url.startswith(_HOST):
        return url
    parts = urlsplit(url)
    name = parts.path.rpartition("/")[2]
    name = name if "." in name else "archive"  # only the name of a file tells nothing
    return f"{_HOST}/{hashlib.sha256(f'{parts.path}?{parts.query}'.encode()).hexdigest()[:32]}/{name}"


def _with_length(headers: dict[str, list[str]], body: bytes) -> dict[str, list[str]]:
    return {
        name: [str(len(body))] if name.lower() == "content-length" else values
        for name, values in headers.items()
        if name.lower() != "content-encoding"
    }
