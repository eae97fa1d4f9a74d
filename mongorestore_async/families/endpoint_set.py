"""The rate limits of Atlas v2 as the server lists them: endpoint sets, each with a bucket (``GET /rateLimits``)."""

import re
from enum import StrEnum

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.families.atlas_v2 import API_PATH
from mongorestore_async.families.rate_limit import RateLimit
from mongorestore_async.models.document import Document

__all__ = ["Endpoint", "EndpointSet", "LimitScope", "LimitValue"]

_PLACEHOLDER = re.compile(r"\{[^}]*\}")


class LimitScope(StrEnum):
    """What has a bucket of its own: an address, a project, an organisation, or a user (key).

    New words stay text.
    """

    IP = "IP"
    GROUP = "GROUP"
    ORGANIZATION = "ORGANIZATION"
    USER = "USER"


@attrs.frozen(kw_only=True)
class LimitValue:
    """A number of a limit.

    Attributes:
        value: What holds.
        default_value: What would hold without an override; told only where there is one, and not always then.

    """

    value: int
    default_value: int | None = None


@attrs.frozen(kw_only=True)
class Endpoint:
    """What counts towards a limit.

    Attributes:
        method: HTTP verb.
        path: Path with placeholders.

    """

    method: str | None = None
    path: str | None = None


@attrs.frozen(kw_only=True)
class EndpointSet(Document):
    """Endpoints that share a bucket, and its size (Atlas v2, 2025-03-12).

    Attributes:
        endpoint_set_id: Its id, a word; None for one that was not told by the server.
        endpoint_set_name: Its name.
        scope: What has a bucket of its own.
        capacity: Calls that may be made at once.
        refill_rate: Calls that come back in ``refill_duration_seconds``.
        refill_duration_seconds: That time.
        endpoints: What counts towards it. Of one that was not told: the lists of this library, none for all others.

    """

    endpoint_set_id: str | None = None
    endpoint_set_name: str | None = None
    scope: LimitScope | str | None = None
    capacity: LimitValue
    refill_rate: LimitValue
    refill_duration_seconds: LimitValue
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def documented(self) -> bool:
        """Whether it is what the vendor documents ("not a contract") because the server did not tell it."""
        return not self.raw

    @property
    def rate_limit(self) -> RateLimit | None:
        """The same as a limit that a session can keep to; None where it lets no call pass.

        A bucket that is no project's counts as the caller's.
        """
        try:
            return RateLimit(
                self.capacity.value,
                self.refill_rate.value,
                self.refill_duration_seconds.value,
                "project" if self.scope == LimitScope.GROUP else "caller",
                name=self.endpoint_set_name or self.endpoint_set_id or "",
            )
        except ConfigError:  # a zero
            return None

    def covers(self, method: str, path: str) -> bool:
        """Whether a call counts towards it.

        Args:
            method: Its verb.
            path: Its path below that of the API, with placeholders of any name.

        Returns:
            Whether it does.

        """
        wanted = method, _PLACEHOLDER.sub("{}", path)
        return any(
            wanted == (each.method, _PLACEHOLDER.sub("{}", each.path or "").removeprefix(API_PATH))
            for each in self.endpoints
        )

    @classmethod
    def of(cls, rate: RateLimit) -> "EndpointSet":
        """Write a documented limit as an endpoint set.

        Args:
            rate: The limit, as the family documents it.

        Returns:
            The endpoint set.

        """
        return cls(
            endpoint_set_name=rate.name,
            scope=LimitScope.GROUP if rate.scope == "project" else LimitScope.USER,
            capacity=LimitValue(value=rate.capacity),
            refill_rate=LimitValue(value=rate.refill),
            refill_duration_seconds=LimitValue(value=round(rate.per_seconds)),
            endpoints=tuple(Endpoint(method="GET", path=path) for path in sorted(rate.paths)),
        )
