"""The restore jobs of one cluster as runs of numbers: a million jobs take no more room than three."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from mongorestore_async.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Shelf"]


class Shelf:
    """Which job numbers exist, newest first.

    Jobs are numbered from the oldest, 0, upwards. What is there is kept as a few ranges, newest first: taking jobs
    away splits a range, adding some starts a new one.

    Args:
        count: Number of jobs at the start.

    """

    def __init__(self, count: int) -> None:
        self._runs = [range(count)] if count else []
        self._next = count

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def __contains__(self, number: int) -> bool:
        return any(number in run for run in self._runs)

    def add(self, count: int) -> range:
        """Put new jobs in front; their numbers, oldest of them first."""
        fresh = range(self._next, self._next + count)
        self._next += count
        if fresh:
            self._runs.insert(0, fresh)
        return fresh

    def remove(self, count: int, at: int) -> None:
        """Take jobs away, beginning with the one at position ``at`` of the list (0: the newest).

        Raises:
            ConfigError: There are not so many jobs there.

        """
        if at < 0 or count < 0 or at + count > len(self):
            raise ConfigError(f"The cluster has {len(self)} jobs; {count} cannot be removed at position {at}.")
        kept: list[range] = []
        for run in self._runs:
            newer = run[len(run) - min(at, len(run)) :]
            rest = run[: len(run) - len(newer)]
            older = rest[: max(0, len(rest) - count)]
            at -= len(newer)
            count -= len(rest) - len(older)
            kept.extend(piece for piece in (newer, older) if piece)
        self._runs = kept

    def numbers(self, start: int, count: int) -> list[int]:
        """The numbers at ``count`` positions of the list, newest first."""
        found: list[int] = []
        for run in self._runs:
            if start < len(run):
                found.extend(islice(_newest_first(run, start), count - len(found)))
                start = 0
            else:
                start -= len(run)
            if len(found) == count:
                break
        return found


def _newest_first(run: range, start: int) -> Iterator[int]:
    return iter(run[::-1][start:])
