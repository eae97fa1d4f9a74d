"""``mongorestore-async orgs``, ``projects`` and ``clusters``: what a key sees, in every format."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from aiohttp import web

PARSERS = {
    "json": json.loads,
    "jsonl": lambda text: [json.loads(line) for line in text.splitlines()],
    "csv": lambda text: list(csv.DictReader(io.StringIO(text))),
}
SIDES = {"cloud-manager": "manager", "atlas-cloud-backup": "atlas", "atlas-flex": "atlas"}

each_format = pytest.mark.parametrize("form", PARSERS)
each_family = pytest.mark.parametrize("family", SIDES)


@pytest.fixture
def settings():
    return {"projects": 3}


@pytest.fixture
def world(emulator):
    """Projects and the clusters in them that take restores, of the side of a family."""

    def read(family):
        projects = list(emulator.world.projects(SIDES[family]))
        return {project: list(emulator.world.clusters(project)) for project in projects}

    return read


@each_family
@each_format
def test_projects_are_listed_with_their_ids(form, family, call, world):
    ended = call("projects", "--family", family, "-o", form)

    found = PARSERS[form](ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert [(each["id"], each["name"]) for each in found] == [(each.id, each.name) for each in world(family)]


@each_format
def test_organizations_are_listed_with_their_ids(form, call, world):
    ended = call("orgs", "--family", "atlas-cloud-backup", "-o", form)

    [found] = PARSERS[form](ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert found["id"] == next(iter(world("atlas-cloud-backup"))).org_id
    assert found["name"] == "atlas-organization"


@pytest.mark.parametrize("family", ["cloud-manager", "atlas-cloud-backup"])
@each_format
def test_clusters_are_listed_with_what_other_commands_take(form, family, call, world):
    ended = call("clusters", "--family", family, "-o", form)

    found = PARSERS[form](ended.out)
    if form == "csv":
        pairs = {(row["project_id"], row["key"]) for row in found}
    else:
        member = "name" if family.startswith("atlas") else "id"
        pairs = {(each["project"]["id"], each["cluster"][member]) for each in found}
    assert (ended.code, ended.err) == (0, "")
    key = (lambda cluster: cluster.name) if family.startswith("atlas") else (lambda cluster: cluster.id)
    known = {(project.id, key(cluster)) for project, clusters in world(family).items() for cluster in clusters}
    assert len(pairs) >= 9
    assert pairs <= known


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (("--project-id", "{id}"), {}),
        (("--projectId={id}",), {}),
        (("--projects", "manager-project-1"), {}),
        ((), {"MONGODB_ATLAS_PROJECT_ID": "{id}"}),
        (("--projects", "{id}"), {"MONGODB_ATLAS_PROJECT_ID": "of another project"}),
    ],
)
def test_clusters_of_one_project_can_be_asked_for(words, variables, call, world):
    project = list(world("cloud-manager"))[1]
    words = [word.format(id=project.id) for word in words]
    variables = {name: value.format(id=project.id) for name, value in variables.items()}

    ended = call("clusters", "--family", "cloud-manager", *words, "-o", "csv", **variables)

    assert {row["project_id"] for row in PARSERS["csv"](ended.out)} == {project.id}


def test_a_limit_asks_for_no_more_than_that(call, requests_of):
    with requests_of() as paths:
        ended = call("projects", "--family", "cloud-manager", "--limit", "2", "-o", "jsonl")

    assert len(PARSERS["jsonl"](ended.out)) == 2
    assert [re.sub(r".*\?", "", path) for path in paths] == ["pageNum=1&itemsPerPage=2"]


def test_a_project_that_cannot_be_read_is_told_and_stops_nothing(call, world, emulator):
    broken, *others = world("atlas-cloud-backup")
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 403, "errorCode": "USER_UNAUTHORIZED", "detail": "no"}, status=403)
        if broken.id in record.path
        else None
    )

    ended = call("clusters", "--family", "atlas-cloud-backup", "-o", "csv")

    assert ended.code == 9
    assert {row["project_id"] for row in PARSERS["csv"](ended.out)} == {each.id for each in others}
    assert re.search(rf"1 failure:\n.*\n.*\n{broken.id}  forbidden  HTTP 403", ended.err)


def test_a_name_that_nothing_has_is_code_9(call):
    ended = call("clusters", "--family", "cloud-manager", "--projects", "none-such")

    assert (ended.code, ended.out) == (9, "no clusters that take restores\n")
    assert "no project visible to the key matches 'none-such'" in ended.err


async def test_each_table_ends_with_the_command_that_comes_next(on_terminal, run, emulator, world):
    project = next(iter(world("cloud-manager")))
    pasted = []
    words = ["projects", "--family", "cloud-manager", "--base-url", emulator.url]
    for wanted in ("clusters", "jobs"):
        async with on_terminal(*words, columns=120, MONGODB_ATLAS_BASE_URL=None) as terminal:
            assert await terminal.end() == 0
        command = terminal.text.replace("\r\n", "\n").rpartition(":\n  mongorestore-async ")[2]
        words = command.replace("\\\n", " ").split()
        assert words[0] == wanted
        pasted.append(words)

    assert pasted[0][-2:] == ["--base-url", emulator.url]
    assert project.id in pasted[0]
    ended = await run(*words, "-o", "csv", MONGODB_ATLAS_BASE_URL=None)
    assert (ended.code, ended.out.count("\n")) == (0, 11)


async def test_in_a_pipe_there_is_the_table_only(run):
    ended = await run("projects", "--family", "cloud-manager")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("\n\n3 projects.\n")
