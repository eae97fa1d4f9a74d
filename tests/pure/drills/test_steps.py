from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mongorestore_async.drills.converting import from_json, to_json
from mongorestore_async.drills.plan import DrillCluster, DrillPlan, DrillTarget
from mongorestore_async.drills.steps import History, JournalStep
from mongorestore_async.errors import ConfigError

AT = datetime(2026, 11, 29, tzinfo=UTC)


def step(name, number=1, **data):
    return JournalStep(id=number, run=1, at=AT, cluster="c", step=name, requests=0, data=data)


def test_facts_of_all_steps_together_are_the_outcome():
    history = History.of(
        [
            step("begun", facts={"project": "p", "cluster": "c", "target": "download", "state": "FAILED"}),
            step("intent"),
            step("done", facts={"state": "PASSED"}),
        ]
    )

    assert history.outcome().state == "PASSED"
    assert history.data("sent") is None
    assert history.data("intent") == {}


def test_what_is_no_outcome_yet_is_refused():
    with pytest.raises(ConfigError, match="no outcome in the journal"):
        History.of([step("begun", facts={"project": "p"})]).outcome()


@pytest.mark.parametrize(
    ("steps", "over"),
    [
        ([], False),
        ([step("intent")], False),
        ([step("sent"), step("started")], False),
        ([step("sent"), step("done", facts={"state": "UNDECIDED"})], False),
        ([step("sent"), step("started"), step("done", facts={"state": "UNDECIDED"})], False),
        ([step("sent"), step("done", facts={"state": "FAILED"})], True),
        ([step("done", facts={"state": "SKIPPED"})], True),
    ],
)
def test_only_what_is_undecided_is_looked_at_again(steps, over):
    assert History.of(steps).over is over


def test_a_plan_comes_back_equal_from_json():
    entry = DrillCluster(name="c", project="p", cluster="c", target=DrillTarget("d", "t"), namespaces={"a.b": 1})
    plan = DrillPlan(name="x", family="ops-manager", clusters=(entry,))

    assert from_json(to_json(plan), DrillPlan, "plan") == plan
