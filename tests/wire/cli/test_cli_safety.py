"""What stands between ``create`` and the data it would overwrite: the question, the guard, dry runs, pre-checks."""

from __future__ import annotations

import json
import re

import pytest
from aiohttp import web


@pytest.fixture
def order(emulator):
    """Options that restore the newest snapshot of the first replica set into the first sharded cluster."""
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    cluster = emulator.world.first("sharded")
    into = ("--target-project-id", cluster.project_id, "--target-cluster-id", cluster.id)
    return ("--snapshot-id", snapshot, *into)


@pytest.mark.parametrize("answer", ["", "y", "yes", "no", "electron"])
async def test_only_the_name_or_the_id_of_the_target_is_an_agreement(answer, on_terminal, place, order, emulator):
    before = emulator.counts.creates_received
    async with on_terminal("create", *place(), *order) as terminal:
        await terminal.expect("to continue: ")
        terminal.type(f"{answer}\n")
        assert await terminal.end() == 1

    assert "Nothing was sent." in terminal.text
    assert emulator.counts.creates_received == before


@pytest.mark.parametrize("by", ["name", "id"])
async def test_what_will_be_overwritten_is_shown_and_typed(by, on_terminal, place, order, emulator):
    source, target = emulator.world.first("replica-set"), emulator.world.first("sharded")
    before = emulator.counts.creates_taken
    async with on_terminal("create", *place(), *order, columns=160) as terminal:
        await terminal.expect(f"Type {target.name} or {target.id} to continue: ")
        terminal.type(f"{getattr(target, by)}\n")
        assert await terminal.end() == 0

    shown = " ".join(re.sub(r"\x1b\[[\d;]*m", "", terminal.text).split())
    assert f"snapshot {order[1]}, data of 20" in shown
    assert f"of cluster {source.name} ({source.id}) in project {source.project_id}" in shown
    assert f"into cluster {target.name} ({target.id}) in project {target.project_id}, a sharded replica set" in shown
    assert f"removed all data of {target.name}" in shown
    assert emulator.counts.creates_taken == before + 1
    assert "Created 1 restore job" in shown


async def test_ctrl_c_at_the_question_sends_nothing(on_terminal, place, order, emulator):
    before = emulator.counts.creates_received
    async with on_terminal("create", *place(), *order) as terminal:
        await terminal.expect("to continue: ")
        terminal.interrupt()
        assert await terminal.end() == 130

    assert emulator.counts.creates_received == before
    assert "Traceback" not in terminal.text


PAGE = "<html>nope</html>"


def answers(status, what):
    """Answer requests for snapshots, or for clusters, with a status or with no JSON at all."""

    def answer(record):
        if f"/{what}" not in record.path or "restoreJobs" in record.path:
            return None
        if status == "drop":
            return "drop-answer"
        if status == "page":
            return web.Response(text=PAGE, content_type="text/html")
        headers = {"Retry-After": "900"} if status == 429 else {}
        return web.json_response({"error": status, "detail": "no", "reason": "no"}, status=status, headers=headers)

    return answer


@pytest.mark.parametrize("status", [403, 404, 429, "page"])
async def test_what_cannot_be_read_is_told_before_the_question(status, on_terminal, place, order, emulator):
    target = emulator.world.first("sharded")
    emulator.fault_after_login = answers(status, "clusters?")
    async with on_terminal("create", *place(), *order, columns=160) as terminal:
        await terminal.expect(f"Type {target.id} to continue: ")
        terminal.type("no\n")
        assert await terminal.end() == 1

    shown = " ".join(re.sub(r"\x1b\[[\d;]*m", "", terminal.text).split())
    assert "the name of the target could not be read:" in shown
    if isinstance(status, int):
        assert str(status) in shown
    assert "the snapshot could not be read" not in shown


async def test_a_snapshot_that_cannot_be_read_is_told(on_terminal, place, order, emulator):
    target = emulator.world.first("sharded")
    emulator.fault_after_login = answers(403, "snapshots")
    async with on_terminal("create", *place(), *order, columns=160) as terminal:
        await terminal.expect(f"Type {target.name} or {target.id} to continue: ")
        terminal.type("no\n")
        assert await terminal.end() == 1

    assert "the snapshot could not be read:" in " ".join(terminal.text.split())


async def test_a_target_that_is_not_listed_is_told(on_terminal, place, order, emulator):
    words = [*order[:-1], "f" * 24]
    async with on_terminal("create", *place(), *words, columns=160) as terminal:
        await terminal.expect(f"Type {'f' * 24} to continue: ")
        terminal.type("no\n")
        assert await terminal.end() == 1

    assert "the target is not in the list of clusters" in " ".join(terminal.text.split())


@pytest.mark.parametrize(
    ("variables", "code"),
    [({"MONGODB_ATLAS_PRIVATE_API_KEY": "wrong"}, 4), ({"MONGODB_ATLAS_BASE_URL": "http://127.0.0.1:9"}, 1)],
)
async def test_without_server_or_key_nothing_is_asked(variables, code, on_terminal, place, order):
    async with on_terminal("create", *place(), *order, columns=160, **variables) as terminal:
        assert await terminal.end() == code

    assert "to continue:" not in terminal.text


async def test_a_key_without_the_right_to_read_is_asked_about_the_ids(on_terminal, place, order, emulator):
    target = emulator.world.first("sharded")
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 403}, status=403) if "/restoreJobs" not in record.path else None
    )
    async with on_terminal("create", *place(), *order, columns=160) as terminal:
        await terminal.expect(f"Type {target.id} to continue: ")
        terminal.type("no\n")
        assert await terminal.end() == 1

    assert f"all data of {target.id}" in " ".join(terminal.text.split())


@pytest.mark.parametrize("keys", [{}, {"MONGODB_ATLAS_PUBLIC_API_KEY": None, "MONGODB_ATLAS_PRIVATE_API_KEY": None}])
def test_a_dry_run_prints_the_body_without_server_and_key(keys, call, place, order, emulator):
    before = emulator.counts.requests
    ended = call("create", *place(), *order, "--dry-run", **keys)

    assert ended.code == 0
    assert json.loads(ended.out) == {
        "snapshotId": order[1],
        "delivery": {"methodName": "AUTOMATED_RESTORE", "targetGroupId": order[3], "targetClusterId": order[5]},
    }
    assert ended.err.startswith("request, not sent: POST http://127.0.0.1:")
    assert emulator.counts.requests == before


def test_a_dry_run_with_a_precheck_reads_and_reports_obstacles(call, place, order, emulator):
    before = emulator.counts.creates_received
    ended = call("create", *place(), *order, "--dry-run", "--precheck")

    assert ended.code == 1
    assert json.loads(ended.out)["snapshotId"] == order[1]
    assert "refused: the backup is one of a replica set, the target is a sharded cluster" in ended.err
    assert emulator.counts.creates_received == before


def test_a_precheck_that_says_no_sends_nothing(call, place, order, emulator):
    before = emulator.counts.creates_received
    ended = call("create", *place(), *order, "--precheck", "--yes")

    assert (ended.code, ended.out) == (1, "")
    assert "the pre-check failed" in ended.err
    assert emulator.counts.creates_received == before


def test_ensure_finds_the_restore_that_runs_already(call, place, emulator):
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    words = (
        "create",
        *place(),
        "--snapshot-id",
        snapshot,
        "--max-downloads",
        "3",
        "--expiration-hours",
        "2",
        "--ensure",
    )

    first, second = call(*words, "-o", "jsonl"), call(*words)

    assert (first.code, second.code) == (0, 0)
    assert second.out.startswith("Already running, nothing was sent: 1 restore job:")
    assert json.loads(first.out)["id"] in second.out
    assert emulator.counts.creates_taken == 1


@pytest.mark.parametrize("protected", ["{project}/{cluster}", "{project}/*"])
@pytest.mark.parametrize("way", ["option", "variable"])
def test_protected_clusters_are_never_overwritten(protected, way, call, place, order, requests_of):
    name = protected.format(project=order[3], cluster=order[5])
    words = ("--protect", name) if way == "option" else ()
    variables = {"MONGORESTORE_PROTECTED": f"other/one {name}"} if way == "variable" else {}

    with requests_of() as paths:
        ended = call("create", *place(), *order, "--yes", *words, **variables)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert "protected" in ended.err
    assert ended.err.count("\n") == 1


def test_the_source_itself_is_overwritten_only_on_demand(call, place, emulator):
    own = emulator.world.first("replica-set")
    words = ("create", *place(), "--snapshot-id", emulator.world.snapshots.id(own), "--target-cluster-id", own.id, "-y")

    refused, allowed = call(*words), call(*words, "--overwrite-source")

    assert (refused.code, allowed.code) == (2, 0)
    assert "pass --overwrite-source" in refused.err


@pytest.mark.parametrize("text", ["cluster", "/cluster", "project/", "a/b/c"])
def test_what_is_protected_is_written_in_one_form(text, call, place, order):
    ended = call("create", *place(), *order, "--yes", "--protect", text)

    assert ended.code == 2
    assert "PROJECT/CLUSTER" in ended.err
