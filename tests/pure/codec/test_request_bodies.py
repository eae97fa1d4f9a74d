"""Requests as they stand on the wire."""

import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.codec.request_bodies import create_path, encode_request
from mongorestore_async.errors import ConfigError, Unsupported
from mongorestore_async.families import ATLAS_LEGACY, ATLAS_LEGACY_V1, CLOUD_MANAGER, OPS_MANAGER
from mongorestore_async.models import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
    Target,
)
from mongorestore_async.protocol.dates import POINT_IN_TIME_TOLERANCE, POINT_IN_TIME_WINDOW

NOW = datetime(2018, 9, 10, 20, 30, tzinfo=UTC)
SEED_MOMENT = datetime.fromtimestamp(1536610288, UTC)
TARGET = Target("{TARGET-PROJECT-ID}", "{TARGET-CLUSTER-ID}")
VARIANTS = {
    "snapshot_http": HttpRestore("{SNAPSHOT-ID}", 1, expiration_hours=1),
    "automated_snapshot": AutomatedRestore(Snapshot("{SNAPSHOT-ID}"), TARGET),
    "automated_oplog": AutomatedRestore(OplogTime(1536610288, 1), TARGET),
    "automated_pit": AutomatedRestore(PointInTime(SEED_MOMENT), TARGET),
    "automated_checkpoint": AutomatedRestore(Checkpoint("{CHECKPOINT-ID}"), TARGET),
}


class EndOfSummer(tzinfo):
    """A zone whose clocks go back one hour in the night to 2018-10-28."""

    def utcoffset(self, moment):
        return timedelta(hours=2 if moment.replace(tzinfo=None) < datetime(2018, 10, 28, 2) else 1)  # noqa: DTZ001

    def dst(self, _):
        return None


def with_numbers(value):
    """Read strings of digits as numbers: the seeds print some numbers as strings."""
    if isinstance(value, dict):
        return {name: with_numbers(item) for name, item in value.items()}
    return int(value) if isinstance(value, str) and value.isdigit() else value


@pytest.mark.parametrize("family", [OPS_MANAGER, CLOUD_MANAGER], ids=repr)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_five_seed_requests_are_what_we_send(seed, family, variant):
    wanted = seed(f"cloud_manager_create_{variant}_request")
    sent = encode_request(family, VARIANTS[variant], now=NOW)

    assert with_numbers(sent) == with_numbers(wanted)
    assert json.loads(json.dumps(sent)) == sent


def test_wire_types_are_those_of_the_tables():
    http = encode_request(OPS_MANAGER, VARIANTS["snapshot_http"], now=NOW)
    oplog = encode_request(OPS_MANAGER, VARIANTS["automated_oplog"], now=NOW)
    moment = encode_request(OPS_MANAGER, VARIANTS["automated_pit"], now=NOW)

    assert [type(http["delivery"][name]) for name in ("expirationHours", "maxDownloads")] == [int, int]
    assert (oplog["oplogTs"], oplog["oplogInc"]) == ("1536610288", "1")
    assert moment["pointInTimeUTCMillis"] == 1536610288000
    assert type(moment["pointInTimeUTCMillis"]) is int


def test_an_expiry_moment_is_sent_in_utc_and_whole_seconds():
    expires = datetime(2020, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))
    sent = encode_request(CLOUD_MANAGER, HttpRestore("S", 3, expires), now=NOW)

    assert sent == {
        "snapshotId": "S",
        "delivery": {"methodName": "HTTP", "maxDownloads": 3, "expires": "2020-01-02T01:04:05Z"},
    }


def test_an_expiry_in_an_early_year_keeps_its_four_digits():
    sent = encode_request(CLOUD_MANAGER, HttpRestore("S", 3, datetime(99, 1, 2, tzinfo=UTC)), now=NOW)

    assert sent["delivery"]["expires"] == "0099-01-02T00:00:00Z"


def test_what_is_left_to_the_server_is_left_out():
    neither = HttpRestore("S", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT)
    hours = HttpRestore("S", SERVER_DEFAULT, expiration_hours=2)

    assert encode_request(OPS_MANAGER, neither, now=NOW) == {"snapshotId": "S", "delivery": {"methodName": "HTTP"}}
    assert encode_request(OPS_MANAGER, hours, now=NOW)["delivery"] == {"methodName": "HTTP", "expirationHours": 2}


def test_a_moment_of_another_zone_is_the_same_moment():
    local = SEED_MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    sent = encode_request(OPS_MANAGER, AutomatedRestore(PointInTime(local), TARGET), now=NOW)

    assert sent["pointInTimeUTCMillis"] == 1536610288000


def test_the_window_is_measured_in_real_time_when_clocks_change():
    # One hour is lived twice in this night: 25 hours of real time are 24 by the wall clock.
    zone = EndOfSummer()
    now = datetime(2018, 10, 28, 12, 0, tzinfo=zone)
    request = AutomatedRestore(PointInTime(datetime(2018, 10, 27, 12, 0, tzinfo=zone)), TARGET)

    with pytest.raises(ConfigError, match="more than 24 hours ago"):
        encode_request(OPS_MANAGER, request, now=now)


@given(st.datetimes(NOW.replace(tzinfo=None) - POINT_IN_TIME_WINDOW, NOW.replace(tzinfo=None)))
def test_milliseconds_are_exact_and_never_later_than_asked(moment):
    asked = moment.replace(tzinfo=UTC)
    sent = encode_request(OPS_MANAGER, AutomatedRestore(PointInTime(asked), TARGET), now=NOW)["pointInTimeUTCMillis"]
    meant = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=sent)

    assert timedelta(0) <= asked - meant < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("age", "complaint"),
    [
        (timedelta(0), None),
        (timedelta(hours=24), None),
        (timedelta(hours=24, minutes=5), None),
        (timedelta(minutes=-5), None),
        (timedelta(hours=24, minutes=5, microseconds=1), "more than 24 hours ago"),
        (timedelta(minutes=-5, microseconds=-1), "in the future"),
        (timedelta(days=3000), "more than 24 hours ago"),
        (timedelta(days=-3000), "in the future"),
    ],
)
def test_a_point_in_time_is_within_24_hours_and_a_tolerance(age, complaint):
    assert timedelta(minutes=5) == POINT_IN_TIME_TOLERANCE
    request = AutomatedRestore(PointInTime(NOW - age), TARGET)

    if complaint is None:
        assert "pointInTimeUTCMillis" in encode_request(OPS_MANAGER, request, now=NOW)
    else:
        with pytest.raises(ConfigError, match=complaint):
            encode_request(OPS_MANAGER, request, now=NOW)


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_family_without_creates_refuses_all_of_them(variant):
    family = attrs.evolve(OPS_MANAGER, creates=frozenset(), create_path=None)

    with pytest.raises(Unsupported, match=r"^Ops Manager: this version can list and read"):
        encode_request(family, variant, now=NOW)
    with pytest.raises(Unsupported, match="Ops Manager cannot be created"):
        create_path(family, variant)


def test_a_family_refuses_the_variant_it_does_not_know():
    family = attrs.evolve(OPS_MANAGER, creates=frozenset({HttpRestore, Snapshot}))

    assert encode_request(family, VARIANTS["automated_snapshot"], now=NOW)
    with pytest.raises(
        Unsupported, match="Ops Manager does not support restores to a checkpoint: use one of HttpRestore, Snapshot"
    ):
        encode_request(family, VARIANTS["automated_checkpoint"], now=NOW)


@pytest.mark.parametrize("request_", [{"snapshotId": "S"}, None, Snapshot("S")])
def test_what_is_no_request_is_refused(request_):
    with pytest.raises(ConfigError, match="must be an HttpRestore, an AutomatedRestore or a CollectionRestore, not"):
        encode_request(OPS_MANAGER, request_, now=NOW)


LEGACY = pytest.mark.parametrize("family", [ATLAS_LEGACY_V1, ATLAS_LEGACY], ids=repr)


@LEGACY
def test_atlas_legacy_names_its_target(family):
    sent = encode_request(family, AutomatedRestore(Snapshot("S"), Target("P", "there")), now=NOW)

    assert sent == {
        "snapshotId": "S",
        "delivery": {"methodName": "AUTOMATED_RESTORE", "targetGroupId": "P", "targetClusterName": "there"},
    }


@LEGACY
def test_atlas_legacy_has_the_24_hours_of_ops_manager(family):
    sent = encode_request(family, VARIANTS["automated_pit"], now=NOW)

    assert (sent["pointInTimeUTCMillis"], type(sent["pointInTimeUTCMillis"])) == (1536610288000, int)
    with pytest.raises(ConfigError, match="more than 24 hours ago"):
        encode_request(family, VARIANTS["automated_pit"], now=NOW + timedelta(days=2))


def test_a_legacy_oplog_time_is_text_in_v1_and_two_fields_in_v2():
    sent = [encode_request(family, VARIANTS["automated_oplog"], now=NOW) for family in (ATLAS_LEGACY_V1, ATLAS_LEGACY)]

    assert [(body["oplogTs"], body["oplogInc"]) for body in sent] == [
        ("1536610288", "1"),
        ("2018-09-10T20:11:28Z", 1),
    ]


def test_the_expiry_of_a_legacy_download_is_a_moment_in_v1_only():
    until = HttpRestore("S", 2, expires=datetime(2018, 9, 12, tzinfo=UTC))
    hours = HttpRestore("S", 2, expiration_hours=5)

    assert encode_request(ATLAS_LEGACY_V1, until, now=NOW)["delivery"]["expires"] == "2018-09-12T00:00:00Z"
    with pytest.raises(Unsupported, match="pass expiration_hours instead"):
        encode_request(ATLAS_LEGACY, until, now=NOW)
    for family in (ATLAS_LEGACY_V1, ATLAS_LEGACY):
        assert encode_request(family, hours, now=NOW)["delivery"] == {
            "methodName": "HTTP",
            "maxDownloads": 2,
            "expirationHours": 5,
        }


@LEGACY
def test_atlas_legacy_takes_no_checkpoints(family):
    with pytest.raises(Unsupported, match="does not support restores to a checkpoint: use one of"):
        encode_request(family, VARIANTS["automated_checkpoint"], now=NOW)


def test_a_legacy_v2_moment_before_2008_is_refused():
    then = datetime(2007, 12, 31, 23, 0, tzinfo=UTC)
    request = AutomatedRestore(PointInTime(then), TARGET)

    assert encode_request(ATLAS_LEGACY_V1, request, now=then)["pointInTimeUTCMillis"] == 1199142000000
    with pytest.raises(ConfigError, match="before 2008"):
        encode_request(ATLAS_LEGACY, request, now=then)


def test_config_servers_are_downloaded_only():
    family = OPS_MANAGER.config_server

    sent = encode_request(family, VARIANTS["snapshot_http"], now=NOW)

    assert sent["delivery"] == {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1}
    for name, request in VARIANTS.items():
        if name != "snapshot_http":
            with pytest.raises(Unsupported, match="Ops Manager config server does not support"):
                encode_request(family, request, now=NOW)
