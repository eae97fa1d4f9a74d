"""``mongorestore-async fleet report``: what is written, and how it ends."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import threading

import pytest
from aiohttp import web

REPORT = ("fleet", "report", "--family", "cloud-manager", "--output")


@pytest.fixture
def read_json():
    return lambda directory: json.loads((directory / "report.json").read_text(encoding="utf-8"))


def test_a_report_has_every_cluster_of_the_key(call, tmp_path, emulator, read_json):
    directory = tmp_path / "new" / "reports"
    ended = call(*REPORT, str(directory))

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1:] == [str(directory / f"report.{end}") for end in ("html", "json", "csv")]
    world = emulator.world
    names = {cluster.name for project in world.projects("manager") for cluster in world.clusters(project)}
    document = read_json(directory)
    assert {each["cluster"]["name"] for each in document["clusters"]} == names
    assert ended.out.startswith(f"{len(names)} clusters: ")
    with (directory / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["cluster"] for row in csv.DictReader(file)} == names
    page = (directory / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in names)


def test_no_file_of_a_report_has_a_link_or_a_key(call, tmp_path, emulator):
    assert call(*REPORT, str(tmp_path)).code == 0

    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert emulator.private_key not in text
    assert "/backup/restore/" not in text
    assert "http" not in text.replace("http-equiv", "").replace("http://127.0.0.1", "")


def test_what_cannot_be_read_is_in_the_report_and_told(call, tmp_path, emulator, read_json):
    closed = list(emulator.world.projects("manager"))[1]

    def refuse(request):
        if f"/groups/{closed.id}/" in request.path:
            return web.json_response({"error": 403, "errorCode": "USER_UNAUTHORIZED", "detail": "no right"}, status=403)
        return None

    emulator.fault_after_login = refuse
    ended = call(*REPORT, str(tmp_path))

    assert ended.code == 9
    assert "forbidden" in ended.err
    document = read_json(tmp_path)
    unread = [each for each in document["clusters"] if each["outcome"] == "unread"]
    assert {each["project"]["id"] for each in unread} == {closed.id}
    assert "forbidden" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_several_families_are_one_report(call, tmp_path, read_json):
    ended = call(*REPORT, str(tmp_path), "--family", "atlas-cloud-backup", "--lately", "30d", "--since", "400d")

    assert ended.code == 9  # clusters with the other kind of backup are told
    document = read_json(tmp_path)
    assert len({each["fleet"] for each in document["clusters"]}) == 2
    assert document["latelySeconds"] == 30 * 86400
    assert document["since"] is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--lately", "soon"), "not a duration"),
        (("--lately", "99999d"), "at most 100 years"),
        (("--state", "FAILED"), "--state"),
        (("--family", "nonsense"), "nonsense"),
    ],
)
def test_wrong_options_are_refused_and_nothing_is_written(call, tmp_path, options, words):
    ended = call(*REPORT, str(tmp_path), *options)

    assert ended.code == 2
    assert words in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_told_before_any_call(call, tmp_path, emulator):
    (tmp_path / "file").write_text("")
    seen = emulator.counts.requests

    ended = call(*REPORT, str(tmp_path / "file"))

    assert ended.code == 2
    assert ended.err.startswith("error: the directory of --output cannot be used: ")
    assert emulator.counts.requests == seen


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_closed_meanwhile_is_told(call, tmp_path):
    tmp_path.chmod(0o500)
    ended = call(*REPORT, str(tmp_path))

    assert ended.code == 1
    assert "could not be written" in ended.err


def test_a_file_that_cannot_be_replaced_is_told(call, tmp_path):
    (tmp_path / "report.html").mkdir()
    ended = call(*REPORT, str(tmp_path))

    assert ended.code == 1
    assert ended.err.startswith("error: the report could not be written to ")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


async def test_an_interrupted_report_writes_nothing(start, tmp_path, emulator):
    held, free = threading.Event(), threading.Event()

    def hold(request):
        if "restoreJobs" in request.path:
            held.set()
            free.wait(30)

    emulator.fault_after_login = hold
    async with start(*REPORT, str(tmp_path)) as process:
        assert await asyncio.to_thread(held.wait, 60)
        process.send_signal(signal.SIGINT)
        free.set()
        _, err = await process.communicate()

    assert process.returncode == 130
    assert b"interrupted" in err
    assert list(tmp_path.iterdir()) == []
