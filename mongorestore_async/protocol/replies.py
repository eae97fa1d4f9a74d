"""From a received answer to a document, or to the error that says what went wrong.

Status first, code second: ``UNEXPECTED_ERROR`` comes with 401, 404 and 500 alike. An answer that is not
JSON of the promised shape is an error, also with status 200: a login page is not an empty list.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Never, cast

import attrs

from mongorestore_async.errors import (
    ApiError,
    BadRequest,
    Conflict,
    DataError,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestContext,
    ServerError,
)
from mongorestore_async.models.headers import Headers  # noqa: TC001 - a field type
from mongorestore_async.models.version import ServiceVersion
from mongorestore_async.protocol.envelope import unwrap
from mongorestore_async.protocol.redaction import excerpt, redact_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RawReply", "Reply", "error_code_of", "read_reply"]

_BY_STATUS: Mapping[int, type[ApiError]] = {
    400: BadRequest,
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    429: RateLimited,
}

_RATE_CODES = frozenset({"RATE_LIMITED", "RATE_LIMITED_IP", "RATE_LIMITED_TOKEN_BUCKET"})

#: What to do next, for codes whose own text does not say it.
_ADVICE: Mapping[str, str] = {
    "IP_ADDRESS_NOT_ON_ACCESS_LIST": "add the address named above to the API access list of the key",
    "IP_ADDRESS_NOT_ON_WHITELIST": "add the address named above to the API access list of the key",
    "RESOURCE_REQUIRES_ACCESS_LIST": "add this machine's address to the API access list of the key",
    "ORG_REQUIRES_ACCESS_LIST": "the organisation demands an API access list; add this machine's address to it",
    "ATLAS_GROUP": "this project lives on Atlas; use one of the Atlas families",
    "NOT_ATLAS_GROUP": "this project lives on Cloud Manager; use CLOUD_MANAGER",
    "INCORRECT_BACKUP_API_ENDPOINT": "the cluster uses the other kind of backup; use the other Atlas family",
    "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API": "this is a flex cluster; use the flex family",
    "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API": "this is not a flex cluster; use the cloud backup family",
    "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED": "restore the sharded cluster as a whole: use its own id, not a shard's",
    "VERSION_GONE": "this version of the API was switched off; use the family that replaces it",
    "PERSONAL_API_KEYS_DEPRECATED": "make a programmatic API key; personal keys are no longer accepted",
    "INVALID_GROUP_ID": "project ids are 24 hexadecimal characters; check the id",
    "INVALID_CLUSTER_ID": "cluster ids are 24 hexadecimal characters; pass the id, not the name",
    "INVALID_JOB_ID": "restore job ids are 24 hexadecimal characters; check the id",
}


@attrs.frozen
class RawReply:
    """One HTTP answer, its body read to the end.

    Attributes:
        status: HTTP status.
        reason: Status phrase.
        headers: All headers.
        body: The decompressed body.
        request: The call it answers, URL redacted.

    """

    status: int
    reason: str
    headers: Headers
    body: bytes = attrs.field(repr=False)
    request: RequestContext


@attrs.frozen
class Reply:
    """A successful answer of the API.

    Attributes:
        status: HTTP status, or the inner one of an envelope.
        headers: All headers of the answer.
        document: The decoded JSON body out of its envelope; None when there was no body.
        request: The call it answers, URL redacted.

    """

    status: int
    headers: Headers
    document: Any = attrs.field(repr=False)
    request: RequestContext

    @property
    def service_version(self) -> ServiceVersion | None:
        """``X-MongoDB-Service-Version`` of the answer; not every product sends it."""
        text = self.headers.get("X-MongoDB-Service-Version")
        return None if text is None else ServiceVersion.parse(text)


class _NotJson(ValueError):
    """The body is no JSON text; the message says why without quoting it."""


def read_reply(raw: RawReply, *, enveloped: bool = False) -> Reply:
    """Decode an answer, or raise the error it stands for.

    Args:
        raw: The answer.
        enveloped: Whether the request asked for an envelope.

    Raises:
        ApiError: The API, or a proxy before it, answered with an error status.
        ProtocolError: A redirect; they are never followed, for a key and a body must not travel on.
        DataError: The status is a success and the body is not JSON.

    """
    if 300 <= raw.status < 400:  # noqa: PLR2004
        raise ProtocolError(
            f"the server redirects (HTTP {raw.status}) and redirects are not followed with a key; "
            f"set base_url to the address it points to: {redact_text(raw.headers.get('Location', 'none given'))}",
            request=raw.request,
        )
    try:
        document = _decode(raw)
    except _NotJson as error:
        if raw.status >= 400:  # noqa: PLR2004
            _raise_api_error(raw, raw.status, None)
        raise DataError(
            f"the answer (HTTP {raw.status}) is not JSON: {error}; it begins with {excerpt(raw.body)!r}. Is the base "
            f"URL that of the API, or does a proxy or login page stand before it?",
            status=raw.status,
            excerpt=excerpt(raw.body),
            request=raw.request,
        ) from None
    status, content = unwrap(document, status=raw.status, asked=enveloped)
    # An envelope may hide an error behind 200, never a success behind an error.
    if raw.status >= 400 or status >= 400:  # noqa: PLR2004
        _raise_api_error(raw, raw.status if raw.status >= 400 else status, content)  # noqa: PLR2004
    return Reply(status=status, headers=raw.headers, document=content, request=raw.request)


def error_code_of(raw: RawReply) -> str | None:
    """Read the API's error code from an answer: from its body, else from ``X-Error-Code``; None when it has none."""
    try:
        _, content = unwrap(_decode(raw), status=raw.status, asked=False)
    except _NotJson:
        content = None
    return _error_code(raw, content)


def _error_code(raw: RawReply, content: Any) -> str | None:
    code = _members(content).get("errorCode")
    return code if isinstance(code, str) and code else raw.headers.get("X-Error-Code")


def _members(content: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def _values(content: Any) -> tuple[Any, ...]:
    return tuple(content) if isinstance(content, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _decode(raw: RawReply) -> Any:
    if not raw.body.strip():
        if raw.status == 204:  # noqa: PLR2004
            return None
        raise _NotJson("the body is empty")
    try:
        text = raw.body.decode(_charset(raw.headers))
    except (UnicodeDecodeError, LookupError):
        try:
            text = raw.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _NotJson("the body is not valid UTF-8") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise _NotJson("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise _NotJson(f"{error.msg} at character {error.pos} of {len(text)}") from None
    except ValueError:  # an integer of thousands of digits
        raise _NotJson("it holds a number that no API sends") from None


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


def _charset(headers: Headers) -> str:
    for parameter in headers.get("Content-Type", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip("\"'").lower()
            return "utf-8-sig" if charset in {"utf-8", "utf8"} else charset
    return "utf-8-sig"


def _raise_api_error(raw: RawReply, status: int, content: Any) -> Never:
    document = _members(content)
    code = _error_code(raw, content)
    detail = _text(document.get("detail"))
    reason = _text(document.get("reason")) or raw.reason or None
    kind = RateLimited if code in _RATE_CODES else _BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= 500 else ApiError  # noqa: PLR2004
    said = detail or (excerpt(raw.body) if not document else None) or reason or "no further word"
    message = f"HTTP {status}{f' {code}' if code else ''}: {said}"
    if code is not None and code in _ADVICE:
        message += f" -> {_ADVICE[code]}"
    error = kind(
        message,
        status=status,
        error_code=code,
        reason=reason,
        detail=detail,
        parameters=_values(document.get("parameters")),
        service_version=raw.headers.get("X-MongoDB-Service-Version"),
        request=attrs.evolve(raw.request, status=raw.status),
    )
    if isinstance(error, RateLimited):
        seconds = raw.headers.get("Retry-After", "").strip()
        error.retry_after = float(seconds) if seconds.isascii() and seconds.isdigit() else None
    raise error


def _text(value: Any) -> str | None:
    return redact_text(value) if isinstance(value, str) and value else None
