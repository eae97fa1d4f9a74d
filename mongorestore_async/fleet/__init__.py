"""Fan-out: the restore jobs of all projects and clusters that one or several keys see.

What comes in are sessions with a family each (``Fleet``), and a query. What goes out is one stream of jobs
(``FleetStream``), the list of what could not be read, and a resume token.

=========================  ===========================================================================================
to change                  open
=========================  ===========================================================================================
which jobs are wanted      ``fleet_query``
how clusters are found     ``discovery``
who is read when           ``fleet_run``, with the state of a project and of a cluster in ``cluster_reading``
how much of it at once     ``loop_turns``
what ends a run            ``counters``: of the whole run, of one cluster, or no failure at all
what is reported           ``fleet_records`` (values), ``counters`` (progress)
how jobs are handed out    ``fleet_stream``, and ``page_queue`` between it and who reads the lists
what a token holds         ``resume_token``
running restores watched   ``watching``, a room of its own
what several processes do  ``shards`` (running), and ``shard_plan`` (what they pass on, as text)
=========================  ===========================================================================================

Theory of operation. Each fleet has one ``FleetRun``: a task that discovers projects, and ``concurrency`` tasks that
read one page after the other. A project gets turns, at most ``per_project`` at once; a turn is one call for one page of
one cluster, and what the page tells. Clusters that were begun come first, so few lists are open at a time. Two bounds
keep memory flat: open projects (twice the concurrency), and pages that wait for the user (half the concurrency, and one
of each task). When the user is slow, these fill up, and calls wait. Answers often arrive together; ``loop_turns`` lets
two tasks go on in one turn of the loop, so that whatever else runs there need not wait for all of them.

A cluster is done when its list was read to the end and the user has asked for the item after its last job; only then
the resume token has it. A cancelled ``anext`` of the stream loses nothing: pages wait in a queue, and the calls belong
to the ``async with`` block, not to the ``anext``.

Example: concurrency 2, ``per_project`` 1, project A with clusters a1 and a2, project B that hangs. One task calls for
a1, the other for B's cluster and waits there until the time-out. A's turn is over, its next goes to a2 with the first
task. B has no further turn meanwhile, so it blocks one call and nothing else.
"""

from mongorestore_async.fleet.fleet import Fleet
from mongorestore_async.fleet.fleet_records import (
    ClusterOutcome,
    FailureKind,
    FleetCluster,
    FleetFailure,
    FleetPlan,
    FleetProgress,
    FleetProject,
    Found,
)
from mongorestore_async.fleet.fleet_stream import FleetStream
from mongorestore_async.fleet.shards import FanOutPlan, ShardReport, run_local, run_shard
from mongorestore_async.fleet.watching.fleet_watch import FleetWatch
from mongorestore_async.fleet.watching.watch_records import (
    ChangeKind,
    FleetChange,
    JobChange,
    ReadFailure,
    ReadRecovery,
)

__all__ = [
    "ChangeKind",
    "ClusterOutcome",
    "FailureKind",
    "FanOutPlan",
    "Fleet",
    "FleetChange",
    "FleetCluster",
    "FleetFailure",
    "FleetPlan",
    "FleetProgress",
    "FleetProject",
    "FleetStream",
    "FleetWatch",
    "Found",
    "JobChange",
    "ReadFailure",
    "ReadRecovery",
    "ShardReport",
    "run_local",
    "run_shard",
]
