"""Whether a job that restores single collections comes from a request."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    AutomatedRestore,
    CollectionRestore,
    HttpRestore,
    IndexStrategy,
    OplogTime,
    PointInTime,
    Renamed,
    Snapshot,
    Target,
    WriteStrategy,
    load_job,
)
from mongorestore_async.codec.request_bodies import encode_request
from mongorestore_async.creating.matching import fits
from mongorestore_async.creating.running_restores import find_busy, find_running, goes_into, is_same, spell_request

NOW = datetime(2026, 11, 29, tzinfo=UTC)
TARGET = Target("P2", "there")
MOMENT = datetime(2026, 11, 28, 12, 0, 0, 500000, tzinfo=UTC)
REQUEST = CollectionRestore(
    Snapshot("S1"),
    TARGET,
    write=WriteStrategy.OVERWRITE_EXISTING,
    databases=["shop", Renamed("crm", "crm2")],
    collections=["a.b"],
    database_suffix="_d",
    collection_suffix="_c",
)
BY_TIME = attrs.evolve(REQUEST, source=PointInTime(MOMENT))
BY_OPLOG = attrs.evolve(REQUEST, source=OplogTime(int(MOMENT.timestamp()), 7))
OTHERS = [
    attrs.evolve(REQUEST, source=Snapshot("S2")),
    attrs.evolve(REQUEST, source=OplogTime(1_700_000_000, 7)),
    attrs.evolve(REQUEST, source=PointInTime(datetime(2026, 11, 27, tzinfo=UTC))),
    attrs.evolve(REQUEST, target=Target("P3", "there")),
    attrs.evolve(REQUEST, target=Target("P2", "There")),
    attrs.evolve(REQUEST, write=WriteStrategy.CREATE_NEW),
    attrs.evolve(REQUEST, indexes=IndexStrategy.NONE),
    attrs.evolve(REQUEST, databases=["shop"]),
    attrs.evolve(REQUEST, databases=["shop", Renamed("crm", "crm3")]),
    attrs.evolve(REQUEST, collections=["a.b", "a.c"]),
    attrs.evolve(REQUEST, collections=[]),
    attrs.evolve(REQUEST, database_suffix=None),
    attrs.evolve(REQUEST, collection_suffix="_x"),
]


def echo(request, **members):
    """The job that a server makes of a request, which echoes all of it."""
    body = encode_request(ATLAS_COLLECTION_RESTORE, request, now=NOW)
    return {"id": "j", "state": "IN_PROGRESS", **copy.deepcopy(body), **members}


def job_of(document):
    return load_job(ATLAS_COLLECTION_RESTORE, document)


def same(request, document):
    return is_same(ATLAS_COLLECTION_RESTORE, request, job_of(document))


@pytest.mark.parametrize("request_", [REQUEST, BY_TIME, BY_OPLOG], ids=["snapshot", "time", "oplog"])
def test_the_job_of_a_request_is_known_again(request_):
    assert same(request_, echo(request_)) is True


@pytest.mark.parametrize("other", OTHERS)
def test_what_asks_for_something_else_is_another(other):
    # A restore to a moment may show the snapshot that it starts from, and no moment.
    assert same(other, echo(REQUEST)) is (False if isinstance(other.source, Snapshot) else None)
    if other.collections and other.database_suffix:  # what an answer leaves out is no contradiction
        assert same(REQUEST, echo(other)) is False
    assert spell_request(ATLAS_COLLECTION_RESTORE, other) != spell_request(ATLAS_COLLECTION_RESTORE, REQUEST)


@pytest.mark.parametrize("name", [name for name in echo(REQUEST) if name not in {"id", "state"}])
def test_a_member_that_is_left_out_makes_it_uncertain(name):
    document = echo(REQUEST)
    del document[name]

    assert fits(ATLAS_COLLECTION_RESTORE, REQUEST, job_of(document))
    assert same(REQUEST, document) is None


@given(st.sets(st.sampled_from([name for name in echo(REQUEST) if name not in {"id", "state"}])))
def test_whatever_an_answer_leaves_out_it_still_fits(names):
    document = {name: value for name, value in echo(REQUEST).items() if name not in names}

    assert same(REQUEST, document) is (None if names else True)


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_target_name_is_the_source_name(empty):
    document = echo(REQUEST)
    document["databases"][0]["targetNamespace"] = empty
    document["collections"][0]["targetNamespace"] = "a.b"

    assert same(REQUEST, document) is True


def test_the_order_of_entries_and_the_case_of_ids_do_not_matter():
    document = echo(REQUEST, snapshotId="s1", targetGroupId="p2")
    document["databases"].reverse()
    turned = attrs.evolve(REQUEST, databases=REQUEST.databases[::-1], source=Snapshot("s1"))

    assert same(REQUEST, document) is True
    assert spell_request(ATLAS_COLLECTION_RESTORE, turned) == spell_request(ATLAS_COLLECTION_RESTORE, REQUEST)


def test_a_name_is_spelt_the_same_with_and_without_a_renaming():
    plain = attrs.evolve(REQUEST, databases=["shop", Renamed("crm", "crm2")])
    renamed = attrs.evolve(REQUEST, databases=[Renamed("shop", "shop"), Renamed("crm", "crm2")])

    assert spell_request(ATLAS_COLLECTION_RESTORE, plain) == spell_request(ATLAS_COLLECTION_RESTORE, renamed)
    assert same(renamed, echo(plain)) is True


@pytest.mark.parametrize(
    ("request_", "told", "verdict"),
    [
        (BY_TIME, {"oplogTs": int(MOMENT.timestamp()), "oplogInc": 1}, True),
        (BY_TIME, {"snapshotId": "S9"}, True),
        (BY_TIME, {"oplogTs": 5}, False),
        (BY_OPLOG, {"pointInTimeUtcSeconds": int(MOMENT.timestamp())}, True),
        (BY_OPLOG, {"pointInTimeUtcSeconds": 5}, False),
        (BY_OPLOG, {"oplogInc": 8}, False),
        (REQUEST, {"pointInTimeUtcSeconds": 5}, False),
        (REQUEST, {"oplogTs": 5, "oplogInc": 5}, False),
        (REQUEST, {"pointInTimeUtcSeconds": 0, "oplogTs": 0, "oplogInc": 0}, True),
    ],
)
def test_moments_are_compared_in_all_their_spellings(request_, told, verdict):
    assert same(request_, echo(request_, **told)) is verdict


def test_moments_within_one_second_are_the_same():
    near = attrs.evolve(BY_TIME, source=PointInTime(MOMENT.replace(microsecond=1)))

    assert spell_request(ATLAS_COLLECTION_RESTORE, near) == spell_request(ATLAS_COLLECTION_RESTORE, BY_TIME)


def test_strategies_of_a_later_api_are_others():
    assert same(REQUEST, echo(REQUEST, writeStrategy="MERGE")) is False
    assert same(REQUEST, echo(REQUEST, writeStrategy="overwrite_existing")) is True


def test_other_kinds_of_requests_and_jobs_never_fit():
    cloud = load_job(ATLAS_CLOUD_BACKUP, {"id": "j", "snapshotId": "S1"})

    assert not fits(ATLAS_CLOUD_BACKUP, REQUEST, cloud)
    for request in (AutomatedRestore(Snapshot("S1"), TARGET), HttpRestore.on_server_terms("S1")):
        assert not fits(ATLAS_COLLECTION_RESTORE, request, job_of(echo(REQUEST)))


def test_when_it_was_requested():
    assert job_of(echo(REQUEST, createdAt="2026-11-29T00:00:00Z")).requested_at == NOW
    assert job_of(echo(REQUEST)).requested_at is None


@pytest.mark.parametrize(
    ("told", "goes"),
    [
        ({}, True),
        ({"targetGroupId": "p2"}, True),
        ({"targetClusterName": "elsewhere"}, False),
        ({"targetGroupId": "p9"}, False),
        ({"targetGroupId": None}, None),
    ],
)
def test_where_a_job_goes(told, goes):
    assert goes_into(ATLAS_COLLECTION_RESTORE, TARGET, job_of(echo(REQUEST, **told))) is goes


@pytest.mark.parametrize(
    ("state", "running", "unsure"),
    [
        ("INITIALIZING", 1, 0),
        ("IN_PROGRESS", 1, 0),
        ("FINALIZING", 1, 0),
        ("SUCCESSFUL", 0, 0),
        ("CANCELED", 0, 0),
        ("FAILED", 0, 0),
        ("SOMETHING_NEW", 0, 1),
    ],
)
def test_only_what_is_not_over_runs(state, running, unsure):
    job = job_of(echo(REQUEST, state=state))
    found = find_running(ATLAS_COLLECTION_RESTORE, REQUEST, [job])
    busy = find_busy(ATLAS_COLLECTION_RESTORE, TARGET, [job])

    assert (len(found.restores), len(found.unsure)) == (running, unsure)
    assert (len(busy.certain), len(busy.possible)) == (running, unsure)


def test_what_this_session_asked_for_is_known_whatever_is_echoed():
    job = job_of({"id": "j", "state": "IN_PROGRESS"})

    assert find_running(ATLAS_COLLECTION_RESTORE, REQUEST, [job], {"j": REQUEST}).restores == ((job,),)
    assert find_running(ATLAS_COLLECTION_RESTORE, REQUEST, [job], {"j": OTHERS[0]}).restores == ()
    assert find_busy(ATLAS_COLLECTION_RESTORE, TARGET, [job], {"j": OTHERS[0]}).certain == (job,)
    assert find_busy(ATLAS_COLLECTION_RESTORE, TARGET, [job], {"j": OTHERS[3]}).certain == ()
