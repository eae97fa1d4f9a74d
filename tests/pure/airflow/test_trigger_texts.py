from __future__ import annotations

import json

import pytest

from mongorestore_async import (
    OPS_MANAGER,
    AuthError,
    ConfigError,
    JobVanished,
    RestoreFailed,
    Secret,
    WaitTimeout,
    load_job,
)
from mongorestore_async.airflow.trigger_texts import WaitResult, is_final, plain_text, read_job_texts

REF = "ops-manager/p1/c1/j1"


class Text(str):
    __slots__ = ()


def job(identifier="j1", status="FINISHED"):
    document = {
        "id": identifier,
        "groupId": "p1",
        "clusterId": "c1",
        "statusName": status,
        "created": "2026-01-01T00:00:00Z",
    }
    return load_job(OPS_MANAGER, document, project="p1", cluster="c1")


def test_text_is_taken():
    assert plain_text("conn_id", "x") == "x"


@pytest.mark.parametrize("value", [None, 1, b"x", Text("x"), Secret("x"), ["x"]])
def test_anything_but_text_is_refused(value):
    with pytest.raises(ConfigError, match="conn_id must be plain text"):
        plain_text("conn_id", value)


def test_references_come_once_and_in_order():
    other = "ops-manager/p1/c1/j2"

    assert read_job_texts(REF) == (REF,)
    assert read_job_texts([other, REF, other]) == (other, REF)
    assert read_job_texts([[REF], (other,)]) == (REF, other)  # of a mapped task
    assert read_job_texts([]) == ()


@pytest.mark.parametrize(
    "value", [None, 1, {REF: 1}, b"x", "j1", "other/p1/c1/j1", [REF, None], [Text(REF)], [job().ref]]
)
def test_what_is_no_reference_is_refused_before_it_is_stored(value):
    with pytest.raises(ConfigError):
        read_job_texts(value)


def test_a_result_survives_its_text():
    result = WaitResult.of_jobs([job("j1"), job("j2")])
    text = result.to_text()

    assert type(text) is str
    assert WaitResult.from_text(text) == result
    assert result.states == {REF: "FINISHED", "ops-manager/p1/c1/j2": "FINISHED"}
    assert result.problem is None


def test_an_error_is_told_with_the_states_of_its_jobs():
    failed = WaitResult.of_error(RestoreFailed("one failed", jobs=[job(status="FAILED")]))
    late = WaitResult.of_error(WaitTimeout("not yet", jobs=[]))

    assert failed == WaitResult(states={REF: "FAILED"}, problem="one failed", kind="RestoreFailed", final=True)
    assert (late.kind, late.final) == ("WaitTimeout", False)


@pytest.mark.parametrize("event", [None, {}, "", "[]", "no", json.dumps({"states": {}, "other": 1})])
def test_an_event_of_something_else_is_refused(event):
    with pytest.raises(ConfigError, match="event of the trigger"):
        WaitResult.from_text(event)


@pytest.mark.parametrize(
    ("error", "final"), [(AuthError("x"), True), (ConfigError("x"), True), (JobVanished("x"), False)]
)
def test_errors_that_come_again_are_final(error, final):
    assert is_final(error) is final
