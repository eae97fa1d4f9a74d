"""Restores of single databases and collections as they stand on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    FAMILIES,
    AutomatedRestore,
    CollectionRestore,
    ConfigError,
    HttpRestore,
    IndexStrategy,
    OplogTime,
    PointInTime,
    Renamed,
    Snapshot,
    Target,
    Unsupported,
    WriteStrategy,
)
from mongorestore_async.codec.request_bodies import create_path, encode_request

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
REQUEST = CollectionRestore(Snapshot("s"), Target("p2", "there"), write=WriteStrategy.CREATE_NEW, databases=["shop"])
FIXED = {
    "targetGroupId": "p2",
    "targetClusterName": "there",
    "writeStrategy": "CREATE_NEW",
    "indexStrategy": "ALL",
    "databases": [{"sourceNamespace": "shop"}],
}


def encode(**changes):
    return encode_request(ATLAS_COLLECTION_RESTORE, attrs.evolve(REQUEST, **changes), now=NOW)


def test_nothing_unset_is_sent():
    assert encode() == {"snapshotId": "s", **FIXED}
    assert create_path(ATLAS_COLLECTION_RESTORE, REQUEST).endswith("/collectionRestoreJobs")


def test_everything_is_sent_that_was_set():
    sent = encode(
        databases=["shop", Renamed("crm", "crm2"), Renamed("x", "x")],
        collections=["a.b.c", Renamed("d.e", "f.g")],
        indexes=IndexStrategy.ALL_EXCEPT_TTL,
        write=WriteStrategy.OVERWRITE_EXISTING,
        database_suffix="_d",
        collection_suffix="_c",
    )

    assert sent == {
        **FIXED,
        "snapshotId": "s",
        "writeStrategy": "OVERWRITE_EXISTING",
        "indexStrategy": "ALL_EXCEPT_TTL",
        "databases": [
            {"sourceNamespace": "shop"},
            {"sourceNamespace": "crm", "targetNamespace": "crm2"},
            {"sourceNamespace": "x"},
        ],
        "collections": [{"sourceNamespace": "a.b.c"}, {"sourceNamespace": "d.e", "targetNamespace": "f.g"}],
        "databaseSuffix": "_d",
        "collectionSuffix": "_c",
    }
    assert {type(value) for value in sent.values()} == {str, list}  # no members of enumerations


def test_a_moment_has_a_spelling_of_its_own():
    moment = NOW - timedelta(hours=1, microseconds=1)

    assert encode(source=PointInTime(moment)) == {"pointInTimeUtcSeconds": int(NOW.timestamp()) - 3601, **FIXED}


def test_an_operation_of_the_oplog_is_two_numbers():
    assert encode(source=OplogTime(1_700_000_000, 4)) == {"oplogTs": 1_700_000_000, "oplogInc": 4, **FIXED}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (PointInTime(NOW + timedelta(hours=1)), "in the future"),
        (PointInTime(datetime(2007, 1, 1, tzinfo=UTC)), "before 2008"),
        (OplogTime(1, 1), "before 2008"),
        (OplogTime(2**31, 1), "the seconds of the oplog timestamp, 2147483648, .* takes at most 2147483647"),
        (OplogTime(1_700_000_000, 2**31), "the increment of the oplog timestamp, 2147483648"),
    ],
)
def test_moments_that_no_server_takes_are_refused(source, why):
    with pytest.raises(ConfigError, match=why):
        encode(source=source)


def test_numbers_up_to_the_largest_are_taken():
    assert encode(source=OplogTime(2**31 - 1, 2**31 - 1))["oplogInc"] == 2**31 - 1


@pytest.mark.parametrize("family", [family for family in FAMILIES.values() if family is not ATLAS_COLLECTION_RESTORE])
def test_no_other_family_takes_it(family):
    with pytest.raises(Unsupported, match="does not support restores of single databases and collections: use one of"):
        encode_request(family, REQUEST, now=NOW)


@pytest.mark.parametrize(
    "request_", [HttpRestore.on_server_terms("s"), AutomatedRestore(Snapshot("s"), REQUEST.target)]
)
def test_the_family_takes_nothing_else(request_):
    with pytest.raises(Unsupported, match="use one of CollectionRestore"):
        encode_request(ATLAS_COLLECTION_RESTORE, request_, now=NOW)
    assert encode_request(ATLAS_CLOUD_BACKUP, request_, now=NOW)


def test_a_family_without_an_encoding_is_told_so():
    family = attrs.evolve(ATLAS_COLLECTION_RESTORE, creates=frozenset({HttpRestore}))
    with pytest.raises(Unsupported, match="defines no request encoding"):
        encode_request(family, HttpRestore.on_server_terms("s"), now=NOW)
