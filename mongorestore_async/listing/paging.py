"""Where a walk over a list goes next: a pure decision from what each page showed.

Rules (restore architecture, "Paging"; vendor facts: API "Lists" and "Links"):

- an empty page ends the walk, a short page does not: servers cap page sizes;
- continue while there is a ``next`` link or fewer distinct items were seen than ``totalCount``; with neither
  signal in the document, continue until an empty page;
- only the page number advances; where a link points to is never followed;
- an id seen before is dropped: a job was created while walking (drift up). What one page holds twice, the
  server meant twice;
- a fallen ``totalCount`` means that items may have moved up past the walk (drift down): the pages they may
  have moved to are read again, and only ids not seen yet are yielded;
- a page without a new id ends the walk when nothing says that there is more, is drift when the count rose,
  and is a :class:`PaginationError` the second time in a row;
- a count below the number of items on its own page is no count.

Memory stays flat: the ids of the last :data:`WINDOW` pages are remembered, no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mongorestore_async.errors import Hint, HintKind, PaginationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WINDOW", "PageFacts", "Step", "Walk"]

#: Pages whose ids are remembered. So many pages in a row without a new id end the walk: with the first page and a
#: challenge that makes 20 requests. A fall of the count by more than these pages hold is an error rather than a
#: job lost.
WINDOW = 18


class PageFacts(NamedTuple):
    """What a walk needs to know of one received page.

    Attributes:
        ids: Ids of the items in the order received.
        total_count: ``totalCount`` of the document, None when it was not sent.
        has_next: Whether the document has a ``next`` link.

    """

    ids: Sequence[str]
    total_count: int | None = None
    has_next: bool = False


class Step(NamedTuple):
    """What to do after a page.

    Attributes:
        fresh: Indexes of the items that were not seen before, in the order received.
        next_number: Number of the page to ask for next, None at the end of the walk.
        drifted: Whether this page showed that the list changed while it was walked.

    """

    fresh: tuple[int, ...]
    next_number: int | None
    drifted: bool


class _Coverage:
    """Which positions of the list are known to hold only items that were seen.

    Those before ``sure`` are, and those from ``gap_end`` to ``reached``; between them may lie items that moved
    up. Where a deletion or creation was cannot be known, so every bound moves to the side that covers less.
    """

    def __init__(self, start: int) -> None:
        self.sure = self.reached = self.gap_end = start
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


class Walk:
    """The state of one walk. Feed it each page with :meth:`receive`; ask for :attr:`number` next."""

    def __init__(self, starting_at: int = 1) -> None:
        self.number = starting_at
        self._start = starting_at
        self._frontier = starting_at - 1  # the last page read for the first time
        self._top = PageFacts(())  # that page
        self._known: dict[str, int] = {}  # id -> the last page it was on
        self._pages: dict[int, list[Sequence[str]]] = {}  # the ids behind it, by page
        self._coverage: _Coverage  # made with the first page
        self._length = 0  # of the first page: positions are counted in it
        self._seen = 0  # items yielded, and those on pages before the start
        self._total: int | None = None
        self._fallen = 0  # how far the count fell in all
        self._barren = 0  # pages in a row without a new id, those read again included
        self._unexplained = 0  # of the new ones of these, in a row, those whose count did not rise
        self._rereads = 0  # since the last step forward

    def receive(self, page: PageFacts) -> Step:
        """Take the page asked for by :attr:`number` and decide what comes next.

        Raises:
            PaginationError: Pages repeat each other, or the list changes faster than it can be read.

        """
        number = self.number
        if self._frontier == 0 and page.total_count == len(page.ids) and page.ids and not page.has_next:
            # The whole list on its first page, as most are: nothing to compare, nothing to remember.
            return Step(tuple(range(len(page.ids))), None, drifted=False)
        if page.total_count is not None and page.total_count < len(page.ids):
            page = page._replace(total_count=None)
        if not self._length:
            self._length = len(page.ids)
            self._seen = (self._start - 1) * self._length
            self._coverage = _Coverage(self._seen)
        fresh = self._sift(number, page.ids)
        self._seen += len(fresh)
        self._barren = 0 if fresh else self._barren + 1
        change = self._count(page.total_count)
        self._coverage.change(change)
        self._coverage.read((number - 1) * self._length, number * self._length, counted=page.total_count is not None)
        if number > self._frontier:
            more = self._step_forward(page, fresh=bool(fresh), rose=change > 0)
        else:
            self._rereads += 1
            more = self._expects_more()
        next_number = self._next(more=more)
        if next_number is not None:
            self.number = next_number
        dropped = len(fresh) < len(page.ids)
        # A page without anything new at the very end is that of a server that does not page: no drift.
        drifted = change < 0 or (dropped and (bool(fresh) or next_number is not None))
        return Step(fresh=fresh, next_number=next_number, drifted=drifted)

    def _sift(self, number: int, ids: Sequence[str]) -> tuple[int, ...]:
        """Find the new ids, and forget those of pages that lie too far back."""
        known = self._known
        if known.keys().isdisjoint(ids):
            fresh = tuple(range(len(ids)))
        else:
            fresh = tuple([index for index, item in enumerate(ids) if item not in known])
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

    def _count(self, total: int | None) -> int:
        """Note the count of this page; returns by how much it rose or fell."""
        if total is None:
            return 0
        change = 0 if self._total is None else total - self._total
        self._total = total
        self._fallen += max(0, -change)
        return change

    def _step_forward(self, page: PageFacts, *, fresh: bool, rose: bool) -> bool:
        """Take a page that was not read before as the frontier; returns whether there is more behind it."""
        repeats = page.ids == self._top.ids and page.total_count == self._top.total_count
        self._frontier += 1
        self._top = page
        self._rereads = 0
        if fresh:
            self._unexplained = 0
            return self._expects_more()
        self._unexplained = 0 if rose else self._unexplained + 1
        more = bool(page.ids) and (page.has_next or self._is_unmet(strictly=repeats))
        if (more and self._unexplained > 1) or self._barren >= WINDOW:
            raise PaginationError(
                f"pages {self.number - 1} and {self.number} only repeat items already listed, but the server says "
                f"that there are more: its paging is broken",
                resume_at=self.number,
                hint=Hint(HintKind.NARROW_LIST),
            )
        return more

    def _expects_more(self) -> bool:
        """Whether the frontier page, with what was seen by now, says that there is more behind it."""
        if not self._top.ids:
            return False
        return self._top.has_next or self._top.total_count is None or self._is_unmet()

    def _is_unmet(self, *, strictly: bool = False) -> bool:
        """Whether fewer items were seen than the last page with a count counted.

        Items that were seen and then expired are no longer in the count: unless asked ``strictly``, those that
        expired count as unseen, for one request too many is cheaper than a job lost.
        """
        if self._total is None:
            return False
        return self._seen - (0 if strictly else self._fallen) < self._total

    def _next(self, *, more: bool) -> int | None:
        if not self._length:
            return None  # nothing but empty pages
        sure = self._coverage.sure
        back = sure // self._length + 1
        covered = self._total is None or sure >= self._total
        if back > self._frontier or covered:
            return self._frontier + 1 if more or (self._coverage.is_open and not covered) else None
        if back < self._start or self._frontier - back > WINDOW - 2 or max(self._rereads / 2, self._barren) >= WINDOW:
            raise PaginationError(
                f"the list shrinks faster than it can be read (its totalCount fell to {self._total} at page "
                f"{self.number}); start again, or continue and drop items listed twice",
                resume_at=back,
            )
        return back
