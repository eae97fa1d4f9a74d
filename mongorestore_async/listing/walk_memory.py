"""What a walk remembers of the pages behind it: which ids it delivered, and which positions of the list it read.

Memory stays flat however long the list is:

- the ids of the last :data:`WINDOW` pages are all remembered;
- of all ids before those, :data:`MOST_EARLIER` are. As long as the walk has delivered no more than that, it knows every
  id it ever delivered. From then on every second one is forgotten, then every second one of the rest, and so on: what
  is left is an even sample of the whole walk. It cannot tell of each item whether it came before, but it can of a run
  of pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_EARLIER", "WINDOW", "Coverage", "DeliveredIds"]

#: Pages whose ids are all remembered. So many pages in a row without a new id are the most that a walk asks for: with
#: the first page and a challenge that makes 20 requests.
WINDOW = 18

#: Ids remembered of the whole walk.
MOST_EARLIER = 4096

#: So many remembered ids in a row that all came before, without a new one between them, are a list that repeats
#: itself. Items that were pushed down by new ones come alone.
_REPEATS = 64


class DeliveredIds:
    """The ids that a walk has delivered."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}  # id -> the last page it was on
        self._pages: dict[int, list[Sequence[str]]] = {}  # the ids behind it, by page
        self._earlier: set[str] = set()
        self._mask = 0  # an id is kept in ``_earlier`` if its hash has none of these bits
        self._repeated = 0  # ids of the sample in a row that came before

    @property
    def repeat(self) -> bool:
        """Whether a walk too long to know each id has come round to where it was."""
        return self._repeated >= _REPEATS

    def sift(self, number: int, ids: Sequence[str]) -> tuple[int, ...]:
        """Find the new ids of a page, and forget those of pages that lie too far back.

        Args:
            number: The page.
            ids: Its ids. One that stands there twice is new twice: the server meant it so.

        Returns:
            Where the new ones stand.

        """
        known = self._known
        if known.keys().isdisjoint(ids):
            fresh = tuple(range(len(ids)))
        else:
            fresh = tuple([index for index, item in enumerate(ids) if item not in known])
        fresh = self._sift_earlier(ids, fresh)
        self._pages.setdefault(number, []).append(ids)
        if len(fresh) == len(ids):
            known.update(dict.fromkeys(ids, number))
        else:
            known.update({item: max(number, known.get(item, number)) for item in ids})
        stale = number - WINDOW
        for forgotten in self._pages.pop(stale, ()):
            for item in forgotten:
                if known.get(item) == stale:
                    del known[item]
        return fresh

    def _sift_earlier(self, ids: Sequence[str], fresh: tuple[int, ...]) -> tuple[int, ...]:
        """Take out what came before the pages that are remembered whole, as far as that is known."""
        earlier, mask = self._earlier, self._mask
        sample = {item for index in fresh if not hash(item := ids[index]) & mask}
        repeated = sample & earlier
        if repeated:
            fresh = tuple([index for index in fresh if ids[index] not in repeated])
        if len(repeated) < len(sample):
            self._repeated = 0
        elif mask:
            self._repeated += len(repeated)
        earlier |= sample
        while len(earlier) > MOST_EARLIER:
            mask = self._mask = 2 * mask + 1
            earlier = self._earlier = {item for item in earlier if not hash(item) & mask}
        return fresh


class Coverage:
    """Which positions of the list are known to hold only items that were seen.

    Those before ``sure`` are, and those from ``gap_end`` to ``reached``; between them may lie items that moved
    up. Where a deletion or creation was cannot be known, so every bound moves to the side that covers less.
    """

    def __init__(self, start: int) -> None:
        self.sure: int = start
        self.reached: int = start
        self.gap_end: int = start
        self._counted = start  # what was sure at the last page with a count

    @property
    def is_open(self) -> bool:
        """Whether items that moved up may not have been seen."""
        return self.sure < self.gap_end

    def change(self, by: int) -> None:
        """Take note of how much the count of the list rose or fell since the last page with a count."""
        if by < 0:
            self.sure = max(0, min(self.sure, self._counted) + by)
            self.reached = max(0, self.reached + by)
        elif self.is_open:
            self.gap_end += by

    def read(self, begin: int, end: int, *, counted: bool) -> None:
        """Take note of a page that was just read."""
        if begin > self.sure:
            self.gap_end = max(self.gap_end, begin) if self.is_open else begin
            self.reached = max(self.reached, end)
        else:
            self.sure = max(self.sure, end)
            if self.sure >= self.gap_end:
                self.sure = self.reached = self.gap_end = max(self.sure, self.reached)
        if counted:
            self._counted = self.sure
