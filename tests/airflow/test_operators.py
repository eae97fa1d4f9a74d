from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from airflow.sdk.execution_time.xcom import XCom

from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth, Fleet, Secret
from mongorestore_async.airflow import (
    CreateRestoreOperator,
    DownloadArchiveOperator,
    FleetReportOperator,
    ListRestoreJobsOperator,
    RestoreJobLink,
    WaitForRestoreOperator,
)
from mongorestore_async.airflow.trigger_texts import WaitResult
from mongorestore_async.fleet.shards import ShardReport

REF = "ops-manager/p1/c1/j1"


def test_a_create_gives_references_and_a_link(emulator, connection, context, order):
    (job,) = CreateRestoreOperator(task_id="create", restores=[order]).execute(context)
    _, project, cluster, number = job.split("/")

    assert context["ti"].pushed == {
        "restore_job_url": f"{emulator.url}/api/public/v1.0/groups/{project}/clusters/{cluster}/restoreJobs/{number}"
    }
    assert emulator.counts.creates_taken == 1


def test_a_create_that_is_tried_again_starts_nothing(emulator, connection, context, order):
    operator = CreateRestoreOperator(task_id="create", restores=[order])

    assert operator.execute(context) == operator.execute(context)
    assert emulator.counts.creates_received == 1


def test_a_create_takes_what_a_mapped_task_gave(emulator, connection, context, order):
    class Lazy:
        def __iter__(self):
            return iter([order])

    assert len(CreateRestoreOperator(task_id="create", restores=Lazy()).execute(context)) == 1


def test_another_word_for_what_is_unknown_fails_for_good(emulator, connection, context, order):
    with pytest.raises(AirflowFailException, match="if_unknown must be"):
        CreateRestoreOperator(task_id="create", restores=order, if_unknown="skip").execute(context)

    assert emulator.counts.requests == 0


@pytest.mark.parametrize("restores", [{"cluster": "x"}, ["x"], "x", None, [{"cluster": "ops-manager/p/c"}]])
def test_an_order_that_does_not_fit_fails_for_good(emulator, connection, context, restores):
    with pytest.raises(AirflowFailException, match="ConfigError"):
        CreateRestoreOperator(task_id="create", restores=restores).execute(context)

    assert emulator.counts.requests == 0


def test_a_key_that_is_not_accepted_fails_for_good(emulator, connection, context, order, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_MONGORESTORE_DEFAULT", json.dumps({**connection, "password": "other-k3y"}))
    with pytest.raises(AirflowFailException, match="AuthError") as caught:
        CreateRestoreOperator(task_id="create", restores=[order]).execute(context)

    assert "other-k3y" not in str(caught.value)


def test_a_server_that_is_away_is_tried_again(connection, context, order, monkeypatch):
    gone = {**connection, "host": "http://127.0.0.1:9", "extra": {"timeout": 0.5}}
    monkeypatch.setenv("AIRFLOW_CONN_MONGORESTORE_DEFAULT", json.dumps(gone))
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which of two it is depends on the time
        CreateRestoreOperator(task_id="create", restores=[order]).execute(context)

    assert not isinstance(caught.value, AirflowFailException)


def test_a_wait_defers_with_text_only(context):
    jobs = [[REF], ["ops-manager/p1/c1/j2"]]  # of a mapped task
    with pytest.raises(TaskDeferred) as caught:
        WaitForRestoreOperator(task_id="wait", jobs=jobs, wait_timeout=timedelta(hours=1)).execute(context)
    path, arguments = caught.value.trigger.serialize()

    assert path.endswith("RestoreTrigger")
    assert arguments["jobs"] == [REF, "ops-manager/p1/c1/j2"]
    assert {type(value) for value in (arguments["conn_id"], arguments["deadline"], *arguments["jobs"])} == {str}
    assert datetime.fromisoformat(arguments["deadline"]) > datetime.now(UTC)
    assert caught.value.method_name == "execute_complete"
    assert caught.value.timeout == timedelta(hours=1, minutes=10)


@pytest.mark.parametrize(
    "arguments",
    [
        {"jobs": [Secret(REF)]},
        {"jobs": [1]},
        {"jobs": REF, "conn_id": Secret("x")},
        {"jobs": REF, "until": "never"},
        {"jobs": REF, "until": Secret("finished")},
        {"jobs": REF, "poll_interval": -1},
        {"jobs": REF, "wait_timeout": "1h"},
        {"jobs": REF, "accept_incomplete": "yes"},
    ],
)
def test_a_wait_refuses_before_it_defers(context, arguments):
    with pytest.raises(AirflowFailException):
        WaitForRestoreOperator(task_id="wait", **arguments).execute(context)


def test_a_wait_for_nothing_ends_at_once(context):
    assert WaitForRestoreOperator(task_id="wait", jobs=[]).execute(context) == []


def test_a_wait_that_ended_well_gives_its_jobs(connection, context):
    event = WaitResult(states={REF: "FINISHED"}).to_text()

    assert WaitForRestoreOperator(task_id="wait", jobs=REF).execute_complete(context, event) == [REF]
    assert context["ti"].pushed["restore_job_url"].endswith("/groups/p1/clusters/c1/restoreJobs/j1")


@pytest.mark.parametrize(("final", "kind"), [(True, AirflowFailException), (False, AirflowException)])
def test_a_wait_that_ended_badly_fails(connection, context, final, kind):
    event = WaitResult(states={REF: "FAILED"}, problem="it failed", kind="RestoreFailed", final=final).to_text()
    with pytest.raises(kind, match="RestoreFailed: it failed") as caught:
        WaitForRestoreOperator(task_id="wait", jobs=REF).execute_complete(context, event)

    assert type(caught.value) is kind


@pytest.mark.parametrize("event", [None, {"status": "success"}, "no"])
def test_an_event_of_something_else_fails(context, event):
    with pytest.raises(AirflowException, match="event of the trigger"):
        WaitForRestoreOperator(task_id="wait", jobs=REF).execute_complete(context, event)


def test_a_list_is_json_without_secrets(emulator, connection, context, order):
    jobs = ListRestoreJobsOperator(task_id="list", cluster=order["cluster"]).execute(context)
    some = ListRestoreJobsOperator(task_id="list", cluster=order["cluster"], states=["NONE"], limit=2).execute(context)

    assert len(jobs) == 4
    assert json.loads(json.dumps(jobs)) == jobs
    assert set(jobs[0]) == {"ref", "state", "requested_at", "finished_at", "expires_at", "downloadable"}
    assert some == []


def test_a_download_tells_where_the_archive_is(emulator, connection, context, order, tmp_path):
    archive = {"cluster": order["cluster"], "snapshot": "latest", "max_downloads": 3, "expiration_hours": 10}
    jobs = CreateRestoreOperator(task_id="create", restores=archive).execute(context)
    emulator.clock.advance(3600)
    (told,) = DownloadArchiveOperator(task_id="download", jobs=jobs, directory=str(tmp_path)).execute(context)

    assert told["job"] == jobs[0]
    assert Path(told["path"]).stat().st_size == told["size"]
    assert json.loads(json.dumps(told)) == told
    assert DownloadArchiveOperator(task_id="download", jobs=[], directory=str(tmp_path)).execute(context) == []


def make_plan(emulator):
    async def plan():
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(auth, base_url=emulator.url) as session:
            return await Fleet(session, OPS_MANAGER).fan_out_plan()

    return asyncio.run(plan())


def test_a_fleet_report_is_the_text_of_its_shard(emulator, connection, context):
    shards = make_plan(emulator).shards(count=2)
    texts = [FleetReportOperator(task_id="report", shard=each.to_text()).execute(context) for each in shards]
    reports = [ShardReport.from_text(text) for text in texts]

    assert all(report.complete for report in reports)
    assert sum(len(report.clusters) for report in reports) == 6
    assert sum(sum(report.jobs.values()) for report in reports) > 0


def test_a_shard_that_cannot_be_read_fails_only_if_asked(emulator, connection, context):
    text = make_plan(emulator).to_text()
    project = next(iter(json.loads(text)["projects"]))["id"]
    broken = text.replace(project, "0" * 24)
    report = ShardReport.from_text(FleetReportOperator(task_id="report", shard=broken).execute(context))

    assert report.failures
    with pytest.raises(AirflowException, match="could not be read"):
        FleetReportOperator(task_id="report", shard=broken, fail_on_failures=True).execute(context)


def test_a_shard_of_something_else_fails_for_good(connection, context):
    with pytest.raises(AirflowFailException, match="no fan-out plan"):
        FleetReportOperator(task_id="report", shard="{}").execute(context)


@pytest.mark.parametrize(("stored", "link"), [("https://x/1", "https://x/1"), (None, "")])
def test_the_link_is_what_the_task_left(monkeypatch, stored, link):
    asked = []
    monkeypatch.setattr(XCom, "get_value", lambda **asked_for: asked.append(asked_for["key"]) or stored)

    assert RestoreJobLink().get_link(SimpleNamespace(), ti_key=SimpleNamespace()) == link
    assert asked == ["restore_job_url"]


def test_operators_template_what_tasks_pass_on():
    fields = {
        CreateRestoreOperator: {"conn_id", "restores"},
        WaitForRestoreOperator: {"conn_id", "jobs"},
        ListRestoreJobsOperator: {"conn_id", "cluster", "states"},
        DownloadArchiveOperator: {"conn_id", "jobs", "directory"},
        FleetReportOperator: {"conn_id", "shard"},
    }

    assert {operator: set(operator.template_fields) for operator in fields} == fields
