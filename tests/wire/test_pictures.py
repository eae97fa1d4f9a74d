"""The pictures of docs/ show what the code does: states of its tables, requests of runs. ``nox -s pictures``."""

from __future__ import annotations

from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Where pictures are drawn to, instead of into the documentation."""
    monkeypatch.syspath_prepend(str(DOCS / "pictures"))
    import drawing

    monkeypatch.setattr(drawing, "FOLDER", tmp_path)
    return tmp_path


def pictures(folder, pattern):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob(pattern)}


def test_the_states_are_those_of_the_models(drawn):
    import states

    states.draw_states()

    assert len(pictures(drawn, "*")) == 4
    assert pictures(drawn, "*") == pictures(DOCS / "_static/pictures", "states-*.svg")


async def test_the_sequences_are_what_a_server_receives(drawn):
    import sequences

    await sequences.draw_sequences()

    assert len(pictures(drawn, "*")) == 3
    assert pictures(drawn, "*") == pictures(DOCS / "_static/pictures", "sequence-*.svg")
