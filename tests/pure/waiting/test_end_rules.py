"""When a job is over, and whether well: every row of "States and waiting", and what no row knows."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_SERVERLESS,
    ATLAS_TENANT,
    CLOUD_MANAGER,
    OPS_MANAGER,
    ConfigError,
    load_job,
)
from mongorestore_async.models import JobState
from mongorestore_async.models.states import END_WORDS
from mongorestore_async.waiting.end_rules import WaitOutcome, check_until, describe, end_of

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MANAGER = [OPS_MANAGER, CLOUD_MANAGER, ATLAS_LEGACY]
CLOUD = [ATLAS_CLOUD_BACKUP, ATLAS_SERVERLESS]
TENANT = [ATLAS_TENANT, ATLAS_FLEX]
GOING_ON, DONE, BAD = WaitOutcome.GOING_ON, WaitOutcome.DONE, WaitOutcome.BAD
URL = "https://om.example.com:8443/backup/restore/v2/pull/key/archive.tar.gz"
#: What may end a job of any family: written out, so that no word joins it unseen.
GOOD_ENDS = {"FINISHED", "COMPLETED", "SUCCESSFUL"}
BAD_ENDS = {"FAILED", "BROKEN", "ABORTED", "KILLED", "CANCELLED", "CANCELED", "EXPIRED"}
ENDS = GOOD_ENDS | BAD_ENDS
#: Words that look like an end and prove none.
UNPROVEN = {
    "SUCCEEDED",
    "SUCCESS",
    "COMPLETE",
    "DONE",
    "OK",
    "READY",
    "ERROR",
    "INTERRUPTED",
    "STOPPED",
    "PAUSED",
    "FAILING",
    "FAILED_OVER",
    "PARTIALLY_COMPLETED",
    "NOT FINISHED",
    "COMPLETED_WITH_ERRORS",
    "OPEN",
    "",
}
DELIVERY_WORDS = {
    "NOT_STARTED",
    "PENDING",
    "IN_PROGRESS",
    "READY",
    "FAILED",
    "INTERRUPTED",
    "EXPIRED",
    "MAX_DOWNLOADS_EXCEEDED",
}


def outcome(family, until, **document):
    return end_of(load_job(family, {"id": "job-1", **document}), until, NOW).outcome


@pytest.mark.parametrize("family", MANAGER, ids=str)
@pytest.mark.parametrize(
    ("status", "delivery", "finished", "downloadable"),
    [
        ("IN_PROGRESS", None, GOING_ON, GOING_ON),
        ("IN_PROGRESS", {"statusName": "NOT_STARTED"}, GOING_ON, GOING_ON),
        ("IN_PROGRESS", {"statusName": "PENDING"}, GOING_ON, GOING_ON),
        ("IN_PROGRESS", {"statusName": "READY"}, GOING_ON, GOING_ON),
        ("IN_PROGRESS", {"statusName": "READY", "url": URL}, GOING_ON, DONE),
        ("FINISHED", {"statusName": "READY"}, DONE, GOING_ON),
        ("FINISHED", {"statusName": "READY", "url": URL}, DONE, DONE),
        ("FINISHED", {"statusName": "READY", "urlV2": URL}, DONE, DONE),
        ("finished", {"statusName": "Ready", "urlV2": URL}, DONE, DONE),
        ("FINISHED", {"statusName": "IN_PROGRESS", "url": URL}, DONE, GOING_ON),
        ("FINISHED", {"statusName": "EXPIRED", "url": URL}, DONE, BAD),
        ("FINISHED", {"statusName": "MAX_DOWNLOADS_EXCEEDED"}, DONE, BAD),
        ("FINISHED", {"statusName": "FAILED"}, DONE, BAD),
        ("FINISHED", {"statusName": "INTERRUPTED"}, DONE, BAD),
        ("FINISHED", {"statusName": "expired"}, DONE, BAD),
        ("FINISHED", None, DONE, GOING_ON),
        ("BROKEN", {"statusName": "READY", "url": URL}, BAD, BAD),
        ("KILLED", None, BAD, BAD),
        ("broken", None, BAD, BAD),
        ("OPEN", {"statusName": "LEVITATING", "url": URL}, GOING_ON, GOING_ON),
        (None, None, GOING_ON, GOING_ON),
    ],
)
def test_a_job_of_the_managers_ends_by_its_words(family, status, delivery, finished, downloadable):
    document = {"statusName": status, "delivery": delivery}

    assert outcome(family, "finished", **document) is finished
    assert outcome(family, "downloadable", **document) is downloadable


@pytest.mark.parametrize("family", CLOUD, ids=str)
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"deliveryType": "automated"}, GOING_ON),
        ({"deliveryType": "automated", "finishedAt": "2026-11-02T11:00:00Z"}, DONE),
        ({"deliveryType": "pointInTime", "finishedAt": "2026-11-02T11:00:00Z"}, DONE),
        ({"deliveryType": "automated", "finishedAt": "2026-11-02T11:00:00Z", "failed": True}, BAD),
        ({"deliveryType": "automated", "finishedAt": "2026-11-02T11:00:00Z", "cancelled": True}, BAD),
        ({"deliveryType": "automated", "expired": True}, BAD),
        ({"deliveryType": "automated", "failed": False, "expired": False, "cancelled": False}, GOING_ON),
        ({"deliveryType": "automated", "deliveryUrl": []}, GOING_ON),
        ({"deliveryType": "teleport", "finishedAt": "2026-11-02T11:00:00Z"}, GOING_ON),
        ({"deliveryType": "teleport", "failed": True}, BAD),
    ],
)
def test_a_cloud_backup_job_ends_by_flags_before_finish_time(family, document, expected):
    assert outcome(family, "finished", **document) is expected


@pytest.mark.parametrize("until", ["finished", "downloadable"])
@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, GOING_ON),
        ({"finishedAt": "2026-11-02T11:00:00Z"}, GOING_ON),
        ({"deliveryUrl": []}, GOING_ON),
        ({"deliveryUrl": URL}, DONE),
        ({"deliveryUrl": [URL]}, DONE),
        ({"deliveryUrl": [URL], "expired": True}, BAD),
        ({"deliveryUrl": [URL], "cancelled": True}, BAD),
        ({"components": [{"downloadUrl": URL}, {"downloadUrl": None}]}, GOING_ON),
        ({"components": [{"downloadUrl": URL}, {"downloadUrl": URL}]}, DONE),
        ({"components": []}, GOING_ON),
    ],
)
def test_a_cloud_backup_download_ends_by_its_urls_for_any_until(until, document, expected):
    assert outcome(ATLAS_CLOUD_BACKUP, until, deliveryType="download", **document) is expected


@pytest.mark.parametrize("family", TENANT, ids=str)
@pytest.mark.parametrize(
    ("document", "finished", "downloadable"),
    [
        ({"status": "PENDING"}, GOING_ON, GOING_ON),
        ({"status": "QUEUED"}, GOING_ON, GOING_ON),
        ({"status": "RUNNING"}, GOING_ON, GOING_ON),
        ({"status": "ELSEWHERE"}, GOING_ON, GOING_ON),
        ({}, GOING_ON, GOING_ON),
        ({"status": "COMPLETED"}, DONE, GOING_ON),
        ({"status": "completed", "snapshotUrl": URL}, DONE, DONE),
        ({"status": "FAILED", "restoreFinishedDate": "2026-11-02T11:00:00Z"}, BAD, BAD),
        ({"status": "CLOSED", "snapshotUrl": URL}, BAD, BAD),
    ],
)
def test_a_tenant_job_ends_by_its_status(family, document, finished, downloadable):
    assert outcome(family, "finished", **document) is finished
    assert outcome(family, "downloadable", **document) is downloadable


@pytest.mark.parametrize(
    ("family", "document", "member"),
    [
        (OPS_MANAGER, {"statusName": "FINISHED", "delivery": {"statusName": "READY"}}, "expires"),
        (ATLAS_FLEX, {"status": "COMPLETED", "deliveryType": "DOWNLOAD"}, "expirationDate"),
    ],
)
def test_a_url_is_not_waited_for_when_its_time_has_passed(family, document, member):
    def at(hour):
        target = document.get("delivery", document)
        target[member] = f"2026-11-02T{hour}:00:00Z"
        return outcome(family, "downloadable", **document)

    assert [at("11"), at("12"), at("13")] == [BAD, BAD, GOING_ON]


@given(status=st.text().filter(lambda word: word.strip().upper() not in ENDS), url=st.booleans())
def test_an_unknown_status_is_never_an_ending(status, url):
    document = {"statusName": status, "delivery": {"statusName": "IN_PROGRESS", "url": URL if url else None}}

    assert outcome(OPS_MANAGER, "finished", **document) is GOING_ON
    assert outcome(OPS_MANAGER, "downloadable", **document) is GOING_ON


@given(word=st.text().filter(lambda word: word.strip().upper() not in DELIVERY_WORDS | BAD_ENDS))
def test_an_unknown_delivery_is_never_a_file(word):
    document = {"statusName": "FINISHED", "delivery": {"statusName": word, "url": URL}}

    assert outcome(OPS_MANAGER, "downloadable", **document) is GOING_ON


@given(word=st.text().filter(lambda word: word.strip().upper() not in ENDS | {"CLOSED"}))
def test_an_unknown_tenant_status_is_never_an_ending(word):
    assert outcome(ATLAS_FLEX, "finished", status=word, snapshotUrl=URL) is GOING_ON


SPELLINGS = [str.upper, str.lower, str.title, lambda word: f" {word}\n"]


def test_the_table_of_ends_holds_these_words_and_no_others():
    assert {word: state is JobState.FINISHED for word, state in END_WORDS.items()} == {
        **dict.fromkeys(GOOD_ENDS, True),
        **dict.fromkeys(BAD_ENDS, False),
    }


@pytest.mark.parametrize("spell", SPELLINGS, ids=["upper", "lower", "title", "padded"])
@pytest.mark.parametrize("word", sorted(ENDS))
@pytest.mark.parametrize("family", MANAGER + TENANT, ids=str)
def test_a_word_that_can_only_mean_an_end_is_one(family, word, spell):
    member = "statusName" if family in MANAGER else "status"
    document = {member: spell(word)}
    good = word in GOOD_ENDS

    assert outcome(family, "finished", **document) is (DONE if good else BAD)
    # A good end is not a file: that takes the signs of the family.
    assert outcome(family, "downloadable", **document) is (GOING_ON if good else BAD)


@pytest.mark.parametrize("word", sorted(UNPROVEN))
@pytest.mark.parametrize("family", MANAGER + TENANT, ids=str)
def test_a_word_that_may_mean_something_else_is_no_end(family, word):
    member = "statusName" if family in MANAGER else "status"
    job = load_job(family, {"id": "job-1", member: word})

    assert job.state is JobState.UNKNOWN
    assert outcome(family, "finished", **{member: word}) is GOING_ON


@pytest.mark.parametrize("word", sorted(ENDS | UNPROVEN - {"READY", "INTERRUPTED"}))
@pytest.mark.parametrize("family", MANAGER, ids=str)
def test_a_delivery_ends_badly_by_such_a_word_and_never_well(family, word):
    document = {"statusName": "FINISHED", "delivery": {"statusName": word, "url": URL}}

    assert outcome(family, "downloadable", **document) is (BAD if word in BAD_ENDS else GOING_ON)


@pytest.mark.parametrize("family", MANAGER, ids=str)
def test_closed_ends_a_job_only_where_it_is_documented(family):
    assert outcome(family, "finished", statusName="CLOSED") is GOING_ON
    assert outcome(ATLAS_TENANT, "finished", status="CLOSED") is BAD


def test_the_words_are_the_apis_and_hold_no_url():
    document = {"id": "job-1", "statusName": "finished", "delivery": {"statusName": "LEVITATING", "url": URL}}
    job = load_job(OPS_MANAGER, document)

    assert describe(job) == "statusName FINISHED, delivery LEVITATING, with a URL"
    assert end_of(job, "finished", NOW).words == describe(job)


def test_the_words_of_a_collection_restore_are_its_state():
    assert describe(load_job(ATLAS_COLLECTION_RESTORE, {"id": "j", "state": "canceled"})) == "state CANCELED"
    assert describe(load_job(ATLAS_COLLECTION_RESTORE, {"id": "j"})) == "state unknown"


def test_words_change_with_the_delivery_alone():
    before, after = (
        load_job(OPS_MANAGER, {"id": "j", "statusName": "FINISHED", "delivery": {"statusName": word}})
        for word in ("IN_PROGRESS", "READY")
    )

    assert describe(before) != describe(after)
    assert before.state is after.state


@pytest.mark.parametrize(
    ("family", "document"),
    [
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "automated"}),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "pointInTime"}),
        (ATLAS_FLEX, {"deliveryType": "restore"}),
        (OPS_MANAGER, {"delivery": {"methodName": "HTTP", "targetClusterId": "c"}}),
        (ATLAS_LEGACY, {"delivery": {"methodName": "HTTP", "targetClusterName": "c"}}),
        (OPS_MANAGER, {"delivery": {"methodName": "AUTOMATED_RESTORE"}}),
    ],
)
def test_no_file_is_waited_for_where_none_will_come(family, document):
    job = load_job(family, {"id": "job-1", **document})

    check_until("finished", job)
    with pytest.raises(ConfigError, match="job-1 restores into a cluster"):
        check_until("downloadable", job)


@pytest.mark.parametrize(
    ("family", "document"),
    [
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "download"}),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "teleport"}),
        (ATLAS_FLEX, {"deliveryType": "DOWNLOAD", "targetDeploymentItemName": "c", "targetProjectId": "p"}),
        # An automated job comes back as HTTP, so HTTP tells nothing (D13).
        (OPS_MANAGER, {"delivery": {"methodName": "HTTP"}}),
        (OPS_MANAGER, {"delivery": {"methodName": "HTTP", "targetClusterId": "c", "url": URL}}),
        (OPS_MANAGER, {}),
    ],
)
def test_a_file_is_waited_for_where_one_may_come(family, document):
    check_until("downloadable", load_job(family, {"id": "job-1", **document}))


@pytest.mark.parametrize("until", ["done", "FINISHED", "", None])
def test_a_wait_for_something_else_is_refused(until):
    with pytest.raises(ConfigError, match="until must be 'finished' or 'downloadable'"):
        check_until(until)
