"""Requests of Atlas as they stand on the wire, and one moment in all families."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.codec.request_bodies import create_path, encode_request
from mongorestore_async.errors import ConfigError, Unsupported
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_FLEX,
    ATLAS_SERVERLESS,
    ATLAS_SERVERLESS_V1,
    ATLAS_TENANT,
    ATLAS_TENANT_V1,
    FAMILIES,
)
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

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AGO = NOW - timedelta(days=3)
TARGET = Target("5c0000000000000000000001", "there")
WITH_TARGET = {"targetClusterName": "there", "targetGroupId": TARGET.project_id}
DOWNLOAD = HttpRestore.on_server_terms("S")
WHOLE = AutomatedRestore(Snapshot("S"), TARGET)
BY_OPLOG = AutomatedRestore(OplogTime(1_700_000_000, 3), TARGET)
BY_TIME = AutomatedRestore(PointInTime(AGO), TARGET)
BY_CHECKPOINT = AutomatedRestore(Checkpoint("K"), TARGET)
EVERY = (DOWNLOAD, WHOLE, BY_OPLOG, BY_TIME, BY_CHECKPOINT)

cloud_backup = pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP_V1, ATLAS_CLOUD_BACKUP], ids=repr)
tenant = pytest.mark.parametrize("family", [ATLAS_TENANT_V1, ATLAS_TENANT, ATLAS_FLEX], ids=repr)
serverless = pytest.mark.parametrize("family", [ATLAS_SERVERLESS_V1, ATLAS_SERVERLESS], ids=repr)


@cloud_backup
def test_cloud_backup_has_three_kinds_of_delivery(family):
    sent = [encode_request(family, request, now=NOW) for request in (DOWNLOAD, WHOLE, BY_OPLOG, BY_TIME)]

    assert sent == [
        {"deliveryType": "download", "snapshotId": "S"},
        {"deliveryType": "automated", "snapshotId": "S", **WITH_TARGET},
        {"deliveryType": "pointInTime", "oplogTs": 1_700_000_000, "oplogInc": 3, **WITH_TARGET},
        {"deliveryType": "pointInTime", "pointInTimeUTCSeconds": int(AGO.timestamp()), **WITH_TARGET},
    ]


@serverless
def test_serverless_instances_are_restored_from_snapshots(family):
    assert encode_request(family, WHOLE, now=NOW) == {"deliveryType": "automated", "snapshotId": "S", **WITH_TARGET}


def test_serverless_instances_go_back_in_time_in_v2_only():
    assert encode_request(ATLAS_SERVERLESS, BY_TIME, now=NOW) == {
        "deliveryType": "pointInTime",
        "pointInTimeUTCSeconds": int(AGO.timestamp()),
        **WITH_TARGET,
    }
    with pytest.raises(Unsupported, match="does not support restores to a point in time: use one of Snapshot"):
        encode_request(ATLAS_SERVERLESS_V1, BY_TIME, now=NOW)


@tenant
def test_tenant_and_flex_clusters_have_a_path_for_each_kind(family):
    assert encode_request(family, DOWNLOAD, now=NOW) == {"snapshotId": "S"}
    assert encode_request(family, WHOLE, now=NOW) == {
        "snapshotId": "S",
        "targetDeploymentItemName": "there",
        "targetProjectId": TARGET.project_id,
    }
    assert create_path(family, DOWNLOAD) == family.download_path
    assert create_path(family, WHOLE) == family.create_path
    assert create_path(family, DOWNLOAD).endswith("/download")


@pytest.mark.parametrize("family", [family for family in FAMILIES.values() if family.creates], ids=repr)
@pytest.mark.parametrize("request_", EVERY, ids=["download", "snapshot", "oplog", "time", "checkpoint"])
def test_a_family_takes_what_it_says_and_refuses_the_rest(family, request_):
    kind = type(request_.source if isinstance(request_, AutomatedRestore) else request_)
    now = AGO + timedelta(hours=1)

    if kind in family.creates:
        sent = encode_request(family, request_, now=now)
        assert json.loads(json.dumps(sent)) == sent
        assert None not in sent.values()
        assert create_path(family, request_).startswith("/groups/{project}/")
    else:
        with pytest.raises(Unsupported, match=f"^{family.title} does not support (restores|downloads).*: use one of "):
            encode_request(family, request_, now=now)


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP_V1, ATLAS_CLOUD_BACKUP, ATLAS_TENANT, ATLAS_FLEX], ids=repr)
@pytest.mark.parametrize(
    "request_",
    [
        HttpRestore("S", 1, expiration_hours=SERVER_DEFAULT),
        HttpRestore("S", SERVER_DEFAULT, expiration_hours=1),
        HttpRestore("S", SERVER_DEFAULT, expires=NOW),
    ],
)
def test_terms_that_the_server_sets_itself_cannot_be_sent(family, request_):
    with pytest.raises(Unsupported, match=r"use HttpRestore\.on_server_terms\(snapshot_id\)"):
        encode_request(family, request_, now=NOW)


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP_V1, ATLAS_CLOUD_BACKUP, ATLAS_SERVERLESS], ids=repr)
def test_no_restore_reaches_the_future(family):
    soon = AutomatedRestore(PointInTime(NOW + timedelta(minutes=5)), TARGET)
    late = AutomatedRestore(PointInTime(NOW + timedelta(minutes=5, microseconds=1)), TARGET)

    assert "pointInTimeUTCSeconds" in encode_request(family, soon, now=NOW)
    with pytest.raises(ConfigError, match="in the future: pass an earlier moment"):
        encode_request(family, late, now=NOW)


@pytest.mark.parametrize(
    ("earliest", "too_early"),
    [
        (OplogTime(1_199_145_600, 1), OplogTime(1_199_145_599, 1)),
        (PointInTime(datetime(2008, 1, 1, tzinfo=UTC)), PointInTime(datetime(2007, 12, 31, 23, 59, 59, tzinfo=UTC))),
    ],
)
def test_v2_takes_nothing_before_2008(earliest, too_early):
    assert encode_request(ATLAS_CLOUD_BACKUP, AutomatedRestore(earliest, TARGET), now=NOW)
    assert encode_request(ATLAS_CLOUD_BACKUP_V1, AutomatedRestore(too_early, TARGET), now=NOW)
    with pytest.raises(ConfigError, match="before 2008; Atlas cloud backup does not accept it"):
        encode_request(ATLAS_CLOUD_BACKUP, AutomatedRestore(too_early, TARGET), now=NOW)


def moment_of(sent):
    """The moment that a request asks for, whatever its family writes."""
    if "pointInTimeUTCMillis" in sent:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=sent["pointInTimeUTCMillis"])
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=sent["pointInTimeUTCSeconds"])


@given(
    st.datetimes(NOW.replace(tzinfo=None) - timedelta(hours=24), NOW.replace(tzinfo=None)),
    st.integers(-14 * 60, 14 * 60),
)
def test_a_moment_is_sent_alike_by_all_families_and_never_later(naive, minutes):
    moment = naive.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))
    request = AutomatedRestore(PointInTime(moment), TARGET)
    families = [family for family in FAMILIES.values() if PointInTime in family.creates]

    sent = {family.name: encode_request(family, request, now=NOW) for family in families}

    assert len(sent) == 7
    for name, body in sent.items():
        unit = timedelta(seconds=1) if "cloud-backup" in name or "serverless" in name else timedelta(milliseconds=1)
        assert timedelta(0) <= moment - moment_of(body) < unit


@given(st.integers(1_199_145_600, 2**32 - 1), st.integers(1, 2**32 - 1))
def test_one_oplog_time_is_the_same_in_all_families(seconds, increment):
    request = AutomatedRestore(OplogTime(seconds, increment), TARGET)
    families = [family for family in FAMILIES.values() if OplogTime in family.creates]

    assert len(families) == 6
    for family in families:
        sent = encode_request(family, request, now=NOW)
        read = {
            str: lambda text: int(text) if text.isdigit() else int(datetime.fromisoformat(text).timestamp()),
            int: int,
        }
        assert read[type(sent["oplogTs"])](sent["oplogTs"]) == seconds
        assert int(sent["oplogInc"]) == increment
