"""CSV: what a spreadsheet would compute is text."""

from __future__ import annotations

import csv
import io

import pytest

from builders.reports import HOSTILE, drill_of, fleet_of, history
from mongorestore_async.protocol.redaction import printable
from mongorestore_async.reports.sheets import drill_sheet, fleet_sheet, sheet


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "|calc", "%x", "\ufeff=1"]
)
def test_formulas_become_text(text):
    (row,) = rows(sheet(["a"], [[text]]))

    assert row["a"] == "'" + printable(text)


@pytest.mark.parametrize("text", ["plain", "a=b", "2026-11-29T12:00:00Z", "atlas/p/c/j", '"quoted", with comma'])
def test_other_text_stays_as_it_is(text):
    assert rows(sheet(["a"], [[text]])) == [{"a": text}]


def test_numbers_stay_numbers():
    assert sheet(["a", "b", "c", "d"], [[-1.5, True, None, False]]) == "a,b,c,d\r\n-1.5,true,,false\r\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_one_cell_of_one_row(name):
    found = rows(fleet_sheet([history(name)], []))

    assert len(found) == 1
    assert None not in found[0]
    assert found[0]["cluster"].lstrip("'") == printable(name)
    assert found[0]["outcome"] == "never"


def test_a_fleet_has_a_row_for_each_cluster():
    report = fleet_of(60)
    found = rows(fleet_sheet(report.clusters, report.stale))

    assert len(found) == 60
    assert {row["lately"] for row in found} == {"true", "false"}
    assert {row["outcome"] for row in found} >= {"finished", "failed", "never", "unread"}
    assert all(row["last_job"] for row in found if row["restores"] != "0")


def test_a_drill_has_a_row_for_each_cluster():
    found = rows(drill_sheet(drill_of(8).outcomes))

    assert [row["state"] for row in found][3:5] == ["MISSED_GOAL", "FAILED"]
    assert found[0] | {"archive_verified": "true", "documents": "153000", "checks_passed": "2"} == found[0]
    assert found[4]["rto_seconds"] == found[4]["documents"] == ""
    assert rows(drill_sheet(drill_of(1, hostile=True).outcomes))[0]["checks_failed"] == "1"
