"""What the tests with Airflow share. They run where it is installed: ``nox -s airflow_units``."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from importlib.util import find_spec

import pytest

HERE = "airflow" if find_spec("airflow") else ""

if HERE:
    # Before Airflow is imported for the first time: it makes its folder then.
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-units-")
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
else:
    collect_ignore_glob = ["test_*.py"]


class State(dict):
    """The state of a task: JSON, as Airflow keeps it."""

    def get(self, key):
        return json.loads(self[key]) if key in self else None

    def set(self, key, value):
        self[key] = json.dumps(value)

    def delete(self, key):
        self.pop(key, None)


class TaskInstance:
    """Takes what operators push."""

    def __init__(self):
        self.pushed = {}

    def xcom_push(self, key, value):
        self.pushed[key] = value


@pytest.fixture
def context():
    return {"task_state_store": State(), "ti": TaskInstance()}


@pytest.fixture
def emulator():
    from mongorestore_async.emulator import EmulatorSettings, Manager, ThreadedEmulator

    settings = EmulatorSettings(
        manager=Manager.OPS_MANAGER, projects=2, clusters_per_project=3, jobs_per_cluster=4, archive_bytes=100_000
    )
    with ThreadedEmulator(settings) as running:
        running.clock.advance(86_400)  # what was running is over
        yield running


@pytest.fixture
def connection(emulator, monkeypatch):
    """The connection of the emulator under the default name, as Airflow reads it from the environment."""
    fields = {
        "conn_type": "mongorestore_async",
        "host": emulator.url,
        "login": emulator.public_key,
        "password": emulator.private_key,
    }
    monkeypatch.setenv("AIRFLOW_CONN_MONGORESTORE_DEFAULT", json.dumps(fields))
    return fields


@pytest.fixture
def order(emulator):
    from mongorestore_async.emulator import ClusterKind, Side

    (source, target) = (
        next(c for c in emulator.world.clusters(project) if c.kind is ClusterKind.REPLICA_SET)
        for project in emulator.world.projects(Side.MANAGER)
    )
    return {
        "cluster": f"ops-manager/{source.project.id}/{source.id}",
        "snapshot": "latest",
        "target": f"{target.project.id}/{target.id}",
    }
