"""What the README and the documentation say in tables and commands; ``conftest.py`` runs their Python blocks."""

from __future__ import annotations

import importlib
import re
import shlex
import tomllib
from pathlib import Path

import pytest

import mongorestore_async
from mongorestore_async import FAMILIES, AsyncSession, ConfigError, errors
from mongorestore_async.cli import main

PROJECT = Path(mongorestore_async.__file__).parent.parent
README = (PROJECT / "README.rst").read_text(encoding="utf-8")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((PROJECT / "docs").glob("*.rst"))}

REFERENCE = {path.stem: path.read_text(encoding="utf-8") for path in sorted((PROJECT / "docs/reference").glob("*.rst"))}


def commands(text):
    """Commands of the console blocks, continued lines joined."""
    blocks = re.findall(r"\.\. code-block:: console\n\n((?:   .*\n|\n)+)", text)
    return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def constant(family):
    """The name a family is exported under."""
    return next(name for name in mongorestore_async.__all__ if getattr(mongorestore_async, name) is family)


def test_the_readme_has_two_commands_that_need_no_set_up():
    assert [command for command in commands(README) if "venv" in command] == [
        "python3 -m venv .venv && .venv/bin/pip install -e '.[cli]' && .venv/bin/mongorestore-async demo",
        "python3 -m venv .venv && .venv/bin/pip install nox && .venv/bin/nox -s tests",
    ]


def test_the_readme_is_short_and_its_links_lead_somewhere():
    head = README.partition(".. begin head")[2].partition(".. end head")[0]

    assert len(head.split("\n\n")) == 3, "one paragraph"
    assert len(head.strip().splitlines()) == 3
    assert len(README.splitlines()) <= 150
    linked = re.findall(r"<docs/(\w+\.rst)>`__", README)
    assert len(linked) > 10
    assert set(linked) <= DOCS.keys()
    (picture,) = re.findall(r"image:: (\S+)", README)
    assert (PROJECT / picture).exists()


def test_the_page_of_installation_tells_every_extra():
    table = DOCS["installation.rst"].partition(".. table of extras")[2].partition(".. end of the table")[0]
    metadata = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))

    extras = metadata["project"]["optional-dependencies"]
    assert sorted(re.findall(r"^``([\w-]+)``", table, re.MULTILINE)) == sorted(extras)


def test_the_table_of_families_tells_what_they_are():
    lines = (line.replace("`", "").split() for line in DOCS["families.rst"].splitlines())
    rows = {cells[0]: cells[1:8] for cells in lines if len(cells) == 8 and cells[1].startswith("/api/")}

    assert rows == {
        constant(family): [
            family.api_path,
            family.cluster_key,
            "yes",
            "yes" if family.create_path else "no",
            "yes" if family.cancel_path else "no",
            ", ".join(sorted(family.filters)) or "none",
            "deprecated" if family.deprecation else rows[constant(family)][-1],
        ]
        for family in FAMILIES.values()
    }
    assert {status for *_, status in rows.values()} <= {"live", "deprecated"}


def test_the_table_of_endpoints_names_every_family():
    found = re.findall(r"^``(/api/\S+)`` +(``.*)$", DOCS["families.rst"], re.MULTILINE)
    rows = {path: set(re.findall(r"``(\w+)``", names)) for path, names in found}

    expected = {}
    for family in FAMILIES.values():
        place = "{C}" if family.cluster_key == "id" else "{N}"
        path = family.api_path + family.jobs_path.format(project="{G}", cluster=place)
        expected.setdefault(path, set()).add(constant(family))
    assert rows == expected


@pytest.mark.parametrize("job_type", sorted({family.job_type for family in FAMILIES.values()}, key=str))
def test_the_quick_start_lists_jobs_of_every_type(job_type):
    programs = [each for each in DOCS["quickstart.rst"].split(".. code-block:: python") if ".restore_jobs(" in each]
    families = [constant(family) for family in FAMILIES.values() if family.job_type is job_type]

    assert any(f", {family})" in program for program in programs for family in families)


@pytest.mark.parametrize(
    "command",
    [
        command
        for page in ("cli.rst", "migration.rst", "troubleshooting.rst", "tutorial.rst")
        for command in commands(DOCS[page])
        if command.startswith("mongorestore-async ") and command.split()[1] != "emulator"
    ],
)
def test_commands_of_the_documentation_run(command, server, capsys):
    program, *words = shlex.split(command)

    assert program == "mongorestore-async"
    assert main(words) == 0
    assert capsys.readouterr().out


#: Rooms whose names stand on a page of their own in the reference, or on another page of the documentation.
ROOMS = {room: REFERENCE[room] for room in ("board", "drills", "emulator", "evidence", "reports")}
ROOMS |= {"doctor": DOCS["settings.rst"], "otel": DOCS["telemetry.rst"], "testing": DOCS["testing.rst"]}


@pytest.mark.parametrize("room", ["", *ROOMS])
def test_the_reference_has_every_public_name(room):
    pages = REFERENCE.values() if not room else [ROOMS[room]]
    documented = {
        name.rpartition(".")[2]
        for page in pages
        for name in re.findall(r"(?:^\.\. (?:auto\w+|data|class)::|^ {10})\s*([\w.]+)$", page, re.MULTILINE)
    }
    public = importlib.import_module(f"mongorestore_async.{room}".rstrip(".")).__all__

    assert set(public) - documented <= (set() if room else set(errors.__all__))
    assert ".. automodule:: mongorestore_async.errors" in DOCS["errors.rst"]


@pytest.mark.parametrize(
    "kind", ["AsyncSession", "Project", "Cluster", "ConfigServer", "RestoreBatch", "Fleet", "Pager"]
)
def test_the_reference_has_every_verb(kind):
    text = "".join(REFERENCE.values())
    listed = dict(re.findall(r"^\.\. autoclass:: (\w+)\n((?: {3}:.*\n)*)", text, re.MULTILINE))
    hidden = {
        f"{base.__name__}.{name}"
        for base in getattr(mongorestore_async, kind).__mro__
        if base.__module__.startswith("mongorestore_async.") and base.__name__ not in listed
        for name in vars(base)
        if not name.startswith("_")
    }

    assert not hidden or ":inherited-members:" in listed[kind]


@pytest.mark.parametrize("page", DOCS)
def test_every_test_that_a_page_names_exists(page):
    for path, _, name in re.findall(r"``(tests/[\w/.]+)(::(\w+))?``", DOCS[page]):
        file = PROJECT / path
        assert file.exists(), path
        assert not name or re.search(rf"^(async )?def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE), name


def test_each_claim_of_the_comparison_names_a_test():
    entries = re.findall(r"^(\S.*\.)\n( {3}\S.*)\n", DOCS["comparison.rst"], re.MULTILINE)

    assert len(entries) > 15
    assert [claim for claim, proof in entries if not proof.startswith("   ``tests/")] == []


def variables(row):
    """Names of environment variables in a row of the table of settings."""
    (cells,) = re.findall(rf"^``{row}`` (.*\n(?: .*\n)*)", DOCS["settings.rst"], re.MULTILINE)
    return re.findall(r"``([A-Z_]+)``", cells)


def test_the_documented_environment_variables_are_read():
    keys = list(zip(variables("public_api_key"), variables("private_api_key"), strict=True))
    environ = dict.fromkeys(keys[0], "key")
    addresses = {
        name: str(AsyncSession.from_env(environ | {name: "http://om.example.com:8080"}).base_url)
        for name in variables("ops_manager_url")
    }

    assert len(keys) == 3
    for pair in (*keys, [*variables("client_id"), *variables("client_secret")]):
        assert AsyncSession.from_env(dict.fromkeys(pair, "key"))
        with pytest.raises(ConfigError, match="set MONGODB_ATLAS_"):
            AsyncSession.from_env({pair[0]: "key"})
    assert len(addresses) == 3
    assert set(addresses.values()) == {"http://om.example.com:8080"}
