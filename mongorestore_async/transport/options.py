"""Settings of a session that a view may change."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypedDict

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.retrying import RetryPolicy, RetryRule
from mongorestore_async.transport.records import ExchangeRecord  # noqa: TC001 - a field type
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, Unpack

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
    retry: RetryRule
    on_exchange: Callable[[ExchangeRecord], None] | None


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


def _callable(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not callable(value):
        raise ConfigError(f"{attribute.name} is a callable, not {type(value).__name__}")


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
        retry: Decides whether a failed call is made again, within its deadline; ``NO_RETRY`` never does. A create
            is only ever repeated when the server certainly did not act on it, whatever the rule says.
        on_exchange: Called with a record of each call when it is over, for logs and metrics. It must not block; an
            exception in it is logged and does not touch the call.

    Raises:
        ConfigError: A value is out of its range.

    """

    timeout: float = attrs.field(default=60.0, validator=_seconds)
    max_in_flight: int = attrs.field(default=32, validator=_count)
    max_body: int = attrs.field(default=64 * 1024 * 1024, validator=_count)
    user_agent: str | None = attrs.field(default=None, validator=_suffix)
    items_per_page: int = attrs.field(default=MAX_ITEMS_PER_PAGE, validator=_page)
    retry: RetryRule = attrs.field(factory=RetryPolicy, validator=_callable)
    on_exchange: Callable[[ExchangeRecord], None] | None = attrs.field(
        default=None, validator=attrs.validators.optional(_callable)
    )

    @classmethod
    def for_tests(cls, **changes: Unpack[OptionChanges]) -> Self:
        """Options that never wait: failed calls are repeated at once. For tests against the emulator."""
        changes.setdefault("retry", RetryPolicy(base=0))
        return cls(**changes)

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
