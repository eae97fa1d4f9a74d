"""Deleted clusters whose backups are retained, on the command line."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from mongorestore_async.emulator import Side

FLEET = ("fleet", "jobs", "--family", "atlas-cloud-backup")


@pytest.fixture
def lost(emulator):
    """A cluster that was deleted; its backups were retained."""
    cluster = emulator.world.first("cloud-backup")
    emulator.world.remove_cluster(cluster, retain_backups=True)
    return cluster


def found(text):
    return {json.loads(line)["cluster"]["name"] for line in text.splitlines()}


def test_a_fleet_reads_deleted_clusters_when_told(call, lost):
    project = ("--projects", lost.project.id)
    plain = call(*FLEET, *project, "-o", "jsonl")
    wide = call(*FLEET, *project, "-o", "jsonl", "--include-deleted")

    assert lost.name not in found(plain.out)
    assert found(wide.out) == {*found(plain.out), lost.name}


def test_the_command_that_goes_on_repeats_the_option(call, emulator, lost):
    def gone(request):
        if f"/clusters/{lost.name}/backup" in request.path:
            return web.json_response({"error": 404, "errorCode": "CLUSTER_NOT_FOUND", "detail": "No."}, status=404)
        return None

    emulator.fault_after_login = gone
    ended = call(*FLEET, "--include-deleted", "-o", "jsonl")

    assert ended.code == 9
    assert f"{lost.name}" in ended.err
    assert "--include-deleted" in ended.err.partition("Resume with:")[2]


def test_a_dry_run_counts_deleted_clusters(call, lost):
    plain, wide = (
        json.loads(call(*FLEET, "--dry-run", "-o", "json", *words).out)[0] for words in ((), ("--include-deleted",))
    )

    assert wide["clusters"] == plain["clusters"] + 1
    assert wide["discovery"] == plain["discovery"]


def test_other_families_refuse_the_option_in_its_words(call, requests_of):
    with requests_of() as requests:
        ended = call("fleet", "jobs", "--family", "cloud-manager", "--include-deleted")

    assert ended.code == 2
    assert "leave --include-deleted out" in " ".join(ended.err.split())
    assert requests == []


async def test_the_question_names_the_deleted_cluster(on_terminal, emulator, lost):
    snapshot = emulator.world.snapshots.id(lost)
    target = next(one for one in emulator.world.clusters(emulator.world.project(Side.ATLAS, 1)) if "cloud" in one.kind)
    words = ("--family", "atlas-cloud-backup", "--project-id", lost.project.id, "--cluster-id", lost.name)
    into = ("--target-cluster-id", target.name, "--target-project-id", target.project.id)
    async with on_terminal("create", *words, "--snapshot-id", snapshot, *into, columns=120) as terminal:
        await terminal.expect("to continue")
        terminal.type(f"{target.name}\r")
        assert await terminal.end() == 0
    assert "unknown" not in terminal.text
    assert lost.name in terminal.text
