"""What answers say about the end of what was called."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.families import ATLAS_CLOUD_BACKUP, ATLAS_TENANT
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.deprecation import Notice, VendorDeprecation, read_notice, replacement, resource_of

AUGUST = datetime(2024, 8, 5, tzinfo=UTC)
JANUARY = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "deprecated", "sunset"),
    [
        ({"Deprecation": "Mon, 5 Aug 2024 00:00:00 GMT"}, AUGUST, None),
        ({"deprecation": "Mon, 05 Aug 2024 00:00:00 GMT"}, AUGUST, None),
        ({"Deprecation": "@1722816000"}, AUGUST, None),
        ({"Deprecation": "true"}, None, None),
        ({"Deprecation": "?1"}, None, None),
        ({"Sunset": "Thu, 15 Jan 2026 00:00:00 GMT"}, None, JANUARY),
        (
            {"Deprecation": "Mon, 5 Aug 2024 00:00:00 GMT", "Sunset": "Thu, 15 Jan 2026 00:00:00 GMT"},
            AUGUST,
            JANUARY,
        ),
        ({"Deprecation": "soon", "Sunset": "Thu, 15 Jan 2026 00:00:00 GMT"}, None, JANUARY),
    ],
)
def test_dates_are_read_in_every_form_they_have(headers, deprecated, sunset):
    assert read_notice(Headers(headers.items())) == Notice(deprecated=deprecated, sunset=sunset)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Deprecation": ""}, {"Deprecation": "false"}, {"Sunset": "some day"}, {"Deprecation": "@999999999999"}],
)
def test_what_makes_no_sense_was_not_sent(headers):
    assert read_notice(headers) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_header_ever_fails(deprecation, sunset):
    notice = read_notice({"Deprecation": deprecation, "Sunset": sunset})

    assert notice is None or isinstance(notice.warning("atlas-flex", "clusters"), VendorDeprecation)


@given(
    st.from_regex(r"\A(Mon|Foo)?,? ?[0-9]{0,3} (Aug|Xyz) [0-9]{0,6} [0-9]{0,3}:[0-9]{0,3}(:[0-9]{0,3})? [+-]?\w{0,6}\Z")
)
def test_no_date_ever_fails(text):
    notice = read_notice({"Sunset": text})

    assert notice is None or notice.sunset.utcoffset().total_seconds() == 0


def test_the_warning_gives_both_dates_and_the_replacement():
    warning = Notice(deprecated=AUGUST, sunset=JANUARY).warning("atlas-tenant", "restores")

    assert isinstance(warning, DeprecationWarning)
    assert str(warning) == (
        "the server says that the restores API of Atlas M2/M5 is deprecated since 2024-08-05 and may be removed after "
        f"2026-01-15; {ATLAS_TENANT.deprecation}"
    )
    assert (warning.deprecated, warning.sunset) == (AUGUST, JANUARY)


@pytest.mark.parametrize(
    ("family", "whose"), [("atlas-cloud-backup", "Atlas cloud backup"), ("mine", "mine"), (None, "this server")]
)
def test_an_unknown_replacement_refers_to_the_changelog(family, whose):
    text = str(Notice().warning(family, "clusters"))

    assert text.startswith(f"the server says that the clusters API of {whose} is deprecated; check the vendor's")
    assert replacement(family) is None


def test_a_warning_survives_a_pickle():
    warning = pickle.loads(pickle.dumps(Notice(sunset=JANUARY).warning(None, "groups")))  # noqa: S301 - our own

    assert (type(warning), warning.sunset) == (VendorDeprecation, JANUARY)


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        (ATLAS_CLOUD_BACKUP.jobs_path, "restoreJobs"),
        (ATLAS_CLOUD_BACKUP.job_path, "restoreJobs"),
        (ATLAS_CLOUD_BACKUP.sharded_snapshots_path, "shardedClusters"),
        (ATLAS_TENANT.jobs_path, "restores"),
        ("/groups", "groups"),
        ("/groups/5c0000000000000000000001", "groups"),
        ("", "root"),
    ],
)
def test_a_resource_is_the_last_word_of_its_path(path, resource):
    assert resource_of(path) == resource
