"""Versions of the resources of Atlas v2: asked for by media type, deprecated, gone (``protocol`` section 8)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from mongorestore_async.emulator.documents import Refusal
from mongorestore_async.emulator.stage import STAGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = [
    "BASIC",
    "CLUSTERS",
    "FLEX",
    "LEGACY",
    "SERVERLESS",
    "SERVERLESS_INSTANCES",
    "TENANT",
    "Version",
    "version_of",
    "versioned",
]

_MEDIA_TYPE = re.compile(r"application/vnd\.atlas\.([0-9]{4}-[0-9]{2}-[0-9]{2})\+json", re.IGNORECASE)


@attrs.frozen
class Version:
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
        """What an answer says it is."""
        return f"application/vnd.atlas.{self.day}+json;charset=utf-8"

    @property
    def headers(self) -> dict[str, str]:
        """``Deprecation`` and ``Sunset``."""
        found = {"Deprecation": self.deprecated, "Sunset": self.sunset}
        return {name: _http_date(when) for name, when in found.items() if when is not None}


def _http_date(day: date) -> str:
    # Recorded: the day of the month has one digit where one will do.
    return format_datetime(datetime.combine(day, time(), UTC), usegmt=True).replace(", 0", ", ")


_KEY = web.RequestKey("atlas-version", Version)
_FIRST, _FLEX = date(2023, 1, 1), date(2024, 11, 13)
_NEW_CLUSTERS = date(2024, 8, 5)

#: Cloud backup, projects, clusters of all projects.
BASIC = (Version(_FIRST),)
#: The clusters of a project.
CLUSTERS = (Version(_FIRST, _NEW_CLUSTERS), Version(date(2023, 2, 1), _NEW_CLUSTERS), Version(_NEW_CLUSTERS))
#: Everything about flex clusters.
FLEX = (Version(_FLEX),)
# When the following were deprecated is not established; the days are made up, those of the sunset are not.
#: Legacy backup.
LEGACY = (Version(_FIRST, _NEW_CLUSTERS),)
#: M2 and M5.
TENANT = (Version(_FIRST, _FLEX, date(2026, 1, 15)),)
#: Backups of serverless instances.
SERVERLESS = (Version(_FIRST, _FLEX, date(2026, 1, 22)),)
#: Serverless instances.
SERVERLESS_INSTANCES = (Version(_FIRST, _FLEX, date(2027, 1, 18)),)


def version_of(request: web.Request) -> Version | None:
    """The version a request is served with; None outside of v2, and before it was chosen."""
    return request.get(_KEY)


def versioned(
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]], versions: tuple[Version, ...]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler of v2: it asks for a version in ``Accept``, and for one in ``Content-Type`` if there is a body.

    Args:
        handler: What answers; :func:`version_of` tells it the version.
        versions: The versions of the resource, oldest first.

    """

    async def served(request: web.Request) -> web.StreamResponse:
        settings = request.app[STAGE].settings
        version = _served(versions, request.headers.get("Accept", ""))
        if version is None:
            raise Refusal("INVALID_VERSION_DATE", str(versions[-1].day), status=settings.missing_version_status)
        request[_KEY] = version
        today = request.app[STAGE].clock.now().date()
        if settings.sunset_enforced and version.sunset is not None and today >= version.sunset:
            raise Refusal("VERSION_GONE", str(version.day))
        content_type = request.headers.get("Content-Type", "")
        if request.method == "POST" and _served(versions, content_type) is None:
            raise Refusal(
                "UNSUPPORTED_MEDIA_TYPE",
                content_type,
                status=settings.wrong_content_type_status,
                detail=f"The content type {content_type!r} is not supported; send {version.media_type}.",
            )
        return await handler(request)

    return served


def _served(versions: tuple[Version, ...], header: str) -> Version | None:
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
