"""How many calls a server takes (API protocol, section 7)."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from mongorestore_async.errors import ConfigError
from mongorestore_async.models.validators import seconds, whole

__all__ = [
    "ATLAS_V2_CALLER",
    "ATLAS_V2_CLUSTERS",
    "ATLAS_V2_PROJECT",
    "ATLAS_V2_PROJECTS",
    "V1_PER_PROJECT",
    "RateLimit",
]


_OF = " of a RateLimit"


def _scope(_instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value not in {"project", "caller"}:
        raise ConfigError(f"{attribute.name} of a RateLimit must be 'project' or 'caller', not {value!r}")


@attrs.frozen(cache_hash=True)  # limits are keys of dicts that each call reads
class RateLimit:
    """A number of calls that may be made in a time.

    Two kinds exist. A *bucket* (Atlas v2) holds ``capacity`` calls, and ``refill`` are put back, evenly, in every
    ``per_seconds``. A *window* (v1.0) is a counter of ``capacity`` calls that restarts every ``per_seconds``, at
    unknown times.

    Attributes:
        capacity: Calls that may be made at once.
        refill: Calls that come back in ``per_seconds``; of a window, all of them.
        per_seconds: The time, in seconds.
        scope: What has a limit of its own: each ``"project"``, or each ``"caller"`` (key).
        window: Whether it is a counter that restarts.
        name: The endpoint set it is about, where the vendor has several: equal numbers under two names are two limits.
        paths: The list paths it is about, as they stand in a :class:`Family`; empty for all that no other names.

    Raises:
        ConfigError: A value is out of range.

    """

    capacity: int = attrs.field(validator=whole(of=_OF))
    refill: int = attrs.field(validator=whole(of=_OF))
    per_seconds: float = attrs.field(validator=seconds(of=_OF))
    scope: Literal["project", "caller"] = attrs.field(default="project", validator=_scope)
    window: bool = attrs.field(default=False, kw_only=True)
    name: str = attrs.field(default="", kw_only=True)
    paths: frozenset[str] = attrs.field(default=frozenset(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.window and self.refill != self.capacity:
            raise ConfigError("a RateLimit with window=True refills completely: set refill to its capacity")

    def __str__(self) -> str:
        whose = "per project" if self.scope == "project" else "per key"
        if self.window or self.refill == self.capacity:
            return f"{self.capacity} calls in {self.per_seconds:g} s {whose}"
        return f"{self.capacity} calls at once and {self.refill} in {self.per_seconds:g} s {whose}"


#: Cloud Manager and Atlas v1.0: "100 requests per minute per project", and the counter restarts every minute.
V1_PER_PROJECT = RateLimit(100, 100, 60, window=True)

#: Atlas v2, each of: cloud backups (the legacy restore jobs among them), legacy backup, flex restore jobs, flex
#: snapshots, flex clusters. The vendor's list of April 2026, "not a contract"; a family gives it its endpoint set.
ATLAS_V2_PROJECT = RateLimit(1200, 500, 60)

#: Atlas v2: the clusters of one project.
ATLAS_V2_CLUSTERS = RateLimit(10_000, 5_000, 60, name="clusters", paths=frozenset({"/groups/{project}/clusters"}))

#: Atlas v2: projects.
ATLAS_V2_PROJECTS = RateLimit(1200, 500, 60, "caller", name="projects", paths=frozenset({"/groups"}))

#: Atlas v2, each of: the clusters of all projects, organisations, the list of limits itself.
ATLAS_V2_CALLER = RateLimit(300, 100, 60, "caller")
