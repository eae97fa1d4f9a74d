"""What may be written as evidence: JSON only, exact, without secrets."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async import JobState
from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence.canonical_json import LARGEST_INT, canonical_bytes, read_json
from mongorestore_async.evidence.evidence_data import plain_json
from mongorestore_async.models.document import conceal
from mongorestore_async.models.secret import REDACTED, Secret, hide


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


def test_values_stay_what_they_are():
    data = {"a": None, "b": True, "c": -5, "d": 0.5, "e": "text", "f": [1, [2]], "g": {"h": {}}, "i": ()}

    assert plain_json(MappingProxyType(data)) == {**data, "i": []}


def test_what_is_a_kind_of_json_becomes_plain():
    found = plain_json({Colour.RED: Colour.RED, "level": Level.HIGH, "state": JobState.FAILED})

    assert found == {"red": "red", "level": 3, "state": "FAILED"}
    assert {type(value) for value in found.values()} == {str, int}
    assert {type(name) for name in found} == {str}


@given(st.integers())
def test_integers_are_numbers_as_far_as_every_reader_has_them(number):
    found = plain_json({"n": number})["n"]

    assert found == (number if abs(number) <= LARGEST_INT else str(number))
    assert canonical_bytes(found)


@pytest.mark.parametrize("number", [LARGEST_INT + 1, -LARGEST_INT - 1, 2**64])
def test_larger_integers_are_texts(number):
    assert plain_json({"n": number}) == {"n": str(number)}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_whatever_is_taken_can_be_written_and_read(value):
    try:
        found = plain_json({"value": value})
    except ConfigError:
        return
    written = canonical_bytes(found)

    assert canonical_bytes(read_json(written)) == written


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "data.a is a datetime"),
        (b"bytes", "data.a is a bytes"),
        ({1, 2}, "data.a is a set"),
        (object(), "data.a is a object"),
        ([1, {"b": math.nan}], r"data.a\[1\].b is not a finite number"),
        (-math.inf, "not a finite number"),
        ("\ud800", "data.a contains a lone surrogate"),
        ({"\ud800": 1}, "a name in data.a contains a lone surrogate"),
        ({1: 2}, "data.a has a name that is no text but a int"),
        pytest.param(10**5000, "data.a is a number with too many digits", id="digits"),
        ({"Bearer " + 10 * "a": 1, "Bearer " + 10 * "b": 2}, "two members that are both called"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(value, message):
    with pytest.raises(ConfigError, match=message):
        plain_json({"a": value})


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_data_are_an_object(data):
    with pytest.raises(ConfigError, match="must be a JSON object"):
        plain_json(data)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"x": inner}])
def test_what_is_nested_without_end_is_refused(wrap):
    value = []
    for _ in range(101):
        value = wrap(value)
    with pytest.raises(ConfigError, match="nested more than 100 deep"):
        plain_json({"a": value})


SECRETS = {
    "downloadUrl": "https://example.com/file",
    "privateKey": "SECRET",
    "client_secret": "SECRET",
    "db_password": "SECRET",
    "authTokens": ["SECRET", {"value": "SECRET"}],
    "header": "Authorization: Basic U0VDUkVUU0VDUkVU",
    "text": "mdb_sa_sk_SECRET",
    "target": "mongodb+srv://user:SECRET@cluster.example.com/",
    "link": "https://cloud.example.com/backup/restore/v2/pull/job/SECRET/file.tar.gz",
    "signed": "https://bucket.example.com/x?X-Amz-Signature=SECRET",
    "body": '{"urlV2":"https://SECRET.example.com/"}',
    "kept": Secret("SECRET"),
    "hidden": hide("SECRET"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_looks_like_a_secret_is_redacted(name):
    found = plain_json({"step": {name: SECRETS[name]}})

    assert REDACTED in str(found)
    assert "SECRET" not in str(found).replace("client_secret", "")


def test_what_is_no_secret_stays():
    data = {
        "request": "https://cloud.mongodb.com/api/public/v1.0/groups/5/clusters/6/restoreJobs",
        "namespaces": {"shop.authTokens": 20_000, "shop.tokens": 5},
        "hash": "a" * 64,
        "job": "cloud-manager/5/6/7",
        "token": None,
    }

    assert plain_json(data) == data


def test_a_name_that_is_a_secret_is_redacted():
    assert plain_json({"mdb_sa_sk_SECRET": 1}) == {REDACTED: 1}


def test_the_document_of_a_job_is_taken_as_it_is(seed):
    document = seed("cloud_manager_list")["results"][0]
    raw = conceal({**document, "delivery": {"url": "https://example.com/SECRET"}, "list": [{"a": 1}]})
    found = plain_json({"answer": raw})["answer"]

    assert found["id"] == document["id"]
    assert found["delivery"] == {"url": REDACTED}
    assert found["list"] == [{"a": 1}]
