"""Restore drills: prove on a schedule that clusters can be restored, and how fast.

A plan comes in, a report goes out; what happened between is in a journal and in the evidence.

- ``plan``, ``plan_file``, ``durations``: the plan, its TOML form, and the durations in it.
- ``drill``: what users call: run a plan, go on with one that was killed; ``foresight`` only says what it would do.
- ``cluster_run``: one restore from its snapshot to its end; ``restoring`` is its create, which is the delicate part.
- ``journal``: SQLite. The intent of a create is on disk, with the job list as it was, before the request can leave.
  What a killed run left open is decided from that list and the present one; what that does not decide stays undecided.
- ``checks/``: what an archive holds, unpacked safely, opened as a copy by a server; and the user's own checks.
- ``results``, ``report_files``: what was found, and its JSON form. ``reports`` makes pages and tables of it.

A new step of a restore is a word in ``steps``; a new check that ships is a file in ``checks``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mongorestore_async.drills.durations import format_duration, parse_duration
from mongorestore_async.drills.plan import (
    DrillCheck,
    DrillCluster,
    DrillPlan,
    DrillServer,
    DrillTarget,
    SnapshotRule,
)
from mongorestore_async.drills.plan_file import parse_plan, read_plan
from mongorestore_async.drills.results import CheckOutcome, DrillOutcome, DrillReport

if TYPE_CHECKING:
    from mongorestore_async.drills.checks.user_checks import CheckContext
    from mongorestore_async.drills.drill import resume_drill, run_drill
    from mongorestore_async.drills.foresight import ForeseenRestore, Foresight, foresee
    from mongorestore_async.drills.report_files import dump_report, load_report, read_report, write_report
else:
    import lazy_loader

    # Loaded when they are first used: plans and results need neither the HTTP library nor the converter.
    __getattr__, _, _ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "checks.user_checks": ["CheckContext"],
            "drill": ["resume_drill", "run_drill"],
            "foresight": ["ForeseenRestore", "Foresight", "foresee"],
            "report_files": ["dump_report", "load_report", "read_report", "write_report"],
        },
    )

__all__ = [
    "CheckContext",
    "CheckOutcome",
    "DrillCheck",
    "DrillCluster",
    "DrillOutcome",
    "DrillPlan",
    "DrillReport",
    "DrillServer",
    "DrillTarget",
    "ForeseenRestore",
    "Foresight",
    "SnapshotRule",
    "dump_report",
    "foresee",
    "format_duration",
    "load_report",
    "parse_duration",
    "parse_plan",
    "read_plan",
    "read_report",
    "resume_drill",
    "run_drill",
    "write_report",
]
