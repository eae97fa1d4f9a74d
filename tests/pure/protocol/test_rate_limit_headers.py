"""What is said about rate limits, read."""

import math
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import ConfigError
from mongorestore_async.families import CLOUD_MANAGER, OPS_MANAGER, RateLimit
from mongorestore_async.families.rate_limit import (
    ATLAS_V2_CALLER,
    ATLAS_V2_CLUSTERS,
    ATLAS_V2_PROJECT,
    ATLAS_V2_PROJECTS,
)
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.rate_limit_headers import (
    TOKEN_BUCKET,
    choose_rate,
    project_in,
    rate_headers,
    retry_after,
    told_bucket,
)

NOW = datetime(2026, 11, 6, 8, 49, 37, tzinfo=UTC)
ATLAS = (ATLAS_V2_CLUSTERS, ATLAS_V2_PROJECTS, ATLAS_V2_PROJECT, ATLAS_V2_CALLER)


def read(value, date="Fri, 06 Nov 2026 08:49:00 GMT", **others):
    fields = {"retry-after": value, "date": date}
    headers = Headers((name, text) for name, text in fields.items() if text is not None)
    return retry_after(headers, **{"error_code": "RATE_LIMITED", "parameters": (), "now": NOW} | others)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("7", 7), (" 120 ", 120), ("0030", 30), ("9" * 400, 1e9)],
)
def test_whole_seconds_are_read(text, seconds):
    assert read(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.5", 2),
        ("0.1", 1),
        ("2.0", 2),
        (".5", 1),
        ("7.", 7),
        ("+5", 5),
        ("2 seconds", 2),
        ("2 Seconds", 2),
        ("12 s", 12),
        ("3sec", 3),
        ('"30"', 30),
        ("7;reason=busy", 7),
        ("\t7\t", 7),
        ("7, 7", 7),
        ("7, 8", 8),
        ("0.0", 0),
    ],
)
def test_seconds_in_an_unusual_spelling_are_read(text, seconds):
    assert read(text) == seconds


def test_of_two_fields_the_longer_wait_counts():
    headers = Headers([("Retry-After", "1"), ("Retry-After", "soon"), ("Retry-After", "20")])
    assert retry_after(headers, None, (), NOW) == 20
    assert retry_after({"Retry-After": "1.5"}, None, (), NOW) == 2  # any mapping will do


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 06 Nov 2026 08:50:00 GMT",
        "Fri, 6 Nov 2026 08:50:00 GMT",
        "Friday, 06-Nov-26 08:50:00 GMT",
        "Fri Nov  6 08:50:00 2026",
        "Fri, 06 Nov 2026 09:50:00 +0100",
        "Fri, 06 Nov 2026 08:50:00 UTC",
        "fri, 06 nov 2026 08:50:00 gmt",
        " 06 Nov 2026 08:50:00 GMT ",
        "2026-11-06T08:50:00Z",
        "2026-11-06 09:50:00+01:00",
        "2026-11-06T08:50:00",
    ],
)
def test_a_date_of_any_form_is_read_on_the_clock_of_the_answer(text):
    assert read(text) == 60


def test_a_date_is_read_on_our_clock_where_the_answer_has_none():
    for date in (None, "soon"):
        assert read("Fri, 06 Nov 2026 08:50:00 GMT", date) == 23


def test_a_date_that_is_over_means_no_wait():
    assert read("Fri, 06 Nov 2026 08:48:00 GMT") == 0


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "  ",
        "soon",
        "-5",
        "1e3",
        "0x10",
        "1.5.2",
        "١٢",
        "12 minutes",
        "7, soon",
        "Fri, 99 Nov 2026 08:50:00 GMT",
        "2026-99-06T08:50:00Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_is_no_wait_is_none(text):
    assert read(text) is None


@pytest.mark.parametrize(
    ("parameters", "seconds"),
    [
        (("clusters", 12, 1200, 500, 60), 12),
        (("clusters", "12", "1200", "500", "60"), 12),
        (("clusters", 1.5), 1.5),
        (("clusters",), None),
        ((), None),
        (("clusters", None), None),
        (("clusters", True), None),
        (("clusters", "soon"), None),
        (("clusters", -1), None),
        (("clusters", math.nan), None),
        (("clusters", math.inf), None),
        (("clusters", 10**400), None),
        (("clusters", [12]), None),
    ],
)
def test_a_bucket_tells_the_wait_in_its_parameters(parameters, seconds):
    assert read(None, error_code=TOKEN_BUCKET, parameters=parameters) == seconds
    assert read("soon", error_code=TOKEN_BUCKET, parameters=parameters) == seconds
    assert read("3", error_code=TOKEN_BUCKET, parameters=parameters) == 3
    assert read(None, error_code="RATE_LIMITED", parameters=parameters) is None


RESETS = {
    "the first drafts": {"RateLimit-Limit": "10", "RateLimit-Remaining": "0", "RateLimit-Reset": "5"},
    "a draft of one header": {"RateLimit": "limit=10, remaining=0, reset=5"},
    "the present draft": {"RateLimit-Policy": '"default";q=10;w=60', "RateLimit": '"default";r=0;t=5'},
    "seconds": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "5"},
    "a part of a second": {"X-RateLimit-Reset": "4.2"},
    "a moment": {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 5)},
    "a moment in milliseconds": {"x-ratelimit-reset": str(int(NOW.timestamp() * 1000) + 5000)},
    "with a hyphen more": {"X-Rate-Limit-Reset": "5"},
    "after": {"X-RateLimit-Reset-After": "5"},
    "the longest of several": {"X-RateLimit-Reset": "5", "RateLimit-Reset": "1"},
}


@pytest.mark.parametrize("fields", RESETS.values(), ids=RESETS)
def test_a_refusal_says_when_the_limit_is_reset(fields):
    headers = Headers(fields.items())
    assert retry_after(headers, None, (), NOW, limited=True) == 5
    assert retry_after(headers, None, (), NOW) is None  # what is no refusal tells nothing about when to come again
    assert retry_after(Headers([*fields.items(), ("Retry-After", "2")]), None, (), NOW, limited=True) == 2
    left = Headers([*fields.items(), ("X-RateLimit-Remaining", "3")])
    assert retry_after(left, None, (), NOW, limited=True) is None  # it is another limit that was met


@pytest.mark.parametrize(
    "fields",
    [
        {"RateLimit-Reset": "soon"},
        {"RateLimit": '"default";r=0'},
        {"RateLimit": "offset=5"},
        {"X-RateLimit-Reset": "-5"},
        {"X-RateLimit-Reset": ""},
    ],
)
def test_what_is_no_reset_is_none(fields):
    assert retry_after(Headers(fields.items()), None, (), NOW, limited=True) is None


def test_a_reset_that_is_over_means_no_wait():
    fields = {"X-RateLimit-Reset": str(int(NOW.timestamp()) - 5)}
    assert retry_after(Headers(fields.items()), None, (), NOW, limited=True) == 0


@given(text=st.text(max_size=60), date=st.text(max_size=60))
def test_any_header_is_read_as_a_wait_or_as_none(text, date):
    wait = read(text, date)

    assert wait is None or wait >= 0


@given(
    moment=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9000, 1, 1)),  # noqa: DTZ001
    wait=st.integers(0, 10**9),
    hours=st.integers(-12, 12),
)
def test_a_date_counts_from_the_date_of_the_answer_in_any_zone(moment, wait, hours):
    sent = moment.replace(microsecond=0, tzinfo=UTC)
    until = (sent + timedelta(seconds=wait)).astimezone(timezone(timedelta(hours=hours)))

    assert read(format_datetime(until), format_datetime(sent, usegmt=True)) == wait


@pytest.mark.parametrize(
    ("limit", "remaining", "found"),
    [
        ("1200", "1199", (1200, 1199)),
        (" 1200 ", "0", (1200, 0)),
        ("100, 100;w=60", "7;w=1", (100, 7)),
        (None, "7", (None, 7)),
        (None, None, (None, None)),
        ("many", "-1", (None, None)),
        ("1.5", "٣", (None, None)),
        ("9" * 10, "", (None, None)),
    ],
)
def test_rate_headers_are_numbers_or_were_not_sent(limit, remaining, found):
    fields = {"ratelimit-limit": limit, "RATELIMIT-REMAINING": remaining}

    assert rate_headers(Headers((name, text) for name, text in fields.items() if text is not None)) == found


def test_a_refusal_describes_its_bucket():
    assert told_bucket(TOKEN_BUCKET, ("clusters", 3, 1200, "500", 60)) == RateLimit(1200, 500, 60)


@pytest.mark.parametrize(
    ("code", "parameters"),
    [
        ("RATE_LIMITED", ("clusters", 3, 1200, 500, 60)),
        (None, ()),
        (TOKEN_BUCKET, ()),
        (TOKEN_BUCKET, ("clusters", 3, 1200, 500)),
        (TOKEN_BUCKET, ("clusters", 3, "many", 500, 60)),
        (TOKEN_BUCKET, ("clusters", 3, 1200, None, 60)),
        (TOKEN_BUCKET, ("clusters", 3, 1200, 500, "a minute")),
        (TOKEN_BUCKET, ("clusters", 3, 0, 500, 60)),
        (TOKEN_BUCKET, ("clusters", 3, 1200, 500, 0)),
    ],
)
def test_what_describes_no_bucket_is_none(code, parameters):
    assert told_bucket(code, parameters) is None


@pytest.mark.parametrize(
    ("path", "names", "project"),
    [
        ("/groups/{project}/clusters", {"project": "P"}, "P"),
        ("/groups/P/clusters", None, "P"),
        ("/groups/P/clusters", {}, "P"),
        ("/api/public/v1.0/groups/P", None, "P"),
        ("/groups", None, None),
        ("/groups/", {"cluster": "C"}, None),
        ("/subgroups/P", None, None),
    ],
)
def test_the_project_is_found_by_name_or_in_the_path(path, names, project):
    assert project_in(path, names) == project


@pytest.mark.parametrize(
    ("path", "project", "chosen"),
    [
        ("/groups/{project}/clusters/{cluster}/backup/restoreJobs", "P", ATLAS_V2_PROJECT),
        ("/groups/{project}/clusters", "P", ATLAS_V2_CLUSTERS),
        ("/groups", None, ATLAS_V2_PROJECTS),
        ("/orgs", None, ATLAS_V2_CALLER),
    ],
)
def test_of_several_limits_the_first_that_fits_is_chosen(path, project, chosen):
    assert choose_rate(ATLAS, path, project) is chosen


def test_a_limit_per_project_is_none_of_a_call_without_project():
    assert choose_rate(CLOUD_MANAGER.rates, "/groups", None) is None
    assert choose_rate(OPS_MANAGER.rates, OPS_MANAGER.jobs_path, "P") is None


def test_the_buckets_of_atlas_are_those_of_the_fact_sheet():
    assert [str(rate) for rate in ATLAS] == [
        "10000 calls at once and 5000 in 60 s per project",
        "1200 calls at once and 500 in 60 s per key",
        "1200 calls at once and 500 in 60 s per project",
        "300 calls at once and 100 in 60 s per key",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0, 1, 1), "capacity"),
        ((True, 1, 1), "capacity"),
        ((1.5, 1, 1), "capacity"),
        ((1, -1, 1), "refill"),
        ((1, 1, 0), "per_seconds"),
        ((1, 1, True), "per_seconds"),
        ((1, 1, "60"), "per_seconds"),
        ((1, 1, math.inf), "per_seconds"),
        ((1, 1, math.nan), "per_seconds"),
        ((1, 1, 60, "cluster"), "scope"),
    ],
)
def test_a_limit_out_of_range_is_refused(arguments, says):
    with pytest.raises(ConfigError, match=says):
        RateLimit(*arguments)


def test_a_window_restarts_as_a_whole():
    with pytest.raises(ConfigError, match="window"):
        RateLimit(100, 50, 60, window=True)
    assert str(RateLimit(100, 100, 60, window=True)) == "100 calls in 60 s per project"
