"""What the board reads of a fleet, and when; on a virtual clock."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from builders.board_fleet import Job, PlayedFleet, cluster_of, failure_of
from mongorestore_async import AuthError, FailureKind, Found, JobState
from mongorestore_async.board.board_feed import BoardFeed, BoardQuery, as_words
from mongorestore_async.board.board_state import BoardState
from mongorestore_async.reports.cluster_history import LastOutcome

A, OTHER = cluster_of("a"), cluster_of("b", "p2")


@pytest.fixture
def fleet():
    return PlayedFleet({A: [Job("1")], OTHER: []})


@pytest.fixture
def feeding(fleet):
    """Feed a board for as long as a block runs; gives its state."""

    @asynccontextmanager
    async def start(reread=timedelta(hours=1), **query):
        state = BoardState()
        task = asyncio.create_task(BoardFeed(fleet, BoardQuery(**query), state, lambda: None, reread).run())
        try:
            await asyncio.sleep(1)
            yield state
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return start


def outcomes(state):
    return {cell.history.cluster: cell.history.outcome for cell in state.cells}


async def test_the_fleet_is_read_and_then_watched(fleet, feeding):
    async with feeding() as state:
        assert outcomes(state) == {"a": LastOutcome.RUNNING, "b": LastOutcome.NEVER}
        assert (fleet.readings, fleet.watches) == ([None], 1)

        fleet.tell("ended", A, Job("1").over())
        fleet.tell("found", OTHER, Job("2"))
        await asyncio.sleep(1)

        assert outcomes(state) == {"a": LastOutcome.FINISHED, "b": LastOutcome.RUNNING}
        assert [change.after for change in state.changes] == [JobState.RUNNING, JobState.FINISHED]


async def test_what_is_asked_for_is_asked_of_both(fleet, feeding):
    since = datetime(2026, 11, 1, tzinfo=UTC)
    asked = {"clusters": ("a*",), "include_deleted": True, "concurrency": 3, "per_project": 2}

    async with feeding(projects=("p*",), since=since, **asked):
        assert fleet.readings == [("p*",)]
        assert fleet.asked == asked | {"since": since}
        assert fleet.asked_watch == asked | {"projects": ("p*",)}
        fleet.tell("recovered", project=A.project)
        await asyncio.sleep(1)
        assert fleet.readings == [("p*",), ["p1"]]


def test_names_can_be_read_several_times():
    assert as_words(None) is None
    assert as_words("one") == ("one",)
    assert as_words(iter(["a", "b"])) == ("a", "b")


async def test_the_whole_fleet_is_read_again_when_it_is_time(fleet, feeding):
    async with feeding(reread=timedelta(minutes=10)) as state:
        fleet.running, fleet.clusters[cluster_of("new")] = [Found(A, Job("1"))], []
        await asyncio.sleep(601)

        assert fleet.readings == [None, None]
        assert "new" in outcomes(state)


async def test_a_project_that_recovered_is_read_again_alone(fleet, feeding):
    async with feeding() as state:
        fleet.tell("failed", project=A.project, failure=failure_of(project=A.project))
        await asyncio.sleep(1)
        assert [trouble.place for trouble in state.troubles] == ["fleet / p1!"]

        fleet.clusters[A] = [Job("1").over(JobState.FAILED)]
        fleet.tell("recovered", project=A.project)
        await asyncio.sleep(1)

        assert fleet.readings == [None, ["p1"]]
        assert outcomes(state)["a"] is LastOutcome.FAILED
        assert state.troubles == []
        assert (state.reading.over, state.reading.clusters) == (2, 2)


async def test_a_fleet_that_recovered_needs_no_reading_by_project(fleet, feeding):
    async with feeding() as state:
        fleet.tell("failed", failure=failure_of())
        fleet.tell("recovered")
        await asyncio.sleep(1)

        assert state.troubles == []
        assert fleet.readings == [None]


async def test_what_ended_before_the_first_look_is_read_again_once(fleet, feeding):
    async with feeding() as state:
        fleet.clusters[A] = [Job("1").over()]
        await asyncio.sleep(610)
        assert fleet.readings == [None, ["p1"]]
        assert outcomes(state)["a"] is LastOutcome.FINISHED


async def test_what_a_watch_does_not_know_is_not_read_for_ever(fleet, feeding):
    async with feeding():
        await asyncio.sleep(3000)
        assert fleet.readings == [None, ["p1"]]


async def test_what_the_watch_has_running_is_not_read_again(fleet, feeding):
    fleet.running = [Found(A, Job("1"))]

    async with feeding():
        await asyncio.sleep(3000)
        assert fleet.readings == [None]


async def test_a_lost_job_does_not_run_any_more(fleet, feeding):
    async with feeding() as state:
        fleet.tell("lost", A, Job("1"))
        await asyncio.sleep(1)

        assert list(state.running()) == []


async def test_what_cannot_be_read_is_told(fleet, feeding):
    fleet.failures = [failure_of(OTHER)]

    async with feeding() as state:
        assert outcomes(state) == {"a": LastOutcome.RUNNING, "b": LastOutcome.UNREAD}


async def test_what_failed_in_the_reading_only_is_read_again(fleet, feeding):
    fleet.failures = [failure_of(OTHER)]
    fleet.running = [Found(A, Job("1"))]

    async with feeding() as state:
        fleet.failures = []
        await asyncio.sleep(301)
        assert fleet.readings == [None, ["p2"]]
        assert outcomes(state)["b"] is LastOutcome.NEVER


async def test_what_the_watch_cannot_read_either_is_not_read_again(fleet, feeding):
    fleet.failures = fleet.watch_failures = [failure_of(OTHER), failure_of(project=A.project)]
    fleet.running = [Found(A, Job("1"))]

    async with feeding():
        await asyncio.sleep(3000)
        assert fleet.readings == [None]


async def test_an_error_is_shown_and_tried_again_less_and_less_often(fleet, feeding):
    fleet.error = AuthError("the key was refused")

    async with feeding() as state:
        assert "the key was refused" in state.error
        await asyncio.sleep(3600)
        assert 12 <= len(fleet.readings) <= 20
        assert fleet.watches == 0

        fleet.error = None
        await asyncio.sleep(301)
        assert state.error is None
        assert fleet.watches == 1


async def test_a_watch_that_ended_is_begun_again(fleet, feeding):
    async with feeding() as state:
        fleet.end_watch(AuthError("the key was refused"))
        await asyncio.sleep(1)
        assert "the key was refused" in state.error

        await asyncio.sleep(10)
        fleet.tell("ended", A, Job("1").over())
        await asyncio.sleep(1)

        assert fleet.watches == 2
        assert outcomes(state)["a"] is LastOutcome.FINISHED
        assert state.error is None


async def test_an_error_of_our_own_is_logged_and_stops_nothing(fleet, feeding, caplog):
    fleet.error = ZeroDivisionError("private")

    async with feeding() as state:
        assert state.error == "internal error; see the log"
        assert "an error of its own" in caplog.text
        fleet.error = None
        await asyncio.sleep(10)
        assert outcomes(state)["a"] is LastOutcome.RUNNING


async def test_a_name_that_fits_nothing_in_one_project_is_no_failure(fleet, feeding):
    async with feeding(clusters=("a",)) as state:
        fleet.failures = [failure_of(kind=FailureKind.UNMATCHED)]  # only one project is read
        fleet.tell("recovered", project=OTHER.project)
        await asyncio.sleep(1)

        assert fleet.readings == [None, ["p2"]]
        assert state.troubles == []
