"""Jobs out of the documents of a family."""

import copy

import pytest

from builders.constants import PLACE
from mongorestore_async.codec import list_documents
from mongorestore_async.codec.documents import (
    load_job,
    load_jobs,
    read_batch,
    read_created,
    read_ids,
    read_job,
    read_jobs,
)
from mongorestore_async.codec.list_documents import decode_list
from mongorestore_async.codec.structuring import contradicts, structure_by_id
from mongorestore_async.errors import DataError
from mongorestore_async.families import ATLAS_CLOUD_BACKUP_V1, ATLAS_TENANT_V1, CLOUD_MANAGER, OPS_MANAGER
from mongorestore_async.models import CloudBackupRestoreJob, ClusterCheckpoint, JobRef, RestoreJob, TenantRestoreJob


def nested(depth, array=list):
    return array([nested(depth - 1, array)] if depth else ())


class TestLoadJob:
    @pytest.mark.parametrize(
        ("family", "model"),
        [
            (OPS_MANAGER, RestoreJob),
            (CLOUD_MANAGER, RestoreJob),
            (ATLAS_CLOUD_BACKUP_V1, CloudBackupRestoreJob),
            (ATLAS_TENANT_V1, TenantRestoreJob),
        ],
        ids=repr,
    )
    def test_makes_the_job_of_the_family(self, family, model):
        job = load_job(family, {"id": "J"}, project="P", cluster="C")

        assert type(job) is model
        assert job.ref == JobRef(family=family.name, project="P", cluster="C", job="J")

    @pytest.mark.parametrize("where", [{}, {"project": "P"}, {"cluster": "C"}])
    def test_leaves_the_ref_out_where_the_place_is_not_known(self, where):
        assert load_job(OPS_MANAGER, {"id": "J"}, **where).ref is None

    def test_takes_the_place_from_the_path_not_from_the_document(self):
        job = load_job(OPS_MANAGER, {"id": "J", "groupId": "G", "clusterId": "K"}, **PLACE)

        assert str(job.ref) == "ops-manager/P/C/J"
        assert (job.group_id, job.cluster_id) == ("G", "K")

    def test_keeps_a_copy_of_the_document(self):
        document = {"id": "J", "links": [{"href": "h", "rel": "r"}]}
        before = copy.deepcopy(document)
        job = load_job(OPS_MANAGER, document)
        document["links"][0]["href"] = "changed"
        document["new"] = 1

        assert job.raw == before

    def test_takes_the_raw_of_another_job(self):
        job = load_job(OPS_MANAGER, {"id": "J", "delivery": {"url": "u"}})
        again = load_job(OPS_MANAGER, job.raw)

        assert again == job
        assert again.raw == job.raw
        assert again.delivery.url == "u"

    def test_raises_no_deprecation_warning(self):
        # With warnings as errors this would fail: structuring a recorded document is no call to the API.
        assert load_job(ATLAS_TENANT_V1, {"id": "J"}).id == "J"

    def test_refuses_what_is_no_job(self):
        with pytest.raises(DataError, match=r"\$\.id: required"):
            load_job(OPS_MANAGER, {"error": 404, "reason": "Not Found"})


class TestReadJobs:
    def test_makes_every_item_with_its_ref(self):
        jobs = read_jobs(OPS_MANAGER, [{"id": "J"}, {"id": "K"}], **PLACE)

        assert [job.id for job in jobs] == ["J", "K"]
        assert [str(job.ref) for job in jobs] == ["ops-manager/P/C/J", "ops-manager/P/C/K"]
        assert [job.raw for job in jobs] == [{"id": "J"}, {"id": "K"}]

    def test_of_nothing_is_nothing(self):
        assert read_jobs(OPS_MANAGER, [], **PLACE) == ()

    def test_names_the_item_that_does_not_fit(self):
        with pytest.raises(DataError) as caught:
            read_jobs(OPS_MANAGER, [{"id": "J"}, {"id": 1}], **PLACE)

        assert caught.value.path == "$.results[1].id"

    def test_begins_the_path_where_it_is_told(self):
        with pytest.raises(DataError) as caught:
            read_jobs(OPS_MANAGER, {}, **PLACE, path="$.content.results")

        assert caught.value.path == "$.content.results"

    def test_an_id_that_is_no_id_still_gives_a_ref(self):
        (job,) = read_jobs(OPS_MANAGER, [{"id": "{JOB/ID}\ud800"}], **PLACE)

        assert JobRef.parse(str(job.ref)) == job.ref


class TestReadCreated:
    def test_reads_a_list_document(self):
        content = {"links": [], "results": [{"id": "J"}, {"id": "K"}], "totalCount": 2}
        jobs = read_created(CLOUD_MANAGER, content, **PLACE)

        assert [str(job.ref) for job in jobs] == ["cloud-manager/P/C/J", "cloud-manager/P/C/K"]

    def test_reads_a_bare_job(self):
        content = {"id": "J", "snapshotId": "S"}
        (job,) = read_created(CLOUD_MANAGER, content, **PLACE)

        assert job.snapshot_id == "S"
        assert str(job.ref) == "cloud-manager/P/C/J"
        assert job.raw == content

    def test_of_no_job_says_where_to_look(self):
        with pytest.raises(DataError, match="check the job list of the cluster before you create again") as caught:
            read_created(CLOUD_MANAGER, {"results": [], "totalCount": 0}, **PLACE)

        assert caught.value.path == "$.results"

    @pytest.mark.parametrize(
        ("content", "path"),
        [
            ({}, "$.id"),
            ([], "$"),
            ([{"id": "J"}], "$"),
            ("<html>", "$"),
            (None, "$"),
            ({"results": None}, "$.results"),
            ({"results": {"id": "J"}}, "$.results"),
            ({"results": [{}]}, "$.results[0].id"),
            ({"results": [None]}, "$.results[0]"),
        ],
    )
    def test_refuses_the_rest(self, content, path):
        with pytest.raises(DataError) as caught:
            read_created(CLOUD_MANAGER, content, **PLACE)

        assert caught.value.path == path


def test_ids_are_read_whatever_else_is_wrong_with_an_item():
    results = [{"id": "a", "created": []}, {"id": 7}, {}, None, "b", {"id": "c", "delivery": 3}]
    assert read_ids(results) == ("a", "c")


@pytest.mark.parametrize(
    ("found", "asked", "expected"),
    [
        ("5f", "5f", False),
        ("5F", "5f", False),
        ("5f", "5e", True),
        ("5f ", "5f", True),
        ("", "5f", True),
        # A placeholder of the vendor's examples, and what only looks like one.
        ("{JOB-ID}", "5f", False),
        ("{JOB-ID", "5f", True),
        ("JOB-ID}", "5f", True),
    ],
)
def test_ids_are_compared_without_regard_to_case(found, asked, expected):
    assert contradicts(found, asked) is expected


def test_the_job_that_was_asked_for_has_its_address():
    job = read_job(OPS_MANAGER, {"id": "J"}, job="j", **PLACE)

    assert (job.id, job.ref.job) == ("J", "J")
    with pytest.raises(DataError, match="another RestoreJob") as caught:
        read_job(OPS_MANAGER, {"id": "5f5f"}, job="j", **PLACE)
    assert caught.value.path == "$.id"
    assert "5f5f" not in f"{caught.value!r}"


def test_another_document_than_the_one_asked_for_is_refused():
    assert structure_by_id(ClusterCheckpoint, {"id": "c"}, asked="C").id == "c"
    with pytest.raises(DataError, match="another ClusterCheckpoint"):
        structure_by_id(ClusterCheckpoint, {"id": "c"}, asked="d")


def test_the_jobs_of_a_batch_name_it_or_none():
    jobs = [{"id": "a", "batchId": "B"}, {"id": "b"}, {"id": "c", "batchId": "{BATCH-ID}"}]

    assert [job.id for job in read_batch(OPS_MANAGER, jobs, batch_id="b", **PLACE)] == ["a", "b", "c"]
    with pytest.raises(DataError, match="another batch") as caught:
        read_batch(OPS_MANAGER, [*jobs, {"id": "d", "batchId": "bb"}], batch_id="b", **PLACE)
    assert caught.value.path == "$.results[3].batchId"


DOCUMENTS = [
    {"id": "J", "created": "2017-04-21T03:49:57Z", "delivery": {"url": "https://h/key"}, "more": [1.50, None]},
    {"statusName": "finished", "id": "K", "links": [{"href": "h", "rel": "self"}, {}]},
]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"created": 1492746597},
        {"more": float("inf")},
        {"more": 2**80},
        {"more": "\ud800"},
        {"links": ({"href": "h"},)},
    ],
)
@pytest.mark.parametrize("place", [{}, PLACE, {"project": "P", "host": "H"}])
def test_many_are_loaded_as_each_alone(odd, place):
    documents = [*DOCUMENTS, {"id": "L", **odd}]
    jobs = load_jobs(CLOUD_MANAGER, iter(documents), **place)
    alone = tuple(load_job(CLOUD_MANAGER, document, **place) for document in documents)

    assert jobs == alone
    assert [repr(job) for job in jobs] == [repr(job) for job in alone]
    assert [job.ref for job in jobs] == [job.ref for job in alone]
    assert (jobs[0].ref is None) is (place == {})
    raws = [job.to_dict(redacted=False) for job in jobs]
    assert repr(raws) == repr([job.to_dict(redacted=False) for job in alone])
    assert repr(raws) == repr(documents).replace("({'href': 'h'},)", "[{'href': 'h'}]")


@pytest.mark.parametrize("odd", [{}, {"created": 1492746597}])
def test_loaded_jobs_do_not_change_with_their_documents(odd):
    document = {"id": "J", "delivery": {"methodName": "HTTP"}, **odd}
    jobs = [*load_jobs(CLOUD_MANAGER, [document]), load_job(CLOUD_MANAGER, document)]
    document["delivery"].clear()

    assert [job.raw["delivery"] for job in jobs] == [{"methodName": "HTTP"}] * 2
    assert [job.delivery.method_name for job in jobs] == ["HTTP"] * 2


@pytest.mark.parametrize(
    ("misfit", "path"),
    [
        ({"id": "L", "created": "https://h/key"}, "$[2].created"),
        ({"delivery": {}}, "$[2].id"),
        ("https://h/key", "$[2]"),
        (None, "$[2]"),
        ({"id": "L", "more": nested(200)}, "$[2]"),
        ({"id": "L", "more": nested(200, tuple)}, "$[2]"),
    ],
)
def test_the_misfit_among_many_is_told_by_its_index(misfit, path):
    with pytest.raises(DataError) as caught:
        load_jobs(CLOUD_MANAGER, [*DOCUMENTS, misfit])

    assert caught.value.path == path
    assert "h/key" not in str(caught.value)


def test_none_are_loaded_of_nothing():
    assert load_jobs(CLOUD_MANAGER, []) == ()


def test_what_was_loaded_says_nothing_of_pages():
    page = b'{"results":[{"batchId":"B","id":"J"}]}'
    assert decode_list(RestoreJob, page).results[0].raw == {"batchId": "B", "id": "J"}
    learned = dict(list_documents._learned)
    load_jobs(CLOUD_MANAGER, [{"id": "J", "batchId": "B", "zone": 1}])

    assert list_documents._learned == learned
