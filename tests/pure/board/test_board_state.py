"""What the board knows of a fleet."""

from __future__ import annotations

from datetime import timedelta

import attrs

from builders.board_fleet import NOW, Job, cluster_of, failure_of
from mongorestore_async import FailureKind, FleetProgress, Found, JobState
from mongorestore_async.board.board_state import BoardState
from mongorestore_async.fleet.fleet_records import ClusterOutcome
from mongorestore_async.reports.cluster_history import LastOutcome

A, B, OTHER = cluster_of("a"), cluster_of("b"), cluster_of("c", "p2")


def read(state, clusters, failures=()):
    """Read a fleet to its end: jobs by cluster."""
    state.begin_reading()
    for cluster, jobs in clusters.items():
        for job in jobs:
            state.put_job(Found(cluster, job), NOW)
        if cluster not in {failure.cluster for failure in failures}:
            state.put_outcome(cluster, ClusterOutcome.READ)
    for failure in failures:
        state.put_failure(failure, NOW)
    state.end_reading(NOW)
    return state


def outcomes(state):
    return {cell.history.cluster: cell.history.outcome for cell in state.cells}


def test_the_last_restore_is_the_outcome_of_a_cluster():
    state = read(BoardState(), {A: [Job("1").over(JobState.FAILED), Job("2", requested_at=NOW).over()], B: []})

    assert outcomes(state) == {"a": LastOutcome.FINISHED, "b": LastOutcome.NEVER}
    assert [cell.number for cell in state.cells] == [1, 2]


def test_what_the_first_reading_finds_is_no_change():
    state = read(BoardState(), {A: [Job("1")]})
    assert not state.changes

    state.put_job(Found(A, Job("1").over()), NOW)
    state.put_job(Found(A, Job("2")), NOW)

    assert [(change.job, change.before, change.after) for change in state.changes] == [
        ("2", None, JobState.RUNNING),
        ("1", JobState.RUNNING, JobState.FINISHED),
    ]


def test_a_job_that_is_as_before_changes_nothing():
    state = read(BoardState(), {A: [Job("1")]})
    state.changed.clear()

    state.put_job(Found(A, Job("1")), NOW)
    assert not state.changed

    state.put_job(Found(A, attrs.evolve(Job("1"), finished_at=NOW)), NOW)
    assert {cell.history.cluster for cell in state.changed} == {"a"}
    assert not state.changes


def test_running_restores_are_told_until_they_are_over():
    state = read(BoardState(), {A: [Job("1"), Job("0").over()], B: [Job("2", JobState.PENDING)]})
    assert sorted(restore.job for _, restore in state.running()) == ["1", "2"]

    state.put_job(Found(A, Job("1").over()), NOW)

    assert [restore.job for _, restore in state.running()] == ["2"]


def test_a_list_read_before_the_end_does_not_take_it_back():
    state = read(BoardState(), {A: [Job("1")]})
    state.put_job(Found(A, Job("1").over()), NOW)

    state.put_job(Found(A, Job("1")), NOW)

    assert list(state.running()) == []
    assert len(state.changes) == 1


def test_running_jobs_are_told_with_their_project():
    state = read(BoardState(), {A: [Job("1", batch_id="x"), Job("2", batch_id="x"), Job("3").over()]})

    assert list(state.running_jobs()) == [("p1", "1"), ("p1", "2")]


def test_a_job_that_is_lost_does_not_run_for_ever():
    state = read(BoardState(), {A: [Job("1"), Job("0").over()]})

    state.lose_job(Found(A, Job("1")), NOW)
    state.lose_job(Found(A, Job("unknown")), NOW)

    assert list(state.running()) == []
    assert outcomes(state) == {"a": LastOutcome.FINISHED}
    assert [(change.job, change.after) for change in state.changes] == [("unknown", None), ("1", None)]


def test_memory_of_a_cluster_is_bounded_but_for_running_jobs():
    old = [Job(f"{number}", requested_at=NOW - timedelta(days=number)).over() for number in range(1, 50)]
    oldest = Job("still", requested_at=NOW - timedelta(days=99))
    state = read(BoardState(), {A: [oldest, *old]})
    (cell,) = state.cells

    assert [restore.job for restore in cell.history.restores] == [*map(str, range(1, 21)), "still"]
    assert len(cell.jobs) == 21


def test_a_job_of_a_batch_is_kept_however_old_it_is():
    old = [Job(f"{number}", requested_at=NOW - timedelta(days=number)).over() for number in range(1, 30)]
    late = Job("late", requested_at=NOW - timedelta(days=99), batch_id="b")
    (cell,) = read(BoardState(), {A: [*old, late.over(), attrs.evolve(late, id="later")]}).cells

    assert [restore.state for restore in cell.history.restores][-1] is JobState.RUNNING


def test_jobs_too_old_to_be_kept_are_no_changes_when_read_again():
    old = [Job(f"{number}", requested_at=NOW - timedelta(days=number)).over() for number in range(1, 50)]
    old.append(Job("whenever", JobState.FINISHED, requested_at=None))
    state = read(BoardState(), {A: old})
    state.changed.clear()

    read(state, {A: old[::-1]})

    assert not state.changes
    assert not state.changed


def test_all_jobs_of_a_kept_batch_are_kept():
    jobs = [Job(f"{number}", requested_at=NOW, batch_id="b") for number in range(3)]
    old = [Job(f"o{number}", requested_at=NOW - timedelta(days=number + 1)).over() for number in range(30)]
    (cell,) = read(BoardState(), {A: [*jobs, *old]}).cells

    assert cell.history.restores[0].jobs == 3
    assert {"0", "1", "2"} <= cell.jobs.keys()


def test_what_is_usual_is_the_median_of_good_restores():
    jobs = [Job(f"{seconds}").over(after=seconds) for seconds in (10, 20, 900)]
    (cell,) = read(BoardState(), {A: [*jobs, Job("bad").over(JobState.FAILED, 5)]}).cells
    (other,) = read(BoardState(), {B: [Job("1")]}).cells

    assert cell.usual_seconds == 20
    assert other.usual_seconds is None


def test_clusters_that_are_gone_leave_with_the_next_reading():
    state = read(BoardState(), {A: [], B: []})
    numbers = {cell.history.cluster: cell.number for cell in state.cells}
    state.is_new = False

    read(state, {B: [], OTHER: []})

    assert set(outcomes(state)) == {"b", "c"}
    assert state.is_new
    assert {cell.history.cluster: cell.number for cell in state.cells} == {"b": numbers["b"], "c": 3}


def test_clusters_of_a_project_that_cannot_be_listed_stay():
    state = read(BoardState(), {A: [], OTHER: []})

    read(state, {OTHER: []}, [failure_of(project=A.project)])
    assert set(outcomes(state)) == {"a", "c"}

    read(state, {}, [failure_of()])
    assert set(outcomes(state)) == {"a", "c"}
    assert [trouble.place for trouble in state.troubles] == ["fleet"]


def test_a_cluster_without_backup_is_not_one_never_restored():
    state = BoardState()
    state.put_outcome(A, ClusterOutcome.NO_BACKUP)
    state.put_outcome(B, ClusterOutcome.FAILED)

    assert outcomes(state) == {"a": LastOutcome.NO_BACKUP, "b": LastOutcome.NEVER}


def test_a_failure_keeps_its_first_moment_until_it_recovers():
    state = read(BoardState(), {A: [Job("1")]}, [failure_of(A)])
    state.put_failure(failure_of(A, kind=FailureKind.TIMED_OUT), NOW + timedelta(hours=1))

    assert outcomes(state) == {"a": LastOutcome.UNREAD}
    assert [(each.since, each.kind, each.place) for each in state.troubles] == [(NOW, "timed-out", "fleet / p1! / a")]

    state.recover("fleet", A.project, A)

    assert outcomes(state) == {"a": LastOutcome.RUNNING}
    assert state.troubles == []


def test_a_project_recovers_without_its_clusters():
    state = read(BoardState(), {A: []}, [failure_of(A)])
    state.put_failure(failure_of(project=A.project), NOW)

    state.recover("fleet", A.project)

    assert [each.place for each in state.troubles] == ["fleet / p1! / a"]
    state.put_failure(failure_of(), NOW)
    state.recover("fleet")
    assert [each.place for each in state.troubles] == ["fleet / p1! / a"]


def test_what_the_next_reading_does_not_meet_is_over():
    state = read(BoardState(), {A: [], OTHER: []}, [failure_of(A), failure_of(project=B.project)])

    read(state, {A: [], OTHER: []})

    assert state.troubles == []
    assert outcomes(state)["a"] is LastOutcome.NEVER


def test_progress_is_that_of_the_reading():
    state = BoardState()

    state.put_progress(FleetProgress(clusters=9, over=4, discovered=True))

    assert (state.reading.over, state.reading.clusters, state.reading.discovered) == (4, 9, True)
    assert state.reading.ended is None


def test_clusters_of_one_project_are_found_by_its_number():
    state = read(BoardState(), {A: [], B: [], OTHER: []})

    assert [cell.history.cluster for cell in state.of_project(2)] == ["c"]
    assert state.of_project(3) == []


def test_a_job_in_an_unknown_state_that_tells_its_end_does_not_run_for_ever():
    closed = [Job(f"{number}", JobState.UNKNOWN).over(JobState.UNKNOWN, number) for number in range(30)]
    state = read(BoardState(), {A: [*closed, Job("open", JobState.UNKNOWN)]})

    assert [restore.job for _, restore in state.running()] == ["open"]
    assert [job for _, job in state.running_jobs()] == ["open"]
    assert len(state.cells[0].jobs) <= 21
