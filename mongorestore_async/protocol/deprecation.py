"""What answers say about deprecated resources: ``Deprecation`` and ``Sunset`` (API protocol, section 8).

Atlas v2 sends them for versions of a resource, also with errors. Everything here is lenient: an invalid header
counts as not sent.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from mongorestore_async.families import FAMILIES
from mongorestore_async.protocol.dates import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mongorestore_async.families.family import Family

__all__ = ["Notice", "VendorDeprecation", "read_notice", "replacement", "resource_of"]

# RFC 9745 has epoch seconds, its drafts "true".
_EPOCH_SECONDS = re.compile(r"\s*@(-?[0-9]{1,12})\s*\Z")
_YES = frozenset({"true", "?1", "1"})
_WORD = re.compile(r"[A-Za-z]+\Z")


class VendorDeprecation(DeprecationWarning):
    """The server reports that a resource is deprecated. Warned once per process, family and resource.

    Attributes:
        deprecated: Since when (UTC), or None when it does not say.
        sunset: From when on it may be gone (UTC) and answer 410, or None when it does not say.

    """

    def __init__(
        self, message: str = "", *, deprecated: datetime | None = None, sunset: datetime | None = None
    ) -> None:
        super().__init__(message)
        self.deprecated = deprecated
        self.sunset = sunset


class Notice(NamedTuple):
    """What the headers of one answer say.

    Attributes:
        deprecated: Since when (UTC), None when it does not say.
        sunset: From when on it may be gone (RFC 8594; UTC), None when it does not say.

    """

    deprecated: datetime | None = None
    sunset: datetime | None = None

    def warning(self, family: str | None, resource: str) -> VendorDeprecation:
        """Make the warning.

        Args:
            family: Name of the product family, or None.
            resource: What was called, such as ``restoreJobs``.

        """
        known = _family(family)
        whose = known.title if known is not None else family or "this server"
        since = "" if self.deprecated is None else f" since {self.deprecated.date()}"
        ends = "" if self.sunset is None else f" and may be removed after {self.sunset.date()}"
        advice = replacement(family) or "check the vendor's changelog for its replacement, and update this package"
        return VendorDeprecation(
            f"the server says that the {resource} API of {whose} is deprecated{since}{ends}; {advice}",
            deprecated=self.deprecated,
            sunset=self.sunset,
        )


def read_notice(headers: Mapping[str, str]) -> Notice | None:
    """Read ``Deprecation`` and ``Sunset``; None where neither is sent, or makes sense."""
    if "Deprecation" not in headers and "Sunset" not in headers:
        return None
    said = headers.get("Deprecation", "")
    deprecated, sunset = _moment(said), http_date(headers.get("Sunset", ""))
    if deprecated is None and sunset is None and said.strip().lower() not in _YES:
        return None
    return Notice(deprecated=deprecated, sunset=sunset)


def replacement(family: str | None) -> str | None:
    """Say what replaces a family that the vendor deprecates; None for others.

    Args:
        family: Its name.

    """
    known = _family(family)
    return None if known is None else known.deprecation


def resource_of(path: str) -> str:
    """Name the resource that a path is about: its last word, such as ``snapshots`` of one or of all."""
    return next((part for part in reversed(path.split("/")) if _WORD.match(part)), "root")


def _family(name: str | None) -> Family[Any] | None:
    return FAMILIES.get(name or "")


def _moment(text: str) -> datetime | None:
    if (seconds := _EPOCH_SECONDS.match(text)) is None:
        return http_date(text)
    try:
        return datetime.fromtimestamp(int(seconds[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return None
