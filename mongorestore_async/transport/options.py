"""Settings of a session that a view may change."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Any, TypedDict

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.version import __version__

__all__ = ["MAX_ITEMS_PER_PAGE", "OptionChanges", "Options"]

#: The API's own limit of ``itemsPerPage``.
MAX_ITEMS_PER_PAGE = 500


class OptionChanges(TypedDict, total=False):
    """What ``with_options`` takes: the fields of :class:`Options`."""

    timeout: float
    max_in_flight: int
    max_body: int
    user_agent: str | None
    items_per_page: int


def _seconds(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise ConfigError(f"{attribute.name} is a positive number of seconds, not {value!r}")


def _count(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{attribute.name} is a whole number from 1, not {value!r}")


def _page(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_ITEMS_PER_PAGE:
        raise ConfigError(f"{attribute.name} is a whole number from 1 to {MAX_ITEMS_PER_PAGE}, not {value!r}")


def _suffix(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not value.isascii() or not value.isprintable()):
        raise ConfigError(f"{attribute.name} is printable ASCII text or None")


@attrs.frozen
class Options:
    """How a session makes its calls.

    Attributes:
        timeout: Deadline of one HTTP call (one page), seconds: from waiting for a free slot over the login to the
            last byte of the answer. ``asyncio.timeout()`` bounds a whole walk.
        max_in_flight: Calls under way at once; also never more than the connector allows.
        max_body: Bytes of one decompressed answer, beyond which it is refused.
        user_agent: Text put behind the library's own User-Agent, such as ``"nightly-drill/2"``.
        items_per_page: Page size asked for, 1 to 500. The API's own default is 100.

    Raises:
        ConfigError: A value is out of its range.

    """

    timeout: float = attrs.field(default=60.0, validator=_seconds)
    max_in_flight: int = attrs.field(default=32, validator=_count)
    max_body: int = attrs.field(default=64 * 1024 * 1024, validator=_count)
    user_agent: str | None = attrs.field(default=None, validator=_suffix)
    items_per_page: int = attrs.field(default=MAX_ITEMS_PER_PAGE, validator=_page)

    @property
    def user_agent_header(self) -> str:
        """The whole ``User-Agent`` value."""
        parts = (
            f"python/{platform.python_version()}",
            f"aiohttp/{version('aiohttp')}",
            platform.system(),
            platform.machine(),
        )
        own = f"mongorestore-async/{__version__} ({'; '.join(parts)})"
        return f"{own} {self.user_agent}" if self.user_agent else own
