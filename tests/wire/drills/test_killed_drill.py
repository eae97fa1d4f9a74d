"""A drill of 40 restores whose process is killed ten times, at seeded requests, by SIGKILL."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from builders.drill_world import drill_plan, drill_settings, replica_sets
from mongorestore_async.drills import read_report
from mongorestore_async.emulator import ThreadedEmulator
from mongorestore_async.evidence import verify

RESTORES, DOWNLOADS, KILLS = 40, 8, 10
PROCESS = Path(__file__).with_name("drill_process.py")


def toml(plan):
    lines = [f'name = "{plan.name}"', f'family = "{plan.family}"', "parallel = 8"]
    for cluster in plan.clusters:
        lines += ["[[cluster]]", f'name = "{cluster.name}"', f'project = "{cluster.project}"']
        lines += [f'cluster = "{cluster.cluster}"', "archive = false"]
        if cluster.target is not None:
            lines.append(f'target = {{ project = "{cluster.target.project}", cluster = "{cluster.target.cluster}" }}')
    return "\n".join(lines)


class Killer:
    """Loses the answers of some reads, and kills the process at seeded requests, half of them creates just taken."""

    def __init__(self, seed):
        self.dice = random.Random(seed)  # noqa: S311 - which requests, not a secret
        self.process = None
        self.left = 0

    def arm(self, process):
        self.left = self.dice.randint(10, 50)
        self.on_create = self.dice.random() < 0.5
        self.process = process

    async def before_answer(self, record):
        if self.process is not None:
            self.left -= 1
            # Where no create comes, anything will do.
            if self.left <= 0 and (record.method == "POST" or not self.on_create or self.left < -15):
                os.kill(self.process.pid, signal.SIGKILL)
                self.process = None


@pytest.mark.parametrize("seed", [1])
def test_no_target_is_restored_twice_whenever_it_is_killed(seed, tmp_path):
    killer = Killer(seed)
    settings = drill_settings(RESTORES, restore_seconds=0.5, create_faults=("taken", "not-taken") * 2)
    with ThreadedEmulator(settings) as emulator:
        emulator.before_answer = killer.before_answer
        plan = drill_plan(emulator, downloads=DOWNLOADS)
        server = {"url": emulator.url, "public_key": emulator.public_key, "private_key": emulator.private_key}
        argument = json.dumps(server | {"plan": toml(plan)})
        killed = 0
        while True:
            process = subprocess.Popen([sys.executable, PROCESS, argument, tmp_path], stderr=subprocess.PIPE)
            if killed < KILLS:
                killer.arm(process)
            _, errors = process.communicate(timeout=120)
            killer.process = None
            if process.returncode == 0:
                break
            assert process.returncode == -signal.SIGKILL, errors.decode()
            killed += 1
        creates = Counter(
            record.path for record in emulator.requests if record.method == "POST" and record.status not in {401, 404}
        )
        jobs = {
            cluster.name: emulator.world.jobs.count(found)
            for cluster, found in zip(plan.clusters, replica_sets(emulator)[:RESTORES], strict=True)
        }

    report = read_report(tmp_path / "report.json")
    states = Counter(outcome.state for outcome in report.outcomes)
    assert killed == KILLS
    assert max(creates.values()) == 1
    assert max(jobs.values()) == 1
    assert len(report.outcomes) == RESTORES
    assert states.keys() <= {"PASSED", "UNDECIDED"}
    assert states["PASSED"] > RESTORES / 2
    # What can be told is told: undecided is only what was not started, or not yet when the process was killed.
    for cluster, outcome in zip(plan.clusters, report.outcomes, strict=True):
        assert jobs[cluster.name] == (outcome.state == "PASSED")
    found = verify(tmp_path / "evidence.jsonl", head=report.evidence_head, count=report.evidence_count)
    assert found.problems == ()
