"""Whether the collections of a SUCCESSFUL job were all restored as asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    CollectionRestore,
    IndexState,
    IndexStrategy,
    Renamed,
    RestoredCollection,
    RestoredCollectionState,
    Snapshot,
    Target,
    WriteStrategy,
    load_job,
)
from mongorestore_async.codec.structuring import structure
from mongorestore_async.models.collections.restored import keep_outcome, keep_request
from mongorestore_async.waiting.collection_judge import CollectionJudge, awaits_collections

State = RestoredCollectionState
MOVING = {State.NOT_STARTED, State.IN_PROGRESS, State.FINALIZING, State.ROLLBACK}
NAMED = {"collections": [{"sourceNamespace": "shop.orders"}]}
WHOLE = {"databases": [{"sourceNamespace": "shop"}]}


def job_of(echo=NAMED, **members):
    return load_job(ATLAS_COLLECTION_RESTORE, {"id": "j", "state": "SUCCESSFUL", **echo, **members})


def found(namespace="shop.orders", state="SUCCESSFUL", **members):
    return structure(RestoredCollection, {"sourceNamespace": namespace, "state": state, **members})


def judge(*collections, job=None):
    made = CollectionJudge(job or job_of())
    for each in collections:
        made.take(each)
    return made


def names(outcome):
    return [each.source_namespace for each in outcome.incomplete], [each.source_namespace for each in outcome.skipped]


@pytest.mark.parametrize("state", [*State, "SOMETHING_NEW", "", None])
def test_a_named_collection_has_to_be_successful(state):
    outcome = judge(found(state=state)).outcome()

    assert outcome.ok is (state is State.SUCCESSFUL)
    assert names(outcome) == ([] if outcome.ok else ["shop.orders"], [])


@pytest.mark.parametrize("state", [*State, "SOMETHING_NEW", "", None])
def test_a_whole_database_skips_what_is_unsupported(state):
    outcome = judge(found(), found("shop.view", state), job=job_of(WHOLE)).outcome()

    fine = state in {State.SUCCESSFUL, State.UNSUPPORTED}
    assert outcome.ok is fine
    assert names(outcome) == ([] if fine else ["shop.view"], ["shop.view"] if state is State.UNSUPPORTED else [])


@pytest.mark.parametrize("state", [*State, "SOMETHING_NEW"])
def test_states_that_may_change_still_are_no_verdict_yet(state):
    assert judge(found(state=state)).unsettled is (state in MOVING)


def test_named_beside_its_database_an_unsupported_one_counts():
    both = {**WHOLE, "collections": [{"sourceNamespace": "shop.view", "targetNamespace": "shop.view2"}]}
    outcome = judge(found(), found("shop.view", "UNSUPPORTED"), found("shop.ts", "UNSUPPORTED"), job=job_of(both))

    assert names(outcome.outcome()) == (["shop.view"], ["shop.ts"])


@pytest.mark.parametrize("strategy", [*IndexStrategy, "SOME", None])
@pytest.mark.parametrize("state", [*IndexState, "SOMETHING_NEW", None])
def test_indexes_have_to_be_as_asked(strategy, state):
    status = {} if state is None else {"state": state}
    made = judge(found(indexStatus=status), job=job_of(indexStrategy=strategy))

    right = state in {None, IndexState.SUCCESSFUL} or (strategy, state) in {
        ("NONE", "NOT_RESTORED"),
        ("NONE", "NOT_STARTED"),
        ("ALL_EXCEPT_TTL", "NOT_RESTORED"),
    }
    assert made.outcome().ok is right
    assert made.unsettled is (not right and state in {IndexState.NOT_STARTED, IndexState.IN_PROGRESS})


@pytest.mark.parametrize(
    "status",
    [
        {"state": "SUCCESSFUL", "failedIndexes": [{"name": "a_1", "key": {"a": 1}, "v": 2}]},
        {"state": "NOT_RESTORED", "errorMessage": "index build failed"},
        {"failedIndexes": [{"key": {"a": "text"}}]},
        {"state": "failed"},
    ],
)
def test_indexes_that_failed_are_seen_whatever_the_state(status):
    outcome = judge(found(indexStatus=status), job=job_of(indexStrategy="NONE")).outcome()

    assert names(outcome) == (["shop.orders"], [])
    assert not outcome.problem


@pytest.mark.parametrize("status", [{"state": "FAILED"}, {"state": "SUCCESSFUL", "failedCollectionCount": 2}])
def test_failed_indexes_that_only_the_job_tells_count(status):
    outcome = judge(found(), job=job_of(indexStatus=status)).outcome()

    assert (outcome.ok, names(outcome)) == (False, ([], []))
    assert outcome.problem == "the job says that indexes could not be built, and no collection tells which"


@pytest.mark.parametrize("broken", [{"state": "INDEX_BUILD_FAILED"}, {"indexStatus": {"state": "FAILED"}}])
def test_failed_indexes_are_told_once(broken):
    outcome = judge(found(**broken), job=job_of(indexStatus={"state": "FAILED", "failedCollectionCount": 1})).outcome()

    assert (names(outcome), outcome.problem) == ((["shop.orders"], []), "")


@pytest.mark.parametrize("echo", [NAMED, WHOLE, {**NAMED, **WHOLE}])
def test_an_empty_list_is_no_success(echo):
    made = judge(job=job_of(echo))
    outcome = made.outcome()

    assert (made.unsettled, outcome.ok) == (True, False)
    assert outcome.missing == tuple(sorted(entry["sourceNamespace"] for each in echo.values() for entry in each))


def test_what_was_named_and_is_not_listed_is_missing():
    both = {"databases": [{"sourceNamespace": "shop"}, {"sourceNamespace": "crm"}], **NAMED}
    made = judge(found("shop.items"), job=job_of(both))

    assert (made.unsettled, made.outcome().missing) == (True, ("crm", "shop.orders"))
    assert judge(found(), found("crm.a"), job=job_of(both)).outcome().ok


def test_where_nobody_tells_what_was_named_all_of_it_was():
    assert judge(found(), found("crm.a"), job=job_of({})).outcome().ok
    assert names(judge(found(), found("shop.view", "UNSUPPORTED"), job=job_of({})).outcome()) == (["shop.view"], [])
    nothing = judge(job=job_of({})).outcome()
    assert (nothing.ok, nothing.missing) == (False, ())
    assert nothing.problem.startswith("the server tells neither what was asked for nor")


def test_the_request_of_this_process_counts_more_than_the_echo():
    job = job_of({"databases": [], "indexStrategy": "ALL"})
    request = CollectionRestore(
        Snapshot("s"),
        Target("p", "c"),
        write=WriteStrategy.CREATE_NEW,
        indexes=IndexStrategy.NONE,
        databases=["shop"],
        collections=[Renamed("crm.a", "crm.b")],
    )
    keep_request(job, request)
    outcome = judge(
        found("shop.view", "UNSUPPORTED"), found("crm.a", indexStatus={"state": "NOT_RESTORED"}), job=job
    ).outcome()

    assert (outcome.ok, names(outcome)) == (True, ([], ["shop.view"]))


def test_a_collection_without_a_name_is_no_success():
    nameless = structure(RestoredCollection, {"state": "UNSUPPORTED"})

    assert judge(found(), nameless, job=job_of(WHOLE)).outcome().incomplete == (nameless,)


def test_what_is_fine_is_not_kept():
    made = judge(*(found(f"shop.c{number}") for number in range(1000)), job=job_of(WHOLE))

    assert (made.outcome().ok, names(made.outcome())) == (True, ([], []))


def test_jobs_wait_for_their_collections_once():
    job = job_of()
    assert awaits_collections(job)
    assert job.ok is None
    keep_outcome(job, judge(found()).outcome())
    assert not awaits_collections(job)
    assert job.ok is True
    assert not awaits_collections(job_of(state="FAILED"))
    assert not awaits_collections(None)


@given(st.lists(st.tuples(st.sampled_from(["shop.a", "shop.b", "crm.a"]), st.sampled_from([*State, "NEW"]))))
def test_no_order_of_collections_hides_one(told):
    outcome = judge(
        *(found(*each) for each in told), job=job_of({"databases": [{"sourceNamespace": "shop"}]})
    ).outcome()

    bad = [name for name, state in told if state not in {State.SUCCESSFUL, State.UNSUPPORTED}]
    assert names(outcome) == (bad, [name for name, state in told if state is State.UNSUPPORTED])
    assert outcome.ok is (not bad and any(name.startswith("shop") for name, _ in told))


TWICE = {"collections": [{"sourceNamespace": "shop.orders", "targetNamespace": f"shop.{to}"} for to in ("a", "b")]}
BOTH = {"databases": [{"sourceNamespace": "shop"}, {"sourceNamespace": "shop", "targetNamespace": "shop_old"}]}


@pytest.mark.parametrize(
    ("echo", "targets", "missing"),
    [
        (TWICE, ["shop.a", "shop.b"], ()),
        (TWICE, ["shop.a"], ("shop.orders",)),
        (TWICE, ["shop.a", "shop.a"], ("shop.orders",)),
        (BOTH, [None, "shop_old.orders"], ()),
        (BOTH, ["", "shop_old.orders"], ()),
        (BOTH, ["shop.orders"], ("shop",)),
        (BOTH, [None, "shop.orders"], ("shop",)),
        ({"collections": NAMED["collections"] * 2}, ["shop.orders"], ()),
    ],
)
def test_what_is_restored_twice_has_to_be_there_twice(echo, targets, missing):
    outcome = judge(*(found(targetNamespace=target) for target in targets), job=job_of(echo)).outcome()

    assert (outcome.ok, outcome.missing) == (not missing, missing)


def test_a_request_of_one_collection_twice_is_missed_once():
    twice = [Renamed("shop.orders", "shop.a"), Renamed("shop.orders", "shop.b")]
    asked = CollectionRestore(Snapshot("s"), Target("p", "c"), write=WriteStrategy.CREATE_NEW, collections=twice)
    job = keep_request(job_of({}), asked)

    made = judge(found(targetNamespace="shop.a"), job=job)
    assert (made.unsettled, made.outcome().missing) == (True, ("shop.orders",))
