"""The words that the jobs of all families share: what each answers from, and that no two contradict each other."""

import csv
import re
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builders.foreign_jobs import ForeignJob
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_LEGACY_V1,
    ATLAS_SERVERLESS,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
    FAMILIES,
    OPS_MANAGER,
    CloudBackupRestoreJob,
    CollectionRestoreJob,
    Delivery,
    RestoreJob,
    Target,
    TenantRestoreJob,
    load_job,
)
from mongorestore_async.downloading.links import LinkState, link_state
from mongorestore_async.models import JobDocument, JobState
from mongorestore_async.models.states import END_WORDS
from mongorestore_async.waiting.end_rules import WaitOutcome, check_until, end_of, until_told

WORDS = ("requested_at", "finished_at", "expires_at", "target", "over", "ok", "downloadable")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
MOMENTS = {word: f"2026-11-0{day}T10:00:00Z" for day, word in enumerate(WORDS[:3], start=1)}
URL = "https://h.example.com/pull/key/a.tar.gz"
BY_ID = [OPS_MANAGER, CLOUD_MANAGER]
BY_NAME = [ATLAS_LEGACY, ATLAS_LEGACY_V1]
CLOUD = [ATLAS_CLOUD_BACKUP, ATLAS_CLOUD_BACKUP_V1, ATLAS_SERVERLESS]
TENANT = [ATLAS_TENANT_V1, ATLAS_FLEX]

#: The column of the table in docs/families.rst that a model is in.
COLUMNS = {RestoreJob: 1, CloudBackupRestoreJob: 2, TenantRestoreJob: 3, CollectionRestoreJob: 4}


def table():
    """Read which members stand for each word in docs/families.rst, by column."""
    page = Path(__file__).parents[3] / "docs" / "families.rst"
    found = re.search(r"(?ms)^\.\. table words.*?^\.\. end of table words", page.read_text(encoding="utf-8"))
    rows = csv.reader(line.strip() for line in found.group().splitlines() if line.startswith('   "'))
    return {
        word: [re.findall(r"``([\w.]+)``", cell) for cell in row]
        for row in rows
        for word in re.findall(r"``(\w+)``", row[0])
    }


TABLE = table()


def load(family, /, **document):
    return load_job(family, {"id": "j", **document}, project="p", cluster="c")


def put(document, member, value):
    *path, last = member.split(".")
    for name in path:
        document = document.setdefault(name, {})
    document[last] = value


def members(family, word):
    found = [name for name in TABLE[word][COLUMNS[family.job_type]] if name.casefold() != "download"]
    if family in BY_ID:
        return [name for name in found if not name.endswith("Name") or word != "target"]
    return [name for name in found if not name.endswith("ClusterId")]


def test_the_table_has_every_word_and_every_kind_of_job():
    assert set(TABLE) == {*WORDS, "state"}
    assert set(COLUMNS) == {family.job_type for family in FAMILIES.values()}
    assert {len(row) for row in TABLE.values()} == {1 + len(COLUMNS)}


@pytest.mark.parametrize("word", MOMENTS)
@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
def test_a_moment_is_the_member_of_the_table_or_none(family, word):
    found = members(family, word)
    document = {}
    for name in found:
        put(document, name, MOMENTS[word])

    assert getattr(load(family), word) is None
    expected = datetime.fromisoformat(MOMENTS[word]) if found else None
    assert getattr(load(family, **document), word) == expected


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
def test_no_moment_is_taken_from_another_member(family):
    every = {}
    for number, name in enumerate(dict.fromkeys(name for word in MOMENTS for name in members(family, word))):
        put(every, name, f"2026-10-{10 + number}T10:00:00Z")
    told = {getattr(load(family, **every), word) for word in MOMENTS} - {None}

    assert len(told) == sum(1 for word in MOMENTS if members(family, word))


@pytest.mark.parametrize("family", FAMILIES.values(), ids=str)
def test_a_target_is_told_with_its_project_or_not_at_all(family):
    project, cluster = members(family, "target")
    whole, only_project, only_cluster = {}, {}, {}
    for document in (whole, only_project):
        put(document, project, "p2")
    for document in (whole, only_cluster):
        put(document, cluster, "c2")

    assert load(family, **whole).target == Target("p2", "c2")
    assert load(family).target is None
    assert load(family, **only_project).target is None
    assert load(family, **only_cluster).target is None
    for bad in ("", " c2", "c\n2", "c\ud800"):
        put(whole, cluster, bad)
        assert load(family, **whole).target is None


@pytest.mark.parametrize(
    ("family", "members", "target"),
    [
        *((family, {"targetClusterId": "id", "targetClusterName": "name"}, "id") for family in BY_ID),
        *((family, {"targetClusterId": "id", "targetClusterName": "name"}, "name") for family in BY_NAME),
        # What is sent is a name on Atlas, and an id elsewhere: the other one is no target.
        *((family, {"targetClusterId": "id"}, None) for family in BY_NAME),
        *((family, {"targetClusterName": "name"}, None) for family in BY_ID),
    ],
)
def test_a_target_is_what_a_request_of_the_family_takes(family, members, target):
    found = load(family, delivery={"targetGroupId": "p2", **members}).target

    assert found == (None if target is None else Target("p2", target))


def test_a_job_of_unknown_origin_has_a_target_too():
    told = {"target_group_id": "p2", "target_cluster_id": "id"}

    assert RestoreJob(id="j", delivery=Delivery(**told)).target == Target("p2", "id")
    assert RestoreJob(id="j", delivery=Delivery(**told, target_cluster_name="name")).target == Target("p2", "name")
    assert RestoreJob(id="j").target is None


@pytest.mark.parametrize("kind", ["download", "DOWNLOAD", "Download"])
@pytest.mark.parametrize("family", CLOUD + TENANT, ids=str)
def test_a_download_has_no_target_whatever_it_names(family, kind):
    document = {"deliveryType": kind}
    for name in members(family, "target"):
        put(document, name, "there")

    assert load(family, **document).target is None


@pytest.mark.parametrize(
    ("family", "document", "downloadable"),
    [
        *(
            (family, {"statusName": "FINISHED", "delivery": delivery}, expected)
            for family in BY_ID + BY_NAME
            for delivery, expected in [
                (None, None),
                ({}, False),
                ({"statusName": "READY"}, False),
                ({"statusName": "READY", "url": URL}, True),
                ({"statusName": "ready", "urlV2": URL, "authValue": "t"}, True),
                ({"statusName": "IN_PROGRESS", "url": URL}, False),
                ({"statusName": "EXPIRED", "url": URL}, False),
                ({"statusName": "MAX_DOWNLOADS_EXCEEDED", "url": URL}, False),
                ({"statusName": "KILLED", "url": URL}, False),
                ({"statusName": "LEVITATING", "url": URL}, None),
                ({"url": URL}, None),
            ]
        ),
        *((family, {"statusName": "BROKEN", "delivery": None}, False) for family in BY_ID),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "download"}, False),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "download", "deliveryUrl": URL}, True),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "download", "deliveryUrl": [URL], "expired": True}, False),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "download", "components": [{"downloadUrl": URL}, {}]}, False),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "download", "components": [{"downloadUrl": URL}] * 2}, True),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "automated", "finishedAt": "2026-11-01T00:00:00Z"}, False),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "automated", "deliveryUrl": [URL]}, False),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "teleport", "deliveryUrl": [URL]}, None),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "teleport"}, False),
        *(
            (family, document, expected)
            for family in TENANT
            for document, expected in [
                ({"status": "COMPLETED"}, False),
                ({"status": "COMPLETED", "snapshotUrl": URL}, True),
                ({"status": "COMPLETED", "snapshotUrl": URL, "deliveryType": "RESTORE"}, False),
                ({"status": "RUNNING", "snapshotUrl": URL, "deliveryType": "DOWNLOAD"}, False),
                ({"status": "CLOSED", "snapshotUrl": URL, "deliveryType": "DOWNLOAD"}, False),
                ({"status": "PAUSED", "snapshotUrl": URL, "deliveryType": "DOWNLOAD"}, None),
            ]
        ),
    ],
)
def test_downloadable_is_what_the_job_says_of_its_file(family, document, downloadable):
    assert load(family, **document).downloadable is downloadable


@pytest.mark.parametrize(
    ("state", "over", "ok"),
    [
        (JobState.PENDING, False, None),
        (JobState.RUNNING, False, None),
        (JobState.UNKNOWN, False, None),
        (JobState.FINISHED, True, True),
        (JobState.FAILED, True, False),
        (JobState.CANCELLED, True, False),
        (JobState.EXPIRED, True, False),
    ],
)
def test_over_and_ok_follow_from_the_state(state, over, ok):
    @attrs.frozen(kw_only=True)
    class Job(ForeignJob):
        pass

    Job.state = state
    job = Job(id="j")

    assert (job.over, job.ok) == (over, ok)


@pytest.mark.parametrize("word", [*(word for word in WORDS if word not in {"over", "ok"}), "state"])
def test_a_new_family_has_to_answer_every_word(word):
    answers = {name: None for name in (*WORDS, "state") if name not in (word, "over", "ok")}
    silent = type("Silent", (JobDocument,), answers)

    with pytest.raises(TypeError, match=word):
        silent(id="j")


def test_the_words_cost_a_job_nothing():
    fields = {model: {field.name for field in attrs.fields(model)} for model in COLUMNS}

    kept = {model.__name__: found for model in COLUMNS if (found := fields[model] & {*WORDS})}
    assert kept == {
        "CloudBackupRestoreJob": {"finished_at", "expires_at"},
        "CollectionRestoreJob": {"finished_at"},
    }
    assert not any(hasattr(model(id="j"), "__dict__") for model in COLUMNS)


# Whatever a server sends, no two answers contradict each other.

TEXTS = st.sampled_from([None, "", "c2", "p2", " x", "\n"])
TIMES = st.sampled_from([None, "2020-01-01T00:00:00Z", "2026-11-02T13:00:00Z", 1_700_000_000])
URLS = st.sampled_from([None, URL])
STATUSES = st.sampled_from([None, *END_WORDS, "OPEN", "IN_PROGRESS", "RUNNING", "QUEUED", "closed", "finished"])
FLAGS = st.sampled_from([None, True, False])
KINDS = st.sampled_from([None, "automated", "download", "pointInTime", "RESTORE", "DOWNLOAD", "teleport"])
DELIVERY = st.fixed_dictionaries(
    {},
    optional={
        "methodName": st.sampled_from([None, "HTTP", "AUTOMATED_RESTORE", "QUERY"]),
        "statusName": st.sampled_from([None, "READY", "PENDING", "EXPIRED", "INTERRUPTED", "ready", "NEW", "FAILED"]),
        "url": URLS,
        "expires": TIMES,
        "targetGroupId": TEXTS,
        "targetClusterId": TEXTS,
        "targetClusterName": TEXTS,
    },
)
DOCUMENTS = st.fixed_dictionaries(
    {"id": st.just("j")},
    optional={
        "statusName": STATUSES,
        "status": STATUSES,
        "state": STATUSES,
        "deliveryType": KINDS,
        "delivery": st.none() | DELIVERY,
        "deliveryUrl": st.sampled_from([None, URL, [], [URL]]),
        "components": st.none() | st.lists(st.fixed_dictionaries({"downloadUrl": URLS}), max_size=3),
        "snapshotUrl": URLS,
        **dict.fromkeys(("failed", "cancelled", "expired"), FLAGS),
        **dict.fromkeys(("created", "createdAt", "finishedAt", "expiresAt", "restoreScheduledDate"), TIMES),
        **dict.fromkeys(("submittedAt", "restoreFinishedDate", "expirationDate"), TIMES),
        **dict.fromkeys(("targetGroupId", "targetClusterName", "targetProjectId", "targetDeploymentItemName"), TEXTS),
    },
)


@given(family=st.sampled_from(list(FAMILIES.values())), document=DOCUMENTS)
@example(family=ATLAS_COLLECTION_RESTORE, document={"id": "j", "state": "SUCCESSFUL"})
@example(
    family=ATLAS_TENANT_V1,
    document={"id": "j", "status": "FINISHED", "deliveryType": "automated", "snapshotUrl": URL},
)
def test_the_answers_of_a_job_agree_with_each_other(family, document):
    job = load_job(family, document, project="p", cluster="c")
    answers = {word: getattr(job, word) for word in WORDS}
    finished = end_of(job, "finished", NOW).outcome
    fetched = end_of(job, "downloadable", NOW).outcome

    good = None if isinstance(job, CollectionRestoreJob) else True  # the collections were not read
    assert job.over is (job.state not in {JobState.PENDING, JobState.RUNNING, JobState.UNKNOWN})
    assert job.ok is (None if not job.over else good if job.state is JobState.FINISHED else False)
    assert (finished is WaitOutcome.DONE) is (job.ok is True)
    assert (finished is WaitOutcome.BAD) is (job.ok is False)
    assert (fetched is WaitOutcome.DONE) is (job.downloadable is True)
    if job.downloadable:
        assert job.ok is not False
        assert link_state(job) is LinkState.READY
        assert until_told(job) != "finished"
    if job.target is not None:
        assert job.target == Target(job.target.project_id, job.target.cluster)
    assert {answers["requested_at"], answers["finished_at"], answers["expires_at"]} <= {
        None,
        *(datetime.fromisoformat(each) for each in ("2020-01-01T00:00:00Z", "2026-11-02T13:00:00Z")),
        datetime.fromtimestamp(1_700_000_000, UTC),
    }


@given(family=st.sampled_from(list(FAMILIES.values())), document=DOCUMENTS)
def test_what_a_job_tells_to_wait_for_is_never_refused(family, document):
    job = load_job(family, document, project="p", cluster="c")
    until = until_told(job)

    if until is not None:
        check_until(until, job)


@pytest.mark.parametrize(
    ("family", "document", "until"),
    [
        *((family, {"deliveryType": kind}, "finished") for family in CLOUD for kind in ("automated", "POINTINTIME")),
        *((family, {"deliveryType": "Download"}, "downloadable") for family in CLOUD + TENANT),
        *((family, {"deliveryType": "restore"}, "finished") for family in TENANT),
        (ATLAS_COLLECTION_RESTORE, {}, "finished"),
        *((family, {"deliveryType": kind}, None) for family in CLOUD + TENANT for kind in (None, "teleport")),
        # HTTP is the method of automated jobs too (D13), and terms of a download stand on them as well (D14).
        *(
            (family, {"delivery": delivery}, until)
            for family in BY_ID
            for delivery, until in [
                (None, None),
                ({"methodName": "HTTP"}, None),
                ({"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1}, None),
                ({"methodName": "HTTP", "statusName": "READY", "url": URL}, None),
                ({"methodName": "HTTP", "targetClusterId": "c2"}, "finished"),
                ({"methodName": "AUTOMATED_RESTORE"}, "finished"),
            ]
        ),
    ],
)
def test_a_job_tells_what_to_wait_for_or_does_not(family, document, until):
    assert until_told(load(family, **document)) == until
