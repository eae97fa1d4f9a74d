"""An Airflow of its own in a folder: database, API server, scheduler, DAG processor and triggerer, each a process."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

__all__ = ["Installation", "wait_for"]

DAGS = Path(__file__).parents[2] / "airflow" / "live" / "dags"


def wait_for(what: str, look: Any, seconds: float = 300) -> Any:
    """Ask again until the answer is true, and give it."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := look():
            return found
        time.sleep(0.5)
    raise TimeoutError(f"{what}: not within {seconds:.0f} s")


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Installation:
    """Starts and stops the processes, and reads Airflow's database."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.database = folder / "airflow.db"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        port = free_port()
        self._port = port
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(16),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
            "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
            "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "NO_PROXY": "127.0.0.1,localhost",
            **environment,
        }

    def __enter__(self) -> Self:
        self._airflow = str(Path(sys.executable).with_name("airflow"))
        subprocess.run([self._airflow, "db", "migrate"], env=self.environment, check=True, capture_output=True)
        self.start("api-server")
        wait_for("the API server", self._listens)
        for name in ("dag-processor", "scheduler", "triggerer"):
            self.start(name)
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self.stop(name, signal.SIGKILL)

    def start(self, name: str) -> None:
        """Start one of the processes, in a group of its own."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [self._airflow, name],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def stop(self, name: str, signal_number: int) -> None:
        """Send a signal to one of the processes and its children, and wait for its end."""
        process = self._processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_number)
        process.wait()

    def query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database; nothing where it is being written to."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(text, values).fetchall()

    def states(self, dag: str) -> dict[tuple[str, int], tuple[str, int]]:
        """Give state and try of each task instance of a DAG."""
        rows = self.query("select task_id, map_index, state, try_number from task_instance where dag_id = ?", dag)
        return {(task, index): (state, tries) for task, index, state, tries in rows}

    def run_state(self, dag: str) -> str | None:
        """Give the state of the only run of a DAG."""
        rows = self.query("select state from dag_run where dag_id = ?", dag)
        return rows[0][0] if rows else None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0
