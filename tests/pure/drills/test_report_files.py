from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pytest

from mongorestore_async.drills import (
    CheckOutcome,
    DrillOutcome,
    DrillReport,
    dump_report,
    load_report,
    read_report,
    write_report,
)
from mongorestore_async.errors import ConfigError

AT = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
REPORT = DrillReport(
    name="weekly",
    started_at=AT,
    ended_at=AT + timedelta(hours=1, microseconds=5),
    outcomes=(
        DrillOutcome(
            project="p",
            cluster="orders",
            target="download",
            state="MISSED_GOAL",
            reason="RTO 2h, goal 1h",
            job="ops-manager/p/orders/1",
            snapshot="5f",
            snapshot_at=AT - timedelta(days=1),
            started_at=AT,
            ended_at=AT,
            rto_seconds=7200.5,
            rto_goal=3600.0,
            archive_bytes=2**53 + 1,
            archive_sha256="ab",
            archive_verified=True,
            namespaces={"shop.orders": 3},
            checks=(CheckOutcome("archive", passed=True, detail="whole", seconds=1.5),),
        ),
        DrillOutcome(project="p", cluster="b", target="d/t", state="SKIPPED", reason="stopped", name="oldest"),
        DrillOutcome(project="p", cluster="b", target="download", state="PASSED", name="newest"),
    ),
    evidence_head="00",
    evidence_count=4,
    requests=17,
    library_version="0.1.0",
)


def test_a_report_comes_back_equal(tmp_path):
    write_report(REPORT, tmp_path / "report.json")

    assert read_report(tmp_path / "report.json") == REPORT
    assert load_report(dump_report(REPORT)) == REPORT
    assert REPORT.passed is False
    assert attrs.evolve(REPORT, outcomes=()).passed is True


def test_times_are_written_in_utc():
    here = timezone(timedelta(hours=2))
    document = dump_report(attrs.evolve(REPORT, started_at=AT.astimezone(here)))

    assert document["started_at"] == "2026-11-29T03:00:00+00:00"


def test_whole_numbers_are_seconds_too():
    document = dump_report(REPORT)
    document["outcomes"][0]["rto_seconds"] = 7200

    assert load_report(document).outcomes[0].rto_seconds == 7200.0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "format of the report is 2: this version reads 1"),
        ({"requests": "17"}, r"expected int @ \$\.requests"),
        ({"requests": True}, r"expected int @ \$\.requests"),
        ({"started_at": "2026-11-29T03:00:00"}, r"expected datetime @ \$\.started_at"),
        ({"started_at": "yesterday"}, r"\$\.started_at"),
        ({"more": 1}, "more"),
        ({"outcomes": [{}]}, r"required field missing @ \$\.outcomes\[0\]"),
    ],
)
def test_what_is_no_report_is_refused_with_its_place(changes, told):
    with pytest.raises(ConfigError, match=told):
        load_report(dump_report(REPORT) | changes)


def test_a_state_that_is_none_is_refused():
    document = dump_report(REPORT)
    document["outcomes"][0]["state"] = "GREAT"
    with pytest.raises(ConfigError, match=r"outcomes\[0\]\.state"):
        load_report(document)


@pytest.mark.parametrize(
    ("name", "cluster", "place"),
    [("oldest", "b", 1), ("newest", "b", 2), ("renamed", "b", 2), ("weekly", "orders", 0), ("oldest", "none", None)],
)
def test_an_entry_of_a_plan_finds_its_own_outcome(name, cluster, place):
    assert REPORT.find(name, "p", cluster) == (None if place is None else REPORT.outcomes[place])


def test_a_report_without_names_is_read():
    document = dump_report(REPORT)
    for outcome in document["outcomes"]:
        del outcome["name"]

    assert [each.label for each in load_report(document).outcomes] == ["orders", "b", "b"]


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_a_file_that_is_no_report_is_refused(text, tmp_path):
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="is no JSON file"):
        read_report(path)
    path.write_text(json.dumps([1]), encoding="utf-8")
    with pytest.raises(ConfigError, match="holds no report"):
        read_report(path)
