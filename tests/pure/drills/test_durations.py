from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.drills import format_duration, parse_duration
from mongorestore_async.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("0.5s", 0.5),
        ("30m", 1800),
        ("2h", 7200),
        ("1d", 86400),
        ("1h30m", 5400),
        ("1d2h3m4s", 93784),
        ("PT30M", 1800),
        ("PT1H30M", 5400),
        ("P1DT12H", 129600),
        ("P2W", 14 * 86400),
        ("PT0.25S", 0.25),
    ],
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("30M", "months and years have no fixed length"),
        ("P1M", "months and years have no fixed length"),
        ("P1Y", "months and years have no fixed length"),
        ("3 months", "months and years have no fixed length"),
        ("90", "such as 90s or 90m"),
        ("", "write 90s"),
        ("P", "write 90s"),
        ("PT", "write 90s"),
        ("P1DT", "write 90s"),
        ("1.5h", "write 90s"),
        ("30m1h", "write 90s"),
        ("-5m", "write 90s"),
        ("٣m", "write 90s"),
        ("0s", "more than 0"),
        ("99999999d", "at most 100 years"),
    ],
)
def test_what_is_no_duration_is_refused_with_advice(text, advice):
    with pytest.raises(ConfigError, match=advice):
        parse_duration(text)


@given(st.integers(60, 10**8))
def test_what_is_written_is_read_as_the_same(seconds):
    assert parse_duration(format_duration(seconds)) == seconds


def test_less_than_a_minute_keeps_a_decimal():
    assert [format_duration(each) for each in (0, 1.26, 59.94, 59.96, 60)] == ["0.0s", "1.3s", "59.9s", "1m", "1m"]
