"""Three files in a folder, whole or not at all."""

from __future__ import annotations

import csv
import json
import os

import pytest

from builders.reports import HOSTILE, NOW, drill_of, fleet_of, history, restore
from mongorestore_async.drills import read_report
from mongorestore_async.reports import FleetReport, write_drill_report, write_fleet_report
from mongorestore_async.reports.writing import dump_fleet_report


def test_a_fleet_is_written_as_three_files(tmp_path):
    files = write_fleet_report(fleet_of(30), tmp_path / "a" / "b")

    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == [
        "report.csv",
        "report.html",
        "report.json",
    ]
    assert files.html.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    document = json.loads(files.json.read_text(encoding="utf-8"))
    assert (document["format"], len(document["clusters"])) == (1, 30)
    with files.csv.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 30
    assert files.csv.read_bytes().startswith(b"\xef\xbb\xbf")  # how spreadsheets know UTF-8


@pytest.mark.parametrize("hostile", [False, True])
def test_a_drill_can_be_read_back(tmp_path, hostile):
    drill = drill_of(len(HOSTILE), hostile=hostile)

    assert read_report(write_drill_report(drill, tmp_path).json) == drill


def test_the_document_of_a_fleet_has_the_latest_restores_and_all_counts():
    restores = [restore(days=days, seconds=60, job=f"j{days}") for days in range(1, 30)]
    document = dump_fleet_report(FleetReport(taken_at=NOW, clusters=(history("c", *restores), history("d"))))
    cluster, empty = document["clusters"]

    assert (cluster["restores"], len(cluster["latest"]), cluster["counts"]) == (29, 20, {"FINISHED": 29})
    assert cluster["latest"][0] == {
        "job": "j1",
        "state": "FINISHED",
        "requestedAt": "2026-11-28T12:00:00Z",
        "finishedAt": "2026-11-28T12:01:00Z",
        "seconds": 60.0,
        "snapshotMoment": None,
        "target": None,
        "batch": None,
        "jobs": 1,
    }
    assert cluster["lastGood"] == "2026-11-28T12:00:00Z"
    assert (empty["outcome"], empty["lastGood"], empty["stale"]) == ("never", None, False)
    assert document["outcomes"] | {"never": 1, "finished": 1} == document["outcomes"]


def test_an_older_report_is_replaced(tmp_path):
    write_fleet_report(fleet_of(30), tmp_path)
    files = write_fleet_report(fleet_of(0), tmp_path)

    assert json.loads(files.json.read_text(encoding="utf-8"))["clusters"] == []
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no symbolic links")
def test_a_link_in_the_place_of_a_report_is_replaced_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.csv").symlink_to(precious)

    write_fleet_report(fleet_of(1), tmp_path / "out")

    assert precious.read_text() == "precious"


def test_a_full_disk_leaves_the_older_report(tmp_path, monkeypatch):
    write_fleet_report(fleet_of(3), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_self, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_fleet_report(fleet_of(1), tmp_path)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
