"""``mongorestore-async snapshots``: every form, every family, the choice of one."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from mongorestore_async.families import FAMILIES

CSV_COLUMNS = "id,restorable,obstacles,taken,expires,kind,version,bytes"
KINDS = {
    "ops-manager": "replica-set",
    "cloud-manager": "replica-set",
    "atlas-cloud-backup": "cloud-backup",
    "atlas-cloud-backup-v1": "cloud-backup",
    "atlas-collection-restore": "cloud-backup",
    "atlas-flex": "flex",
    "atlas-legacy": "legacy",
    "atlas-legacy-v1": "legacy",
    "atlas-tenant": "tenant",
    "atlas-tenant-v1": "tenant",
    "atlas-serverless": "serverless",
    "atlas-serverless-v1": "serverless",
}


@pytest.fixture
def settings():
    return {"clusters_per_project": 7}


@pytest.fixture
def ids(emulator):
    """Ids of the snapshots of the first cluster of a kind that lists show."""

    def read(kind="replica-set"):
        return {snapshot.id for snapshot in emulator.world.snapshots.of(emulator.world.first(kind))}

    return read


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_the_same_columns(family, call, place, ids):
    ended = call("snapshots", *place(KINDS[family], family), "-o", "csv")

    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert (ended.code, ended.out.splitlines()[0]) == (0, CSV_COLUMNS)
    assert {row["id"] for row in rows} <= ids(KINDS[family])
    assert len(rows) >= 8
    assert {row["restorable"] for row in rows} == {"yes", "no"}
    for row in rows:
        assert (row["restorable"] == "yes") == (row["obstacles"] == "")
        assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?", row["taken"])


def test_a_table_is_newest_first_and_words_the_obstacles(call, place):
    ended = call("snapshots", *place())

    moments = re.findall(r"^\w{24} +(?:yes|no) +(\d{4}-\d\d-\d\d \d\d:\d\d)", ended.out, re.MULTILINE)
    assert (ended.code, ended.err) == (0, "")
    assert len(moments) == 8
    assert moments == sorted(moments, reverse=True)
    assert "possibly inconsistent" in ended.out
    assert "expired at 20" in ended.out
    assert "\n8 snapshots, 5 of them restorable. Dates are UTC.\n" in ended.out


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_documents_are_written_as_received(form, call, place, ids):
    ended = call("snapshots", *place(), "--all", "-o", form)

    documents = json.loads(ended.out) if form == "json" else [json.loads(line) for line in ended.out.splitlines()]
    assert {document["id"] for document in documents} == ids()
    assert all("isPossiblyInconsistent" in document or "complete" in document for document in documents)


def test_incomplete_ones_are_shown_on_demand(call, place, ids):
    without, complete = call("snapshots", *place(), "-o", "csv"), call("snapshots", *place(), "--all", "-o", "csv")

    assert "incomplete" not in without.out
    assert complete.out.count("incomplete") == 2


def test_the_latest_is_the_newest_that_can_be_restored(call, place, emulator):
    ended = call("snapshots", *place(), "--latest", "-o", "jsonl")

    assert [json.loads(line)["id"] for line in ended.out.splitlines()] == [
        emulator.world.snapshots.id(emulator.world.first("replica-set"), 0)
    ]


def test_the_latest_before_a_moment(call, place, emulator):
    cluster = emulator.world.first("replica-set")
    fourth = emulator.world.snapshots.find(cluster, emulator.world.snapshots.id(cluster, 4))
    rows = {
        row["id"]: row["taken"] for row in csv.DictReader(io.StringIO(call("snapshots", *place(), "-o", "csv").out))
    }

    ended = call("snapshots", *place(), "--latest", "--before", rows[fourth.id], "-o", "csv")

    assert [row["id"] for row in csv.DictReader(io.StringIO(ended.out))] == [fourth.id]


def test_when_none_can_be_restored_the_reasons_are_told(call, place):
    ended = call("snapshots", *place(), "--latest", "--before", "2001-01-01T00:00:00Z")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: no snapshot can be restored (")
    assert ended.err.count("\n") == 1


def test_those_of_a_sharded_cluster_are_another_list(call, place, ids):
    ended = call("snapshots", *place("cloud-backup-sharded", "atlas-cloud-backup"), "--sharded", "-o", "jsonl")

    assert {json.loads(line)["id"] for line in ended.out.splitlines()} == ids("cloud-backup-sharded")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--sharded"], "only one list of snapshots"),
        (["--before", "2026-01-01T00:00:00Z"], "pass both"),
        (["--latest", "--before", "2026-01-01"], "no time zone"),
        (["--host-id", "h"], "exclude each other"),
    ],
)
def test_what_makes_no_sense_is_refused(words, reason, call, place, requests_of):
    with requests_of() as paths:
        ended = call("snapshots", *place(), *words)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert reason in ended.err


@pytest.mark.parametrize("family", [name for name, family in FAMILIES.items() if family.config_server is None])
def test_a_family_without_config_servers_says_so(family, call, requests_of):
    with requests_of() as paths:
        ended = call("snapshots", "--family", family, "--project-id", "p", "--host-id", "h")

    assert (ended.code, paths) == (2, [])
    assert "config server" in ended.err


@pytest.mark.parametrize("command", ["jobs", "snapshots"])
def test_a_config_server_is_named_by_its_host(command, call, emulator):
    host = emulator.world.config_server()
    place = ("--family", "cloud-manager", "--project-id", host.cluster.project_id, "--host-id", host.id)

    ended = call(command, *place, "-o", "csv")

    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert (ended.code, ended.err) == (0, "")
    assert len(rows) >= 8
    if command == "jobs":
        assert all(row["ref"].startswith(f"cloud-manager/{host.cluster.project_id}/host:{host.id}/") for row in rows)


@pytest.mark.parametrize("columns", [80, 200])
async def test_on_a_terminal_obstacles_and_the_next_command_are_shown(columns, on_terminal, place, run):
    async with on_terminal("snapshots", *place(), columns=columns) as terminal:
        assert await terminal.end() == 0

    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.text).replace("\r\n", "\n")
    assert text.count("expired at") == 2
    assert ("\nObstacles:\n" in text) == (columns == 80)
    words = text.rpartition("download:\n  mongorestore-async ")[2].replace("\\\n", " ").split()
    assert words[-2:] == ["--target-cluster-id", "TARGET"]
    form = await run(*words[:-2], "--max-downloads", "1", "--expiration-hours", "1", "--dry-run")
    assert (form.code, "HTTP" in form.out) == (0, True)
