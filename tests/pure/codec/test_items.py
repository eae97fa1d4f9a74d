"""Items of lists that are decoded with their page: they are what the converter makes."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import sys
import tracemalloc
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter

import attrs
import msgspec
import pytest

from builders.constants import PLACE
from mongorestore_async.codec.documents import read_jobs
from mongorestore_async.codec.list_documents import (
    DecodedItems,
    decode_in_turns,
    decode_list,
    has_next,
    identities,
    pick,
    read_list,
)
from mongorestore_async.codec.structuring import structure, structure_each
from mongorestore_async.errors import DataError, RequestContext
from mongorestore_async.families import CLOUD_MANAGER
from mongorestore_async.models import Headers, JobRef, Link, RawDocument, RestoreJob, Secret
from mongorestore_async.models.document import DecodedItem
from mongorestore_async.models.secret import MAX_DEPTH, unhide
from mongorestore_async.protocol.replies import RawReply, read_reply

REQUEST = RequestContext(method="GET", url="http://localhost/")
ORIGIN = JobRef(family="cloud-manager", project="P", cluster="C", job="")
JOB = {
    "id": "J",
    "created": "2017-04-21T03:49:57Z",
    "statusName": "FINISHED",
    "delivery": {"statusName": "READY", "url": "https://h/key", "maxDownloads": 1},
    "hashes": [{"fileName": "f", "hash": "00", "typeName": "SHA1"}],
    "links": [{"href": "h", "rel": "self"}, {"rel": "nowhere"}],
    "timestamp": {"date": "2017-04-18T15:14:25Z", "increment": 1},
}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def decoded(*documents, model=RestoreJob):
    """The items of a list that was just received."""
    found = decode_list(model, compact({"results": list(documents)}))
    assert found is not None
    return found.results


def results_of(body, model=RestoreJob):
    """The items of a list as the library reads it, decoded or as JSON values."""
    return read_list(reply_to(body, decode_list=partial(decode_in_turns, model)).document).results


def test_a_list_is_decoded_with_its_items():
    links = [{"href": "h", "rel": "next"}]
    found = decode_list(RestoreJob, compact({"links": links, "results": [JOB], "totalCount": 2}))

    assert (found.links, found.total_count) == ((Link("h", "next"),), 2)
    assert [job.raw for job in found.results] == [JOB]
    assert (read_list(found).total_count, has_next(read_list(found).links)) == (2, True)


@pytest.mark.parametrize(
    "body",
    [
        b'{"results":[],"results":[]}',
        b'{"results":[],"\\u0072esults":[]}',
        b'{"results":[],"totalCount":1,"totalCount":2}',
        b'{"results": [],"totalCount":1,"totalCount":2}',
        b'{"results":[{"id":"1","id":"2"}]}',
        b'{"results":[{"id":"1","x":1,"x":2}]}',
        b'{"results":[{"id":"1","x":{"y":1,"y":1}}]}',
        b'{"results":[{"id":"1", "x":{"y":1, "y":1}}]}',
        b'{"results":[{"id":"1","created":"2017-04-21T03:49:57.1234567Z"}]}',
        b'{"results":[{"id":"1","created":"2017-04-21T03:49:57+02:00"}]}',
        b'{"results":[{"id":"1","created":"2017-04-21T03:49:57.123456\\u0037Z"}]}',
        b'{"results":[{"id":"1","x":' + b"[" * 101 + b"]" * 101 + b"}]}",
        b'{"results":[{"id":"1","x":' + b"1" * 5000 + b"}]}",
        b'{"results":{}}',
        b'{"results":[{}]}',
        b'{"totalCount":0}',
        b'{"results":[],"totalCount":"many"}',
        b'{"results":[{"id":NaN}]}',
        b'{"results":[{"id":"1","x":"\xff"}]}',
        b'{"results":[' + b"[" * 100_000,
        b'{"results":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b"\xef\xbb\xbf" + b'{"results":[]}',
        b"[]",
        b"<html>",
    ],
)
def test_what_msgspec_would_change_is_left_to_the_converter(body):
    assert decode_list(RestoreJob, body) is None


@pytest.mark.parametrize(
    "body",
    [
        b'{"results": [ {"id" : "1", "more":{} } ] }\n',
        b'{"results":[{"id":"1"}],"totalCount":null}',
        b'{"results":[{"more":[1e5, 1.50],"id":"1"}],"more":1}',
        b'{"results":[{"id":"1","created":"2017-04-21T03:49:57.5Z"}]}',
        b'{"results":[{"id":"\\u0031","batchId":null}]}',
        b'{"results":[{"id":"1","x":"' + b"[" * 99 + b'"}]}',
    ],
)
def test_blanks_and_members_nobody_asked_for_do_not_matter(body):
    found = decode_list(RestoreJob, body)

    assert [(job.id, json.dumps(job.to_dict())) for job in found.results] == [
        ("1", json.dumps(json.loads(body)["results"][0]))
    ]


def test_jobs_are_made_whole():
    documents = decoded(JOB, {**JOB, "id": "K"})
    jobs = read_jobs(CLOUD_MANAGER, documents, **PLACE)

    assert [job.id for job in jobs] == ["J", "K"]
    assert jobs[0] == structure(RestoreJob, JOB)
    assert repr(jobs[0]) == repr(structure(RestoreJob, JOB))
    assert jobs[0].created == datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)
    assert type(jobs[0].delivery.url) is Secret
    assert jobs[1].ref == attrs.evolve(ORIGIN, job="K")
    assert jobs[0].raw == JOB
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        jobs[0].id = "other"


@pytest.mark.parametrize(
    "odd",
    [
        {"created": 1492746597},
        {"created": "2017-04-21T03:49:57"},
        {"created": "2017-04-21T05:49:57+02:00"},
        {"delivery": {**JOB["delivery"], "maxDownloads": "1"}},
        {"delivery": {**JOB["delivery"], "maxDownloads": 1.0}},
        {"checkPointId": "c"},
        {"statusName": "finished"},
        {"statusName": "LATER"},
        {"timestamp": {}},
        {"hashes": None},
    ],
)
def test_odd_forms_are_taken_as_well(odd):
    document = {**JOB, **odd}
    jobs = read_jobs(CLOUD_MANAGER, results_of(compact({"results": [JOB, document]})), **PLACE)

    assert jobs[1] == structure(RestoreJob, document)
    assert jobs[1].raw == document
    assert jobs[1].ref == attrs.evolve(ORIGIN, job="J")


@pytest.mark.parametrize(
    ("odd", "path"),
    [
        ({"pointInTime": "yes"}, "$.results[1].pointInTime"),
        ({"id": None}, "$.results[1].id"),
        ({"delivery": []}, "$.results[1].delivery"),
    ],
)
def test_a_misfit_is_told_with_its_place(odd, path):
    with pytest.raises(DataError) as caught:
        read_jobs(CLOUD_MANAGER, results_of(compact({"results": [JOB, {**JOB, **odd}]})), **PLACE)

    assert caught.value.path == path
    assert "https://h/key" not in str(caught.value)


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_date_that_no_calendar_has_in_utc_is_refused(date):
    with pytest.raises(DataError) as caught:
        read_jobs(CLOUD_MANAGER, results_of(compact({"results": [JOB, {**JOB, "created": date}]})), **PLACE)

    assert caught.value.path == "$.results[1].created"


def test_an_item_nested_too_deep_is_refused_alone():
    documents = [{"id": "J", "more": nested(MAX_DEPTH - 1)}, {"id": "K", "more": nested(MAX_DEPTH)}]
    with pytest.raises(DataError, match="nested deeper") as caught:
        structure_each(RestoreJob, documents, path="$.results")

    assert caught.value.path == "$.results[1]"


def nested(depth):
    return json.loads("[" * depth + "]" * depth)


def test_what_was_decoded_shows_no_secret():
    (struct,) = read_jobs(CLOUD_MANAGER, decoded(JOB), **PLACE).structs

    assert struct.delivery.url == "https://h/key"
    assert struct.__rich_repr__ is None
    for shown in (repr(struct), str(struct), f"{struct}", repr(struct.delivery)):
        assert "h/key" not in shown


class TestDecodedItems:
    @pytest.fixture
    def jobs(self):
        return read_jobs(CLOUD_MANAGER, decoded(*({"id": str(number)} for number in range(5))), **PLACE)

    def test_is_a_sequence(self, jobs):
        assert len(jobs) == 5
        assert [job.id for job in jobs[1:3]] == ["1", "2"]
        assert jobs[-1].id == "4"
        assert jobs[0] == jobs[0]

    def test_knows_ids_and_places_without_making_models(self, jobs):
        assert identities(jobs, attrgetter("id")) == list("01234")
        assert identities(("a", "b"), str) == ["a", "b"]
        assert [job.id for job in pick(jobs, (0, 3))] == ["0", "3"]
        assert pick("abc", (2, 0)) == ("c", "a")


@attrs.frozen(kw_only=True)
class ForeignJob(RestoreJob):
    """A model of a family of somebody's own, which may do whatever it wants."""

    batch_id: str | None = attrs.field(default=None, converter=attrs.converters.optional(str.upper))


def test_models_of_others_are_left_to_the_converter():
    assert decode_list(ForeignJob, b'{"results":[{"id":"J","batchId":"b"}]}') is None
    assert structure(ForeignJob, {"id": "J", "batchId": "b"}).batch_id == "B"


# In an order of its own, and in the usual one.
@pytest.fixture(params=[JOB, json.loads(json.dumps(JOB, sort_keys=True))], ids=["own", "usual"])
def document(request):
    return request.param


class TestRaw:
    @pytest.fixture
    def job(self, document):
        return read_jobs(CLOUD_MANAGER, decoded(document), **PLACE)[0]

    def test_is_decoded_once_when_it_is_asked_for(self, job, document):
        names = [field.encode_name for field in msgspec.structs.fields(unhide(job._received))]
        assert [name for name in names if name in document] == list(document)
        assert job.raw is job.raw
        assert job.to_dict()["delivery"]["url"] == "**redacted**"
        assert job.to_dict(redacted=False) == JOB

    def test_does_not_keep_the_page(self, job, document):
        assert compact(unhide(job._received).opened()) == compact(document)

    # as usual; left to be made of what the standard library decodes; with a number of a member that no field has
    @pytest.mark.parametrize("more", [{}, {"created": "2026-01-02T03:04:05.100Z"}, {"zeal": 0.25}])
    @pytest.mark.parametrize("asked", [False, True])
    def test_of_one_kept_job_keeps_none_of_the_others(self, more, asked):
        def keep(body):
            job = decode_list(RestoreJob, body).results[250]
            return job, job.raw if asked else None

        body = compact({"results": [{**JOB, **more, "id": f"{number:024x}"} for number in range(500)]})
        keep(body)
        gc.collect()
        references = sys.getrefcount(body)
        tracemalloc.start()
        try:
            kept = keep(body)
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] < 15 * len(body) / 500
        finally:
            tracemalloc.stop()
        assert sys.getrefcount(body) == references
        del kept

    def test_is_not_kept_by_a_dictionary_of_it(self, job):
        assert job.to_dict(redacted=False) == JOB
        assert not isinstance(unhide(job._received), RawDocument)
        job.to_dict(redacted=False)["delivery"].clear()
        assert job.to_dict()["delivery"].keys() == JOB["delivery"].keys()

    def test_is_not_changed_by_redacting_a_dictionary_of_it(self):
        document = {"id": "J", "zeal": {"url": "https://h/key", "each": [{"token": "t", "n": [1, {"password": 2}]}]}}
        (job,) = decode_list(RestoreJob, compact({"results": [document]})).results
        redacted = {"url": "**redacted**", "each": [{"token": "**redacted**", "n": [1, {"password": "**redacted**"}]}]}
        assert job.to_dict() == {"id": "J", "zeal": redacted} == job.to_dict()
        assert job.to_dict(redacted=False) == document == job.raw

    def test_shows_no_secret_undecoded(self, job):
        for shown in (repr(job), repr(unhide(job._received)), str(unhide(job._received)), f"{unhide(job._received)}"):
            assert "h/key" not in shown
        stored = pickle.dumps(job)
        assert b"https://h/key" not in stored
        assert pickle.loads(stored).raw["delivery"]["url"] == "**redacted**"  # noqa: S301

    def test_is_copied_as_it_is(self, job):
        assert copy.copy(unhide(job._received)) is copy.deepcopy(unhide(job._received)) is unhide(job._received)
        assert copy.copy(job).raw == copy.deepcopy(job).raw == attrs.evolve(job).raw == JOB


def reply_to(body, *, content_type="application/json", status=200, **rest):
    headers = Headers([("Content-Type", content_type)])
    return read_reply(RawReply(status=status, reason="", headers=headers, body=body, request=REQUEST), **rest)


decode_jobs = partial(decode_in_turns, RestoreJob)


class TestReplies:
    body = compact({"results": [JOB]})

    @pytest.mark.parametrize(
        ("results", "pieces"),
        [
            (b'[{"id":"J"}]', ["", "page"]),
            (b'[{"id":"J","zeal":1}]', ["", "", "page"]),
            (b'[{"id":"J"},{"id": "K"}]', ["", "", "", "page"]),
            (b'[{"id":"J","id":"K"}]', ["", ""]),
            (b'[{"id":"J"},{"created":"2026-01-02T03:04:05+01:00","id":"K"}]', [""]),
            (b'[{"id":1}]', []),
        ],
    )
    def test_give_nothing_before_it_is_checked(self, results, pieces):
        given = list(decode_in_turns(RestoreJob, b'{"results":' + results + b"}", {}))
        assert ["page" if page else "" for page in given] == pieces

    def test_to_lists_are_decoded_at_once(self):
        assert isinstance(reply_to(self.body, decode_list=decode_jobs).document.results, DecodedItems)

    @pytest.mark.parametrize(
        "given",
        [
            {"decode_list": None},
            {"decode_list": decode_jobs, "enveloped": True},
            {"decode_list": decode_jobs, "status": 203},
            {"decode_list": decode_jobs, "content_type": "application/json; charset=utf-16-le"},
        ],
    )
    def test_to_others_are_not(self, given):
        body = self.body.decode().encode("utf-16-le") if "content_type" in given else self.body
        assert reply_to(body, **given).document == {"results": [JOB]}

    def test_that_hold_too_many_values_are_refused(self):
        with pytest.raises(DataError, match="more values"):
            reply_to(b'{"results":[' + b"{}," * 1_000_000 + b"{}]}", decode_list=decode_jobs)


def test_a_decoded_item_knows_its_document():
    with pytest.raises(NotImplementedError):
        DecodedItem().opened()
