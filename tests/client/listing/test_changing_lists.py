"""Seeded walks over lists that change meanwhile, count wrongly, link wrongly and have empty pages."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

from builders.changing_lists import AT_ONCE_CHANGES, UNKNOWABLE, ChangingList, made_plan
from builders.list_walks import WAYS, ahead, collected_at_once
from builders.lists import walk_into
from mongorestore_async import OPS_MANAGER, Options, PaginationError
from mongorestore_async.errors import RequestContext
from mongorestore_async.listing.page_reader import ListQuery, ListSource
from mongorestore_async.listing.pager import Pager
from mongorestore_async.models import Headers
from mongorestore_async.protocol.replies import Reply
from mongorestore_async.transport.loop_binding import DecodeLocks

#: How many walks there are in all, and each way of those where the answers tell of all that happens.
WALKS, TOLD = 550, 120


AT_ONCE = {collected_at_once, ahead}


class View:
    """What a list needs of a session, without the session: a walk takes a millisecond."""

    def __init__(self, jobs, *, in_order):
        self.transport = SimpleNamespace(decode_locks=DecodeLocks(), server_info=SimpleNamespace(page_limit=500))
        self.options = Options()
        self._jobs = jobs
        self._in_order = in_order

    async def call(self, method, _path, *, query, **_):
        if not self._in_order:
            await self._jobs.pause()
        document = self._jobs.page(query["pageNum"], query["itemsPerPage"])
        await self._jobs.pause()
        return Reply(200, Headers(), document, RequestContext(method, "https://om.example.com/"))

    def pager(self, **query):
        return Pager(ListSource(self, OPS_MANAGER, "/jobs", {}, self._read, attrgetter("id")), ListQuery(**query))

    @staticmethod
    def _read(results):
        return tuple([SimpleNamespace(id=item["id"]) for item in results])


def untold(jobs, way):
    """What the answers did not tell of; with pages read in another order than they are numbered it may be more."""
    signs = {change > 0 for change in jobs.plan.changes.values()}
    return jobs.untold | ({AT_ONCE_CHANGES} if way in AT_ONCE and len(signs) > 1 else set())


async def end_of(walk):
    """Gives where to resume a walk, None if it ended."""
    try:
        await walk
    except PaginationError as error:
        return error.resume_at


async def outcome_of(seed, way):
    """Walk, and resume after an error once the server tells the truth.

    Gives how it ended, what the answers did not tell of, and the jobs that were there throughout and never given.
    """
    plan = made_plan(seed)
    jobs = ChangingList(plan)
    view = View(jobs, in_order=way not in AT_ONCE)
    seen, rest = [], []
    resume_at = await end_of(way(seen, view.pager(items_per_page=plan.size)))
    if resume_at is not None:
        jobs.calm()
        again = await end_of(walk_into(rest, view.pager(starting_at=resume_at)))
        if again is not None:
            assert again < resume_at or again == 1, plan
            await walk_into(rest, view.pager(starting_at=again))
    assert max(Counter(seen).values(), default=1) == 1, f"twice: {plan}"
    outcome = "completed" if resume_at is None else "raised"
    return outcome, untold(jobs, way), jobs.throughout - {*seen, *rest}


@pytest.mark.parametrize("way", WAYS)
async def test_no_walk_over_a_changing_list_ends_silently(way):
    outcomes, seed = Counter(), 0
    while outcomes.total() < TOLD:
        outcome, hidden, missing = await outcome_of(seed, way)
        if not hidden:
            assert not missing, f"{outcome}, {sorted(missing)} missing: {made_plan(seed)}"
            outcomes[outcome] += 1
        seed += 1

    assert outcomes["completed"] > TOLD / 4
    assert outcomes["raised"] > TOLD / 5


async def test_only_what_the_docs_name_is_lost_untold():
    named = " ".join((Path(__file__).parents[3] / "docs" / "lists.rst").read_text(encoding="utf-8").split())
    losses, walks = Counter(), 0
    for seed in range(WALKS):
        _, hidden, missing = await outcome_of(seed, WAYS[seed % len(WAYS)])
        walks += bool(hidden)
        if missing:
            assert hidden, f"{sorted(missing)} missing: {made_plan(seed)}"
            losses.update(hidden)

    assert all(each in named for each in UNKNOWABLE)
    assert set(losses) == set(UNKNOWABLE)
    assert walks > WALKS / 5  # and most of these lose nothing


@pytest.mark.parametrize("way", WAYS)
async def test_an_honest_list_costs_no_more_requests_than_pages(way):
    for seed in range(200):
        plan = attrs.evolve(made_plan(seed), changes={}, empties=frozenset(), holes=frozenset())
        if not plan.is_honest:
            continue
        jobs, seen = ChangingList(plan), []
        await way(seen, View(jobs, in_order=False).pager(items_per_page=plan.size))
        # Without a count an empty page tells the end, as ever.
        uncounted = plan.counts == "none"
        assert seen == [f"job-{index}" for index in range(plan.total)]
        assert jobs.requests == -(-plan.total // min(plan.size, plan.cap)) + uncounted, plan


@pytest.mark.parametrize("counts", ["right", "none"])
@pytest.mark.parametrize("way", WAYS)
async def test_new_jobs_end_no_walk_over_an_honest_list(way, counts):
    for seed in range(150):
        links = "none" if counts == "none" else "right"
        plan = attrs.evolve(made_plan(seed), counts=counts, links=links, empties=frozenset(), holes=frozenset())
        if any(change < 0 for change in plan.changes.values()):
            continue
        jobs, seen, rest = ChangingList(plan), [], []
        view = View(jobs, in_order=True)
        resume_at = await end_of(way(seen, view.pager(items_per_page=plan.size)))
        if resume_at is not None:
            # Without a count, so many at once that the first pages come again look like a list that comes round.
            assert counts == "none"
            await walk_into(rest, view.pager(starting_at=resume_at))
        assert len(seen) == len(set(seen))
        assert jobs.throughout <= {*seen, *rest}, plan
