"""A list on a server that changes while it is walked and does not always tell the truth; and seeded plans for it.

A list knows what no client can know of it: see :attr:`ChangingList.untold`.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any

import attrs

__all__ = ["AT_ONCE_CHANGES", "COUNTS", "LINKS", "UNKNOWABLE", "ChangingList", "Plan", "made_plan"]

#: Repeatable, and no secret depends on it.
chance_of = random.Random


#: Right: the count. None: no count, or no link. Stale: the count at the start. Some pages: every third. The others are
#: wrong, in the way they say.
COUNTS = (
    *("right", "none", "stale", "low", "stale low", "zero", "negative", "high", "huge"),
    *("some pages", "first page", "wavering"),
)
LINKS = ("none", "right", "always")

#: What no answer tells of, as ``docs/lists.rst`` says it.
UNKNOWABLE = (
    "a deletion in a list without a count, or whose count is not updated",
    "a page that is empty by mistake in a list without a count",
    "a count that is too low in a list without links",
    "any change that the count does not show",
)
DELETION, EMPTY_PAGE, LOW_COUNT, AT_ONCE_CHANGES = UNKNOWABLE

#: Those that tell, at the end, that jobs of a page were not given: in every list, and in one that does not grow.
_EXACT = frozenset({"right", "high", "huge"})
_COMPLETE = _EXACT | {"stale", "some pages", "first page"}


@attrs.frozen
class Plan:
    """What happens to a list, request by request.

    Attributes:
        seed: What it was made from.
        total: How many jobs there are at first.
        size: Page size asked for.
        cap: Largest page of the server.
        counts: One of :data:`COUNTS`.
        links: One of :data:`LINKS`.
        changes: Before the n-th request: how many jobs are created in front (positive), or deleted (negative).
        empties: Numbers of pages that are empty the first time they are asked for.
        holes: Numbers of pages that are empty, their jobs on the next one.

    """

    seed: int
    total: int
    size: int
    cap: int
    counts: str
    links: str
    changes: dict[int, int] = attrs.field(factory=dict)
    empties: frozenset[int] = frozenset()
    holes: frozenset[int] = frozenset()

    @property
    def is_honest(self) -> bool:
        """Whether the list is at rest, and all it says is true."""
        return not (self.changes or self.empties or self.holes) and (
            self.counts in {"right", "none"} and self.links != "always"
        )


def made_plan(seed: int) -> Plan:
    """Make a plan from a number."""
    chance = chance_of(seed)
    size = chance.choice([2, 3, 5, 10])
    total = chance.randrange(1, 8 * size)
    kind = chance.choice(["rest", "inserts", "inserts", "deletions", "deletions", "both"])
    changes = {}
    for request in chance.sample(range(2, 14), chance.randrange(1, 6)) if kind != "rest" else ():
        most = chance.choice([1, size, 2 * size])
        sign = {"inserts": 1, "deletions": -1}.get(kind) or chance.choice([1, -1])
        changes[request] = sign * chance.randrange(1, most + 1)
    pages = range(1, -(-total // size) + 2)
    empties = chance.sample(pages, min(len(pages), chance.choice([1, 1, 2]))) if chance.random() < 0.35 else []
    holes = chance.sample(pages, 1) if chance.random() < 0.2 else []
    return Plan(
        seed=seed,
        total=total,
        size=size,
        cap=chance.choice([500, 500, 500, size, max(1, size - 1)]),
        counts=chance.choice(["right", "right", "right", *COUNTS]),
        links=chance.choice(["right", *LINKS]),
        changes=changes,
        empties=frozenset(empties),
        holes=frozenset(holes),
    )


class ChangingList:
    """The list of a plan: answers requests for its pages, and keeps what no client can know.

    Attributes:
        ids: The jobs there are now.
        throughout: Those that were there at the first request and at each one since.
        requests: How many requests there were.
        untold: What its answers did not tell of, in the words of :data:`UNKNOWABLE`; empty where they told of all.

    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ids = [f"job-{index}" for index in range(plan.total)]
        self.throughout = set(self.ids)
        self.requests = 0
        self.untold: set[str] = set()
        self._chance = chance_of(plan.seed)
        self._new = 0
        self._left = set(plan.empties)
        self._counted: int | None = None

    def page(self, number: int, size: int) -> dict[str, Any]:
        """Answer a request."""
        plan = self.plan
        self.requests += 1
        self._change(plan.changes.get(self.requests, 0))
        size = min(size, plan.cap)
        place = number - sum(hole < number for hole in plan.holes)
        begin = (place - 1) * size
        is_hole, is_empty = number in plan.holes, number in self._left
        self._left.discard(number)
        ids = [] if is_hole or is_empty else self.ids[begin : begin + size]
        is_followed = begin + size * (not is_hole) < len(self.ids)
        more = plan.links == "always" or (plan.links == "right" and is_followed)
        total = self._count(number)
        document: dict[str, Any] = {"results": [{"id": each} for each in ids]}
        if more:
            document["links"] = [{"rel": "next", "href": "http://elsewhere.example.com/next"}]
        if total is not None:
            document["totalCount"] = total
        self._judge(begin, ids, total, more=more, is_given=is_hole or not is_empty)
        return document

    def _count(self, number: int) -> int | None:
        now, first = len(self.ids), self.plan.total
        counts: dict[str, int | None] = {
            "right": now,
            "none": None,
            "stale": first,
            "low": now * 2 // 3,
            "stale low": first // 2,
            "zero": 0,
            "negative": -1,
            "high": now + 7,
            "huge": 10**12,
            "some pages": now if number % 3 == 1 else None,
            "first page": now if number == 1 else None,
        }
        return counts.get(self.plan.counts, now + self._chance.randrange(-2, 3))

    def _change(self, amount: int) -> None:
        for _ in range(amount):
            self.ids.insert(0, f"new-{self._new}")
            self._new += 1
        for _ in range(min(-amount, len(self.ids))):
            self.throughout.discard(self.ids.pop(self._chance.randrange(len(self.ids))))
        if amount < 0 and self.plan.counts != "right":
            self.untold.add(DELETION)

    def _judge(self, begin: int, ids: list[str], total: int | None, *, more: bool, is_given: bool) -> None:
        """Note where jobs are hidden, and no signal says so."""
        self._counted = self._counted if total is None else total
        end = begin + len(ids)
        is_end = not ids if self._counted is None else self._counted <= end
        if self.ids[end:] and not more and is_end:
            self.untold.add(EMPTY_PAGE if self._counted is None else LOW_COUNT)
        grows = any(change > 0 for change in self.plan.changes.values())
        if not is_given and self.ids[begin:] and self.plan.counts not in (_EXACT if grows else _COMPLETE):
            self.untold.add(EMPTY_PAGE)

    def calm(self) -> None:
        """Stop changing, and tell the truth from now on; pages that are always empty stay so."""
        self.plan = attrs.evolve(self.plan, counts="right", links="right", changes={})
        self._left.clear()

    async def pause(self) -> None:
        """Take some turns of the loop: answers come in another order than requests."""
        for _ in range(self._chance.randrange(4)):
            await asyncio.sleep(0)
