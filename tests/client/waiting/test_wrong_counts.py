"""Waits for batches whose lists count wrongly: ``totalCount`` may be an estimate."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest
from aioresponses import CallbackResult

from mongorestore_async import PaginationError, RestoreFailed, WaitError


@pytest.fixture
def count(backups, server):
    """Make the lists of batches count something else."""

    def apply(change, *, when_asked=False):
        async def answer(sent):
            made = await backups.answer(sent)
            if backups.looks[-1][1] == "batch" and not (when_asked and sent.query.get("includeCount") == "false"):
                made = change(made, sent)
            return made

        server.serve(answer)

    return apply


def too_high(made, _sent):
    return CallbackResult(payload={**made.payload, "totalCount": made.payload["totalCount"] + 3})


def links_without_end(made, sent):
    links = [{"rel": "next", "href": "http://om.example.com/next"}]
    made = {**too_high(made, sent).payload, "links": links}
    return CallbackResult(payload={**made, "results": [{"id": "a", "batchId": "x", "statusName": "FINISHED"}]})


@pytest.mark.parametrize("when_asked", [True, False])
@pytest.mark.parametrize("cap", [500, 1])
async def test_a_count_too_high_ends_no_wait(backups, batch_of, count, cap, when_asked):
    for job in ("a", "b", "unnamed"):
        backups.put("c", job, batchId="x")
    backups.cap = cap
    batch = await batch_of("c/a", "c/b")
    count(too_high, when_asked=when_asked)
    backups.end_after(60, "a", "b", "unnamed")
    reports = []

    done = await batch.wait(timeout=50, on_poll=reports.append)

    assert sorted(job.id for job in done) == ["a", "b", "unnamed"]
    assert {job.state for job in done} == {"FINISHED"}
    assert not any(report.failures for report in reports)


async def test_only_the_first_look_pays_for_a_wrong_count(backups, batch_of, count):
    backups.put("c", "a", batchId="x")
    batch = await batch_of("c/a")
    count(too_high)
    backups.end_after(60, "a")
    costs = []

    await batch.wait(timeout=50, on_poll=lambda _: costs.append(len(backups.looks)))

    assert costs[0] <= 24
    assert {later - before for before, later in pairwise(costs)} == {2}


async def test_a_bad_end_is_seen_on_a_wrongly_counted_list(backups, batch_of, count):
    backups.put("c", "a", batchId="x")
    backups.put("c", "unnamed", "KILLED", batchId="x")
    batch = await batch_of("c/a")
    count(too_high)

    with pytest.raises(RestoreFailed):
        await batch.wait(timeout=50)


async def test_a_list_without_end_is_not_taken_for_whole(backups, batch_of, count, poll):
    backups.put("c", "a", "FINISHED", batchId="x")
    batch = await batch_of("c/a", poll=attrs.evolve(poll, patience=0.05))
    count(links_without_end)

    with pytest.raises(WaitError) as caught:
        await batch.wait(timeout=50)

    assert type(caught.value) is WaitError
    assert isinstance(caught.value.__cause__, PaginationError)
