"""How every resource calls the API: the shared transport and the settings of one view; and checks of input."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import attrs

from mongorestore_async.auth.tokens import travels_in_clear
from mongorestore_async.errors import ConfigError, DataError, Hint, HintKind, RestoreError
from mongorestore_async.families import Family
from mongorestore_async.families.atlas_v2 import media_type_of
from mongorestore_async.models.validators import flag, require_text
from mongorestore_async.protocol.rate_limit_headers import project_in
from mongorestore_async.protocol.redaction import redact_url
from mongorestore_async.protocol.request_headers import with_headers
from mongorestore_async.protocol.urls import DEFAULT_BASE_URL, build_url
from mongorestore_async.transport.observers import Operation, observe
from mongorestore_async.transport.open_creates import OpenCreates
from mongorestore_async.transport.options import choose_limit
from mongorestore_async.transport.sender import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from yarl import URL

    from mongorestore_async.families import RateLimit
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.transport.open_creates import SendState
    from mongorestore_async.transport.options import Options
    from mongorestore_async.transport.transport import Transport

__all__ = [
    "SessionView",
    "attach_request",
    "check_family",
    "check_method",
    "check_path",
    "check_query",
    "warn_of_plain_http",
]

ResultT = TypeVar("ResultT")

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})

#: Query parameters that a session, or a view of it, sets.
_FLAGS = frozenset({"envelope", "pretty"})

#: Names of families of whose deprecation this process was warned.
_warned_families: set[str] = set()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Endpoint(NamedTuple):
    """What is the same for all calls to one path of a family.

    Attributes:
        path: Path below the base URL, with placeholders.
        media_type: Of the answer, and of a body.
        family: Name of the family, None without one.
        project: The project in a path that was filled by hand, None for none.
        rate: The documented limit of a call about a project.
        rate_without_project: That of a call about none.

    """

    path: str
    media_type: str
    family: str | None
    project: str | None
    rate: RateLimit | None
    rate_without_project: RateLimit | None


@functools.lru_cache(maxsize=512)
def _endpoint(family: Family[Any] | None, path: str) -> _Endpoint:
    project = project_in(path, None)
    if family is None:
        return _Endpoint(path, "application/json", None, project, None, None)
    return _Endpoint(
        family.api_path + path,
        family.media_type_of(path),
        family.name,
        project,
        choose_limit("documented", family, path, "any"),
        choose_limit("documented", family, path, None),
    )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SessionView:
    """A view on a session.

    Attributes:
        transport: Shared by all views.
        options: Of this view.
        envelope: Whether calls ask for an envelope.
        pretty: Whether calls ask for indented JSON.
        now: The clock that request rules are checked with.
        open_creates: Creates whose outcome is open; shared by all views.
        version: The version of Atlas v2 that all its calls ask for, None for that of the family.
        headers: Request headers that all its calls have beside their own; None for none.

    Raises:
        ConfigError: A flag is no boolean.

    """

    transport: Transport = attrs.field(repr=False)
    options: Options
    envelope: bool = attrs.field(default=False, validator=flag())
    pretty: bool = attrs.field(default=False, validator=flag())
    now: Callable[[], datetime] = attrs.field(default=_utc_now, repr=False)
    open_creates: OpenCreates = attrs.field(factory=OpenCreates, repr=False)
    version: str | None = None
    headers: Mapping[str, str] | None = None

    def call(
        self,
        method: str,
        path: str,
        *,
        family: Family[Any] | None = None,
        names: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        decode_list: Callable[[bytes], Iterator[Any]] | None = None,
        state: SendState | None = None,
    ) -> Awaitable[Reply]:
        """Make one call, to be awaited, and decode its answer.

        Args:
            method: HTTP verb in upper case.
            path: Path below the family's API path, with placeholders for ``names``.
            family: Decides API path and media type; without one the path is taken from the base URL.
            names: Identifiers for the path.
            query: Query parameters beside ``envelope`` and ``pretty``.
            body: JSON value to send, None for no body.
            decode_list: Decodes the body of a list document piece by piece, None where none is expected.
            state: Takes note of whether the server may have acted on it.

        Raises:
            ConfigError: Bad input; nothing was sent.
            TransportError: No usable answer.
            AuthError: The login failed.
            ApiError: The API answered with an error.
            DataError: The answer is not JSON.

        """
        endpoint, names = _endpoint(family, path), names or {}
        if self.envelope or self.pretty:
            query = {**(query or {}), "envelope": self.envelope or None, "pretty": self.pretty or None}
        media_type = endpoint.media_type if self.version is None else media_type_of(self.version)
        headers = {"Accept": media_type}
        if body is not None:
            headers["Content-Type"] = media_type
        project = names.get("project") or endpoint.project
        rule, rate = self.options.rate_limits, endpoint.rate_without_project if project is None else endpoint.rate
        if rate is not None and (told := self.transport.limits.told):
            rate = told.get((rate, project)) or told.get((rate, None), rate)
        call = Call(
            method=method,
            url=build_url(self.transport.base_url, endpoint.path, query=query, **names),
            headers=headers if self.headers is None else with_headers(headers, self.headers),
            body=None if body is None else _encode(body),
            family=endpoint.family,
            enveloped=self.envelope,
            decode_list=decode_list,
            project=project,
            rate=rate if type(rule) is str else choose_limit(rule, family, path, project),
            path=path,
            state=state,
            version=self.version,
        )
        if self.options.observer is not None:
            # Of a path that an application filled by hand nobody knows which of it are ids.
            known = names or (family is not None and path in {family.projects_path, family.all_clusters_path})
            return self._observe(call, endpoint.path if known else None)
        return self.transport.exchange(call, self.options)

    async def _observe(self, call: Call, path: str | None) -> Reply:
        def describe() -> Operation:
            url = redact_url(call.url)
            return Operation(
                kind="call", family=call.family, project=call.project, method=call.method, url=url, path=path
            )

        with observe(self.options.observer, describe) as call.notify:
            return await self.transport.exchange(call, self.options)

    async def read(
        self,
        method: str,
        path: str,
        read: Callable[[Any], ResultT],
        *,
        family: Family[Any],
        names: Mapping[str, str],
        body: Any = None,
        state: SendState | None = None,
    ) -> ResultT:
        """Make one call and read the document of its answer; arguments as for :meth:`call`.

        Args:
            method: HTTP verb in upper case.
            path: Path below the family's API path.
            read: Reads the document; the call is attached to an error it raises.
            family: The product family.
            names: Identifiers for the path.
            body: JSON value to send, None for no body.
            state: Takes note of whether the server may have acted on it.

        Raises:
            RestoreError: As :meth:`call`, or what ``read`` raises.

        """
        reply = await self.call(method, path, family=family, names=names, body=body, state=state)
        try:
            return read(reply.document)
        except RestoreError as error:
            attach_request(error, reply)
            raise


def attach_request(error: RestoreError, reply: Reply) -> None:
    """Name the call in an error that was found while reading its answer."""
    error.request = error.request or reply.request
    if isinstance(error, DataError) and error.status is None:
        error.status = reply.status


def check_query(query: object, arguments: Mapping[str, str]) -> None:
    """Check query parameters that a user passes.

    Args:
        query: What the caller passed.
        arguments: Parameters that have an argument of their own, with its name.

    Raises:
        ConfigError: Something else than names with strings, integers and booleans, one of ``arguments``, or a flag of
            the session.

    """
    if not isinstance(query, Mapping):
        raise ConfigError(f"query must be a dict of parameters, not {type(query).__name__}")
    for name, value in cast("Mapping[object, object]", query).items():
        if not isinstance(name, str) or not name:
            raise ConfigError(f"the name of a query parameter must be a non-empty string, not {name!r}")
        if name in arguments:
            raise ConfigError(f"query contains {name}: use the argument {arguments[name]} instead")
        if name in _FLAGS:
            raise ConfigError(f"query contains {name}, a flag of the session: use session.with_options({name}=True)")
        if not isinstance(value, (str, int)):
            raise ConfigError(f"query[{name!r}] must be a string, an integer or a boolean, not {type(value).__name__}")
        try:
            f"{name}{value}".encode()
        except UnicodeEncodeError:
            raise ConfigError(f"query[{name!r}] contains a lone surrogate, which cannot be sent") from None


def check_family(view: SessionView, family: Family[Any], *, stacklevel: int = 3) -> None:
    """Check a family that a caller names; warns, once in a process, of one that the vendor deprecates.

    Args:
        view: The session's.
        family: What was named.
        stacklevel: Of the warning: whose line it names.

    Raises:
        ConfigError: It is none, has no service accounts though the session logs in with one, or has no public host
            and the session no base URL of its own.

    """
    if not isinstance(family, Family):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(f"family must be a product family such as OPS_MANAGER, not {type(family).__name__}")
    if view.transport.uses_tokens and not family.has_service_accounts:
        raise ConfigError(f"{family.title} has no service accounts", hint=Hint(HintKind.USE_API_KEY))
    if not family.has_public_host and str(view.transport.base_url) == DEFAULT_BASE_URL:
        raise ConfigError(f"{family.title} has no public host", hint=Hint(HintKind.PASS_BASE_URL))
    if family.deprecation is not None and family.name not in _warned_families:
        _warned_families.add(family.name)
        warnings.warn(family.deprecation, DeprecationWarning, stacklevel=stacklevel)


def check_method(method: object) -> str:
    """Check the method of a call to an endpoint that has no verb here, and return it in upper case.

    Raises:
        ConfigError: There is no such method.

    """
    verb = method.upper() if isinstance(method, str) else None
    if verb is None or verb not in _METHODS:
        raise ConfigError(f"the method must be one of {', '.join(sorted(_METHODS))}, not {method!r}")
    return verb


def check_path(path: str, family: Family[Any] | None) -> None:
    """Check the path of such a call.

    Args:
        path: What the caller passed.
        family: The family it named, None for none.

    Raises:
        ConfigError: The path does not start with one slash, has a query, or begins with the family's own.

    """
    if not require_text("path", path).startswith("/") or path.startswith("//"):
        raise ConfigError("a path must start with one slash, such as /groups; the host comes from base_url")
    if "?" in path:
        raise ConfigError("a path must have no query: pass the parameters as query={name: value}")
    if family is not None and f"{path}/".startswith(f"{family.api_path}/"):
        raise ConfigError(f"leave {family.api_path} out of the path: the family {family.name} brings it")


def warn_of_plain_http(url: URL) -> None:
    """Warn when a client secret or a token is sent over plain http."""
    if travels_in_clear(url):
        warnings.warn(
            f"secrets of the login (client secret, access token) are sent unencrypted to {url}; use https",
            stacklevel=3,
        )


def _encode(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the request body is not JSON: {error}") from None
    except RecursionError:
        raise ConfigError("the request body is nested too deeply") from None
