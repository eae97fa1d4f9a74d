"""What is asked of a fleet: which projects, which clusters, which of their jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from fnmatch import translate
from typing import TYPE_CHECKING, Any, cast

import attrs

from mongorestore_async.errors import ConfigError, NotFound
from mongorestore_async.models import JobDocument, JobState, JobT
from mongorestore_async.models.validators import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["FleetQuery", "Patterns"]


_WILD = frozenset("*?[")


class Patterns:
    """Names, ids or globs, and which of them nothing has fitted so far. A glob is as in a shell; case counts.

    Args:
        argument: What to call it in errors.
        given: One of them, several, or None for everything.

    Raises:
        ConfigError: Something else, or none at all.

    """

    def __init__(self, argument: str, given: str | Iterable[str] | None) -> None:
        self.words: tuple[str, ...] | None = None
        if given is None:
            self._unmatched: set[str] = set()
            return
        found = (given,) if isinstance(given, str) else given
        words: tuple[Any, ...] = tuple(found) if isinstance(found, Iterable) else (None,)  # pyright: ignore[reportUnnecessaryIsInstance]
        if not words or not all(isinstance(word, str) and word for word in words):
            raise ConfigError(f"{argument} must be a name, id or glob such as 'prod-*', or a list of them")
        self.words = words
        self._unmatched = set(words)
        self._plain = frozenset(words)
        self._globs = [(word, re.compile(translate(word))) for word in words if _WILD & set(word)]

    @property
    def unmatched(self) -> list[str]:
        """Those that nothing has fitted so far."""
        return sorted(self._unmatched)

    def match(self, *names: str | None) -> bool:
        """Whether one of the names of something fits."""
        if self.words is None:
            return True
        hits = {name for name in names if name in self._plain}
        hits.update(word for word, glob in self._globs if any(name is not None and glob.match(name) for name in names))
        self._unmatched -= hits
        return bool(hits)


def _states(value: object) -> frozenset[JobState] | None:
    if value is None:
        return None
    found = (value,) if isinstance(value, str) else value
    states: frozenset[JobState] = frozenset()
    with suppress(TypeError, ValueError):
        states = frozenset(JobState(str(word).upper()) for word in cast("Iterable[Any]", found))
    if not states:
        raise ConfigError(f"states must be a list of {', '.join(JobState)}, or None for all, not {value!r}")
    return states


def _since(_instance: Any, _attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not isinstance(value, datetime) or value.utcoffset() is None):
        raise ConfigError("since must be an aware datetime, such as datetime.now(UTC) - timedelta(days=1), or None")


@attrs.frozen(kw_only=True, eq=False)
class FleetQuery:
    """Which jobs are wanted, and how many lists are read at once; see :meth:`Fleet.restore_jobs`.

    Raises:
        ConfigError: A value is out of its range.

    """

    concurrency: int = attrs.field(default=16, validator=whole())
    per_project: int = attrs.field(default=4, validator=whole())
    since: datetime | None = attrs.field(default=None, validator=_since)
    states: frozenset[JobState] | None = attrs.field(default=None, converter=_states)
    batch_id: str | None = None
    include_deleted: bool = False
    projects: Patterns = attrs.field(factory=lambda: Patterns("projects", None))
    clusters: Patterns = attrs.field(factory=lambda: Patterns("clusters", None))

    @property
    def spare(self) -> int:
        """Pages that may wait for whoever reads the stream, beside one of each task."""
        return max(1, self.concurrency // 2)

    @property
    def words(self) -> tuple[str, ...]:
        """What of it decides which clusters are read to the end, for the resume token; ``since`` may move on."""
        states = None if self.states is None else sorted(self.states)
        found = tuple(repr(part) for part in (self.projects.words, self.clusters.words, states, self.batch_id))
        # Only where it is asked for, so that tokens of earlier versions are read.
        return (*found, "include_deleted") if self.include_deleted else found

    def unmatched(self) -> Iterator[NotFound]:
        """Make an error of each name, id or glob that nothing has fitted so far."""
        for what, patterns in (("project", self.projects), ("cluster", self.clusters)):
            for word in patterns.unmatched:
                yield NotFound(f"no {what} visible to the key matches {word!r}; check the name, or leave it out")

    def choose(self, jobs: Sequence[JobT]) -> Sequence[JobT]:
        """Choose the wanted ones of a page."""
        if self.states is not None:
            states = self.states
            jobs = [job for job in jobs if job.state in states]
        if self.since is not None:
            since = self.since
            jobs = [job for job in jobs if (told := _not_after(job)) is None or told >= since]
        return jobs

    def ends_at(self, jobs: Sequence[JobDocument]) -> bool:
        """Whether, in a list with the newest first, no wanted job can follow these."""
        if self.since is None or not jobs:
            return False
        told = jobs[-1].requested_at
        return told is not None and told < self.since


def _not_after(job: JobDocument) -> datetime | None:
    """A moment that the request of a job cannot lie behind: its own, or the job's end. None where neither is known."""
    return job.finished_at if job.requested_at is None else job.requested_at
