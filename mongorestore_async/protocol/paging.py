"""Where a walk over a list goes next: a pure decision from what each page showed.

Rules (restore architecture, "Paging"; vendor facts: API "Lists" and "Links"):

- an empty page ends the walk, a short page does not: servers cap page sizes;
- go on while there is a ``next`` link or fewer distinct items were seen than ``totalCount``; with neither
  signal in the document, go on until an empty page;
- only the page number advances; where a link points to is never followed;
- an id seen before is dropped: a job was created while walking (drift up);
- a fallen ``totalCount`` means that items moved up past the walk: the pages they moved to are read again
  (drift down), and only ids not seen yet are yielded;
- a page without a new id ends the walk when nothing says that there is more, is drift when the count rose,
  and is a :class:`PaginationError` the second time in a row.

Memory stays flat: ids of the last :data:`WINDOW` pages are remembered, no more.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.errors import PaginationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WINDOW", "PageFacts", "Step", "Walk"]

#: Pages whose ids are remembered, and the most pages that are read again after one fall of the count:
#: a loop of pages shorter than this ends within as many requests.
WINDOW = 18


@attrs.frozen
class PageFacts:
    """What a walk needs to know of one received page.

    Attributes:
        ids: Ids of the items in the order received.
        total_count: ``totalCount`` of the document, None when it was not sent.
        has_next: Whether the document has a ``next`` link.

    """

    ids: Sequence[str]
    total_count: int | None = None
    has_next: bool = False


@attrs.frozen
class Step:
    """What to do after a page.

    Attributes:
        fresh: Indexes of the items that were not seen before, in the order received.
        next_number: Number of the page to ask for next, None at the end of the walk.
        drifted: Whether this page showed that the list changed while it was walked.

    """

    fresh: tuple[int, ...]
    next_number: int | None
    drifted: bool


class Walk:
    """The state of one walk. Feed it each page with :meth:`receive`; ask for :attr:`number` next."""

    def __init__(self, starting_at: int = 1) -> None:
        self.number = starting_at
        self._start = starting_at
        self._frontier = starting_at  # the highest page asked for
        self._recent: deque[Sequence[str]] = deque()  # ids of the last pages, oldest first
        self._known: dict[str, int] = {}  # id -> number of the last receipt it was in
        self._receipts = 0
        self._seen = 0  # items yielded, and those on pages before the start
        self._total: int | None = None
        self._fall = 0  # how far the count fell since pages were last read again
        self._fallen = 0  # how far it fell in all
        self._length = 0  # of the page before the frontier
        self._barren = 0  # pages in a row without a new id
        self._rounds = 0  # times pages were read again behind the same frontier
        self._more = True  # what the frontier page said

    def receive(self, page: PageFacts) -> Step:
        """Take the page asked for by :attr:`number` and decide what comes next.

        Raises:
            PaginationError: Pages repeat each other, or the list changes faster than it can be read.

        """
        at_frontier = self.number == self._frontier
        fresh, repeated = self._sift(page.ids)
        rose = self._count(page.total_count)
        if not self._length:
            self._seen += (self._start - 1) * len(page.ids)
        self._seen += len(fresh)
        drifted = repeated or self._fall > 0
        if at_frontier:
            self._more = bool(page.ids) and self._expects_more(page, fresh=bool(fresh), rose=rose)
            next_number = self._go_back() or (self._frontier + 1 if self._more else None)
            self._length = len(page.ids) or self._length
        else:
            next_number = self._after_reread()
        self._advance(next_number)
        return Step(fresh=fresh, next_number=next_number, drifted=drifted)

    def _sift(self, ids: Sequence[str]) -> tuple[tuple[int, ...], bool]:
        # Compared with earlier pages only: what one page holds twice, the server meant twice.
        fresh = tuple(index for index, item in enumerate(ids) if item not in self._known)
        self._receipts += 1
        self._recent.append(ids)
        self._known.update(dict.fromkeys(ids, self._receipts))
        if len(self._recent) > WINDOW:
            gone = self._receipts - WINDOW
            for item in self._recent.popleft():
                if self._known.get(item) == gone:
                    del self._known[item]
        return fresh, len(fresh) < len(ids)

    def _count(self, total: int | None) -> bool:
        """Note the count of this page; tells whether it rose."""
        if total is None:
            return False
        before, self._total = self._total, total
        if before is None:
            return False
        fall = max(0, before - total)
        self._fall += fall
        self._fallen += fall
        return total > before

    def _expects_more(self, page: PageFacts, *, fresh: bool, rose: bool) -> bool:
        # Items that were counted, seen and then expired are no longer in the count: one request too many
        # is cheaper than a job lost.
        unmet = page.total_count is not None and self._seen - self._fallen < page.total_count
        if fresh:
            self._barren = 0
            return page.has_next or unmet or page.total_count is None
        if not (page.has_next or unmet):
            return False
        self._barren = 0 if rose else self._barren + 1
        if self._barren > 1:
            raise PaginationError(
                f"pages {self.number - 1} and {self.number} only repeat jobs already listed, yet the server says that "
                f"there are more: it pages wrongly here; narrow the list (batch_id, limit) or report this to its "
                f"operator",
                resume_at=self.number,
            )
        return True

    def _go_back(self) -> int | None:
        """Page to read again because the count fell, None when it did not (or nothing lies behind)."""
        if not self._fall or self._frontier == self._start:
            self._fall = 0
            return None
        pages = math.ceil(self._fall / max(1, self._length))
        back = max(self._start, self._frontier - pages)
        if self._frontier - back > WINDOW - 2 or self._rounds > WINDOW:
            raise PaginationError(
                f"the list shrinks faster than it can be read (totalCount fell by {self._fall} at page "
                f"{self._frontier}); start the walk again, or go on and remove jobs listed twice",
                resume_at=back,
            )
        self._fall = 0
        self._rounds += 1
        return back

    def _after_reread(self) -> int | None:
        if self.number + 1 < self._frontier:
            return self.number + 1
        if self._more:
            return self._frontier + 1
        return self._go_back()

    def _advance(self, next_number: int | None) -> None:
        if next_number is None:
            return
        if next_number > self._frontier:
            self._frontier = next_number
            self._rounds = 0
        self.number = next_number
