"""Calls to endpoints that the library has no verb for: one answer, or a list of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from mongorestore_async.listing.page_reader import LIST_ARGUMENTS, ListQuery
from mongorestore_async.listing.pager import Pager
from mongorestore_async.listing.raw_documents import raw_documents_of
from mongorestore_async.models.secret import hide
from mongorestore_async.protocol.request_headers import check_headers
from mongorestore_async.protocol.urls import build_url
from mongorestore_async.protocol.versions import check_version
from mongorestore_async.resources.rate_limits import RateLimits, use_limits
from mongorestore_async.transport.session_view import check_family, check_method, check_path, check_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families import Family
    from mongorestore_async.families.endpoint_set import EndpointSet
    from mongorestore_async.models import RawDocument
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.transport.session_view import SessionView

__all__ = ["RawCalls"]


class RawCalls:
    """The part of a session that reaches endpoints without a verb, with its login, limits and errors."""

    _view: SessionView

    async def request(
        self,
        method: str,
        path: str,
        *,
        family: Family[Any] | None = None,
        version: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int | bool] | None = None,
        json: Any = None,
    ) -> Reply:
        """Call an endpoint that this library has no method for, with its login and its errors.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: Path below the family's API path, percent-encoded where needed.
            family: Decides API path and media type; without one the path starts at the base URL.
            version: The version of Atlas v2 to ask for, as the vendor's page of the endpoint names it: a date
                (``"2025-03-12"``) or ``"preview"``. It stands in ``Accept``, and in ``Content-Type`` of a body; without
                one they have what the family asks for.
            headers: Further request headers, in printable ASCII. Those of the login, of cookies, connections, framing
                and content are the session's own. Their values are shown nowhere.
            query: Query parameters.
            json: Body, None for none.

        Returns:
            The answer with ``status``, ``headers`` and ``document``.

        Raises:
            ConfigError: A method, path, version, header, query or body that cannot be sent.
            Unsupported: A version for a family that has none: only Atlas v2 has.
            RestoreError: Any error of the call.

        """
        headers = hide(headers)  # type: ignore[arg-type]  # a traceback may be printed with local variables
        verb = check_method(method)
        view = self._checked(path, family, version, headers)
        if query is not None:
            check_query(query, {})
        return await view.call(verb, path, family=family, query=query, body=json)

    def pages(
        self,
        path: str,
        *,
        family: Family[Any] | None = None,
        version: str | None = None,
        headers: Mapping[str, str] | None = None,
        items_per_page: int | None = None,
        limit: int | None = None,
        starting_at: int = 1,
        include_count: bool | None = None,
        query: Mapping[str, str | int | bool] | None = None,
    ) -> Pager[RawDocument]:
        """List the documents of any list endpoint, as they were received.

        All that is said of :class:`Pager` holds: pages, drift, limits, ``resume_at``. An item is known by its ``id``,
        without one by all that it holds, so that of two equal items without ids on different pages one is given. A
        bare array counts as a list of one page. What is no list, and an array of anything but objects, is a
        ``DataError``: :meth:`request` reads it.

        Args:
            path: As for :meth:`request`.
            family: As for :meth:`request`.
            version: As for :meth:`request`.
            headers: As for :meth:`request`.
            items_per_page: Page size, 1 to 500.
            limit: At most so many items in all.
            starting_at: Page to start at, or ``resume_at`` of an error.
            include_count: Whether to ask for ``totalCount``; None leaves it to the server. Not every list knows it.
            query: Further query parameters.

        Returns:
            The list as a query. Iterate it, or await it for its first page.

        Raises:
            ConfigError: A path, version, header, number or parameter that cannot be sent.
            Unsupported: A version for a family that has none: only Atlas v2 has.

        """
        headers = hide(headers)  # type: ignore[arg-type]  # as above
        view = self._checked(path, family, version, headers)
        build_url(view.transport.base_url, path)  # refuses now what it would refuse on the first call
        if query is not None:
            check_query(query, LIST_ARGUMENTS)
        asked = ListQuery(
            items_per_page=items_per_page,
            limit=limit,
            starting_at=starting_at,
            include_count=include_count,
            filters=dict(query or {}),
        )
        return Pager(raw_documents_of(view, family, path), asked)

    def rate_limits(self, project: str | None = None, name: str | None = None) -> RateLimits:
        """List the rate limits of Atlas v2 as they hold for this key: ``async for limit in session.rate_limits()``.

        Where the key has no right to know them, or the server has no such list, the sizes are those that the vendor
        documents; :attr:`EndpointSet.documented` says so. What holds for a project may be another number than for the
        others: ask for it with its id.

        Args:
            project: Id of the project whose limits to list; None for what holds where nothing was agreed.
            name: Only the endpoint set of this name.

        Returns:
            An iterator over the endpoint sets with their limits.

        Raises:
            ConfigError: An argument that cannot be sent.
            RestoreError: Any other error of the call; raised by ``anext``.

        """
        return RateLimits(self._view, project, name)

    async def use_rate_limits(self, project: str | None = None) -> tuple[EndpointSet, ...]:
        """Read the rate limits as the server has them, and keep to them from now on; for all views of the session.

        What is not told (:attr:`EndpointSet.documented`) changes nothing. What answers say later about a limit counts,
        as ever.

        Args:
            project: For the calls about this project only; None for all others.

        Returns:
            What was read, as :meth:`rate_limits` lists it.

        Raises:
            ConfigError: ``Options.rate_limits`` is neither ``"adaptive"`` nor ``"documented"``.
            RestoreError: As :meth:`rate_limits`.

        """
        return await use_limits(self._view, project)

    def _checked(
        self, path: str, family: Family[Any] | None, version: str | None, headers: Mapping[str, str] | None
    ) -> SessionView:
        """Check what is common to both, and give the view to call with."""
        if family is not None:
            check_family(self._view, family, stacklevel=4)
        check_path(path, family)
        if version is None and headers is None:
            return self._view
        return attrs.evolve(
            self._view,
            version=None if version is None else check_version(version, family, path),
            headers=None if headers is None else check_headers(headers),
        )
