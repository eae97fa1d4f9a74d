"""The archives of a world: one for each snapshot, and for each shard of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from mongorestore_async.emulator.archives.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Callable

    from mongorestore_async.emulator.world import Job

__all__ = ["Archives"]

#: Archives that are kept for their SHA-1; each takes a quarter of a MiB.
_KEPT = 32


class Archives:
    """Makes the archives that jobs deliver. May be used from any thread.

    Args:
        seed: Of the world.
        size: Of each archive, in bytes.

    Attributes:
        size_of: Tells the size in bytes of the archive of a job; replace it to choose by job, cluster or shard, as in
            ``stage.archives.size_of = lambda job, member: 4 << 30``.

    """

    def __init__(self, seed: int, size: int) -> None:
        self.size_of: Callable[[Job, str | None], int] = lambda _job, _member: size
        self._seed = seed
        self._editions: dict[tuple[str, str | None], int] = {}
        self._kept: OrderedDict[tuple[str, int], Archive] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, job: Job, member: str | None = None) -> Archive:
        """The archive of a job; jobs of the same snapshot have the same.

        Args:
            job: The job.
            member: The shard (or config set), for a job that delivers several archives (Atlas).

        Raises:
            ConfigError: ``size_of`` says a size that is too small.

        """
        source, size = _source(job, member), self.size_of(job, member)
        with self._lock:
            key = f"{self._seed} {source[0]} {source[1] or 'all'} {self._editions.get(source, 0)}"
            found = self._kept.pop((key, size), None)
            if found is None:
                found = Archive(key, size)
            self._kept[key, size] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def edition(self, job: Job, member: str | None = None) -> int:
        """How many times the archive was made anew."""
        return self._editions.get(_source(job, member), 0)

    def regenerate(self, job: Job, member: str | None = None) -> None:
        """Make the archive anew: other bytes, another validator, from now on."""
        with self._lock:
            source = _source(job, member)
            self._editions[source] = self._editions.get(source, 0) + 1


def _source(job: Job, member: str | None) -> tuple[str, str | None]:
    return job.snapshot_id, member or job.member
