"""What every resource calls the API with: the shared transport and this view's settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import attrs

from mongorestore_async.errors import ConfigError, DataError, RestoreError
from mongorestore_async.models.validators import require_flag
from mongorestore_async.protocol.rate_limit_headers import project_in
from mongorestore_async.protocol.urls import build_url
from mongorestore_async.transport import Call
from mongorestore_async.transport.options import choose_limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.families import Family
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.transport import Options, Transport

__all__ = ["SessionView", "attach_request", "check_query"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SessionView:
    """A view on a session.

    Attributes:
        transport: Shared by all views.
        options: Of this view.
        envelope: Whether calls ask for an envelope unless they say otherwise.
        pretty: Whether calls ask for indented JSON unless they say otherwise.
        now: The clock that request rules are checked with.

    """

    transport: Transport = attrs.field(repr=False)
    options: Options
    envelope: bool
    pretty: bool
    now: Callable[[], datetime] = attrs.field(default=_utc_now, repr=False)

    async def call(
        self,
        method: str,
        path: str,
        *,
        family: Family[Any] | None = None,
        names: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        envelope: bool | None = None,
        pretty: bool | None = None,
        is_list: bool = False,
    ) -> Reply:
        """Make one call and decode its answer.

        Args:
            method: HTTP verb in upper case.
            path: Path below the family's API path, with placeholders for ``names``.
            family: Decides API path and media type; without one the path is taken from the base URL.
            names: Identifiers for the path.
            query: Query parameters beside ``envelope`` and ``pretty``.
            body: JSON value to send, None for no body.
            envelope: Overrides the view's flag for this call.
            pretty: Overrides the view's flag for this call.
            is_list: Whether a list document is expected, whose items may stay packed.

        Raises:
            ConfigError: Bad input; nothing was sent.
            TransportError: No usable answer.
            AuthError: The login failed.
            ApiError: The API answered with an error.
            DataError: The answer is not JSON.

        """
        enveloped = require_flag("envelope", self.envelope if envelope is None else envelope)
        prettied = require_flag("pretty", self.pretty if pretty is None else pretty)
        flags = {"envelope": enveloped or None, "pretty": prettied or None}
        media_type = "application/json" if family is None else family.media_type_of(path)
        headers = {"Accept": media_type}
        if body is not None:
            headers["Content-Type"] = media_type
        project = project_in(path, names)
        call = Call(
            method=method,
            url=build_url(
                self.transport.base_url,
                path if family is None else family.api_path + path,
                query={**(query or {}), **flags},
                **(names or {}),
            ),
            headers=headers,
            body=None if body is None else _encode(body),
            family=None if family is None else family.name,
            enveloped=enveloped,
            is_list=is_list,
            project=project,
            rate=choose_limit(self.options.rate_limits, family, path, project),
            path=path,
        )
        return await self.transport.exchange(call, self.options)


def attach_request(error: RestoreError, reply: Reply) -> None:
    """Name the call in an error that was found while reading its answer."""
    error.request = error.request or reply.request
    if isinstance(error, DataError) and error.status is None:
        error.status = reply.status


def check_query(query: object, arguments: Mapping[str, str]) -> None:
    """Check query parameters that a caller passes on.

    Args:
        query: What the caller passed.
        arguments: Parameters that have an argument of their own, with its name.

    Raises:
        ConfigError: Something else than names with strings, integers and booleans, or one of ``arguments``.

    """
    if not isinstance(query, Mapping):
        raise ConfigError(f"query is a dict of parameters, not {type(query).__name__}")
    for name, value in cast("Mapping[object, object]", query).items():
        if not isinstance(name, str) or not name:
            raise ConfigError(f"the name of a query parameter is a non-empty string, not {name!r}")
        if name in arguments:
            raise ConfigError(f"query holds {name}: use the argument {arguments[name]} instead")
        if not isinstance(value, (str, int)):
            raise ConfigError(f"query[{name!r}] is a string, an integer or a boolean, not {type(value).__name__}")
        try:
            f"{name}{value}".encode()
        except UnicodeEncodeError:
            raise ConfigError(f"query[{name!r}] holds half a surrogate pair, which cannot be sent") from None


def _encode(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the request body is not JSON: {error}") from None
    except RecursionError:
        raise ConfigError("the request body is nested too deeply to be JSON for an API") from None
