"""The generated functions make what the constructors make, and take and refuse what the slow way does."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mongorestore_async import models
from mongorestore_async.codec.converter import structure
from mongorestore_async.codec.documents import load_job, read_jobs
from mongorestore_async.codec.empty_models import draft_of
from mongorestore_async.codec.generated import is_plain, maker_of
from mongorestore_async.codec.items import read_packed, split_list
from mongorestore_async.codec.list_documents import read_list
from mongorestore_async.codec.misfits import explain
from mongorestore_async.codec.scalars import ValidationError
from mongorestore_async.families import CLOUD_MANAGER
from mongorestore_async.models import (
    Delivery,
    DeliveryStatus,
    Document,
    JobDocument,
    JobRef,
    JobStatus,
    Link,
    OplogTimestamp,
    RawDocument,
    RestoreJob,
    Secret,
    wire_names,
)
from mongorestore_async.models.secret import MAX_DEPTH
from mongorestore_async.models.states import JobState

RECEIVED = sorted(
    (
        model
        for _, model in inspect.getmembers(models, inspect.isclass)
        if issubclass(model, Document) and not inspect.isabstract(model) and model is not Document
    ),
    key=lambda model: model.__name__,
)
PARTS = [Delivery, Link, OplogTimestamp, models.FileHash, models.Component, models.SnapshotPart]

ORIGIN = JobRef(family="cloud-manager", project="P", cluster="C", job="")
DOCUMENT = {
    "id": "J",
    "batchId": "B",
    "created": "2017-04-21T03:49:57Z",
    "statusName": "FINISHED",
    "pointInTime": False,
    "timestamp": {"date": "2017-04-18T15:14:25Z", "increment": 1},
    "delivery": {"statusName": "READY", "url": "https://h/key", "maxDownloads": 1},
    "links": [{"href": "h", "rel": "self"}, {}],
}
MADE = RestoreJob(
    id="J",
    batch_id="B",
    created=datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC),
    status_name=JobStatus.FINISHED,
    point_in_time=False,
    timestamp=OplogTimestamp(date=datetime(2017, 4, 18, 15, 14, 25, tzinfo=UTC), increment=1),
    delivery=Delivery(status_name=DeliveryStatus.READY, url=Secret("https://h/key"), max_downloads=1),
    links=(Link("h", "self"),),
    raw=RawDocument(DOCUMENT),
)


@pytest.fixture
def job():
    return structure(RestoreJob, copy.deepcopy(DOCUMENT))


def names_of(model):
    """Every member a field of the model, or of a part of it, is read from."""
    found = {name for field in attrs.fields(model) for name in wire_names(field)}
    return sorted(found | {name for part in PARTS for field in attrs.fields(part) for name in wire_names(field)})


def nested(depth):
    value = "leaf"
    for _ in range(depth):
        value = [value]
    return value


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**33)
    | st.floats()
    | st.sampled_from(["", "x", "7", "FINISHED", "ready", "http", "2017-04-21T03:49:57Z", "2017-04-21T03:49:57+02:00"])
)


@st.composite
def received(draw):
    """A model, and a document made of its members that fits it more or less."""
    model = draw(st.sampled_from(RECEIVED + PARTS))
    keys = st.sampled_from(names_of(model)) | st.sampled_from(["more", "raw", "ref"])
    values = st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
    )
    document = draw(st.dictionaries(keys, values, max_size=12))
    return model, {"id": "J", **document} if draw(st.booleans()) else document


@pytest.mark.parametrize("model", [*RECEIVED, *PARTS])
def test_every_model_that_is_received_has_one(model):
    assert is_plain(model)


@settings(deadline=None, max_examples=300)
@given(received())
def test_it_takes_and_makes_what_the_slow_way_does(drawn):
    model, document = drawn
    slow, misfits = explain(model, document, "$")
    try:
        fast = maker_of(model)(document)
    except ValidationError:
        assert misfits
    else:
        assert not misfits
        assert fast == slow
        assert repr(fast) == repr(slow)
        if isinstance(fast, Document):
            assert fast.raw is not document
            assert repr(fast.raw) == repr(slow.raw)


@settings(deadline=None, max_examples=300)
@given(received(), st.booleans())
def test_packed_items_become_what_the_slow_way_makes(drawn, ascii_only):
    model, document = drawn
    body = json.dumps({"results": [document]}, separators=(",", ":"), ensure_ascii=ascii_only).encode(errors="replace")
    found = split_list(body)
    if found is None:  # for NaN
        return
    origin = ORIGIN if issubclass(model, JobDocument) else None
    if not issubclass(model, Document):
        return
    checked = read_packed(model, found.items, origin)
    slow, misfits = explain(model, document, "$")
    if checked is None:
        return
    assert not misfits
    (fast,) = checked
    assert (fast, repr(fast), hash(fast)) == (slow, repr(slow), hash(slow))
    assert fast.raw == slow.raw
    assert fast.to_dict(redacted=False) == document


@pytest.mark.parametrize("model", RECEIVED)
def test_packed_items_of_every_model_are_taken(model):
    links = [{"href": "h", "rel": "self"}]
    document = {"id": "J", "groupId": "G", "links": links, "somethingNew": {"deep": [1.5, None]}}
    origin = ORIGIN if issubclass(model, JobDocument) else None
    items = split_list(json.dumps({"results": [document] * 2}, separators=(",", ":")).encode()).items
    fast = read_packed(model, items, origin)

    assert tuple(fast) == (structure(model, document),) * 2
    assert fast[0].raw["somethingNew"]["deep"][0] == 1.5


@pytest.mark.parametrize(("sent", "urls"), [("u", ("u",)), ("", ()), (["u", "v"], ("u", "v"))])
def test_both_ways_take_one_url_for_an_array_of_them(sent, urls):
    document = {"id": "J", "deliveryUrl": sent}
    slow, misfits = explain(models.CloudBackupRestoreJob, document, "$")

    assert not misfits
    assert slow.delivery_url == urls
    assert maker_of(models.CloudBackupRestoreJob)(document) == slow


def test_it_makes_what_the_constructor_makes(job):
    assert type(job) is RestoreJob
    assert (job, hash(job), repr(job)) == (MADE, hash(MADE), repr(MADE))
    assert type(job.delivery) is Delivery
    assert job.raw == DOCUMENT
    assert job.ref is None
    assert job.state is JobState.FINISHED
    assert set(RestoreJob.__slots__).isdisjoint({"__dict__"})


def test_what_it_makes_is_frozen(job):
    for value, name in ((job, "id"), (job.delivery, "url"), (job.links[0], "href"), (job.timestamp, "date")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, name, None)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(value, name)
    with pytest.raises(TypeError):
        vars(job)


def test_what_it_makes_can_be_changed_copied_and_pickled(job):
    assert attrs.evolve(job, batch_id="C") == attrs.evolve(MADE, batch_id="C") != job
    assert attrs.evolve(job) == copy.copy(job) == copy.deepcopy(job) == job
    stored = pickle.dumps(job)
    assert b"https://h/key" not in stored
    assert type(pickle.loads(stored)) is RestoreJob  # noqa: S301


def test_a_draft_becomes_frozen_with_its_class():
    draft = draft_of(Link)()
    draft.href, draft.rel = "h", "r"
    draft.__class__ = Link

    assert draft == Link("h", "r")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        draft.href = "other"


def test_jobs_of_a_page_tell_where_they_are():
    jobs = read_jobs(CLOUD_MANAGER, [{"id": "J"}, {"id": "K"}], project="P", cluster="C")
    refs = [JobRef(family="cloud-manager", project="P", cluster="C", job=name) for name in ("J", "K")]

    assert [job.ref for job in jobs] == refs
    assert [attrs.evolve(job).ref for job in jobs] == refs
    assert [pickle.loads(pickle.dumps(job)).ref for job in jobs] == refs  # noqa: S301
    assert load_job(CLOUD_MANAGER, {"id": "K"}, project="P", cluster="C").ref == refs[1]
    assert RestoreJob(id="other", ref=refs[0]).ref is refs[0]


@pytest.mark.parametrize(
    "members",
    [
        {"more": nested(MAX_DEPTH)},
        {"links": [{"rel": nested(MAX_DEPTH)}]},
        {"links": [{"more": nested(MAX_DEPTH)}]},
        {"delivery": {"more": nested(MAX_DEPTH)}},
        {"timestamp": {"more": nested(MAX_DEPTH)}},
        {"checkpointId": "K", "checkPointId": nested(MAX_DEPTH)},
    ],
)
def test_it_leaves_what_is_nested_deep_to_the_slow_way(members):
    with pytest.raises(ValidationError):
        maker_of(RestoreJob)({"id": "J", **members})


def test_private_classes_have_one_too():
    document = {"results": [], "totalCount": "3", "links": [{"href": "h", "rel": "next"}, {}]}
    found = read_list(document)

    assert (found.total_count, found.links) == (3, (Link("h", "next"),))


class TestNotPlain:
    def test_is_a_class_that_checks(self):
        @attrs.frozen
        class Checked:
            size: int = attrs.field(validator=attrs.validators.ge(1))

        assert not is_plain(Checked)

    def test_is_a_class_that_does_more_when_it_is_made(self):
        @attrs.frozen
        class Made:
            size: int

            def __attrs_post_init__(self):
                raise AssertionError

        assert not is_plain(Made)
        assert not is_plain(JobRef)

    def test_is_a_class_with_a_default_to_be_made(self):
        assert not is_plain(attrs.make_class("Made", {"names": attrs.field(type=str, factory=str)}, frozen=True))

    def test_is_a_class_with_a_dict(self):
        assert not is_plain(attrs.make_class("Open", {"name": attrs.field(type=str)}, frozen=True, slots=False))

    def test_is_a_class_with_fields_of_an_unknown_kind(self):
        assert not is_plain(attrs.make_class("Odd", {"size": attrs.field(type=float)}, frozen=True))
        assert not is_plain(attrs.make_class("Odd", {"sizes": attrs.field(type=tuple[float, ...])}, frozen=True))

    def test_is_a_class_of_which_two_fields_read_one_member(self):
        fields = {name: attrs.field(type=str, metadata=models.wire("one")) for name in ("left", "right")}

        assert not is_plain(attrs.make_class("Twice", fields, frozen=True))

    def test_is_no_class_of_attrs(self):
        assert not is_plain(dict)


def test_an_object_of_another_decoder_is_one_too():
    class Members(dict):
        pass

    assert maker_of(RestoreJob)(Members(id="J")) == RestoreJob(id="J")
    with pytest.raises(ValidationError):
        maker_of(RestoreJob)("J")
