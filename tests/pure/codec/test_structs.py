"""What is made of Structs is what the constructors and the converter make, whatever road a document takes."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from datetime import UTC, datetime
from functools import partial

import attrs
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mongorestore_async import models
from mongorestore_async.codec.documents import load_job, read_jobs
from mongorestore_async.codec.list_documents import decode_in_turns, decode_list, read_list
from mongorestore_async.codec.structs import struct_of, utc_check_of
from mongorestore_async.codec.structuring import kind_of, part_of, received_fields, structure
from mongorestore_async.errors import DataError, RequestContext
from mongorestore_async.families import ATLAS_CLOUD_BACKUP, ATLAS_FLEX, CLOUD_MANAGER
from mongorestore_async.models import (
    Delivery,
    DeliveryStatus,
    Document,
    Headers,
    JobRef,
    JobStatus,
    Link,
    OplogTimestamp,
    RawDocument,
    RestoreJob,
    Secret,
    wire_names,
)
from mongorestore_async.models.states import JobState
from mongorestore_async.protocol.replies import RawReply, read_reply

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


@pytest.fixture(params=["structure", "decode_list"])
def job(request):
    if request.param == "structure":
        return structure(RestoreJob, copy.deepcopy(DOCUMENT))
    return decode_list(RestoreJob, compact({"results": [DOCUMENT]})).results[0]


def names_of(model):
    """Every member a field of the model, or of a part of it, is read from."""
    found = {name for field in attrs.fields(model) for name in wire_names(field)}
    return sorted(found | {name for part in PARTS for field in attrs.fields(part) for name in wire_names(field)})


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**33)
    | st.floats()
    | st.sampled_from(["", "x", "7", "FINISHED", "ready", "http", "2017-04-21T03:49:57Z", "2017-04-21T03:49:57+02:00"])
    | st.from_regex(
        r"(0001-01-01|2017-04-21|9999-12-31)[Tt ]03:49:57(\.[0-9]{1,9})?([Zz]|[+-]1[0-4]:?00)?", fullmatch=True
    )
)


@st.composite
def documents(draw, model):
    """A document made of the members of a model that fits it more or less."""
    keys = st.sampled_from(names_of(model)) | st.sampled_from(["more", "raw", "ref"])
    values = st.recursive(
        SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=20
    )
    document = draw(st.dictionaries(keys, values, max_size=12))
    if draw(st.booleans()):
        return document
    return {"id": "J", **{name: value for name, value in document.items() if structures(model, name, value)}}


def structures(model, name, value):
    return outcome(structure, model, {"id": "J", name: value})[1] is None


def compact(value, **options):
    return json.dumps(value, separators=(",", ":"), **options).encode(errors="replace")


def outcome(read, *arguments):
    """Give what was made and no error, or nothing and the error."""
    try:
        return read(*arguments), None
    except DataError as error:
        return None, error


def as_list(model, body):
    """Read a list of one item as a pager does."""
    reply = reply_to(b'{"results":[' + body + b"]}", decode_list=partial(decode_in_turns, model))
    results = read_list(reply.document).results
    return read_jobs(FAMILY_OF[model], results, project="P", cluster="C")[0]


def as_one(model, body):
    """Read one document as ``restore_job`` does."""
    return load_job(FAMILY_OF[model], reply_to(body).document, project="P", cluster="C")


def reply_to(body, **rest):
    headers = Headers([("Content-Type", "application/json")])
    request = RequestContext(method="GET", url="http://localhost/")
    return read_reply(RawReply(status=200, reason="", headers=headers, body=body, request=request), **rest)


FAMILY_OF = {
    RestoreJob: CLOUD_MANAGER,
    models.CloudBackupRestoreJob: ATLAS_CLOUD_BACKUP,
    models.TenantRestoreJob: ATLAS_FLEX,
}


@st.composite
def spelled(draw):
    """A model of a job, and a document in one of the ways JSON may be written."""
    model = draw(st.sampled_from(sorted(FAMILY_OF, key=lambda each: each.__name__)))
    document = draw(documents(model))
    options = {"ensure_ascii": draw(st.booleans()), "sort_keys": draw(st.booleans())}
    options |= draw(st.sampled_from([{"separators": (",", ":")}, {}, {"indent": 2}]))
    text = json.dumps(document, **options)
    if draw(st.integers(0, 4)) == 0:  # an object that names a member twice
        head, brace, tail = text.partition("{") if draw(st.booleans()) else text.rpartition("{")
        text = f'{head}{brace}"again":1,"again":2,{tail}'
    return model, text.encode(errors="replace")


@settings(deadline=None, max_examples=200)
@given(spelled())
@example((RestoreJob, b'{"id":"J","created":"2017-04-21T03:49:57.1234567Z"}'))
@example((RestoreJob, b'{"id":"J","created":"2017-04-21t03:49:57z"}'))
@example((RestoreJob, b'{"id":"J","created":"0001-01-01T00:00:00+14:00"}'))
@example((RestoreJob, b'{"id":"J","delivery":{"expires":"9999-12-31T23:59:59-12:00"}}'))
@example((models.TenantRestoreJob, b'{"id":"J","submittedAt":"0001-01-01T00:00:00+01:00"}'))
@example((models.TenantRestoreJob, b'{"id":"J","finishedDate":"9999-12-31T23:59:59-01:00"}'))
@example((RestoreJob, b'{"id":"J","id":"J"}'))
@example((RestoreJob, b'{"batchId":null,"id":"J","pointInTime":false,"timestamp":{"date":null,"increment":null}}'))
@example((models.CloudBackupRestoreJob, b'{"components":[{"downloadUrl":null},{}],"id":"J","links":[{"href":null}]}'))
@example((RestoreJob, b'{"batchId":null,"batchId":"B","id":"J"}'))
@example((RestoreJob, b'{"id":"J","delivery":{"url":"u","\\u0075rl":"u"}}'))
@example((RestoreJob, b'{"id":"J","more":{"deep":[{"a":1,"a":1}]}}'))
@example((RestoreJob, b'{"id":"J","id":"J","created":"2017-04-21T03:49:57.1Z","more":"\\u0041"}'))
@example((RestoreJob, b'{"id":"J","more":' + b"[" * 99 + b"]" * 99 + b"}"))
@example((RestoreJob, b'{"id":"J","more":' + b"[" * 100 + b"]" * 100 + b"}"))
@example((RestoreJob, b'{"id":"J","more":' + b"1" * 5000 + b"}"))
@example((RestoreJob, b'{"id":"J","more":[1.10,1e5,-0,-0.0,18446744073709551616]}'))
@example((RestoreJob, b'{"id":"J","more":1e999}'))
@example((RestoreJob, b'{"id":"J","batchId":"\\ud800"}'))
@example((RestoreJob, b'{"id":7,"pointInTime":"yes","links":[{"href":1}]}'))
def test_every_road_gives_the_same(drawn):
    model, body = drawn
    listed, list_error = outcome(as_list, model, body)
    one, one_error = outcome(as_one, model, body)

    if one_error is not None:
        assert list_error is not None, listed
        assert list_error.path.replace("$.results[0]", "$", 1) == one_error.path
        assert complaints(list_error) == complaints(one_error)
        return
    assert list_error is None
    loaded = load_job(FAMILY_OF[model], json.loads(body), project="P", cluster="C")
    assert [repr(job) for job in (listed, one)] == [repr(loaded)] * 2
    assert listed == one == loaded
    assert listed.ref == one.ref == loaded.ref
    raws = [json.dumps(job.raw.to_dict(redacted=False)) for job in (listed, one, loaded)]
    assert raws == [json.dumps(json.loads(body))] * 3


def complaints(error):
    """What an error complains of, without the beginning of the body and without the place of the item."""
    return str(error).replace("$.results[0]", "$").partition("; it begins with")[0].partition(" at character")[0]


@pytest.mark.parametrize("model", RECEIVED)
@pytest.mark.parametrize(
    "options",
    [
        {"separators": (",", ":"), "sort_keys": True},
        {"separators": (",", ":")},
        {},
        {"indent": 2},
        {"sort_keys": True},
    ],
)
def test_lists_of_every_model_are_decoded_in_every_form(model, options):
    links = [{"href": "h", "rel": "self"}]
    document = {
        "id": "J",
        "groupId": "G",
        "name": "N",
        "links": links,
        "somethingNew": {"deep": [1.50, None]},
        "another": "A",
    }
    body = json.dumps({"totalCount": 2, "results": [document] * 2, "links": links}, **options).encode()
    found = decode_list(model, body)

    assert (found.total_count, found.links) == (2, (Link("h", "self"),))
    assert tuple(found.results) == (structure(model, document),) * 2
    assert [item.raw for item in found.results] == [document] * 2
    assert json.dumps(found.results[0].to_dict(redacted=False)) == json.dumps(json.loads(body)["results"][0])


def nulls_of(model):
    """Every member of a model is null, but for objects and arrays of them: their members are."""
    document = {}
    for field in received_fields(model):
        part = part_of(field.type)
        value = nulls_of(part) if attrs.has(part) else None
        for name in wire_names(field):
            document[name] = [value, {}] if value is not None and part is not kind_of(field.type) else value
    return document


@pytest.mark.parametrize("model", RECEIVED)
@pytest.mark.parametrize("make_nulls", [nulls_of, lambda model: dict.fromkeys(names_in(model))])
def test_nulls_are_as_good_as_nothing_in_every_field(model, make_nulls):
    document = {"id": "J", "groupId": "G", "name": "N"}
    nulls = make_nulls(model) | document
    for documents_of_page in ([nulls, document], [document], [document, nulls]):
        found = decode_list(model, compact({"results": documents_of_page, "totalCount": None}, sort_keys=True)).results

        assert tuple(found) == tuple(structure(model, copy.deepcopy(each)) for each in documents_of_page)
        assert [item.raw for item in found] == documents_of_page
        assert found._received is None


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_pages_of_several_items_give_the_same(data):
    model = data.draw(st.sampled_from(RECEIVED))
    required = {"id": "J", "groupId": "G"}
    drawn = [required | each for each in data.draw(st.lists(documents(model), min_size=1, max_size=4))]
    fit = [each for each in drawn if outcome(structure, model, copy.deepcopy(each))[1] is None]
    found = decode_list(model, compact({"results": fit}, sort_keys=data.draw(st.booleans())))

    if found is not None:
        assert [repr(item) for item in found.results] == [repr(structure(model, copy.deepcopy(each))) for each in fit]
        raws = [json.dumps(item.raw.to_dict(redacted=False), sort_keys=True) for item in found.results]
        assert raws == [json.dumps(each, sort_keys=True) for each in fit]


@pytest.mark.parametrize("model", [*RECEIVED, *PARTS])
def test_the_struct_of_every_model_has_its_members_in_order(model):
    names = [field.encode_name for field in msgspec.structs.fields(struct_of(model))]

    assert names == sorted(names_in(model))


def names_in(model):
    own = {"_received", "_origin"}
    return [name for field in attrs.fields(model) if field.name not in own for name in wire_names(field)]


@pytest.mark.parametrize("place", ["created", "delivery", "timestamp"])
def test_dates_of_other_zones_are_found_wherever_they_stand(place):
    date = {"created": "%s", "delivery": {"expires": "%s"}, "timestamp": {"date": "%s"}}[place]
    check = utc_check_of(RestoreJob)
    for zone, in_utc in (("Z", True), ("+00:00", True), ("+02:00", False)):
        text = json.dumps({"id": "J", place: date}).replace("%s", f"2017-04-21T03:49:57{zone}")
        assert check(msgspec.json.decode(text, type=struct_of(RestoreJob))) is in_utc
    assert check(struct_of(RestoreJob)(id="J"))


def test_dates_of_other_zones_are_found_inside_arrays():
    check = utc_check_of(models.ClusterCheckpoint)
    for zone in ("Z", "-05:00"):
        parts = [{}, {"tokenTimestamp": {"date": f"2017-04-21T03:49:57{zone}"}}]
        text = json.dumps({"id": "C", "parts": parts})
        assert check(msgspec.json.decode(text, type=struct_of(models.ClusterCheckpoint))) is (zone == "Z")


@pytest.mark.parametrize(("sent", "urls"), [("u", ("u",)), ("", ()), (["u", "v"], ("u", "v")), ([], ())])
def test_one_url_stands_for_an_array_of_them(sent, urls):
    model = models.CloudBackupRestoreJob
    body = compact({"results": [{"id": "J", "deliveryUrl": sent}]})
    (job,) = decode_list(model, body).results

    assert job.delivery_url == structure(model, {"id": "J", "deliveryUrl": sent}).delivery_url == urls
    assert all(type(url) is Secret for url in job.delivery_url)


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


def test_jobs_of_a_page_tell_where_they_are():
    jobs = read_jobs(CLOUD_MANAGER, [{"id": "J"}, {"id": "K"}], project="P", cluster="C")
    refs = [JobRef(family="cloud-manager", project="P", cluster="C", job=name) for name in ("J", "K")]

    assert [job.ref for job in jobs] == refs
    assert [attrs.evolve(job).ref for job in jobs] == refs
    assert [pickle.loads(pickle.dumps(job)).ref for job in jobs] == refs  # noqa: S301
    assert load_job(CLOUD_MANAGER, {"id": "K"}, project="P", cluster="C").ref == refs[1]
    assert RestoreJob(id="other", ref=refs[0]).ref is refs[0]


def test_private_classes_have_one_too():
    document = {"results": [], "totalCount": "3", "links": [{"href": "h", "rel": "next"}, {}]}
    found = read_list(document)

    assert (found.total_count, found.links) == (3, (Link("h", "next"),))
