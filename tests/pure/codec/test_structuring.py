"""From JSON to models: what is tolerated, what is refused, and that a refusal tells no value."""

import copy
import json
import math
import sys
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mongorestore_async.codec.documents import load_job, read_created, read_jobs
from mongorestore_async.codec.list_documents import decode_list
from mongorestore_async.codec.structuring import converter, is_standard, reset_hooks, structure, structure_each
from mongorestore_async.errors import DataError
from mongorestore_async.families import FAMILIES
from mongorestore_async.models import (
    CloudBackupRestoreJob,
    ClusterSummary,
    Component,
    Delivery,
    DeliveryStatus,
    FileHash,
    JobStatus,
    Link,
    OplogTimestamp,
    ProjectSummary,
    RawDocument,
    RestoreJob,
    Secret,
    TenantRestoreJob,
    wire_names,
)
from mongorestore_async.models.secret import MAX_DEPTH, SECRET_FIELDS

MODELS = [
    RestoreJob,
    CloudBackupRestoreJob,
    TenantRestoreJob,
    ProjectSummary,
    ClusterSummary,
    Delivery,
    FileHash,
    Component,
    Link,
    OplogTimestamp,
]
SEEDS = {
    "ops_manager_list": RestoreJob,
    "cloud_manager_list": RestoreJob,
    "cloud_manager_create_snapshot_http": RestoreJob,
    "cloud_manager_create_automated_snapshot": RestoreJob,
    "cloud_manager_create_automated_oplog": RestoreJob,
    "cloud_manager_create_automated_pit": RestoreJob,
    "cloud_manager_create_automated_checkpoint": RestoreJob,
    "atlas_cloud_backup_list": CloudBackupRestoreJob,
    "atlas_tenant_list": TenantRestoreJob,
}
#: Stands in every string of an arbitrary document, and nowhere else.
MARK = "\N{SNOWMAN}"
MARKED = st.text(st.characters(codec=None), max_size=6).map(lambda text: f"{MARK}{text}{MARK}")
NUMBERS = st.none() | st.booleans() | st.integers() | st.floats() | st.integers(0, 2**40).map(str)


def members(model):
    """Every JSON member a field of the model is read from."""
    fields = [field for field in attrs.fields(model) if field.name not in {"_received", "_origin"}]
    return [name for field in fields for name in wire_names(field)]


NAMES = st.sampled_from(sorted({name for model in MODELS for name in members(model)})) | st.text(max_size=3)
JSON = st.recursive(
    NUMBERS | MARKED | st.datetimes().map(lambda moment: moment.isoformat()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)

thorough = settings(deadline=None, max_examples=300)


def complaint(model, document):
    """Structure what must be refused, and return the error."""
    with pytest.raises(DataError) as caught:
        structure(model, document)
    return caught.value


def outcome(read, model, document):
    """Return what was made and no error, or nothing and the error; anything but a DataError fails the test."""
    try:
        return read(model, document), None
    except DataError as error:
        return None, error


def everything_seen(error):
    """Every picture a log or an error tracker takes of an error, but for the frames of the tests."""
    pictures = [str(error), repr(error), repr(error.__dict__), repr(error.args), repr(vars(error))]
    traceback = error.__traceback__
    while traceback is not None:
        if "mongorestore_async" in traceback.tb_frame.f_globals["__name__"].split("."):
            pictures.append(repr(traceback.tb_frame.f_locals))
        traceback = traceback.tb_next
    return "".join(pictures)


def field(value, *, name="maxDownloads"):
    return getattr(structure(Delivery, {name: value}), {"maxDownloads": "max_downloads"}.get(name, name))


@attrs.frozen
class Foreign:
    size: int = attrs.field()

    @size.validator
    def _check(self, _, value):
        if value < 1:
            raise ValueError(f"secret {value}")


def lists(depth):
    value = "leaf"
    for _ in range(depth):
        value = [value]
    return value


def mutate(data, value):
    """Change one thing somewhere inside: replace, remove or add."""
    while True:
        keys = sorted(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        inner = value[key]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            break
        value = inner
    action = data.draw(st.sampled_from(["replace", "remove", "add"])) if keys else "add"
    if action == "replace":
        value[key] = data.draw(JSON)
    elif action == "remove":
        del value[key]
    elif isinstance(value, dict):
        value[data.draw(NAMES)] = data.draw(JSON)
    else:
        value.append(data.draw(JSON))


def texts(value):
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def resolves(path, document):
    """Whether a path leads to a place of the document; its last member may be the one that is missing."""
    steps = path.removeprefix("$").replace("[", ".[").split(".")[1:]
    for number, step in enumerate(steps):
        if step.startswith("["):
            document = document[int(step[1:-1])]
        elif step in document:
            document = document[step]
        else:
            return number == len(steps) - 1
    return True


class TestWholeNumbers:
    @pytest.mark.parametrize(
        ("value", "number"),
        [
            (1, 1),
            (0, 0),
            (-3, -3),
            (1.0, 1),
            (-0.0, 0),
            (1e15, 10**15),
            ("1", 1),
            ("007", 7),
            ("-2", -2),
            (2**70, 2**70),
            ("9" * 32, 10**32 - 1),
        ],
    )
    def test_come_as_integers_whole_floats_and_digits(self, value, number):
        assert field(value) == number
        assert type(field(value)) is int

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (True, "boolean"),
            (False, "boolean"),
            (1.5, "number"),
            (math.nan, "number"),
            (math.inf, "number"),
            (-math.inf, "number"),
            ("", "string"),
            ("1.0", "string"),
            (" 1", "string"),
            ("1_000", "string"),
            ("1\n", "string"),
            ("\N{ARABIC-INDIC DIGIT ONE}", "string"),
            ("0x1", "string"),
            ("9" * 33, "string"),
            ("9" * 1_000_000, "string"),
            ([1], "array"),
            ({}, "object"),
        ],
    )
    def test_come_as_nothing_else(self, value, kind):
        error = complaint(Delivery, {"maxDownloads": value})

        assert f"$.maxDownloads: expected integer, got {kind}" in str(error)
        assert error.path == "$.maxDownloads"


class TestBooleans:
    @pytest.mark.parametrize("value", [True, False])
    def test_are_booleans(self, value):
        assert structure(RestoreJob, {"id": "J", "pointInTime": value}).point_in_time is value

    @pytest.mark.parametrize(("value", "kind"), [(0, "integer"), (1, "integer"), ("false", "string"), ([], "array")])
    def test_are_nothing_else(self, value, kind):
        error = complaint(RestoreJob, {"id": "J", "pointInTime": value})

        assert f"$.pointInTime: expected boolean, got {kind}" in str(error)


class TestText:
    @pytest.mark.parametrize("value", ["", "J", "\ud800", "x" * 1_000_000])
    def test_is_text(self, value):
        assert structure(RestoreJob, {"id": value}).id == value

    @pytest.mark.parametrize("value", [1, True, 1.5, [], {}])
    @pytest.mark.parametrize("name", ["id", "groupId", "statusName"])
    def test_is_nothing_else(self, name, value):
        error = complaint(RestoreJob, {"id": "J", name: value})

        assert f"$.{name}: expected string, got " in str(error)

    def test_that_is_secret_is_a_secret(self):
        delivery = structure(Delivery, {"url": "u", "urlV2": "v", "authValue": "a", "authHeader": "h"})

        assert [type(value) for value in (delivery.url, delivery.url_v2, delivery.auth_value)] == [Secret] * 3
        assert type(delivery.auth_header) is str
        assert "$.url: expected string, got integer" in str(complaint(Delivery, {"url": 1}))


class TestWords:
    @pytest.mark.parametrize("value", ["READY", "ready", "Ready"])
    def test_are_known_in_any_case(self, value):
        assert structure(Delivery, {"statusName": value}).status_name is DeliveryStatus.READY

    def test_that_are_unknown_stay_text(self):
        job = structure(RestoreJob, {"id": "J", "statusName": "OPEN"})

        assert job.status_name == "OPEN"
        assert type(job.status_name) is str
        assert not isinstance(job.status_name, JobStatus)


class TestDates:
    @pytest.mark.parametrize(
        ("value", "moment"),
        [
            ("2017-04-21T03:49:57Z", datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)),
            ("2017-04-21T03:49:57.5Z", datetime(2017, 4, 21, 3, 49, 57, 500_000, tzinfo=UTC)),
            ("2017-04-21T03:49:57.123456789Z", datetime(2017, 4, 21, 3, 49, 57, 123_456, tzinfo=UTC)),
            ("2017-04-21T03:49:57", datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)),
            ("2017-04-21 03:49:57", datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)),
            ("2017-04-21", datetime(2017, 4, 21, tzinfo=UTC)),
            ("2017-04-21T03:49:57+02:00", datetime(2017, 4, 21, 1, 49, 57, tzinfo=UTC)),
            ("2017-04-21T03:49:57-0730", datetime(2017, 4, 21, 11, 19, 57, tzinfo=UTC)),
            (1492746597, datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)),
            (1492746597.0, datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)),
            (0, datetime(1970, 1, 1, tzinfo=UTC)),
            (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ],
    )
    def test_are_iso_or_epoch_seconds_and_become_utc(self, value, moment):
        expires = field(value, name="expires")

        assert expires == moment
        assert expires.tzinfo is UTC

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "yesterday",
            "{DATE}",
            "2017-13-01T00:00:00Z",
            "2017-04-21T25:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2017-04-21T03:49:57\ud800",
            "2017\ud800-04-21",
            "2" * 1_000_000,
            10**30,
            10**400,
            -(10**30),
            10**12,
            1e300,
            math.nan,
            math.inf,
            1.5,
            True,
            [],
            {},
        ],
    )
    def test_are_refused_when_they_are_none(self, value):
        error = complaint(Delivery, {"expires": value})

        assert "$.expires: expected ISO 8601 date, got " in str(error)
        assert error.path == "$.expires"

    @given(st.datetimes(), st.sampled_from(["", "Z", "+00:00", "+14:00", "-12:00", "+00:00:01"]))
    def test_of_any_zone_are_the_same_moment(self, moment, zone):
        offset = {"+14:00": 14 * 3600, "-12:00": -12 * 3600, "+00:00:01": 1}.get(zone, 0)
        try:
            expected = (moment - timedelta(seconds=offset)).replace(tzinfo=UTC)
        except OverflowError:
            assert complaint(Delivery, {"expires": moment.isoformat() + zone}).path == "$.expires"
        else:
            assert field(moment.isoformat() + zone, name="expires") == expected

    @thorough
    @given(st.text() | st.integers() | st.floats() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9T:.Z+-]*", fullmatch=True))
    def test_are_read_or_refused(self, value):
        delivery, error = outcome(structure, Delivery, {"expires": value})

        assert delivery.expires.tzinfo is UTC if error is None else error.path == "$.expires"


class TestNull:
    @pytest.mark.parametrize(
        "model", [RestoreJob, CloudBackupRestoreJob, TenantRestoreJob, ProjectSummary, ClusterSummary]
    )
    def test_is_absence_for_every_optional_member(self, model):
        from_nulls = structure(model, dict.fromkeys(members(model)) | {"id": "J"})

        assert from_nulls == structure(model, {"id": "J"}) == model(id="J")

    def test_is_absence_inside_parts(self):
        nulls = dict.fromkeys(members(Delivery))

        assert structure(RestoreJob, {"id": "J", "delivery": nulls}).delivery == Delivery()
        assert structure(FileHash, {"links": None}).links == ()

    def test_stays_in_raw(self):
        assert structure(RestoreJob, {"id": "J", "batchId": None}).raw == {"id": "J", "batchId": None}

    @pytest.mark.parametrize(
        "model", [RestoreJob, CloudBackupRestoreJob, TenantRestoreJob, ProjectSummary, ClusterSummary]
    )
    @pytest.mark.parametrize("document", [{}, {"id": None}, {"ID": "J", "_id": "J"}])
    def test_is_no_id(self, model, document):
        error = complaint(model, document)

        assert "$.id: required, but missing or null" in str(error)
        assert error.path == "$.id"


class TestLinks:
    @pytest.mark.parametrize(
        ("value", "links"),
        [
            ([], ()),
            ([{}], ()),
            ([{"rel": "self"}], ()),
            ([{"href": None, "rel": "self"}], ()),
            ([{"href": "h"}], (Link("h"),)),
            ([{"href": "h", "rel": None}], (Link("h"),)),
            ([{}, {"href": "h", "rel": "self", "more": 1}, {}], (Link("h", "self"),)),
        ],
    )
    def test_without_href_are_skipped(self, value, links):
        assert structure(RestoreJob, {"id": "J", "links": value}).links == links

    @pytest.mark.parametrize(
        ("value", "path", "expected"),
        [
            ({}, "$.links", "expected array, got object"),
            ("h", "$.links", "expected array, got string"),
            ([{}, "h"], "$.links[1]", "expected object, got string"),
            ([None], "$.links[0]", "expected object, got null"),
            ([{}, {"href": 5}], "$.links[1].href", "expected string, got integer"),
            ([{"href": "h", "rel": []}], "$.links[0].rel", "expected string, got array"),
        ],
    )
    def test_of_another_form_are_refused_at_their_place(self, value, path, expected):
        error = complaint(RestoreJob, {"id": "J", "links": value})

        assert error.path == path
        assert f"{path}: {expected}" in str(error)


class TestUrls:
    @pytest.mark.parametrize(
        ("value", "urls"), [("u", ("u",)), (["u", "v"], ("u", "v")), ([], ()), ("", ()), (None, ())]
    )
    def test_come_as_one_string_or_an_array(self, value, urls):
        delivery_url = structure(CloudBackupRestoreJob, {"id": "J", "deliveryUrl": value}).delivery_url

        assert delivery_url == urls
        assert all(type(url) is Secret for url in delivery_url)

    @pytest.mark.parametrize(
        ("value", "path"), [({}, "$.deliveryUrl"), (1, "$.deliveryUrl"), (["u", 1], "$.deliveryUrl[1]")]
    )
    def test_come_as_nothing_else(self, value, path):
        assert complaint(CloudBackupRestoreJob, {"id": "J", "deliveryUrl": value}).path == path


class TestParts:
    @pytest.mark.parametrize(
        ("model", "document", "path", "expected"),
        [
            (RestoreJob, {"delivery": []}, "$.delivery", "expected object, got array"),
            (RestoreJob, {"delivery": "x"}, "$.delivery", "expected object, got string"),
            (RestoreJob, {"hashes": {}}, "$.hashes", "expected array, got object"),
            (RestoreJob, {"hashes": [{}, {"hash": 1}]}, "$.hashes[1].hash", "expected string, got integer"),
            (RestoreJob, {"timestamp": "2017-04-21T03:49:57Z"}, "$.timestamp", "expected object, got string"),
            (RestoreJob, {"timestamp": {"increment": "x"}}, "$.timestamp.increment", "expected integer, got string"),
            (RestoreJob, {"masterKeyUUID": 1}, "$.masterKeyUUID", "expected string, got integer"),
            (RestoreJob, {"checkPointId": 1}, "$.checkPointId", "expected string, got integer"),
            (RestoreJob, {"checkpointId": 1, "checkPointId": "K"}, "$.checkpointId", "expected string, got integer"),
            (TenantRestoreJob, {"submittedAt": []}, "$.submittedAt", "expected ISO 8601 date, got array"),
            (
                TenantRestoreJob,
                {"restoreScheduledDate": None, "submittedAt": []},
                "$.submittedAt",
                "expected ISO 8601 date, got array",
            ),
            (CloudBackupRestoreJob, {"timestamp": {}}, "$.timestamp", "expected ISO 8601 date, got object"),
            (CloudBackupRestoreJob, {"components": [None]}, "$.components[0]", "expected object, got null"),
            (
                CloudBackupRestoreJob,
                {"components": [{"privateDownloadDeliveryUrls": [{"deliveryUrl": 1}]}]},
                "$.components[0].privateDownloadDeliveryUrls[0].deliveryUrl",
                "expected string, got integer",
            ),
            (ClusterSummary, {"name": 1}, "$.name", "expected string, got integer"),
        ],
    )
    def test_of_another_form_are_refused_at_their_place(self, model, document, path, expected):
        error = complaint(model, {"id": "J", **document})

        assert error.path == path
        assert str(error).startswith(f"does not match the documented form of {model.__name__}: {path}: {expected}.")

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (None, "null"),
            (True, "boolean"),
            (1, "integer"),
            (1.5, "number"),
            ("<html>", "string"),
            ([], "array"),
            (object(), "object"),
        ],
    )
    def test_a_document_is_an_object(self, value, kind):
        error = complaint(RestoreJob, value)

        assert error.path == "$"
        assert f"$: expected object, got {kind}" in str(error)

    @pytest.mark.parametrize("value", [{}, {"date": None, "increment": None, "time": None}, {"other": 1}])
    def test_a_timestamp_of_nothing_counts_as_absent(self, value):
        assert structure(RestoreJob, {"id": "J", "timestamp": value}).timestamp is None
        assert structure(CloudBackupRestoreJob, {"id": "J", "desiredTimestamp": value}).desired_timestamp is None

    def test_a_member_called_raw_or_ref_is_only_a_member(self):
        document = {"id": "J", "raw": 1, "ref": "x"}
        job = structure(RestoreJob, document)

        assert job.raw == document
        assert job.ref is None

    def test_a_raw_of_before_is_a_document(self):
        job = structure(RestoreJob, {"id": "J", "delivery": {"url": "u"}})

        assert structure(RestoreJob, job.raw) == job
        assert structure(RestoreJob, job.raw).raw == job.raw

    def test_classes_from_elsewhere_work_too(self):
        error = complaint(Foreign, {"size": 0})

        assert structure(Foreign, {"size": "3"}) == Foreign(size=3)
        assert "does not match the documented form of Foreign: $: refused by the model with ValueError." in str(error)
        assert "secret" not in everything_seen(error)


class TestErrors:
    def test_tell_all_misfits_and_the_path_of_the_first(self):
        error = complaint(RestoreJob, {"batchId": 1, "delivery": {"maxDownloads": "x", "expires": "y"}})

        assert error.path == "$.id"
        assert str(error) == (
            "does not match the documented form of RestoreJob: $.id: required, but missing or null;"
            " $.batchId: expected string, got integer;"
            " $.delivery.expires: expected ISO 8601 date, got string;"
            " $.delivery.maxDownloads: expected integer, got string."
            " Check that the product family and the base URL match this server"
        )

    def test_stay_short_however_much_is_wrong(self):
        with pytest.raises(DataError, match="and 490 more") as caught:
            structure_each(RestoreJob, [{}] * 500, path="$.results")

        assert len(str(caught.value)) < 1000
        assert caught.value.path == "$.results[0].id"

    def test_begin_with_the_path_they_are_told(self):
        with pytest.raises(DataError) as caught:
            structure(RestoreJob, {"id": "J", "delivery": 1}, path="$.content")

        assert caught.value.path == "$.content.delivery"

    def test_name_the_item_of_a_list(self):
        items = [{"id": "J"}, {"id": "K"}, {"id": "L"}, {"id": "M", "delivery": {"maxDownloads": "many"}}]
        with pytest.raises(DataError) as caught:
            structure_each(RestoreJob, items, path="$.results")

        assert caught.value.path == "$.results[3].delivery.maxDownloads"
        assert "$.results[3].delivery.maxDownloads: expected integer, got string" in str(caught.value)

    @pytest.mark.parametrize(("value", "kind"), [({}, "object"), (None, "null"), ("[]", "string")])
    def test_name_a_list_that_is_none(self, value, kind):
        with pytest.raises(DataError, match=rf"\$.results: expected array, got {kind}") as caught:
            structure_each(RestoreJob, value, path="$.results")

        assert caught.value.path == "$.results"

    def test_lists_come_as_tuples_too(self):
        assert structure_each(RestoreJob, ({"id": "J"},)) == (RestoreJob(id="J"),)
        assert structure_each(RestoreJob, []) == ()

    @pytest.mark.parametrize("name", sorted(SECRET_FIELDS))
    def test_show_no_secret_anywhere(self, name):
        document = {"id": 17, "delivery": {name: "S3cr3t"}, name: ["S3cr3t"], "hashes": [{"hash": 1, name: "S3cr3t"}]}

        for error in (complaint(RestoreJob, document), complaint(CloudBackupRestoreJob, document)):
            assert "S3cr3t" not in everything_seen(error)
            assert "17" not in str(error)
            assert error.__cause__ is None
            assert error.__context__ is None

    @pytest.mark.parametrize("content", ["S3cr3t", ["S3cr3t"], {"results": "S3cr3t"}, {"url": "S3cr3t"}])
    def test_show_no_secret_where_no_document_is(self, content):
        def list_(family):
            return read_jobs(family, content, project="P", cluster="C")

        def created(family):
            return read_created(family, content, project="P", cluster="C")

        for family in FAMILIES.values():
            for read in (lambda family: load_job(family, content), list_, created):
                with pytest.raises(DataError) as caught:
                    read(family)

                assert "S3cr3t" not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))
                if content not in (["S3cr3t"], {"results": "S3cr3t"}):
                    assert "S3cr3t" not in everything_seen(caught.value)

    def test_show_no_secret_of_a_list(self):
        for documents in ([{"url": "S3cr3t"}], ({"url": "S3cr3t"},), {"url": "S3cr3t"}, "S3cr3t"):
            error = outcome(structure_each, RestoreJob, documents)[1]

            assert "S3cr3t" not in everything_seen(error)

    def test_name_a_private_class_without_its_underscore(self):
        private = attrs.make_class("_Facts", {"total": attrs.field(type=int)}, frozen=True)

        assert "does not match the documented form of Facts: $.total" in str(complaint(private, {}))

    def test_are_raised_outside_of_any_other_error(self):
        error = complaint(RestoreJob, {"created": "S3cr3t"})

        assert error.__suppress_context__ is False
        assert (error.__cause__, error.__context__) == (None, None)
        assert not hasattr(error, "exceptions")
        assert getattr(error, "__notes__", []) == []


class TestHostileDocuments:
    @pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 100_000])
    @pytest.mark.parametrize("wrap", [lambda value: {"links": value}, lambda value: [value]])
    def test_nested_without_end_are_refused(self, wrap, depth):
        value = "S3cr3t"
        for _ in range(depth):
            value = wrap(value)
        error = complaint(RestoreJob, {"id": "J", "more": value})

        assert error.path == "$"
        assert f"nested deeper than {MAX_DEPTH} levels" in str(error)
        # Taken apart by hand: the interpreter's own clean-up of such a chain is not what is tested here.
        while isinstance(value, (dict, list)):
            value = value.popitem()[1] if isinstance(value, dict) else value.pop()

    def test_nested_one_level_too_deep_are_refused(self):
        assert complaint(RestoreJob, {"id": "J", "more": lists(MAX_DEPTH)}).path == "$"

    def test_nested_as_deep_as_allowed_are_kept(self):
        value = lists(MAX_DEPTH - 1)
        job = structure(RestoreJob, {"id": "J", "more": value})

        assert job.raw["more"] == value
        assert job.to_dict() == job.to_dict(redacted=False) == {"id": "J", "more": value}
        assert "leaf" in repr(job.raw)

    def test_of_endless_digits_are_refused(self):
        limit = sys.get_int_max_str_digits()

        assert complaint(Delivery, {"maxDownloads": "1" * (limit + 1)}).path == "$.maxDownloads"

    @thorough
    @given(document=JSON, model=st.sampled_from(MODELS))
    def test_any_json_is_read_or_refused_without_telling_a_value(self, document, model):
        before = copy.deepcopy(document)
        made, error = outcome(structure, model, document)
        if error is None:
            assert made is None or isinstance(made, model)
            hash(made)
        else:
            assert MARK not in str(error) + repr(error) + repr(vars(error))
            assert error.path.startswith("$")
            assert error.__context__ is None
        assert repr(document) == repr(before)

    @thorough
    @given(items=JSON, model=st.sampled_from(MODELS))
    def test_any_json_is_a_list_or_refused(self, items, model):
        made, error = outcome(structure_each, model, items)
        if error is None:
            assert isinstance(made, tuple)
            assert isinstance(items, list)
        else:
            assert MARK not in str(error)

    @thorough
    @given(data=st.data())
    def test_any_change_to_a_seed_is_read_or_refused(self, seed, data):
        name = data.draw(st.sampled_from(sorted(SEEDS)))
        document = data.draw(st.sampled_from(seed(name)["results"]))
        for _ in range(data.draw(st.integers(1, 3))):
            mutate(data, document)
        job, error = outcome(structure, SEEDS[name], document)
        if error is None:
            # Compared as JSON, because NaN is not equal to itself.
            assert json.dumps(job.to_dict(redacted=False)) == json.dumps(document)
            assert job.state
        else:
            shown = str(error) + repr(error) + repr(vars(error))
            assert MARK not in shown
            assert all(text not in shown for text in texts(document) if len(text) > 10)
            assert resolves(error.path, document)


def test_json_numbers_the_decoder_lets_through_are_refused():
    assert complaint(Delivery, json.loads('{"maxDownloads": NaN}')).path == "$.maxDownloads"
    assert complaint(Delivery, json.loads('{"expires": 1e999}')).path == "$.expires"


def test_raw_is_the_received_document_itself_not_a_copy():
    document = {"id": "J", "new": {"url": "u"}}
    job = structure(RestoreJob, document)

    assert isinstance(job.raw, RawDocument)
    assert job.raw == document
    assert structure_each(RestoreJob, [document])[0].raw == document


class TestConverter:
    @pytest.fixture
    def own(self):
        yield converter()
        reset_hooks()

    def test_is_one_for_all(self):
        assert converter() is converter()

    @pytest.mark.parametrize(
        "kind", [bool, datetime, Secret, JobStatus, Link, Delivery, RestoreJob, OplogTimestamp], ids=repr
    )
    def test_a_hook_concerns_the_models_that_have_what_it_is_for(self, own, kind):
        assert is_standard(RestoreJob)
        own.register_structure_hook(kind, lambda value, _: value)

        assert not is_standard(RestoreJob)
        assert decode_list(RestoreJob, b'{"results":[{"id":"J"}]}') is None
        assert is_standard(OplogTimestamp) is (kind not in (datetime, OplogTimestamp))

    def test_a_hook_for_a_word_of_an_enumeration_counts(self, own):
        own.register_structure_hook(JobStatus, lambda *_: JobStatus.BROKEN)

        assert structure(RestoreJob, {"id": "J", "statusName": "x"}).status_name is JobStatus.BROKEN

    def test_hooks_made_before_are_made_anew(self, own):
        assert structure(RestoreJob, {"id": "J", "delivery": {"maxDownloads": 1}}).delivery.max_downloads == 1
        own.register_structure_hook(int, lambda *_: 7)

        assert structure(RestoreJob, {"id": "J", "delivery": {"maxDownloads": 1}}).delivery.max_downloads == 7

    def test_classes_of_others_are_made_with_its_hooks(self, own):
        assert own.structure({"size": 3}, Foreign) == Foreign(3)
        assert not is_standard(Foreign)
