"""What every resource calls the API with: the shared transport and this view's settings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.errors import ConfigError, DataError, RestoreError
from mongorestore_async.protocol.routes import build_url
from mongorestore_async.transport import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.transport import Options, Transport

__all__ = ["Caller", "blame"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen(kw_only=True, eq=False)
class Caller:
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

        Raises:
            ConfigError: Bad input; nothing was sent.
            TransportError: No usable answer.
            AuthError: The login failed.
            ApiError: The API answered with an error.
            DataError: The answer is not JSON.

        """
        enveloped = self.envelope if envelope is None else envelope
        prettied = self.pretty if pretty is None else pretty
        flags = {"envelope": enveloped or None, "pretty": prettied or None}
        media_type = "application/json" if family is None else family.media_type
        headers = {"Accept": media_type}
        if body is not None:
            headers["Content-Type"] = media_type
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
        )
        return await self.transport.exchange(call, self.options)


def blame(error: RestoreError, reply: Reply) -> None:
    """Name the call in an error that was found while reading its answer."""
    error.request = error.request or reply.request
    if isinstance(error, DataError) and error.status is None:
        error.status = reply.status


def _encode(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the request body is not JSON: {error}") from None
