"""The DAGs of the live run: they start by themselves, once, and read from files what they are to do."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG

from mongorestore_async.airflow import (
    CreateRestoreOperator,
    DownloadArchiveOperator,
    FleetReportOperator,
    ListRestoreJobsOperator,
    WaitForRestoreOperator,
)

WORK = Path(os.environ["LIVE_RUN"])
ORDERS = json.loads((WORK / "orders.json").read_text(encoding="utf-8"))

#: Airflow on SQLite loses a task now and then: its own retries bring it back.
USUAL = {
    "schedule": "@once",
    "start_date": datetime(2026, 1, 1, tzinfo=UTC),
    "catchup": False,
    "default_args": {"retries": 4, "retry_delay": timedelta(seconds=3)},
}


def note_process(context):
    """Tell the run which process is the task: it is killed from outside."""
    name = f"{context['ti'].task_id}-{context['ti'].try_number}.pid"
    (WORK / name).write_text(str(os.getpid()), encoding="utf-8")


with DAG("waits", **USUAL):
    made = CreateRestoreOperator.partial(task_id="create").expand(restores=ORDERS["waits"])
    WaitForRestoreOperator.partial(task_id="wait", until="finished", poll_interval=10).expand(jobs=made.output)

with DAG("killed_create", **USUAL):
    made = CreateRestoreOperator(task_id="create", restores=ORDERS["killed"], on_execute_callback=note_process)
    WaitForRestoreOperator(task_id="wait", until="finished", poll_interval=10, jobs=made.output)

with DAG("archives", **USUAL):
    listed = ListRestoreJobsOperator(task_id="list", cluster=ORDERS["archive"]["cluster"])
    made = CreateRestoreOperator(task_id="create", restores=ORDERS["archive"])
    ready = WaitForRestoreOperator(task_id="wait", until="downloadable", poll_interval=10, jobs=made.output)
    fetched = DownloadArchiveOperator(task_id="download", jobs=ready.output, directory=str(WORK / "archives"))
    report = FleetReportOperator.partial(task_id="report").expand(shard=ORDERS["shards"])
    listed >> made
    fetched >> report
