"""The live run: a real scheduler, triggerer and database, while the triggerer and a create task are killed.

Prints what it saw; with ``--write`` it writes the table of ``docs/airflow.rst``. Fails where a restore was started
twice, or a DAG did not end well.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from builders.airflow_installation import Installation, wait_for
from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth, Fleet
from mongorestore_async.emulator import ClusterKind, EmulatorSettings, Manager, Side, ThreadedEmulator

PAGE = Path(__file__).parents[3] / "docs" / "airflow.rst"
BEGIN, END = ".. figures of the live run, written by nox -s airflow\n", ".. end of the figures\n"
WAITS, TASKS = 150, 3
RESTORE_SECONDS = 120.0


def orders_of(emulator: ThreadedEmulator) -> tuple[dict[str, Any], str]:
    """Choose sources and throw-away targets, a pair for each restore; also the id of the cluster whose task dies."""
    projects = list(emulator.world.projects(Side.MANAGER))
    half = len(projects) // 2
    clusters = [
        [c for p in part for c in emulator.world.clusters(p) if c.kind is ClusterKind.REPLICA_SET]
        for part in (projects[:half], projects[half:])
    ]
    pairs = list(zip(*clusters, strict=True))[: WAITS + 2]
    into = [
        {"cluster": f"ops-manager/{a.project.id}/{a.id}", "snapshot": "latest", "target": f"{b.project.id}/{b.id}"}
        for a, b in pairs
    ]
    size = WAITS // TASKS
    archive = {"cluster": into[WAITS + 1]["cluster"], "snapshot": "latest", "max_downloads": 3, "expiration_hours": 1}
    waits = [into[start : start + size] for start in range(0, WAITS, size)]
    return {"waits": waits, "killed": into[WAITS : WAITS + 1], "archive": archive}, pairs[WAITS][0].id


async def shards_of(emulator: ThreadedEmulator) -> list[str]:
    """Plan the reading of the whole fleet in three shards."""
    auth = DigestAuth(emulator.public_key, emulator.private_key)
    async with AsyncSession(auth, base_url=emulator.url) as session:
        plan = await Fleet(session, OPS_MANAGER).fan_out_plan()
    return [shard.to_text() for shard in plan.shards(count=TASKS)]


class HeldAnswer:
    """Keeps back the answer to the create of one cluster, once: its request was taken, and its task is killed then."""

    def __init__(self, emulator: ThreadedEmulator, cluster: str) -> None:
        self.taken = threading.Event()
        self._cluster = cluster
        self._emulator = emulator
        emulator.before_answer = self

    async def __call__(self, record: Any) -> None:
        """Hold it until the process that waits for it was killed."""
        if record.method == "POST" and self._cluster in record.path and not self.taken.is_set():
            self.taken.set()
            await asyncio.sleep(20)


def run(folder: Path) -> dict[str, Any]:
    """Do all of it, and give the figures."""
    settings = EmulatorSettings(
        manager=Manager.OPS_MANAGER,
        projects=6,
        clusters_per_project=3 * 51,
        jobs_per_cluster=3,
        start=datetime.now(UTC),
        restore_seconds=RESTORE_SECONDS,
        archive_bytes=1_000_000,
        request_log_size=1_000_000,
    )
    with ThreadedEmulator(settings) as emulator:
        orders, doomed = orders_of(emulator)
        orders["shards"] = asyncio.run(shards_of(emulator))
        (folder / "orders.json").write_text(json.dumps(orders), encoding="utf-8")
        held = HeldAnswer(emulator, doomed)
        connection = {
            "conn_type": "mongorestore_async",
            "host": emulator.url,
            "login": emulator.public_key,
            "password": emulator.private_key,
        }
        before = emulator.counts.requests
        started = time.monotonic()
        environment = {"LIVE_RUN": str(folder), "AIRFLOW_CONN_MONGORESTORE_DEFAULT": json.dumps(connection)}
        with Installation(folder, **environment) as airflow:
            ready = time.monotonic() - started
            wait_for("the create of the task to be killed", held.taken.is_set)
            os.kill(int((folder / "create-1.pid").read_text(encoding="utf-8")), signal.SIGKILL)
            print("killed the create task after its POST", flush=True)

            def deferred() -> bool:
                if airflow.run_state("waits") == "failed":
                    raise TimeoutError("the DAG failed")
                waits = [state for (task, _), (state, _) in airflow.states("waits").items() if task == "wait"]
                return len(waits) == TASKS and set(waits) == {"deferred"}

            wait_for("the waits to be deferred", deferred, 600)
            time.sleep(10)
            unfinished = sum(state == "deferred" for state, _ in airflow.states("waits").values())
            airflow.stop("triggerer", signal.SIGKILL)
            print(f"killed the triggerer with {unfinished} waits in it", flush=True)
            time.sleep(5)
            airflow.start("triggerer")
            dags = ("waits", "killed_create", "archives")
            wait_for("the ends", lambda: all(airflow.run_state(dag) in {"success", "failed"} for dag in dags), 1200)
            wall = time.monotonic() - started
            ends = {dag: airflow.run_state(dag) for dag in dags}
            tasks = [each for dag in dags for each in airflow.states(dag).items()]
            secret = leaks(airflow, emulator.private_key)
        posts = [r for r in emulator.requests if r.method == "POST" and r.path.endswith("/restoreJobs")]
        return {
            "wall": wall,
            "ready": ready,
            "ends": ends,
            "tasks": len(tasks),
            "tries": sum(max(tries, 1) for _, (_, tries) in tasks),
            "not_first": {f"{task}[{i}]": tries for (task, i), (_, tries) in tasks if tries > 1},
            "unfinished": unfinished,
            "requests": emulator.counts.requests - before,
            "ordered": WAITS + 2,
            "received": emulator.counts.creates_received,
            "taken": emulator.counts.creates_taken,
            "clusters_posted_to": len({r.path for r in posts}),
            "leaks": secret,
            "load": os.getloadavg()[1],
        }


def leaks(airflow: Installation, private_key: str) -> list[str]:
    """Name what of Airflow's files holds the private key: database and logs."""
    files = [path for path in airflow.folder.rglob("*") if path.is_file()]
    return [str(path.relative_to(airflow.folder)) for path in files if private_key.encode() in path.read_bytes()]


def table(figures: dict[str, Any]) -> str:
    """Write the figures as the page has them."""
    rows = {
        "Airflow": version("apache-airflow"),
        "tasks, and their tries": f"{figures['tasks']} tasks, {figures['tries']} tries",
        "restores ordered": figures["ordered"],
        "restores started": figures["taken"],
        "creates sent": figures["received"],
        "waits in the triggerer when it was killed": f"{figures['unfinished']} tasks of {WAITS // TASKS} restores each",
        "HTTP requests in all": figures["requests"],
        "wall time, Airflow's own start included": f"{figures['wall']:.0f} s",
        "from this until the API server listened": f"{figures['ready']:.0f} s",
        "duration of a restore": f"{RESTORE_SECONDS:.0f} s",
        "load of the machine (5 minutes, 2 cores)"
        if os.cpu_count() == 2
        else "load of the machine (5 minutes)": f"{figures['load']:.1f}",
    }
    body = "".join(f'   "{name}", "{value}"\n' for name, value in rows.items())
    return f'{BEGIN}\n.. csv-table::\n   :header: "what", "seen"\n\n{body}\n{END}'


def main() -> int:
    """Run it, show the figures, and say whether they are as promised."""
    with tempfile.TemporaryDirectory(prefix="airflow-live-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        try:
            figures = run(folder)
        except TimeoutError as late:
            for log in folder.glob("*.log"):
                print(f"--- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
            for log in folder.glob("logs/dag_id=*/**/*.log"):
                for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                    if '"level":"error"' in line:
                        print(f"--- {log.relative_to(folder)}\n{line[:3000]}")
            print(late)
            return 1
    print(json.dumps(figures, indent=2))
    good = (
        set(figures["ends"].values()) == {"success"}
        and figures["taken"] == figures["ordered"] == figures["clusters_posted_to"]
        and not figures["leaks"]
    )
    if good and "--write" in sys.argv:
        text = PAGE.read_text(encoding="utf-8")
        head, tail = text.split(BEGIN)[0], text.split(END)[1]
        PAGE.write_text(head + table(figures) + tail, encoding="utf-8")
    print("as promised" if good else "NOT as promised")
    return not good


if __name__ == "__main__":
    raise SystemExit(main())
