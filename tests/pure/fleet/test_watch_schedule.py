"""Which cluster is read next, and which failures are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import ServerError
from mongorestore_async.fleet.fleet_records import FailureKind, FleetFailure
from mongorestore_async.fleet.watching.open_failures import OpenFailures, is_passing
from mongorestore_async.fleet.watching.schedule import Schedule


def schedule_of(running=(), idle=()):
    schedule = Schedule()
    for key, due in running:
        schedule.put(key, due, running=True)
    for key, due in idle:
        schedule.put(key, due, running=False)
    return schedule


def take_all(schedule, now):
    taken = []
    while (key := schedule.take(now)) is not None:
        taken.append(key)
    return taken


def test_nothing_is_due_in_an_empty_schedule():
    assert (Schedule().due, Schedule().take(1)) == (None, None)


def test_those_due_first_are_taken_first():
    schedule = schedule_of(running=[("late", 9), ("b", 5), ("a", 3), ("c", 5)])

    assert schedule.due == 3
    assert take_all(schedule, 5) == ["a", "b", "c"]
    assert schedule.due == 9


def test_clusters_without_running_jobs_have_one_turn_of_four():
    schedule = schedule_of(running=[(f"r{n}", 1) for n in range(7)], idle=[("i0", 0), ("i1", 0), ("i2", 0)])

    assert take_all(schedule, 2) == ["r0", "r1", "r2", "i0", "r3", "r4", "r5", "i1", "r6", "i2"]


def test_the_earlier_of_both_classes_is_due():
    assert schedule_of(running=[("r", 7)], idle=[("i", 4)]).due == 4
    assert schedule_of(running=[("r", 2)], idle=[("i", 4)]).due == 2


def test_advancing_makes_nothing_later():
    schedule = schedule_of(running=[("a", 9), ("b", 1)], idle=[("c", 9), ("d", 9)])
    schedule.advance({"a", "b", "c"}, 5)

    assert take_all(schedule, 1) == ["b"]
    assert take_all(schedule, 5) == ["a", "c"]
    assert schedule.due == 9


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans())), st.integers(0, 9))
def test_what_is_due_is_taken_once_and_nothing_else(entries, now):
    schedule = Schedule()
    for key, (due, running) in enumerate(entries):
        schedule.put(key, due, running=running)

    assert sorted(take_all(schedule, now)) == [key for key, (due, _) in enumerate(entries) if due <= now]


PLACE = ("om", "p", None)


def failure(kind=FailureKind.SERVER):
    return FleetFailure("om", None, None, kind, ServerError("503", status=503))


def test_a_place_fails_once_and_recovers_once():
    failures = OpenFailures()

    assert [failures.add(PLACE, reason, failure()) for reason in ("a", "b", "a")] == [True, False, False]
    assert (failures.count(PLACE), failures.reasons(PLACE), len(failures.failures)) == (2, {"a", "b"}, 1)
    assert [failures.clear(PLACE, reason) for reason in ("c", "a", "a", "b", "b")] == [False, False, False, True, False]
    assert (failures.count(PLACE), failures.reasons(PLACE), failures.failures) == (0, set(), ())
    assert failures.add(PLACE, "a", failure())


def test_places_do_not_hide_each_other():
    failures = OpenFailures()

    assert failures.add(PLACE, "", failure())
    assert failures.add(("om", "p", "c"), "", failure())
    assert len(failures.failures) == 2


@pytest.mark.parametrize("kind", FailureKind)
def test_what_may_pass_by_itself(kind):
    assert is_passing(kind) is (kind in {"server", "timed-out", "rate-limited", "broken"})
