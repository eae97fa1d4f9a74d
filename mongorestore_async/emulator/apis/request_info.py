"""What a request asks for: API, family, version, page, flags; and how an API declares its routes.

Versions of the resources of Atlas v2 are asked for by media type; they are deprecated, then gone (``protocol``
section 8). Each API says in its ``ROUTES`` which versions its resources have.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from mongorestore_async.emulator.document_parts import ATLAS_API, ATLAS_V2_API, MANAGER_API
from mongorestore_async.emulator.server_state import SERVER_STATE
from mongorestore_async.emulator.service_errors import ServiceError
from mongorestore_async.emulator.setting_types import OverMax
from mongorestore_async.emulator.world import Side

if TYPE_CHECKING:
    from mongorestore_async.emulator.emulator_settings import EmulatorSettings

__all__ = [
    "BASIC",
    "COLLECTIONS",
    "FIRST",
    "FLEX",
    "NEW_CLUSTERS",
    "Handler",
    "PageQuery",
    "ResourceVersion",
    "Route",
    "api_of",
    "atlas_routes",
    "family_of",
    "is_v2",
    "manager_routes",
    "read_flag",
    "side_of",
    "version_of",
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
#: Method, path, handler.
Route = tuple[str, str, Handler]

#: Part of the path and the family it belongs to; the first match counts.
_FAMILIES = (
    ("/collectionRestoreJobs", "atlas-collection-restore"),
    ("/databases", "atlas-collection-restore"),
    ("/flexClusters", "atlas-flex"),
    ("/serverless", "atlas-serverless"),
    ("/backup/tenant/", "atlas-tenant"),
    ("/backup/", "atlas-cloud-backup"),
    ("/restoreJobs", "atlas-legacy"),
    ("/snapshots", "atlas-legacy"),
    ("/backupCheckpoints", "atlas-legacy"),
    ("/snapshotSchedule", "atlas-legacy"),
)


def api_of(request: web.Request) -> str | None:
    """Path of the API below the path prefix; None outside of the APIs."""
    prefix = request.app[SERVER_STATE].settings.base_path
    apis = (MANAGER_API, ATLAS_API, ATLAS_V2_API)
    return next((api for api in apis if request.path.startswith(f"{prefix}{api}/")), None)


def is_v2(request: web.Request) -> bool:
    """Whether a request is for the Atlas Administration API v2."""
    return api_of(request) == ATLAS_V2_API


def side_of(request: web.Request) -> Side:
    """Which projects a request is about."""
    return Side.ATLAS if api_of(request) in {ATLAS_API, ATLAS_V2_API} else Side.MANAGER


def family_of(request: web.Request) -> str | None:
    """Name of the family, ``atlas`` for what its families share; None outside of the APIs."""
    api = api_of(request)
    if api is None:
        return None
    if api == MANAGER_API:
        return str(request.app[SERVER_STATE].settings.manager)
    found = next((name for part, name in _FAMILIES if part in request.path), None)
    if found is None:
        return "atlas"
    return found if api == ATLAS_V2_API else f"{found}-v1"


_MEDIA_TYPE = re.compile(r"application/vnd\.atlas\.([0-9]{4}-[0-9]{2}-[0-9]{2})\+json", re.IGNORECASE)


@attrs.frozen
class ResourceVersion:
    """One version of a resource.

    Attributes:
        day: Its name.
        deprecated: When it was deprecated, or None.
        sunset: From when on it may answer 410, or None.

    """

    day: date
    deprecated: date | None = None
    sunset: date | None = None

    @property
    def media_type(self) -> str:
        """``Content-Type`` of an answer."""
        return f"application/vnd.atlas.{self.day}+json;charset=utf-8"

    @property
    def headers(self) -> dict[str, str]:
        """``Deprecation`` and ``Sunset``."""
        found = {"Deprecation": self.deprecated, "Sunset": self.sunset}
        return {name: _http_date(when) for name, when in found.items() if when is not None}


def _http_date(day: date) -> str:
    # Recorded: the day of the month has no leading zero.
    return format_datetime(datetime.combine(day, time(), UTC), usegmt=True).replace(", 0", ", ")


#: The dates that resources share: the first version, the new cluster schema, flex clusters, collection restores.
FIRST = date(2023, 1, 1)
NEW_CLUSTERS = date(2024, 8, 5)
FLEX = date(2024, 11, 13)
COLLECTIONS = date(2025, 3, 12)

#: The versions of resources that were never changed: cloud backup, projects, clusters of all projects.
BASIC = (ResourceVersion(FIRST),)

_KEY = web.RequestKey("atlas-version", ResourceVersion)


def version_of(request: web.Request) -> ResourceVersion | None:
    """The version a request is served with; None outside of v2, and before it was chosen."""
    return request.get(_KEY)


def _check_versions(handler: Handler, versions: tuple[ResourceVersion, ...]) -> Handler:
    """A handler of v2 that requires a version in ``Accept``; a body has that or is plain JSON.

    Args:
        handler: The endpoint; it reads the version with :func:`version_of`.
        versions: The versions of the resource, oldest first.

    """

    async def answer_version(request: web.Request) -> web.StreamResponse:
        settings = request.app[SERVER_STATE].settings
        version = _newest(versions, request.headers.get("Accept", ""))
        if version is None:
            raise ServiceError("INVALID_VERSION_DATE", str(versions[-1].day), status=settings.missing_version_status)
        request[_KEY] = version
        enforced, sunset = settings.sunset_enforced or settings.today is not None, version.sunset
        if enforced and sunset is not None and request.app[SERVER_STATE].today >= sunset:
            raise ServiceError("VERSION_GONE", str(version.day))
        content_type = request.headers.get("Content-Type", "")
        # Plain JSON is taken: the vendor's own curl examples name the version in Accept alone.
        plain = content_type.partition(";")[0].strip().lower() == "application/json"
        if request.method == "POST" and not plain and _newest(versions, content_type) is None:
            raise ServiceError(
                "UNSUPPORTED_MEDIA_TYPE",
                content_type,
                status=settings.wrong_content_type_status,
                detail=f"The content type {content_type!r} is not supported; send {version.media_type}.",
            )
        return await handler(request)

    return answer_version


def _newest(versions: tuple[ResourceVersion, ...], header: str) -> ResourceVersion | None:
    """The newest version not later than the (first known) date a header names."""
    for named in header.split(","):
        match = _MEDIA_TYPE.fullmatch(named.partition(";")[0].strip())
        asked = None if match is None else _date(match[1])
        if asked is not None:
            found = [version for version in versions if version.day <= asked]
            if found:
                return found[-1]
    return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_PAGE_NUMBER = re.compile(r"[0-9]{1,9}")
_FLAGS = {"true": True, "false": False}


def read_flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """A boolean parameter.

    Raises:
        ServiceError: It is neither ``true`` nor ``false``.

    """
    text = request.query.get(name)
    if text is None:
        return default
    if text not in _FLAGS:
        raise ServiceError("INVALID_QUERY_PARAMETER", name)
    return _FLAGS[text]


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if _PAGE_NUMBER.fullmatch(text) is None or int(text) < 1:
        raise ServiceError("INVALID_QUERY_PARAMETER", name)
    return int(text)


@attrs.frozen
class PageQuery:
    """Which page was asked for.

    Attributes:
        number: ``pageNum``, from 1.
        asked: ``itemsPerPage`` as sent, or its default.
        size: The length of a page.
        with_count: Whether ``totalCount`` was asked for.

    """

    number: int
    asked: int
    size: int
    with_count: bool

    @classmethod
    def read(cls, request: web.Request, settings: EmulatorSettings) -> PageQuery:
        """Read it from a request.

        Raises:
            ServiceError: A parameter is malformed or out of range.

        """
        number = _number(request, "pageNum", 1)
        asked = _number(request, "itemsPerPage", min(100, settings.page_cap))
        if asked > settings.page_cap and settings.over_max is OverMax.ERROR:
            raise ServiceError("INVALID_QUERY_PARAMETER", "itemsPerPage")
        size = min(asked, settings.page_cap, settings.page_clamp or asked)
        return cls(number, asked, size, read_flag(request, "includeCount", default=True))

    def within(self, total: int, *, clamped: bool) -> PageQuery:
        """The page that is answered: this one, or the last one for a server that clamps."""
        last = max(1, -(-total // self.size))
        return attrs.evolve(self, number=last) if clamped and self.number > last else self

    @property
    def start(self) -> int:
        """Position of its first item in the whole list."""
        return (self.number - 1) * self.size


def manager_routes(*paths: tuple[str, str, Handler]) -> tuple[Route, ...]:
    """Routes of Ops Manager and Cloud Manager: method, path below the API, handler."""
    return tuple((method, MANAGER_API + path, handler) for method, path, handler in paths)


def atlas_routes(
    *paths: tuple[str, str, Handler], versions: tuple[ResourceVersion, ...], v1: bool = True
) -> tuple[Route, ...]:
    """Routes of Atlas.

    Args:
        paths: Method, path below the API, handler.
        versions: The versions of the resource in v2, oldest first.
        v1: Whether v1.0 has it too.

    """
    old = [(method, ATLAS_API + path, handler) for method, path, handler in paths] if v1 else []
    new = [(method, ATLAS_V2_API + path, _check_versions(handler, versions)) for method, path, handler in paths]
    return (*old, *new)
