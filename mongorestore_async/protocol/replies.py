"""From a received answer to a document, or to the error that says what went wrong.

Status first, code second: ``UNEXPECTED_ERROR`` comes with 401, 404 and 500 alike. An answer that is not
JSON of the promised shape is an error, also with status 200: a login page is not an empty list.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import attrs

from mongorestore_async.errors import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectionBroken,
    DataError,
    Forbidden,
    Hint,
    HintKind,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestContext,
    RestoreError,
    ServerError,
)
from mongorestore_async.models.headers import Headers  # noqa: TC001 - a field type
from mongorestore_async.models.secret import redact
from mongorestore_async.models.values import ServiceVersion
from mongorestore_async.protocol.bodies import MANY_VALUES, Unreadable, decode_body, has_many_values, is_utf_8
from mongorestore_async.protocol.envelopes import unwrap
from mongorestore_async.protocol.rate_limit_headers import retry_after
from mongorestore_async.protocol.redaction import excerpt, one_line, redact_text
from mongorestore_async.protocol.versions import advise_on_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["RawReply", "Reply", "error_code_of", "is_error_document", "is_own", "read_in_turns", "read_reply"]

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

#: Statuses below 500 that may say when to come again: what they refuse may be repeated (405: while it is upgraded).
_MAY_ASK = frozenset({405, 408, 425})

_ADDRESS_CODES = frozenset({"IP_ADDRESS_NOT_ON_ACCESS_LIST", "IP_ADDRESS_NOT_ON_WHITELIST"})

_HINTS: Mapping[str, Hint] = {
    "NOT_ATLAS_GROUP": Hint(HintKind.USE_FAMILY, {"family": "cloud-manager"}),
}

#: Bytes of an error document that is looked into for a code while the login waits.
_LONGEST_ERROR = 64 * 1024

#: Characters of the API's own text that an error keeps.
_KEPT = 4000

#: What to do next, for codes whose own text does not say it.
_ADVICE: Mapping[str, str] = {
    "IP_ADDRESS_NOT_ON_ACCESS_LIST": "add the address above to the API access list of the key",
    "IP_ADDRESS_NOT_ON_WHITELIST": "add the address above to the API access list of the key",
    "RESOURCE_REQUIRES_ACCESS_LIST": "add this machine's address to the API access list of the key",
    "ORG_REQUIRES_ACCESS_LIST": "the organisation requires an API access list; add this machine's address to it",
    "ATLAS_GROUP": "this is an Atlas project; use one of the Atlas families",
    "NOT_ATLAS_GROUP": "this is a Cloud Manager project",
    "INCORRECT_BACKUP_API_ENDPOINT": "the cluster uses the other kind of backup; use the other Atlas family",
    "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API": "this is a flex cluster; use the flex family",
    "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API": "this is not a flex cluster; use the cloud backup family",
    "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED": "restore the sharded cluster as a whole: use its own id, not a shard's",
    "PERSONAL_API_KEYS_DEPRECATED": "create a programmatic API key; personal keys are no longer accepted",
    "GROUP_NOT_FOUND": "check the id; the list of projects has those that the key sees",
    "CLUSTER_NOT_FOUND": "check it; the list of clusters has those of the project, with their names and ids",
    "CLUSTER_NAME_NOT_FOUND": "check the name; the list of clusters has those of the project",
    "INVALID_GROUP_ID": "project ids are 24 hexadecimal characters; check the id",
    "INVALID_CLUSTER_ID": "cluster ids are 24 hexadecimal characters; pass the id, not the name",
    "INVALID_JOB_ID": "restore job ids are 24 hexadecimal characters; check the id",
}

#: The same for statuses that no code goes with.
_BY_OTHERS: Mapping[int, str] = {
    407: "a proxy on the way wants a login; check the user name and the password in the URL of the proxy",
}


@attrs.define(eq=False, repr=False)
class RawReply:
    """One HTTP answer, its body read to the end.

    Attributes:
        status: HTTP status.
        reason: Status phrase.
        headers: All headers.
        body: The decompressed body.
        request: The call it answers, URL redacted; may be passed as what makes it.

    """

    status: int
    reason: str = attrs.field(repr=False)
    headers: Headers = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    _request: RequestContext | Callable[[], RequestContext] = attrs.field(repr=False, alias="request")

    @property
    def request(self) -> RequestContext:
        """The call it answers, URL redacted."""
        if not isinstance(self._request, RequestContext):
            self._request = self._request()
        return self._request

    def reply(self, status: int, document: Any) -> Reply:
        """Make a reply of it, whose ``request`` is made when somebody looks at it, as few do."""
        reply = Reply.__new__(Reply)
        put = object.__setattr__  # it is frozen
        put(reply, "status", status)
        put(reply, "headers", self.headers)
        put(reply, "document", document)
        put(reply, "_asked", self._request)
        return reply


class _Unasked:
    """Where a reply has what its ``request`` is made of."""

    __slots__ = ("_asked",)

    if not TYPE_CHECKING:  # pragma: no branch - a checker would take any name for an attribute

        def __getattr__(self, name: str) -> Any:  # only of what is not there yet
            if name != "request":
                raise AttributeError(f"a Reply has no {name}")
            made = self._asked() if callable(self._asked) else self._asked
            object.__setattr__(self, "request", made)
            return made


@attrs.frozen
class Reply(_Unasked):
    """A successful answer of the API.

    Attributes:
        status: HTTP status, or the inner one of an envelope.
        headers: All headers of the answer.
        document: The decoded JSON body out of its envelope; None when there was no body. Of a list it is what
            ``decode_list`` made of the body.
        request: The call it answers, URL redacted.

    """

    status: int
    headers: Headers
    document: Any = attrs.field(repr=False)
    request: RequestContext

    def __reduce_ex__(self, protocol: object) -> tuple[type[Reply], tuple[Any, ...]]:
        return Reply, (self.status, self.headers, redact(self.document), self.request)

    def __copy__(self) -> Reply:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Reply:
        return attrs.evolve(self, document=copy.deepcopy(self.document, memo))

    @property
    def service_version(self) -> ServiceVersion | None:
        """``X-MongoDB-Service-Version`` of the answer; not every product sends it."""
        text = self.headers.get("X-MongoDB-Service-Version")
        return None if text is None else ServiceVersion.parse(text)


def read_reply(raw: RawReply, **arguments: Any) -> Reply:
    """Decode an answer at once; as :func:`read_in_turns`."""
    *_, reply = read_in_turns(raw, **arguments)
    return cast("Reply", reply)


def read_in_turns(
    raw: RawReply, *, enveloped: bool = False, decode_list: Callable[[bytes], Iterator[Any]] | None = None
) -> Iterator[Reply | None]:
    """Decode an answer, or raise the error it stands for. None comes after each piece of the work, the reply last.

    Args:
        raw: The answer.
        enveloped: Whether the request asked for an envelope.
        decode_list: Decodes the body of a list document, in UTF-8, with its items, piece by piece: gives the document
            last, or None where it is better decoded as any other. Only successes without an envelope are handed to it.

    Raises:
        ApiError: The API, or a proxy before it, answered with an error status.
        ConnectionBroken: The status is a success, and the end of the body is missing.
        ProtocolError: A redirect; never followed, because credentials and body must not reach another host.
        DataError: The status is a success and the body is not JSON.

    """
    if decode_list is not None and not enveloped and _may_be_list(raw):
        for document in decode_list(raw.body):
            if document is not None:
                yield raw.reply(raw.status, document)
                return
            yield None  # other tasks may run
    # Tracebacks may be printed with local variables, so the error is made in a frame that does not stay in one.
    outcome = _outcome(raw, enveloped=enveloped)
    try:
        if isinstance(outcome, RestoreError):
            raise outcome from None
        yield outcome
    finally:
        del outcome  # this frame and the error would keep each other, and the body, alive


def _may_be_list(raw: RawReply) -> bool:
    if raw.status != 200 or (len(raw.body) > MANY_VALUES and has_many_values(raw.body)):  # noqa: PLR2004
        return False
    return "charset" not in raw.headers.get("Content-Type", "").lower() or is_utf_8(raw.headers)


def _outcome(raw: RawReply, *, enveloped: bool) -> Reply | RestoreError:
    if 300 <= raw.status < 400:  # noqa: PLR2004
        return ProtocolError(
            f"the server redirects (HTTP {raw.status}, to {one_line(raw.headers.get('Location', 'none given'))}) and "
            f"redirects are not followed with credentials",
            hint=Hint(HintKind.SET_BASE_URL),
            request=raw.request,
        )
    document, problem = _decode(raw)
    if problem is not None and raw.status < 400:  # noqa: PLR2004
        if problem.ends_early:
            return ConnectionBroken(f"the answer lost its end on its way: {problem.reason}", request=raw.request)
        return DataError(
            f"the answer (HTTP {raw.status}) is not JSON: {problem.reason}; it begins with {excerpt(raw.body)!r}. "
            f"Does the base URL point to the API, or is there a proxy or login page in between?",
            path=problem.path,
            status=raw.status,
            excerpt=excerpt(raw.body),
            request=raw.request,
        )
    status, content = unwrap(document, status=raw.status, asked=enveloped)
    # An envelope may hide an error behind 200, never a success behind an error.
    if raw.status >= 400 or status >= 400:  # noqa: PLR2004
        return _api_error(raw, raw.status if raw.status >= 400 else status, content)  # noqa: PLR2004
    return raw.reply(status, content)


def error_code_of(raw: RawReply) -> str | None:
    """Read the API's error code from an answer: from its body, else from ``X-Error-Code``; None when it has none."""
    document = _decode(raw)[0] if len(raw.body) <= _LONGEST_ERROR else None
    _, content = unwrap(document, status=raw.status, asked=False)
    return _error_code(raw, content)


def is_error_document(raw: RawReply) -> bool:
    """Whether an answer is the API's own error document, so that no gateway made it up."""
    document = _decode(raw)[0] if len(raw.body) <= _LONGEST_ERROR else None
    return _is_error_document(unwrap(document, status=raw.status, asked=False)[1], raw.status)


def is_own(raw: RawReply) -> bool:
    """Whether an answer shows that the API itself was reached: a success, or its error document below 500.

    A redirect, a 5xx and any other page may come from a gateway, and prove nothing about a login.
    """
    return raw.status < 300 or (400 <= raw.status < 500 and is_error_document(raw))  # noqa: PLR2004


def _error_code(raw: RawReply, content: Any) -> str | None:
    found = _members(content).get("errorCode")
    code = one_line(found) if isinstance(found, str) else ""
    return code or one_line(raw.headers.get("X-Error-Code", "")) or None


def _members(content: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def _values(content: Any) -> tuple[Any, ...]:
    values: list[Any] = content if isinstance(content, list) else []  # pyright: ignore[reportUnknownVariableType]
    return tuple(redact_text(value[:_KEPT]) if isinstance(value, str) else redact(value) for value in values)


def _decode(raw: RawReply) -> tuple[Any, Unreadable | None]:
    # A cancel may succeed with any status of success and no body; so may a 204.
    if (not raw.body or raw.body.isspace()) and (raw.status == 204 or raw.request.method == "DELETE"):  # noqa: PLR2004
        return None, None
    return decode_body(raw.body, raw.headers)


def _api_error(raw: RawReply, status: int, content: Any) -> ApiError:
    document = _members(content)
    code = _error_code(raw, content)
    detail = _text(document.get("detail"))
    reason = _text(document.get("reason")) or _text(raw.reason)
    parameters = _values(document.get("parameters"))
    # Status first, code second.
    kind = RateLimited if status == 400 and code in _RATE_CODES else _BY_STATUS.get(status)  # noqa: PLR2004
    kind = kind or (ServerError if status >= 500 else ApiError)  # noqa: PLR2004
    said = one_line(detail or "") or (excerpt(raw.body) if not document else "") or one_line(reason or "")
    if code in _ADDRESS_CODES and parameters and str(parameters[0]) not in said:
        said += f" ({one_line(str(parameters[0]))})"
    message = f"HTTP {status}{f' {code}' if code else ''}: {said or 'no details'}"
    advice, hint = advise_on_version(status, code, raw.request) or (
        _BY_OTHERS.get(status) or _ADVICE.get(code or ""),
        _HINTS.get(code or ""),
    )
    if advice is not None:
        message += f" -> {advice}"
    limited = issubclass(kind, RateLimited)
    asks = limited or status >= 500 or status in _MAY_ASK  # noqa: PLR2004
    wait = retry_after(raw.headers, code, parameters, datetime.now(UTC), limited=limited) if asks else None
    if wait is not None:
        message += f"; the server asks to wait {wait:g} s"
    return kind(
        message,
        status=status,
        error_code=code,
        reason=reason,
        detail=detail,
        parameters=parameters,
        service_version=raw.headers.get("X-MongoDB-Service-Version"),
        retry_after=wait,
        from_gateway=not _is_error_document(content, status),
        request=attrs.evolve(raw.request, status=raw.status),
        hint=hint,
    )


def _is_error_document(content: Any, status: int) -> bool:
    """Whether a body is the API's own error document (API protocol section 6); very old servers send no code."""
    document = _members(content)
    error = document.get("error")
    own = isinstance(error, int) and not isinstance(error, bool) and error == status
    return own and any(isinstance(document.get(name), str) for name in ("detail", "reason", "errorCode"))


def _text(value: Any) -> str | None:
    return redact_text(value[:_KEPT]) if isinstance(value, str) and value else None
