"""Is a target being restored from something else? Told from job lists, or not told at all."""

from __future__ import annotations

import pytest

from builders.foreign_jobs import ForeignJob
from builders.restores import DOWNLOAD, RESTORE, TARGET
from mongorestore_async.codec.structuring import structure
from mongorestore_async.creating.running_restores import find_busy, find_running, goes_into, spell_request, spell_target
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_SERVERLESS,
    ATLAS_TENANT,
    CLOUD_MANAGER,
    OPS_MANAGER,
)
from mongorestore_async.models import AutomatedRestore, Checkpoint, OplogTime, Snapshot, Target

BY_ID = {"targetGroupId": "P2", "targetClusterId": "C2"}
BY_NAME = {"targetGroupId": "p2", "targetClusterName": "c2"}
FLEX = {"targetProjectId": "p2", "targetDeploymentItemName": "c2"}
AUTOMATED, DOWNLOADED = {"deliveryType": "automated"}, {"deliveryType": "download"}

CASES = [
    *(
        (family, {"delivery": delivery}, goes)
        for family in (OPS_MANAGER, CLOUD_MANAGER)
        for delivery, goes in [
            (BY_ID, True),
            ({**BY_ID, "methodName": "HTTP"}, True),
            ({**BY_ID, "methodName": "AUTOMATED_RESTORE"}, True),
            ({**BY_ID, "targetClusterId": "c3"}, False),
            ({**BY_ID, "targetGroupId": "p3"}, False),
            ({"targetGroupId": "p3"}, False),
            ({"targetClusterId": "c3"}, False),
            ({"targetGroupId": "p2"}, None),
            ({"targetClusterId": "c2"}, None),
            (BY_NAME, None),
            ({"methodName": "HTTP"}, None),
            ({}, None),
            (None, None),
            ({"methodName": "QUERY"}, False),
            ({"methodName": "HTTP", "maxDownloads": 1}, False),
        ]
    ),
    (ATLAS_LEGACY, {"delivery": BY_NAME}, True),
    (ATLAS_LEGACY, {"delivery": {**BY_NAME, "targetClusterName": "C2"}}, False),
    (ATLAS_LEGACY, {"delivery": BY_ID}, None),
    *(
        (family, members, goes)
        for family in (ATLAS_CLOUD_BACKUP, ATLAS_SERVERLESS)
        for members, goes in [
            ({**AUTOMATED, **BY_NAME}, True),
            ({"deliveryType": "pointInTime", **BY_NAME}, True),
            ({**AUTOMATED, **BY_NAME, "targetClusterName": "C2"}, False),
            (AUTOMATED, None),
            ({**DOWNLOADED, **BY_NAME}, False),
        ]
    ),
    *(
        (family, members, goes)
        for family in (ATLAS_FLEX, ATLAS_TENANT)
        for members, goes in [
            ({"deliveryType": "RESTORE", **FLEX}, True),
            ({"deliveryType": "RESTORE", **FLEX, "targetProjectId": "p3"}, False),
            ({"deliveryType": "RESTORE"}, None),
            ({"deliveryType": "DOWNLOAD", **FLEX}, False),
        ]
    ),
]


def job(family=OPS_MANAGER, name="j1", **members):
    return structure(family.job_type, {"id": name, **members})


def running(name="j1", delivery=BY_ID, status="IN_PROGRESS", **members):
    return job(name=name, delivery=delivery, statusName=status, **members)


def busy(*jobs, known=None):
    found = find_busy(OPS_MANAGER, TARGET, jobs, known)
    return [each.id for each in found.certain], [each.id for each in found.possible]


@pytest.mark.parametrize(("family", "members", "goes"), CASES)
def test_a_job_tells_where_it_goes_or_does_not(family, members, goes):
    assert goes_into(family, TARGET, job(family, **members)) is goes


def test_a_job_of_another_kind_tells_nothing():
    assert goes_into(OPS_MANAGER, TARGET, ForeignJob(id="j")) is None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (running(), (["j1"], [])),
        (running(delivery={"methodName": "HTTP"}), ([], ["j1"])),
        (running(delivery={**BY_ID, "targetClusterId": "c3"}), ([], [])),
        (running(status="OPEN"), ([], ["j1"])),
        (running(status="OPEN", delivery=None), ([], [])),
        *((running(status=status), ([], [])) for status in ("FINISHED", "BROKEN", "KILLED")),
    ],
)
def test_only_what_runs_into_the_target_counts(found, expected):
    assert busy(found) == expected


def test_one_job_of_a_batch_tells_for_all():
    untold = {"methodName": "HTTP"}
    told = running("a", status="FINISHED", batchId="b1")

    assert busy(told, running("b", untold, batchId="b1"), running("c", untold)) == (["b"], ["c"])
    assert busy(running("a", {**BY_ID, "targetClusterId": "c3"}, batchId="b"), running("b", untold, batchId="b")) == (
        [],
        [],
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (RESTORE, (["j1"], [])),
        (AutomatedRestore(Snapshot("s1"), Target("p2", "c3")), ([], [])),
        (DOWNLOAD, ([], [])),
    ],
)
def test_what_was_asked_for_here_is_known(asked, expected):
    assert busy(running(delivery=None), known={"j1": asked}) == expected


@pytest.mark.parametrize(
    ("asked", "same"),
    [
        (AutomatedRestore(Snapshot("S1"), Target("P2", "C2")), True),
        (AutomatedRestore(Snapshot("s2"), TARGET), False),
        (AutomatedRestore(Checkpoint("s1"), TARGET), False),
        (AutomatedRestore(OplogTime(1, 1), TARGET), False),
        (AutomatedRestore(Snapshot("s1"), Target("p2", "c3")), False),
        (DOWNLOAD, False),
    ],
)
def test_the_restore_asked_for_here_is_known(asked, same):
    jobs = [running("a", None, batchId="b1"), running("b", None, batchId="b1")]
    found = find_running(OPS_MANAGER, RESTORE, jobs, {"a": asked})

    assert [[each.id for each in restore] for restore in found.restores] == ([["a", "b"]] if same else [])
    assert found.unsure == ()


def test_names_differ_by_case_and_ids_do_not():
    upper = Target("P2", "C2")

    assert spell_target(OPS_MANAGER, upper) == spell_target(OPS_MANAGER, TARGET)
    assert spell_target(ATLAS_FLEX, upper) == ("p2", "C2") != spell_target(ATLAS_FLEX, TARGET)
    assert spell_request(OPS_MANAGER, DOWNLOAD) == ("s1", 1, None, 1)
