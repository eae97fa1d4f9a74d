"""Where a walk over a list goes next: a pure decision from what each page showed.

Three signals tell of the end of a list: an empty page, a document without a ``next`` link, and a count that is met.
None of them decides against the others (restore architecture, "Paging"; vendor facts: API "Lists" and "Links"):

- continue while there is a ``next`` link or fewer distinct items were seen than ``totalCount``, be the page empty or
  not; with neither signal in the document, continue until an empty page. A short page says nothing: servers cap page
  sizes;
- only the page number advances; where a link points to is never followed;
- an id delivered before is dropped: a job was created while walking (drift up). What one page holds twice, the
  server meant twice;
- a fallen ``totalCount`` means that items may have moved up past the walk (drift down): the pages they may
  have moved to are read again, and only ids not seen yet are yielded;
- a page that repeats the one before ends the walk when the count is met and no link says that there is more; without
  a count and a link the second such page does, for one may be drift. Where the count rose by its items it is drift.
  Otherwise it is a :class:`PaginationError` the second time in a row. So are pages of older ids;
- items that the count has and the walk has not are missing, unless new ones account for them: so many as the count
  rose by, and as the walk saw items pushed down. Missing ones are asked for in :data:`WINDOW` pages more, then they
  are a :class:`PaginationError`;
- a count below the number of items on its own page is no count. In a list without links, nor is one below what was
  seen that never fell so far.

What cannot be known: a deletion in a list without a count, or one that a creation made up for; a count too low
in a list without links, when it is met at the end of a page. ``drifted`` tells of every change that showed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mongorestore_async.errors import Hint, HintKind, PaginationError
from mongorestore_async.listing.walk_memory import WINDOW, Coverage, DeliveredIds

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["WINDOW", "PageFacts", "Step", "Walk"]

#: A page size that no server has, for those that are not known.
_ANY_SIZE = 10**9

#: Pages in a row that repeat the one before until a list without a count and links is taken for one that does not
#: page; and where new items were seen to push others down before.
_ALL_THE_SAME, _ALL_THE_SAME_IN_DRIFT = 2, 4


class PageFacts(NamedTuple):
    """What a walk needs to know of one received page.

    Attributes:
        ids: Ids of the items in the order received.
        total_count: ``totalCount`` of the document, None when it was not sent.
        has_next: Whether the document has a ``next`` link.
        blanks: How many empty objects stand among the items; the server may count them or not.

    """

    ids: Sequence[str]
    total_count: int | None = None
    has_next: bool = False
    blanks: int = 0


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


class Walk:
    """The state of one walk. Feed it each page with :meth:`receive`; ask for :attr:`number` next.

    Args:
        starting_at: Its first page.
        size: The page size asked for, None where that is not known. Pages may be shorter.
        total_count: The count that an earlier walk saw last, where this one resumes it.
        trusts_count: Whether an unmet count outweighs an empty page; not where no count was asked for.

    Attributes:
        number: The page to ask for next.
        length: How many items a page has as received, 0 as long as that is not certain.
        total_count: The last count seen, None before the first.

    """

    def __init__(
        self,
        starting_at: int = 1,
        *,
        size: int | None = None,
        total_count: int | None = None,
        trusts_count: bool = True,
    ) -> None:
        self.number: int = starting_at
        self.length: int = 0
        self.total_count = total_count
        self._start = starting_at
        self._most = size or _ANY_SIZE
        self._trusts_count = trusts_count
        self._frontier = starting_at - 1  # the last page read for the first time
        self._top = PageFacts(())  # that page
        self._coverage: Coverage  # made with the first item
        self._unit = 0  # length of the first page with items: positions are counted in it
        self._first = 0  # the number of that page
        self._ids = DeliveredIds()
        self._delivered = 0
        self._blanks = 0
        self._has_links = False  # a page had a ``next`` link
        self._is_late = False  # the first count came after the first item
        self._first_count = total_count or 0
        self._fallen = self._risen = 0  # how far the count fell and rose in all
        self._pushed = 0  # items seen again in front of new ones
        self._has_grown = False
        self._barren = 0  # pages in a row without a new id, those read again included
        self._unexplained = 0  # of the new ones of these with items, in a row, those that no new items explain
        self._excused = 0  # so many such pages the rise of the count explains
        self._run: int | None = None  # the first of the new ones
        self._hole: int | None = None  # the first page that lacked items
        self._rereads = 0  # since the last step forward

    @property
    def received(self) -> int:
        """How many items the first page with any had, 0 before it."""
        return self._unit

    @property
    def resume_at(self) -> int:
        """The page from which another walk finds all that this one has not delivered."""
        return self.number if self._hole is None else min(self._hole, self.number)

    def receive(self, page: PageFacts) -> Step:
        """Take the page asked for by :attr:`number` and decide what comes next.

        Raises:
            PaginationError: The signals contradict each other, or the list changes faster than it can be read.

        """
        number = self.number
        if page.total_count is not None and page.total_count < len(page.ids):
            page = page._replace(total_count=None)
        self._has_links |= page.has_next
        change = self._count(page.total_count)
        if page.ids and not self._unit:
            self._unit, self._first, self._is_late = len(page.ids), number, self.total_count is None
            self._coverage = Coverage((number - 1) * self._unit)
        fresh = self._ids.sift(number, page.ids)
        if self._ids.repeat:
            raise self._broken(f"page {number} and those before it only repeat items listed long before", number)
        self._delivered += len(fresh)
        self._blanks += page.blanks
        self._barren = 0 if fresh else self._barren + 1
        if change < 0:
            self._hole, self._run = (self._moved_up(page, -change) for page in (self._hole, self._run))
        if self._unit:
            begin = (number - 1) * self._unit
            self._coverage.change(change)
            self._coverage.read(begin, begin + self._unit, counted=page.total_count is not None)
            if page.has_next or (fresh and number > self._first):
                self.length = self._unit  # for that page was not the last
        if number > self._frontier:
            more = self._step_forward(page, len(fresh), rise=max(0, change))
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

    def _moved_up(self, number: int | None, by: int) -> int | None:
        """Give the page to which the items of a page may have moved up."""
        return None if number is None else max(0, (number - 1) * self._unit - by) // (self._unit or 1) + 1

    def _count(self, total: int | None) -> int:
        """Note the count of this page; returns by how much it rose or fell."""
        if total is None:
            return 0
        if self.total_count is None:
            self._first_count = self.total_count = total
        change, self.total_count = total - self.total_count, total
        self._fallen += max(0, -change)
        self._risen += max(0, change)
        return change

    def _step_forward(self, page: PageFacts, fresh: int, *, rise: int) -> bool:
        """Take a page that was not read before as the frontier; returns whether there is more behind it."""
        before, self._top = self._top, page
        self._frontier += 1
        self._rereads = 0
        if self._unit:
            self._excused += -(-rise // self._unit)
        if fresh:
            if self._run is not None and not before.ids:
                self._hole = self._hole or self._run
            pushed = len(page.ids) - fresh
            self._pushed += pushed
            self._has_grown |= bool(pushed or self._unexplained)
            self._unexplained = self._excused = 0
            self._run = None
            return self._expects_more()
        self._run = self._run or self.number
        more = self._passes_repeated(page, before) if page.ids else self._expects_more()
        if not page.ids and self._lacks():
            self._hole = self._hole or self.number
        if more and self._barren >= WINDOW:
            if not page.ids and self._is_counted and not self._lacks():
                return False  # all that is counted was seen: only a link that every page has says otherwise
            raise self._broken(self._contradiction(), self._run)
        return more

    def _passes_repeated(self, page: PageFacts, before: PageFacts) -> bool:
        """Take a new page that only has ids delivered before; returns whether there is more behind it."""
        is_same = set(page.ids) <= set(before.ids)
        if self._excused:
            self._excused, self._unexplained = self._excused - 1, 0
        else:
            self._unexplained += 1
        most = (self._run or 0) - self._start  # a whole round
        if page.has_next or self._is_unmet(strictly=is_same and page.total_count == before.total_count):
            # Old pages may be those that many new items pushed down, if no count tells.
            most = 0 if is_same or self.total_count is not None else min(most, WINDOW + 2 - most)
            if self._unexplained and self.total_count is not None:
                self._hole = self._hole or self.number
        elif self._is_counted:
            return False
        elif is_same:
            return self._unexplained < (_ALL_THE_SAME_IN_DRIFT if self._has_grown else _ALL_THE_SAME)
        else:
            self._has_grown = True
        if self._unexplained >= max(2, most):
            raise self._broken(self._contradiction(), self._run or 0)
        return True

    def _expects_more(self) -> bool:
        """Whether the frontier page, with what was seen by now, says that there is more behind it."""
        if self._top.has_next:
            return True
        if not self._top.ids:
            return self._lacks()
        if self._top.total_count is None or not (self._is_counted or self._has_links):
            return True
        return self._is_unmet()

    @property
    def _is_counted(self) -> bool:
        """Whether there is a count, and it was not disproved: seen were more than there can have been."""
        return self.total_count is not None and self._seen() - self._fallen <= self.total_count

    def _seen(self, *, at_most: bool = False) -> int:
        """How many items were seen, with those on pages before the start."""
        return (self._start - 1) * (self._most if at_most and not self.length else self._unit) + self._delivered

    def _is_unmet(self, *, strictly: bool = False) -> bool:
        """Whether fewer items were seen than the last page with a count counted.

        Items that were seen and then expired are no longer in the count: unless asked ``strictly``, those that
        expired count as unseen, for one request too many is cheaper than a job lost.
        """
        if self.total_count is None:
            return False
        return self._seen(at_most=strictly) - (0 if strictly else self._fallen) < self.total_count

    def _lacks(self) -> bool:
        """Whether the count says, of an empty frontier page, that it or one before it lacks items."""
        if self.total_count is None or not self._trusts_count or not self._is_counted:
            return False
        if not self._unit:
            begin = (self._start - 1) * self._most
            if self._start > 1 and (self._fallen or (self.total_count <= begin and not self._top.has_next)):
                raise PaginationError(
                    f"page {self._start}, where the walk starts, is behind the end of the list "
                    f"(its totalCount is {self.total_count})",
                    resume_at=1,
                )
            return self.total_count - self._blanks > begin
        if (self._frontier - 1) * (self.length or self._most) < self.total_count:
            return True
        missing = self.total_count - self._seen(at_most=True) - self._blanks
        if self._hole is not None:
            # Not even those that were deleted may stand for others.
            return missing + self._fallen > max(0, self.total_count - self._first_count)
        return missing > (self.total_count if self._is_late else self._risen + self._pushed)

    def _contradiction(self) -> str:
        if self._top.ids:
            what = f"pages {self.number - 1} and {self.number} only repeat items already listed"
        else:
            what = f"pages {self._run} to {self.number} were empty"
        return f"{what}, but the server says that there are more"

    def _broken(self, what: str, resume_at: int) -> PaginationError:
        counted = "" if self.total_count is None else f" (its totalCount is {self.total_count})"
        return PaginationError(
            f"{what}{counted}",
            resume_at=min(resume_at, self.resume_at),
            hint=Hint(HintKind.NARROW_LIST if self._top.ids else HintKind.READ_UNCOUNTED),
        )

    def _next(self, *, more: bool) -> int | None:
        if not self._unit:
            return self._frontier + 1 if more else None
        sure = self._coverage.sure
        back = sure // self._unit + 1
        # Behind a page that lacked items, a page may hold what the count has further in front.
        covered = self.total_count is None or (sure >= self.total_count and self._hole is None)
        if back > self._frontier or covered:
            return self._frontier + 1 if more or (self._coverage.is_open and not covered) else None
        if back < self._start or self._frontier - back > WINDOW - 2 or max(self._rereads / 2, self._barren) >= WINDOW:
            raise PaginationError(
                f"the list shrinks faster than it can be read (its totalCount fell to {self.total_count} at page "
                f"{self.number}); start again, or continue and drop items listed twice",
                resume_at=min(back, self.resume_at),
            )
        return back
