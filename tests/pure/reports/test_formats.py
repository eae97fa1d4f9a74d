"""Times, durations and sizes for people and for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mongorestore_async.reports.formats import NOTHING, duration_text, moment_text, moment_value, plural, size_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, NOTHING),
        (0, "0 s"),
        (0.002, "< 0.1 s"),
        (1.25, "1.2 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (750, "12 min 30 s"),
        (3600, "1 h"),
        (3900, "1 h 5 min"),
        (86400 * 3 + 3600 * 4, "3 d 4 h"),
    ],
)
def test_durations_have_two_units(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, NOTHING),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_960, "1.0 MB"),
        (43 * 10**8, "4.3 GB"),
        (10**19, "10000.0 PB"),
    ],
)
def test_sizes_are_decimal(count, text):
    assert size_text(count) == text


def test_moments_are_utc():
    moment = datetime(2026, 11, 29, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=2)))

    assert moment_text(moment) == "2026-11-28 23:02"
    assert moment_value(moment) == "2026-11-28T23:02:03Z"
    assert moment_text(None) == NOTHING
    assert moment_value(None) == ""
    assert moment_value(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"


def test_nouns_follow_their_numbers():
    assert [plural(count, "cluster") for count in (0, 1, 2000)] == ["0 clusters", "1 cluster", "2,000 clusters"]
