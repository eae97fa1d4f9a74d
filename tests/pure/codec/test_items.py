"""Items of lists that stay packed: what msgspec makes of them is what the slow way makes."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from operator import attrgetter

import attrs
import pytest

from mongorestore_async.codec import items as items_module
from mongorestore_async.codec.converter import structure, structure_each
from mongorestore_async.codec.documents import read_jobs
from mongorestore_async.codec.items import (
    are_packed,
    identities,
    is_empty,
    join,
    pick,
    split_list,
    unpack,
)
from mongorestore_async.codec.list_documents import has_next, read_list
from mongorestore_async.errors import DataError, RequestContext
from mongorestore_async.families import CLOUD_MANAGER
from mongorestore_async.models import Headers, JobRef, RestoreJob, Secret
from mongorestore_async.models.secret import MAX_DEPTH, UndecodedItem
from mongorestore_async.protocol.replies import RawReply, read_reply

pytest.importorskip("msgspec")

REQUEST = RequestContext(method="GET", url="http://localhost/")
ORIGIN = JobRef(family="cloud-manager", project="P", cluster="C", job="")
PLACE = {"project": "P", "cluster": "C"}
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


def packed(*documents):
    """What stands for the items of a list that was just received."""
    found = split_list(compact({"results": list(documents)}))
    assert found is not None
    return found.items


def test_a_list_is_taken_apart():
    links = [{"href": "h", "rel": "next"}]
    found = split_list(compact({"links": links, "results": [JOB, {}], "totalCount": 2}))

    assert (found.links, found.total_count) == (links, 2)
    assert [bytes(item) for item in found.items] == [compact(JOB), b"{}"]
    assert are_packed(found.items)
    assert [is_empty(item) for item in found.items] == [False, True]
    assert (read_list(found).total_count, has_next(read_list(found).links)) == (2, True)


@pytest.mark.parametrize("item", ["{}", "{ }", "{\n\t\r }"])
def test_an_object_without_members_is_empty_however_it_is_written(item):
    assert [is_empty(item) for item in split_list(f'{{"results":[{item}]}}'.encode()).items] == [True]


@pytest.mark.parametrize(
    "body",
    [
        b'{"results":[],"results":[]}',
        b'{"results":[],"\\u0072esults":[]}',
        b'{"results":[],"totalCount":1,"totalCount":2}',
        b'{"results":[],"more":1}',
        b'{"results":[],"totalCount":null}',
        b'{"results": []}',
        b'{"results":[]}\n',
        b'{"results":{}}',
        b'{"totalCount":0}',
        b'{"results":[],"totalCount":"many"}',
        b'{"results":[{"id":NaN}]}',
        b'{"results":[{"id":"\xff"}]}',
        b'{"results":[' + b"[" * 100_000,
        b'{"results":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
        b"\xef\xbb\xbf" + b'{"results":[]}',
        b"[]",
        b"<html>",
    ],
)
def test_what_is_not_the_plainest_list_is_left_to_the_slow_way(body):
    assert split_list(body) is None


def test_jobs_are_made_whole():
    documents = packed(JOB, {**JOB, "id": "K"})
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
    jobs = read_jobs(CLOUD_MANAGER, packed(JOB, document), **PLACE)

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
        read_jobs(CLOUD_MANAGER, packed(JOB, {**JOB, **odd}), **PLACE)

    assert caught.value.path == path
    assert "https://h/key" not in str(caught.value)


@pytest.mark.parametrize(
    ("date", "nearest"),
    [
        ("0001-01-01T00:00:00+14:00", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59-12:00", datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_date_that_no_calendar_has_in_utc_becomes_the_nearest(date, nearest):
    jobs = read_jobs(CLOUD_MANAGER, packed(JOB, {**JOB, "created": date}), **PLACE)

    assert [job.created for job in jobs] == [structure(RestoreJob, JOB).created, nearest]
    assert jobs[1].raw["created"] == date


def test_what_was_decoded_shows_no_secret():
    (struct,) = read_jobs(CLOUD_MANAGER, packed(JOB), **PLACE).structs

    assert struct.delivery.url == "https://h/key"
    assert struct.__rich_repr__ is None
    for shown in (repr(struct), str(struct), f"{struct}", repr(struct.delivery)):
        assert "h/key" not in shown


class TestChecked:
    @pytest.fixture
    def jobs(self):
        return read_jobs(CLOUD_MANAGER, packed(*({"id": str(number)} for number in range(5))), **PLACE)

    def test_is_a_sequence(self, jobs):
        assert len(jobs) == 5
        assert [job.id for job in jobs[1:3]] == ["1", "2"]
        assert jobs[-1].id == "4"
        assert jobs[0] == jobs[0]

    def test_is_cut_and_put_together_again(self, jobs):
        assert [job.id for job in join([jobs[:2], jobs[2:], jobs[:0]])] == list("01234")
        assert [job.id for job in join([jobs[:2], tuple(jobs[2:])])] == list("01234")
        assert join([]) == ()
        assert [job.raw for job in join([jobs[:2], jobs[2:]])] == [job.raw for job in jobs]
        assert join([(1,), (2, 3)]) == (1, 2, 3)

    def test_knows_ids_and_places_without_making_models(self, jobs):
        assert identities(jobs, attrgetter("id")) == list("01234")
        assert identities(("a", "b"), str) == ["a", "b"]
        assert [job.id for job in pick(jobs, (0, 3))] == ["0", "3"]
        assert pick("abc", (2, 0)) == ("c", "a")


@attrs.frozen
class Bare:
    """A plain class that keeps nothing of its own, and needs what is no bare text."""

    since: datetime
    parts: tuple[str, ...]


@attrs.frozen
class Odd:
    """A class that is not plain."""

    size: int = attrs.field(validator=attrs.validators.ge(1))


def test_items_need_not_be_documents():
    items = packed({"since": "2017-04-21T03:49:57Z", "parts": ["a"]})

    assert list(structure_each(Bare, items)) == [Bare(datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC), ("a",))]


def test_classes_that_are_not_plain_are_left_to_the_slow_way():
    assert structure_each(Odd, packed({"size": 1})) == (Odd(1),)


def test_an_item_that_cannot_be_decoded_is_told_with_its_place():
    items = split_list(b'{"results":[{"id":"J"},{"id":2},{"id":3,"id":4}]}').items
    values, misfits = unpack(items, "$.results")

    assert values[0] == {"id": "J"}
    assert misfits == [("$.results[2]", "an object in it names a member twice")]
    with pytest.raises(DataError, match=r"\$\.results\[2\]: an object in it names a member twice"):
        structure_each(RestoreJob, items, path="$.results")


def test_of_a_member_named_twice_in_an_item_the_last_one_counts():
    (job,) = structure_each(RestoreJob, split_list(b'{"results":[{"id":"1","id":"2"}]}').items)

    assert (job.id, job.raw) == ("2", {"id": "2"})


def nested(depth):
    return b"[" * depth + b"]" * depth


class TestRaw:
    @pytest.fixture
    def job(self):
        return read_jobs(CLOUD_MANAGER, packed(JOB), **PLACE)[0]

    def test_is_decoded_once_when_it_is_asked_for(self, job):
        assert type(job._received) is UndecodedItem
        assert job.raw is job.raw
        assert job.to_dict()["delivery"]["url"] == "**redacted**"
        assert job.to_dict(redacted=False) == JOB

    def test_does_not_keep_the_page(self, job):
        assert bytes(job._received) == compact(JOB)

    def test_shows_no_secret_undecoded(self, job):
        for shown in (repr(job), repr(job._received), str(job._received), f"{job._received}"):
            assert "h/key" not in shown
        stored = pickle.dumps(job)
        assert b"https://h/key" not in stored
        assert pickle.loads(stored).raw["delivery"]["url"] == "**redacted**"  # noqa: S301

    def test_is_copied_as_it_is(self, job):
        assert copy.copy(job._received) is copy.deepcopy(job._received) is job._received
        assert copy.copy(job).raw == copy.deepcopy(job).raw == attrs.evolve(job).raw == JOB

    @pytest.mark.parametrize("more", [nested(MAX_DEPTH), nested(400), b"1" * 5000], ids=["deep", "deeper", "digits"])
    def test_of_what_cannot_be_read_is_an_error_when_it_is_asked_for(self, more):
        body = b'{"results":[{"id":"J","more":' + more + b"}]}"
        (job,) = structure_each(RestoreJob, split_list(body).items)

        for _ in range(2):
            with pytest.raises(DataError, match="cannot be read"):
                _ = job.raw
        assert pickle.loads(pickle.dumps(job)).raw == {}  # noqa: S301


def reply_to(body, *, content_type="application/json", status=200, **rest):
    headers = Headers([("Content-Type", content_type)])
    return read_reply(RawReply(status=status, reason="", headers=headers, body=body, request=REQUEST), **rest)


class TestReplies:
    body = compact({"results": [JOB]})

    def test_to_lists_are_packed(self):
        assert are_packed(reply_to(self.body, is_list=True).document.items)

    @pytest.mark.parametrize(
        "given",
        [
            {"is_list": False},
            {"is_list": True, "enveloped": True},
            {"is_list": True, "status": 203},
            {"is_list": True, "content_type": "application/json; charset=utf-16-le"},
        ],
    )
    def test_to_others_are_not(self, given):
        body = self.body.decode().encode("utf-16-le") if "content_type" in given else self.body
        assert reply_to(body, **given).document == {"results": [JOB]}

    def test_that_hold_too_many_values_are_refused(self):
        with pytest.raises(DataError, match="more values"):
            reply_to(b'{"results":[' + b"{}," * 1_000_000 + b"{}]}", is_list=True)


def test_nothing_is_packed_where_msgspec_is_not_installed(monkeypatch):
    monkeypatch.setattr(items_module, "is_installed", lambda: False)

    assert split_list(b'{"results":[]}') is None
    assert not are_packed([{}])
    assert [is_empty(item) for item in ({}, {"id": "J"})] == [True, False]
