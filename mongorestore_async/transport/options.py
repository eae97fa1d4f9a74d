"""Settings of a session that a view may change."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

import aiohttp
import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import Family, RateLimit
from mongorestore_async.models import PollPolicy, RestoreGuard
from mongorestore_async.models.validators import seconds, whole
from mongorestore_async.protocol.rate_limit_headers import choose_rate
from mongorestore_async.ratelimit import SharedLimits
from mongorestore_async.transport.observers import Observer, default_observer
from mongorestore_async.transport.retrying import RetryPolicy, RetryRule
from mongorestore_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, Unpack

    from mongorestore_async.transport.observers import ExchangeRecord

__all__ = ["MAX_ITEMS_PER_PAGE", "OptionChanges", "Options", "RateRule", "ViewChanges", "choose_limit"]

#: Which rate limits a session keeps to: see :class:`Options`.
RateRule: TypeAlias = Literal["adaptive", "documented"] | RateLimit | Mapping[Family[Any], RateLimit | None] | None

#: The API's own limit of ``itemsPerPage``.
MAX_ITEMS_PER_PAGE = 500


class OptionChanges(TypedDict, total=False):
    """The fields of :class:`Options`."""

    timeout: float
    max_in_flight: int
    max_body: int
    user_agent: str | None
    items_per_page: int
    retry: RetryRule
    on_exchange: Callable[[ExchangeRecord], None] | None
    rate_limits: RateRule
    shared_limits: SharedLimits | None
    guard: RestoreGuard | None
    poll: PollPolicy
    observer: Observer | None


class ViewChanges(OptionChanges, total=False):
    """What ``with_options`` of a session takes: the same, and the flags of the session."""

    envelope: bool
    pretty: bool


def _suffix(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and (not isinstance(value, str) or not value.isascii() or not value.isprintable()):
        raise ConfigError(f"{attribute.name} must be printable ASCII text or None")


def _callable(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not callable(value):
        raise ConfigError(f"{attribute.name} must be a callable, not {type(value).__name__}")


def _rule(value: RateRule) -> RateRule:
    if value is None or value in ("adaptive", "documented") or isinstance(value, RateLimit):
        return value
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigError(
            f'rate_limits must be "adaptive", "documented", a RateLimit, a dict of limits or None, not {value!r}'
        )
    limits: dict[Any, Any] = dict(value)
    for family, limit in limits.items():
        if not isinstance(family, Family) or not (limit is None or isinstance(limit, RateLimit)):
            raise ConfigError("a dict passed as rate_limits must map families (OPS_MANAGER) to a RateLimit or None")
    return MappingProxyType(limits)


def _shared(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not isinstance(value, SharedLimits):
        raise ConfigError(f"{attribute.name} must be SharedLimits(redis, key) or None, not {type(value).__name__}")


def _guard(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is not None and not isinstance(value, RestoreGuard):
        raise ConfigError(f"{attribute.name} must be RestoreGuard(...) or None, not {type(value).__name__}")


def _poll(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, PollPolicy):
        raise ConfigError(f"{attribute.name} must be PollPolicy(...), not {type(value).__name__}")


@attrs.frozen
class Options:
    """How a session makes its calls.

    Attributes:
        timeout: Deadline of one HTTP call (one page), seconds: from waiting for a rate limit and a free slot over
            the login to the last byte of the answer. ``asyncio.timeout()`` bounds a whole walk.
        max_in_flight: Most calls in flight at once; also never more than the connector allows.
        max_body: Bytes of one answer, compressed or decompressed, beyond which it is refused. A page of 500 jobs
            has less than one million.
        user_agent: Text appended to the library's own User-Agent, such as ``"nightly-drill/2"``.
        items_per_page: Page size asked for, 1 to 500. The API's own default is 100.
        retry: Decides whether a failed call is made again, within its deadline; ``NO_RETRY`` never does. A create
            is only ever repeated when the server certainly did not act on it, whatever the rule says.
        on_exchange: Called with a record of each call when it is over, for logs and metrics. It must not block; an
            exception in it is logged and does not affect the call.
        rate_limits: How many calls may be made in a time; a call that has to wait does so within its ``timeout``.
            ``"documented"``: what the vendor documents for the family, corrected by what the server says; where
            nothing is documented, calls only wait after a refusal. ``"adaptive"``: the same, but only from the
            server's first word about a limit on, for the vendor documents limits of "some resources" and not of
            which. A :class:`RateLimit`: this one for every family. A dict from families to limits: these, None for
            none, and the documented ones for the others. None: calls never wait for each other, each only obeys
            the answers it got itself. Unless it is None, a refusal without a word (429, or 503 of a proxy that takes
            other calls) is no failed try of ``retry``: the call waits for its next turn, within its ``timeout``.
        shared_limits: Where counters are shared with other processes that use the same key.
        guard: Refuses restores into clusters that must not be overwritten; see :class:`RestoreGuard`.
        poll: How often a wait polls its jobs, and how long it tolerates failures; see :class:`PollPolicy`.
        observer: Told of each call, create, wait and download while it happens; see :class:`Observer`. Unless given it
            is what :class:`RestoreInstrumentor` of ``mongorestore_async.otel`` set, else None: nobody is told.

    Raises:
        ConfigError: A value is out of its range.

    """

    timeout: float = attrs.field(default=60.0, validator=seconds())
    max_in_flight: int = attrs.field(default=32, validator=whole())
    max_body: int = attrs.field(default=16 * 1024 * 1024, validator=whole())
    user_agent: str | None = attrs.field(default=None, validator=_suffix)
    items_per_page: int = attrs.field(default=MAX_ITEMS_PER_PAGE, validator=whole(most=MAX_ITEMS_PER_PAGE))
    retry: RetryRule = attrs.field(factory=RetryPolicy, validator=_callable)
    on_exchange: Callable[[ExchangeRecord], None] | None = attrs.field(
        default=None, validator=attrs.validators.optional(_callable)
    )
    rate_limits: RateRule = attrs.field(default="adaptive", converter=_rule)
    shared_limits: SharedLimits | None = attrs.field(default=None, validator=_shared)
    guard: RestoreGuard | None = attrs.field(default=None, validator=_guard)
    poll: PollPolicy = attrs.field(factory=PollPolicy, validator=_poll)
    observer: Observer | None = attrs.field(factory=default_observer, validator=attrs.validators.optional(_callable))

    @classmethod
    def for_tests(cls, **changes: Unpack[OptionChanges]) -> Self:
        """Options that never wait: failed calls are repeated at once. For tests against the emulator.

        Args:
            changes: Fields that shall have other values.

        Returns:
            The options.

        """
        changes.setdefault("retry", RetryPolicy(base=0))
        changes.setdefault("rate_limits", None)
        poll = PollPolicy(shortest=0.01, longest=0.05, grace=0.5, patience=5, budget_share=None)
        changes.setdefault("poll", poll)
        return cls(**changes)

    @functools.cached_property
    def user_agent_header(self) -> str:
        """The whole ``User-Agent`` value."""
        own = _own_user_agent()
        return f"{own} {self.user_agent}" if self.user_agent else own


def choose_limit(rule: RateRule, family: Family[Any] | None, path: str, project: str | None) -> RateLimit | None:
    """Choose the limit that a call falls under: the user's for its family, else the documented one.

    Args:
        rule: As in :class:`Options`.
        family: The family of the call, None for a call of none.
        path: Its path as the family has it, placeholders and all.
        project: The project it is about, None for none.

    """
    rates = () if family is None else family.rates
    if isinstance(rule, RateLimit):
        rates = (rule,)
    elif family is not None and rule is not None and not isinstance(rule, str):
        chosen = [limit for each, limit in rule.items() if each.name == family.name]
        rates = tuple(limit for limit in chosen if limit is not None) if chosen else rates
    return choose_rate(rates, path, project)


@functools.cache
def _own_user_agent() -> str:
    parts = (
        f"python/{platform.python_version()}",
        f"aiohttp/{aiohttp.__version__}",
        platform.system(),
        platform.machine(),
    )
    return f"mongorestore-async/{__version__} ({'; '.join(parts)})"
