"""The comparison of counted instructions with what was recorded: what fails, and what the failure says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

_PLACE = Path(__file__).parents[3] / "benchmarks" / "recorded.py"
_SPEC = importlib.util.spec_from_file_location("recorded", _PLACE)
recorded = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(recorded)


@pytest.mark.parametrize("figure", [0.5, 1.0, 1.099])
def test_a_row_as_good_as_recorded_passes(figure):
    assert recorded.compare({"list": 1.0}, {"list": figure}) == []


def test_a_row_more_than_a_tenth_worse_fails_with_both_figures():
    (text,) = recorded.compare({"list": 1.0, "page": 2.0}, {"list": 1.12, "page": 2.1})

    assert text.startswith("list: 1.120, 12% worse than 1.000; record anew with nox -s bench -- --record")


def test_a_row_that_was_never_recorded_fails():
    (text,) = recorded.compare({}, {"list": 1.0})

    assert text.startswith("list: 1.000 was never recorded; record anew")


def test_a_recorded_row_that_is_not_counted_fails():
    (text,) = recorded.compare({"list": 1.0}, {})

    assert text.startswith("list: recorded, but no longer counted")


def test_what_is_recorded_compares_with_itself(tmp_path):
    place = tmp_path / "recorded.json"
    recorded.record({"list": 1.23456}, place)

    kept = recorded.read(place)

    assert kept["rows"] == {"list": 1.235}
    assert {"Python", "aiohttp", "msgspec"} <= set(kept["with"])
    assert recorded.compare(kept["rows"], {"list": 1.23456}) == []


def test_the_file_in_the_repository_has_five_rows():
    kept = json.loads(recorded.PLACE.read_text(encoding="utf-8"))

    assert len(kept["rows"]) == 5
