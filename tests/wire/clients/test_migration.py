"""The programs of others in docs/migration.rst: those that can be installed here run, the others make known calls."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from pathlib import Path

import pytest
from opsmanager.services import backup

import mongorestore_async

DOCS = Path(mongorestore_async.__file__).parent.parent / "docs"
PAGE = (DOCS / "migration.rst").read_text(encoding="utf-8")
BLOCKS = [
    re.sub(r"^ {3}", "", block, flags=re.MULTILINE)
    for block in re.findall(r"\.\. code-block:: py\n\n((?: {3}.*\n|\n)+)", PAGE)
]


def named(word):
    """The programs that import a module."""
    return [block for block in BLOCKS if f"from {word}" in block or f"import {word}" in block]


@pytest.mark.parametrize("block", [*named("requests"), *named("opsmanager")], ids=["list", "restore", "opsmanager"])
def test_a_program_of_others_runs(block, server, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda _seconds: server.clock.advance(600))
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        exec(compile(block, "migration.rst", "exec"), {"__name__": "__main__"})  # noqa: S102

    assert shown.getvalue() or (tmp_path / "restore.tar.gz").stat().st_size > 1000


@pytest.mark.parametrize("client", ["atlasapi", "pyatlassdk"])
def test_a_program_calls_what_the_tests_of_that_client_call(client):
    (block,) = named(client)
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute)
    }
    seen = " ".join(re.findall(rf'^ {{3}}"{client}",.*$', (DOCS / "clients.rst").read_text(), re.MULTILINE))

    assert calls
    assert all(name in seen for name in calls)


def test_the_tables_name_calls_of_the_clients():
    seen = (DOCS / "clients.rst").read_text(encoding="utf-8")
    rows = re.findall(r"^``(?:\w+\.)?(\w+?)(?:\(.*\))?``  +\S", PAGE.partition("\nFrom opsmanager\n")[2], re.MULTILINE)

    assert len(rows) > 20
    assert [name for name in rows if name not in seen] == []


def test_opsmanager_creates_no_restore():
    verbs = {name.partition("_")[0] for name in vars(backup.BackupService) if not name.startswith("_")}

    assert verbs == {"list", "get"}
