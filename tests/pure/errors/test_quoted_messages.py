"""The messages that docs/troubleshooting.rst quotes are those of the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import mongorestore_async

PACKAGE = Path(mongorestore_async.__file__).parent
PAGE = (PACKAGE.parent / "docs" / "troubleshooting.rst").read_text(encoding="utf-8")

#: Stands in the texts below for what an f-string fills in.
VALUE = "\0"


def texts_of(path):
    """Every text in a module; adjacent parts of one are joined."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else VALUE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def quoted(page):
    """What the terms of the page quote: a line at the margin with its explanation indented below it."""
    terms = re.findall(r"^(\S.*)\n {3}\*Cause:\*", page, re.MULTILINE)
    return [message for term in terms for message in re.findall(r"``(.+?)``", term)]


MESSAGES = quoted(PAGE)


@pytest.fixture(scope="module")
def texts():
    """Every text of the package but the emulator's, one a line."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if "emulator" not in path.parts]
    return "\n".join(" ".join(text.split("\n")) for path in paths for text in texts_of(path))


@pytest.mark.parametrize("message", MESSAGES)
def test_a_quoted_message_is_one_of_the_code(message, texts):
    if message in mongorestore_async.__all__ or message in {"NOT_YET", "NOT_VERIFIABLE"}:
        return
    parts = [re.escape(part.strip()) for part in message.split("...") if part.strip()]

    assert re.search(".*?".join(parts), texts)


def test_every_entry_says_cause_and_remedy():
    assert len(MESSAGES) > 60
    assert PAGE.count("   *Cause:*") == PAGE.count("   *Do:*") > 60


def test_a_message_of_nobody_is_found_out(texts):
    """Without this the test above could pass by comparing nothing."""
    assert "no such restore job" in texts
    assert "the moon is in the way" not in texts
    assert quoted("``a ... b``, ``c``\n   *Cause:* d\n") == ["a ... b", "c"]
