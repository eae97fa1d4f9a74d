"""Documents of restores of single collections: jobs, and what became of each collection.

No page of the vendor shows such a list: the fixture is written from the schema, with every member of it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import attrs
import pytest

from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    CollectionRestore,
    CollectionRestoreJob,
    CollectionRestoreState,
    CollectionsOutcome,
    DataError,
    IndexState,
    IndexStatus,
    IndexStrategy,
    JobRef,
    JobState,
    RequestedNamespace,
    RestoredCollection,
    Snapshot,
    Target,
    WriteStrategy,
    load_job,
)
from mongorestore_async.codec.list_documents import decode_list
from mongorestore_async.codec.structuring import structure
from mongorestore_async.models.collections.restored import inherit, keep_outcome, keep_request

REQUEST = CollectionRestore(Snapshot("s"), Target("p", "c"), write=WriteStrategy.CREATE_NEW, databases=["shop"])
OUTCOME = CollectionsOutcome(skipped=(structure(RestoredCollection, {"sourceNamespace": "shop.view"}),))
STATES = {
    "INITIALIZING": (JobState.PENDING, False, None),
    "IN_PROGRESS": (JobState.RUNNING, False, None),
    "FINALIZING": (JobState.RUNNING, False, None),
    "SUCCESSFUL": (JobState.FINISHED, True, None),
    "CANCELED": (JobState.CANCELLED, True, False),
    "FAILED": (JobState.FAILED, True, False),
    "SOMETHING_NEW": (JobState.UNKNOWN, False, None),
    None: (JobState.UNKNOWN, False, None),
}


@pytest.fixture
def documents(seed):
    return seed("atlas_collection_restore_list")["results"]


def job_of(**members):
    return load_job(ATLAS_COLLECTION_RESTORE, {"id": "j", **members})


def test_every_member_is_read(documents):
    first, second = (load_job(ATLAS_COLLECTION_RESTORE, each, project="P", cluster="C") for each in documents)

    assert first == CollectionRestoreJob(
        id="68a0c5f087d9d6039fafe03f",
        state_name=CollectionRestoreState.SUCCESSFUL,
        snapshot_id="68a0b1ff87d9d663c59d3dee",
        target_cluster_name="Cluster0",
        target_group_id="32b6e34b3d91647abb20e7b8",
        write_strategy=WriteStrategy.CREATE_NEW,
        index_strategy=IndexStrategy.ALL_EXCEPT_TTL,
        collections=(
            RequestedNamespace(source_namespace="shop.orders", target_namespace="shop.orders_before"),
            RequestedNamespace(source_namespace="crm.people", target_namespace=""),
        ),
        created_at=datetime(2026, 8, 14, 12, tzinfo=UTC),
        finished_at=datetime(2026, 8, 14, 12, 9, 41, tzinfo=UTC),
        restored_documents=5_000_000_000,
        total_documents=5_000_000_000,
        index_status=IndexStatus(state=IndexState.SUCCESSFUL, failed_collection_count=0),
    )
    assert second == CollectionRestoreJob(
        id="68a0c5f087d9d6039fafe040",
        state_name=CollectionRestoreState.CANCELED,
        point_in_time_utc_seconds=1755000000,
        oplog_ts=1755000000,
        oplog_inc=7,
        target_cluster_name="Cluster1",
        target_group_id="32b6e34b3d91647abb20e7b8",
        write_strategy=WriteStrategy.OVERWRITE_EXISTING,
        index_strategy=IndexStrategy.NONE,
        databases=(RequestedNamespace(source_namespace="shop"),),
        database_suffix="_d",
        collection_suffix="_c",
        created_at=datetime(2026, 8, 15, 12, tzinfo=UTC),
        finished_at=datetime(2026, 8, 15, 12, 1, tzinfo=UTC),
        error_message="The target cluster was removed.",
        index_status=IndexStatus(state=IndexState.NOT_STARTED),
    )
    assert first.ref == JobRef(family="atlas-collection-restore", project="P", cluster="C", job=first.id)
    assert [first.raw, second.raw] == documents


def test_both_ways_of_decoding_give_the_same_jobs(documents):
    found = decode_list(CollectionRestoreJob, json.dumps({"results": documents}, separators=(",", ":")).encode())

    assert list(found.results) == [job_of(**each) for each in documents]
    assert [(each.outcome, each.asked, each.ok) for each in found.results] == [(None, None, None), (None, None, False)]


@pytest.mark.parametrize("word", STATES)
def test_states_in_the_words_of_all_families(word):
    job = job_of() if word is None else job_of(state=word)

    assert (job.state, job.over, job.ok) == STATES[word]
    assert (job.downloadable, job.expires_at) == (False, None)


@pytest.mark.parametrize("number", ["5", 5.0, 2**40])
def test_counts_come_in_all_spellings(number):
    assert job_of(totalDocuments=number, restoredDocuments=number).total_documents == int(number)


@pytest.mark.parametrize(
    ("members", "target"),
    [
        ({"targetGroupId": "p", "targetClusterName": "c"}, Target("p", "c")),
        ({"targetGroupId": "p"}, None),
        ({"targetClusterName": "c"}, None),
        ({"targetGroupId": "", "targetClusterName": "c"}, None),
        ({"targetGroupId": " p", "targetClusterName": "c"}, None),
    ],
)
def test_a_target_is_told_whole_or_not_at_all(members, target):
    assert job_of(**members).target == target


@pytest.mark.parametrize(
    ("members", "year"),
    [
        ({}, None),
        ({"pointInTimeUtcSeconds": 0, "oplogTs": 0}, None),
        ({"pointInTimeUtcSeconds": 1755000000}, 2025),
        ({"oplogTs": 1755000000, "oplogInc": 7}, 2025),
        ({"oplogTs": 10**15}, None),
        ({"oplogTs": -(10**25)}, None),
    ],
)
def test_the_moment_of_the_data_is_that_of_the_request(members, year):
    found = job_of(**members).snapshot_moment
    assert (None if found is None else found.year) == year


@pytest.mark.parametrize("member", ["databases", "collections"])
@pytest.mark.parametrize("value", ["shop", {"sourceNamespace": "shop"}, ["shop"], [5]])
def test_what_is_no_list_of_names_is_refused(member, value):
    with pytest.raises(DataError, match=rf"\$\.{member}"):
        job_of(**{member: value})


def test_what_is_known_of_a_job_is_kept_when_it_is_read_again():
    before = keep_outcome(keep_request(job_of(state="SUCCESSFUL"), REQUEST), OUTCOME)
    again, running = job_of(state="SUCCESSFUL"), job_of(state="IN_PROGRESS")
    inherit(again, before)
    inherit(running, before)

    assert (again.outcome, again.asked, again.ok) == (OUTCOME, REQUEST, True)
    assert (running.outcome, running.asked, running.ok) == (None, REQUEST, None)
    inherit(again, None)
    assert again.outcome is OUTCOME


def test_what_is_known_beside_the_document_is_no_part_of_it(pickled):
    job = keep_outcome(keep_request(job_of(state="SUCCESSFUL"), REQUEST), OUTCOME)

    assert job == job_of(state="SUCCESSFUL")
    assert job.to_dict() == {"id": "j", "state": "SUCCESSFUL"}
    assert "outcome" not in repr(job)
    copy = pickled(job)[1]
    assert (copy.outcome, copy.asked) == (OUTCOME, REQUEST)
    assert attrs.evolve(job).outcome == OUTCOME


@pytest.mark.parametrize("names", [("a", "b"), ("a", "a"), (None, "a"), ("a", None)])
def test_a_collection_is_renamed_if_both_names_say_so(names):
    found = structure(RestoredCollection, {"targetNamespace": names[0], "effectiveTargetNamespace": names[1]})
    assert found.renamed is (names == ("a", "b"))
