"""What is asked of a fleet, its resume token, and which errors end a run."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AuthError,
    BadRequest,
    ConfigError,
    ConnectFailed,
    DataError,
    Forbidden,
    JobState,
    NotFound,
    PaginationError,
    RateLimited,
    RequestTimeout,
    ServerError,
    SessionClosed,
    Unsupported,
    load_job,
)
from mongorestore_async.fleet import FailureKind, Fleet, FleetCluster, FleetProject
from mongorestore_async.fleet.counters import kind_of
from mongorestore_async.fleet.fleet_query import FleetQuery, Patterns
from mongorestore_async.fleet.resume_token import ResumeToken, fingerprint, read_token, write_token

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_", "name", "fits"),
    [
        (None, "anything", True),
        ("prod", "prod", True),
        ("prod", "prod-1", False),
        ("prod-*", "prod-1", True),
        ("prod-?", "prod-12", False),
        (["a", "b*"], "bcd", True),
        ("[ab]", "a", True),
        ("[ab]", "[ab]", True),  # a name that looks like a glob is found by itself
        ("PROD", "prod", False),
        ("*", None, False),
    ],
)
def test_names_ids_and_globs(given_, name, fits):
    assert Patterns("projects", given_).match(name) is fits


def test_patterns_that_fitted_nothing_are_known():
    patterns = Patterns("projects", ["a", "b*", "c"])

    assert [patterns.match(name) for name in ("a", "x", "bb")] == [True, False, True]
    assert patterns.unmatched == ["c"]


@pytest.mark.parametrize("wrong", [[], "", [""], [None], 5, [b"a"]])
def test_what_is_no_pattern_is_refused(wrong):
    with pytest.raises(ConfigError, match="clusters must be a name"):
        Patterns("clusters", wrong)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": True}, "concurrency"),
        ({"per_project": 1.5}, "per_project"),
        ({"since": NOON.replace(tzinfo=None)}, "since must be an aware datetime"),
        ({"since": "yesterday"}, "since must be an aware datetime"),
        ({"states": []}, "states must be a list of PENDING"),
        ({"states": ["DONE"]}, "states must be a list of PENDING"),
        ({"states": 5}, "states must be a list of PENDING"),
        ({"batch_id": ""}, "batch id"),
        ({"projects": []}, "projects"),
        ({"clusters": [""]}, "clusters"),
        ({"resume": "x"}, "not a token"),
        ({"resume": 5}, "not a token"),
        ({"on_progress": 5}, "on_progress"),
    ],
)
async def test_bad_arguments_are_refused_before_any_call(session, server, arguments, message):
    with pytest.raises(ConfigError, match=message):
        Fleet(session, OPS_MANAGER).restore_jobs(**arguments)
    assert server.sent == []


async def test_a_batch_is_sought_only_in_lists_with_that_filter(session):
    with pytest.raises(Unsupported, match="batch"):
        Fleet(session, ATLAS_CLOUD_BACKUP).restore_jobs(batch_id="b")


def job(**fields):
    return load_job(OPS_MANAGER, {"id": "1", **fields})


@pytest.mark.parametrize("states", [["FAILED"], "failed", {JobState.FAILED}, ("FAILED",)])
def test_jobs_are_chosen_by_state(states):
    query = FleetQuery(states=states)
    jobs = [job(statusName="BROKEN"), job(statusName="FINISHED"), job()]

    assert query.choose(jobs) == jobs[:1]


def test_jobs_are_chosen_by_the_moment_they_were_requested_at():
    query = FleetQuery(since=NOON)
    jobs = [job(created="2026-11-02T12:00:00Z"), job(created="2026-11-02T11:59:59Z"), job()]

    assert query.choose(jobs) == [jobs[0], jobs[2]]  # one that tells no moment is never lost


@pytest.mark.parametrize(("finished", "kept"), [("2026-11-02T11:00:00Z", False), ("2026-11-02T13:00:00Z", True)])
def test_a_job_that_ended_before_was_requested_before(finished, kept):
    found = load_job(ATLAS_CLOUD_BACKUP, {"id": "1", "finishedAt": finished})

    assert bool(FleetQuery(since=NOON).choose([found])) is kept


@pytest.mark.parametrize(
    ("since", "jobs", "ends"),
    [
        (NOON, [{"created": "2026-11-02T13:00:00Z"}, {"created": "2026-11-01T00:00:00Z"}], True),
        (NOON, [{"created": "2026-11-01T00:00:00Z"}, {"created": "2026-11-02T13:00:00Z"}], False),
        (NOON, [{}], False),
        (NOON, [], False),
        (None, [{"created": "2026-11-01T00:00:00Z"}], False),
    ],
)
def test_a_newest_first_list_stops_at_the_first_older_job(since, jobs, ends):
    assert FleetQuery(since=since).ends_at([job(**fields) for fields in jobs]) is ends


def cluster(project, key):
    return FleetCluster(FleetProject("f", project), key)


@given(
    done=st.sets(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=20),
    others=st.sets(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=20),
)
def test_a_token_brings_back_exactly_what_was_marked(done, others):
    marks = ResumeToken()
    for project, key in done:
        marks.add_cluster(cluster(project, key))
    name = fingerprint("fleet")

    found = read_token(write_token({name: marks}), [name])[name]

    assert unread(found, *done, *others) == others - done


def unread(found, *pairs):
    """Give those of the places that a token does not hold."""
    projects = {project: [cluster(*pair) for pair in pairs if pair[0] == project] for project, _ in pairs}
    left = [found.unread(FleetProject("f", project), clusters) for project, clusters in projects.items()]
    return {(one.project.id, one.key) for clusters in left for one in clusters}


def test_a_project_takes_the_place_of_its_clusters():
    marks, clusters, name = ResumeToken(), [cluster("p", str(number)) for number in range(9)], fingerprint("f")
    for one in clusters[:4]:
        marks.add_cluster(one)
    marks = read_token(write_token({name: marks}), [name])[name]  # in another run
    for one in clusters[4:]:
        marks.add_cluster(one)
    assert len(write_token({name: marks})) == len("fleet2.~") + 8 + 9 * 8
    marks.add_project(FleetProject("f", "p"), clusters[:4])

    token = write_token({name: marks})
    found = read_token(token, [name])[name]
    assert found.unread(FleetProject("f", "p"), clusters) == []
    assert len(token) == len("fleet2.~") + 8 + 16


def finished(*keys):
    """Give the token of a project whose clusters were all read."""
    marks, name = ResumeToken(), fingerprint("f")
    for key in keys:
        marks.add_cluster(cluster("p", key))
    marks.add_project(FleetProject("f", "p"))
    return read_token(write_token({name: marks}), [name])[name]


KEYS = [f"c{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("had", "has", "left"),
    [
        (KEYS, KEYS, []),
        (KEYS, KEYS[::-1], []),
        (KEYS, [*KEYS, "new"], ["new"]),
        (KEYS, ["one", *KEYS, "two"], ["one", "two"]),
        ([], ["first"], ["first"]),
        ([], [], []),
        ([], KEYS, KEYS),
        # What cannot be told apart is read again: twice at most, and never not at all.
        (KEYS, [*KEYS, "one", "two", "three"], [*KEYS, "one", "two", "three"]),
        (KEYS, KEYS[1:], KEYS[1:]),
        (KEYS, [*KEYS[1:], "created again"], [*KEYS[1:], "created again"]),
        (KEYS, [], []),
    ],
    ids=lambda value: f"{len(value)}",
)
def test_a_finished_project_tells_its_new_clusters(had, has, left):
    places = [cluster("p", key) for key in has]

    assert [one.key for one in finished(*had).unread(FleetProject("f", "p"), places)] == left


@given(had=st.sets(st.text(max_size=4), max_size=12), has=st.sets(st.text(max_size=4), max_size=12))
def test_no_cluster_that_is_new_is_ever_skipped(had, has):
    left = {one.key for one in finished(*had).unread(FleetProject("f", "p"), [cluster("p", key) for key in has])}

    assert has - had <= left
    if had <= has and len(has - had) <= 2:
        assert left == has - had


def test_a_cluster_made_again_under_its_name_is_not_read():
    first, again = (FleetCluster(FleetProject("f", "p"), "Cluster0", id=key) for key in ("a", "b"))
    marks = ResumeToken()
    marks.add_cluster(first)

    assert marks.unread(FleetProject("f", "p"), [first]) == [first]  # of this run, no earlier one
    found = read_token(write_token({"12345678": marks}), ["12345678"])["12345678"]
    assert found.unread(FleetProject("f", "p"), [first]) == []
    assert found.unread(FleetProject("f", "p"), [again]) == [again]


def test_new_clusters_are_marked_one_by_one_until_all_are_read():
    found = finished(*KEYS)
    found.add_cluster(cluster("p", "one"))

    again = read_token(write_token({"12345678": found}), ["12345678"])["12345678"]

    now = [cluster("p", key) for key in [*KEYS, "one", "two"]]
    assert [one.key for one in again.unread(FleetProject("f", "p"), now)] == ["two"]


def test_a_token_of_the_version_before_skips_clusters_only():
    """Its marks of projects do not tell which clusters those had, so they are read again."""
    marks, name = ResumeToken(), fingerprint("f")
    marks.add_cluster(cluster("p", "read"))
    marks.add_project(FleetProject("f", "q"))
    fields = write_token({name: marks}).removeprefix("fleet2.")
    old = f"fleet1.{name}{fields[24 + 1 :]}{fields[8:16]}"  # the mark of the cluster, and that of the project

    found = read_token(old, [name])[name]

    places = {("p", "read"), ("p", "other"), ("q", "a")}
    assert unread(found, *places) == {("p", "other"), ("q", "a")}
    found.add_project(FleetProject("f", "q"))
    assert len(write_token({name: found})) == len("fleet2.~") + 8 + 16 + 8  # nothing of the old version stays


@pytest.mark.parametrize("token", ["fleet1.{name}AAAAAAAA~", "fleet2.{name}AAAAAAAA", "fleet2.{name}AAAAAAAA~"])
def test_a_token_with_a_mark_too_few_is_refused(token):
    name = fingerprint("f")

    with pytest.raises(ConfigError, match="corrupt"):
        read_token(token.format(name=name), [name])


def test_the_size_of_a_token_of_300_projects_with_10_clusters():
    marks = ResumeToken()
    for project in range(300):
        for key in range(10):
            marks.add_cluster(cluster(f"{project:024x}", f"{key}"))
        marks.add_project(FleetProject("f", f"{project:024x}"))

    token = write_token({fingerprint("f"): marks})

    assert len(token) == len("fleet2.~") + 8 + 300 * 16 == 4_816
    assert re.fullmatch(r"fleet2\.[\w~-]+", token)  # fits into a URL, a file name or a shell word


@pytest.mark.parametrize("cut", [1, 3, 5])
def test_a_damaged_token_is_refused(cut):
    name = fingerprint("f")
    marks = ResumeToken({1: 2}, [1, 2, 3])

    with pytest.raises(ConfigError, match="corrupt"):
        read_token(write_token({name: marks})[:-cut], [name])


@pytest.mark.parametrize("changed", [{"states": ["FAILED"]}, {"batch_id": "b"}, {"projects": "p"}, {"clusters": "c"}])
async def test_a_token_is_good_for_the_same_question_only(session, connect, changed):
    stream = Fleet(session, OPS_MANAGER).restore_jobs(since=NOON)
    token = stream.resume_token

    Fleet(session, OPS_MANAGER).restore_jobs(since=NOON + timedelta(1), concurrency=3, resume=token)
    with pytest.raises(ConfigError, match="different query"):
        Fleet(session, OPS_MANAGER).restore_jobs(**changed, resume=token)
    with pytest.raises(ConfigError, match="different query"):
        Fleet(session, CLOUD_MANAGER).restore_jobs(resume=token)
    with pytest.raises(ConfigError, match="different query"):
        Fleet(connect(base_url="https://other"), OPS_MANAGER).restore_jobs(resume=token)


def coded(kind, status, code=None):
    return kind(status=status, error_code=code)


@pytest.mark.parametrize(
    "error",
    [
        AuthError(),
        SessionClosed(),
        coded(Forbidden, 403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"),
        coded(Forbidden, 403, "ORG_REQUIRES_WHITELIST"),
        coded(NotFound, 410, "VERSION_GONE"),
    ],
    ids=repr,
)
def test_what_concerns_every_call_ends_the_run(error):
    assert error.run_wide


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (coded(Forbidden, 403, "USER_CANNOT_ACCESS_GROUP"), FailureKind.FORBIDDEN),
        (coded(Forbidden, 401, "NOT_IN_GROUP"), FailureKind.FORBIDDEN),
        (coded(NotFound, 404, "CLUSTER_NOT_FOUND"), FailureKind.GONE),
        (coded(NotFound, 404, "ATLAS_GROUP"), FailureKind.WRONG_API),
        (coded(BadRequest, 400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"), FailureKind.WRONG_API),
        (coded(BadRequest, 400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"), FailureKind.WRONG_API),
        (coded(BadRequest, 400, "SOMETHING_NEW"), FailureKind.REFUSED),
        (coded(RateLimited, 429), FailureKind.RATE_LIMITED),
        (coded(ServerError, 503), FailureKind.SERVER),
        (RequestTimeout(), FailureKind.TIMED_OUT),
        (ConnectFailed(), FailureKind.BROKEN),
        (DataError(), FailureKind.UNREADABLE),
        (PaginationError(), FailureKind.UNREADABLE),
        (ConfigError(), FailureKind.UNREADABLE),
    ],
    ids=repr,
)
def test_what_concerns_one_cluster_is_an_entry(error, kind):
    assert not error.run_wide
    assert not getattr(error, "no_backup", False)
    assert kind_of(error) is kind


@pytest.mark.parametrize(
    "error",
    [coded(NotFound, 404, "BACKUP_CONFIG_NOT_FOUND"), coded(BadRequest, 400, "BACKUP_JOB_NOT_FOUND")],
    ids=repr,
)
def test_a_cluster_without_backup_is_no_failure(error):
    assert error.no_backup
