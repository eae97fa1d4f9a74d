"""The check of the chain: which lines were changed, removed, added or moved, told from numbers and hashes alone.

Each line has the hash of the one before. A line that does not follow the last good one (the *tip*) is explained by the
lines around it, at most :data:`_AROUND` each way, so a file of any size takes the same memory:

- A later line follows the tip: the lines up to it do not belong here.
- It has the hash of the tip, but another number or a fault: it was changed where it stands.
- It follows a line before the tip: the lines between do not belong here.
- Its number is too high: lines are missing. If they stand elsewhere they were moved, not removed.
- Only the hash differs: the tip was changed if the next line knows this one, else this one was.
- Its number was there already, and nothing near knows it: it does not belong here.

What was changed and then hashed anew up to the end is a good chain: only a head or a signature tells.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

import attrs

from mongorestore_async.evidence.entries import FIRST_BEFORE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.evidence.entries import SeenLine

__all__ = ["ChainCheck", "Problem", "ProblemKind"]

#: Lines before and after a place that may explain it.
_AROUND = 256

#: Problems that are kept; of more only the number.
_MOST = 1000


class ProblemKind(StrEnum):
    """What was done to a file."""

    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    ADDED = "ADDED"
    MOVED = "MOVED"
    CUT = "CUT"
    HALF_LINE = "HALF_LINE"
    REWRITTEN = "REWRITTEN"
    SIGNATURE = "SIGNATURE"


@attrs.frozen
class Problem:
    """One thing that does not hold.

    Attributes:
        line: The line, from 1; of lines that are missing the one in whose place they should be; 0 for the whole file.
        kind: What was done.
        text: What was seen.

    """

    line: int
    kind: ProblemKind
    text: str


@attrs.frozen
class _Tip:
    line: int
    n: int
    hash: str | None
    is_reported: bool = False


@attrs.define
class _Gap:
    """Numbers that are missing before a line, and those of them that stand elsewhere.

    Attributes:
        line: The line.
        first: The first number.
        last: The last one.
        has_stand_in: Whether the line itself stands in the place of the only number.
        found: Those that stand elsewhere, and at which line.

    """

    line: int
    first: int
    last: int
    has_stand_in: bool = False
    found: dict[int, int] = attrs.field(factory=dict[int, int])

    @property
    def is_closed(self) -> bool:
        """Whether all of them stand elsewhere."""
        return len(self.found) > self.last - self.first


class ChainCheck:
    """Goes through the lines once.

    Args:
        lines: The lines of a file, in their order.

    Attributes:
        more: How many problems there are beyond those that are kept.
        entries: How many lines were taken for entries in their place.

    """

    def __init__(self, lines: Iterator[SeenLine]) -> None:
        self._lines = lines
        self._ahead: deque[SeenLine] = deque()
        self._tip = _Tip(0, 0, FIRST_BEFORE)
        self._behind = deque([self._tip], maxlen=_AROUND)
        self._left: tuple[_Tip, int] | None = None  # where lines from elsewhere began, and the entries up to there
        self._found: dict[int, Problem] = {}
        self._strays: dict[int, int] = {}  # line of a number that stands where it does not belong
        self._gaps: list[_Gap] = []
        self.more: int = 0
        self.entries: int = 0

    def __iter__(self) -> Iterator[_Tip]:
        """Check, and give the number and the hash of each line in its place."""
        while (line := self._next()) is not None:
            if line.follows(self._tip.n, self._tip.hash) or self._is_explained(line):
                self._take(line)
            else:
                self._explain(line)
            if self._tip.line == line.line:
                yield self._tip

    def problems(self) -> list[Problem]:
        """What was found, in the order of the lines."""
        found = dict(self._found)
        removed: list[Problem] = []
        for gap in self._gaps:
            if gap.has_stand_in and not gap.is_closed and found[gap.line].kind is ProblemKind.ADDED:
                text = f"it stands in the place of the line with the number {gap.first}, under another number"
                found[gap.line] = Problem(gap.line, ProblemKind.CHANGED, text)
            elif not gap.is_closed:
                removed.append(Problem(gap.line, ProblemKind.REMOVED, _missing_text(gap)))
            elif not gap.has_stand_in and (stands_at := min(gap.found.values())) > gap.line:
                text = f"the line with the number {gap.first} is missing here: it stands at line {stands_at}"
                removed.append(Problem(gap.line, ProblemKind.MOVED, text))
        return sorted([*found.values(), *removed], key=lambda problem: problem.line)

    @property
    def _is_full(self) -> bool:
        return len(self._found) + len(self._gaps) >= _MOST

    def _next(self) -> SeenLine | None:
        return self._ahead.popleft() if self._ahead else next(self._lines, None)

    def _look(self, at: int = 0) -> SeenLine | None:
        """Give one of the lines that come."""
        missing = at + 1 - len(self._ahead)
        if missing > 0:
            self._ahead.extend(islice(self._lines, missing))
        return self._ahead[at] if at < len(self._ahead) else None

    def _is_explained(self, line: SeenLine) -> bool:
        """Whether it follows a line that was reported as changed: its hash is that of what stood there before."""
        return self._tip.is_reported and line.n == self._tip.n + 1

    def _take(self, line: SeenLine, text: str = "", *, n: int | None = None) -> None:
        """Take a line as the next one; with a text or a fault of its own as one that was changed."""
        fault = line.fault or text
        if fault:
            self._report(line.line, ProblemKind.CHANGED, fault)
        self._move_on(_Tip(line.line, self._tip.n + 1 if n is None else n, line.hash, bool(fault)))
        self.entries += 1

    def _move_on(self, tip: _Tip) -> None:
        self._tip = tip
        self._behind.append(tip)

    def _explain(self, line: SeenLine) -> None:
        tip = self._tip
        if self.more:  # there is nothing left of this file to explain
            self.more += not line.fault
            self._take(line, n=line.n)
        elif self._left is not None and line.follows(self._left[0].n, self._left[0].hash):
            (self._tip, self.entries), self._left = self._left, None
            self._take(line)
        elif skipped := self._strays_before_next(line):
            self._stray(line)
            for _ in range(skipped - 1):
                self._stray(self._ahead.popleft())
        elif line.n is None or line.before == tip.hash or (line.fault and self._stands_in(line)):
            self._take(line, f"its number is {line.n}, where {tip.n + 1} has its place")
        elif self._stands_in(line):
            self._stray(line)
            self._open_gap(line, tip.n + 1, tip.n + 1, has_stand_in=True)
            self._move_on(_Tip(line.line, tip.n + 1, None, is_reported=True))
            self.entries += 1
        elif self._is_copy(line):
            self._stray(line)
        elif (root := self._root_of(line)) is not None:
            self._go_back_to(root)
            self._take(line)
        else:
            self._explain_number(line, line.n)

    def _explain_number(self, line: SeenLine, n: int) -> None:
        """Explain a line that no line near knows."""
        due = self._tip.n + 1
        if n > due:
            self._open_gap(line, due, n - 1)
            self._take(line, n=n)
        elif n == due:
            self._explain_hash(line)
        elif not self._stray(line) and (after := self._look()) is not None and after.follows(n, line.hash):
            self._left = self._left or (self._tip, self.entries)
            self._move_on(_Tip(line.line, n, line.hash))  # what comes is from elsewhere, and good in itself

    def _stands_in(self, line: SeenLine) -> bool:
        """Whether the next line is the one after next: so this one stands for the next, under another number."""
        after = self._look()
        return line.n != self._tip.n + 1 and after is not None and line.n != after.n == self._tip.n + 2

    def _is_copy(self, line: SeenLine) -> bool:
        return any((each.n, each.hash) == (line.n, line.hash) for each in self._behind)

    def _explain_hash(self, line: SeenLine) -> None:
        """Explain a line whose number is right, and whose hash of the line before is not."""
        tip, after = self._tip, self._look()
        if tip.line == 0:
            self._take(line, "it is not the beginning of a log: the hash of the line before is not that of nothing")
        elif after is None or after.before == line.hash:
            text = f"line {line.line} was not written after this line, but after another one in its place"
            text += "" if after else f"; or line {line.line} was changed, after which nothing comes that tells"
            self._report(tip.line, ProblemKind.CHANGED, text)
            self._take(line)
        else:
            text = (
                f"it has not the hash of line {tip.line}, nor has the next line its own; whether line {tip.line} was "
                "changed as well cannot be told"
            )
            self._take(line, text)

    def _strays_before_next(self, line: SeenLine) -> int:
        """Count the lines, from this one on, before one that follows the tip; 0 if they had better stay."""
        for at in range(_AROUND):
            candidate = self._look(at)
            if candidate is None:
                return 0
            if candidate.follows(self._tip.n, self._tip.hash):
                is_gap = line.n is not None and line.n > self._tip.n + 1
                return 0 if is_gap and at + 1 > self._run(candidate, at + 1) else at + 1
        return 0

    def _run(self, line: SeenLine, at: int) -> int:
        """Count how many lines follow one another from this one on; ``at`` is the place ahead after it."""
        length = 1
        while length < _AROUND and (after := self._look(at)) is not None and after.follows(line.n or 0, line.hash):
            line, length, at = after, length + 1, at + 1
        return length

    def _root_of(self, line: SeenLine) -> _Tip | None:
        """Give the line before the tip that this one follows, if more comes after it than stands between."""
        root = next((each for each in reversed(self._behind) if line.follows(each.n, each.hash)), None)
        return root if root is not None and self._run(line, 0) > line.line - root.line - 1 else None

    def _go_back_to(self, root: _Tip) -> None:
        """Report the lines after this one, which were taken for good."""
        while (last := self._behind[-1]) is not root:
            self._report_stray(last.line, last.n)
            self._behind.pop()
            self.entries -= 1
        self._tip = root

    def _stray(self, line: SeenLine) -> bool:
        return self._report_stray(line.line, line.n, line.fault)

    def _report_stray(self, line: int, n: int | None, fault: str = "") -> bool:
        """Report a line that does not belong where it stands; True if its number is missing elsewhere: it was moved."""
        if n is None or fault:
            self._report(line, ProblemKind.ADDED, fault)
            return False
        gap = next((gap for gap in self._gaps if gap.first <= n <= gap.last and n not in gap.found), None)
        if gap is None:
            self._report(line, ProblemKind.ADDED, f"it does not belong here; its number is {n}")
            self._strays.setdefault(n, line)
        else:
            gap.found[n] = line
            self._report(line, ProblemKind.MOVED, _moved_text(n))
        return gap is not None

    def _open_gap(self, line: SeenLine, first: int, last: int, *, has_stand_in: bool = False) -> None:
        if self._is_full:
            self.more += 1
            return
        gap = _Gap(line.line, first, last, has_stand_in)
        for n, stray in list(self._strays.items()):
            if first <= n <= last:
                gap.found[n] = stray
                del self._strays[n]
                self._found[stray] = Problem(stray, ProblemKind.MOVED, _moved_text(n))
        self._gaps.append(gap)

    def _report(self, line: int, kind: ProblemKind, text: str) -> None:
        if line in self._found:
            return
        if self._is_full:
            self.more += 1
        else:
            self._found[line] = Problem(line, kind, text)


def _moved_text(n: int) -> str:
    return f"it has the number {n}, which is missing in its place"


def _missing_text(gap: _Gap) -> str:
    """Tell which numbers are missing, at most a few of them."""
    size = gap.last - gap.first + 1 - len(gap.found)
    if size == 1 and not gap.found:
        return f"the line with the number {gap.first} is missing here"
    what = f"{size} lines with numbers from {gap.first} to {gap.last} are missing here"
    return what if size > 1 else f"a line with a number from {gap.first} to {gap.last} is missing here"
